//! Writing SVG: elements, attributes, escaped texts.

use std::fmt::{Display, Write};

/// An attribute's name and value.
pub(super) type Attribute<'a> = (&'a str, &'a dyn Display);

/// A document under way.
#[derive(Default)]
pub(super) struct Document {
    text: String,
    open: Vec<&'static str>,
}

impl Document {
    pub(super) fn open(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.start(tag, attributes);
        self.text.push_str(">\n");
        self.open.push(tag);
    }

    pub(super) fn close(&mut self) {
        if let Some(tag) = self.open.pop() {
            let _ = writeln!(self.text, "{:indent$}</{tag}>", "", indent = self.open.len() * 2);
        }
    }

    /// An element without content.
    pub(super) fn leaf(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.start(tag, attributes);
        self.text.push_str("/>\n");
    }

    /// An element with a text in it.
    pub(super) fn text(&mut self, tag: &'static str, attributes: &[Attribute<'_>], content: &str) {
        self.start(tag, attributes);
        self.text.push('>');
        escape(&mut self.text, content);
        let _ = writeln!(self.text, "</{tag}>");
    }

    /// An element that says more when it is pointed at.
    pub(super) fn titled(&mut self, tag: &'static str, attributes: &[Attribute<'_>], title: &str) {
        self.start(tag, attributes);
        self.text.push_str("><title>");
        escape(&mut self.text, title);
        let _ = writeln!(self.text, "</title></{tag}>");
    }

    /// Text that is markup already.
    pub(super) fn raw(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn start(&mut self, tag: &str, attributes: &[Attribute<'_>]) {
        let _ = write!(self.text, "{:indent$}<{tag}", "", indent = self.open.len() * 2);
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"");
            escape(&mut self.text, &value.to_string());
            self.text.push('"');
        }
    }
}

/// Writes text so that it stays text; what XML has no place for becomes a replacement character.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
}

/// A length in the drawing, short enough to read.
pub(super) fn length(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut document = Document::default();
        document.open("g", &[("data-name", &"a\"b")]);
        document.text("text", &[], "<script>&\u{7}\n");
        assert_eq!(
            document.finish(),
            "<g data-name=\"a&quot;b\">\n  <text>&lt;script&gt;&amp;\u{fffd} </text>\n</g>\n"
        );
    }
}
