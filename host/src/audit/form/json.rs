//! JSON, of which each object is written when it is known.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::audit::judge::Audited;
use crate::audit::summary::Summary;

/// The items of an array that is not closed yet, one a line.
#[derive(Debug, Default)]
struct Items {
    begun: bool,
}

impl Items {
    fn write(&mut self, head: &str, item: Option<&impl Serialize>, out: &mut impl Write) -> io::Result<()> {
        let before = if self.begun { ",\n" } else { head };
        if item.is_some() || !self.begun {
            out.write_all(before.as_bytes())?;
        }
        if let Some(item) = item {
            self.begun = true;
            serde_json::to_writer(&mut *out, item)?;
        }
        Ok(())
    }
}

/// `{"objects": […], "summary": {…}, "errors": […]}`.
#[derive(Debug, Default)]
pub(in crate::audit) struct Objects(Items);

impl Objects {
    const HEAD: &'static str = "{\"objects\":[\n";

    pub(super) fn page(&mut self, page: &[&Audited], out: &mut impl Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        page.iter().try_for_each(|audited| self.0.write(Self::HEAD, Some(audited), &mut out))?;
        out.flush()
    }

    pub(super) fn end(
        &mut self,
        summary: &Summary,
        errors: &[String],
        out: &mut impl Write,
    ) -> io::Result<()> {
        self.0.write(Self::HEAD, None::<&Value>, out)?;
        let (summary, errors) = (serde_json::to_string(summary)?, serde_json::to_string(errors)?);
        writeln!(out, "\n],\n\"summary\":{summary},\n\"errors\":{errors}}}")?;
        out.flush()
    }
}

/// A `List` of Kubernetes objects.
#[derive(Debug, Default)]
pub(in crate::audit) struct List(Items);

impl List {
    const HEAD: &'static str = "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n";

    pub(super) fn page(
        &mut self,
        objects: impl Iterator<Item = Value>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        for object in objects {
            self.0.write(Self::HEAD, Some(&object), &mut out)?;
        }
        out.flush()
    }

    pub(super) fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.0.write(Self::HEAD, None::<&Value>, out)?;
        out.write_all(b"\n]}\n")?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_make_one_document_whatever_is_on_them() {
        let mut out = Vec::new();
        let mut list = List::default();
        for page in [vec![], vec![json!(1), json!(2)], vec![], vec![json!(3)]] {
            list.page(page.into_iter(), &mut out).expect("a page");
        }
        list.end(&mut out).expect("an end");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n1,\n2,\n3\n]}\n");

        let mut out = Vec::new();
        Objects::default().end(&Summary::default(), &["e".to_owned()], &mut out).expect("an end");
        let read: Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!((&read["objects"], &read["errors"]), (&json!([]), &json!(["e"])));
    }
}
