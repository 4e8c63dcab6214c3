//! Setting a value in the text of a manifest, with comments and layout where they are.

use std::ops::Range;

use crate::node::{Entry, Node, Value};
use crate::path::Segments;
use crate::{Document, Lines, Position};

/// A piece of text to put in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the text without its byte order mark.
    pub range: Range<usize>,
    /// What takes their place.
    pub text: String,
}

/// Why a value cannot be set without rewriting more than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEdit {
    /// The place is part of an anchor, an alias or a merge key.
    #[error("an anchor, an alias or a merge key stands there, and other places with it")]
    Shared,
    /// The mapping around it is missing or is something else.
    #[error("what would hold it is not there")]
    NoParent,
    /// There is a value, which is no plain scalar on one line.
    #[error("the value there is not on one line")]
    NotScalar,
    /// The mapping is written in a way in which there is no safe place for another key.
    #[error("there is no line of its own for it")]
    Layout,
}

impl Document {
    /// The edit of `body`, the file's text without its byte order mark, that sets `path` to a number or a boolean.
    ///
    /// # Errors
    /// When that would take more than changing one value or adding one key.
    pub fn set(&self, body: &str, path: &str, value: &str) -> Result<Edit, NoEdit> {
        let lines = Lines::new(body);
        let segments: Vec<&str> = Segments(path).collect();
        let Some((last, parents)) = segments.split_last() else { return Err(NoEdit::NoParent) };
        let mut holder = Holder { node: &self.root, entry: None };
        for segment in parents {
            holder = holder.child(segment).ok_or(NoEdit::NoParent)?;
            holder.check_own(body, &lines)?;
        }
        if !matches!(holder.node.value, Value::Map(_)) {
            return Err(NoEdit::NoParent);
        }
        match holder.node.get(last) {
            Some(entry) => replace(entry, value, body, &lines),
            None => holder.add(last, value, body, &lines),
        }
    }
}

/// A value on the way to the place, and the entry it is the value of.
struct Holder<'a> {
    node: &'a Node,
    entry: Option<&'a Entry>,
}

impl Holder<'_> {
    fn child(&self, segment: &str) -> Option<Self> {
        match &self.node.value {
            Value::Map(_) => {
                let entry = self.node.get(segment)?;
                Some(Self { node: &entry.node, entry: Some(entry) })
            }
            Value::List(items) => {
                let node = items.get(segment.parse::<usize>().ok()?)?;
                Some(Self { node, entry: None })
            }
            Value::Scalar(_) => None,
        }
    }

    /// What an anchor marks may stand elsewhere too.
    fn check_own(&self, body: &str, lines: &Lines<'_>) -> Result<(), NoEdit> {
        // An anchor stands behind the key, and the value may be said to begin with it.
        let begin = self.entry.map_or(self.node.at, |entry| entry.end);
        let content = match &self.node.value {
            Value::Map(entries) => entries.iter().map(|entry| entry.at).find(|at| *at >= self.node.at),
            Value::List(items) => items.first().map(|item| item.at),
            Value::Scalar(_) => None,
        };
        let before = lines.offset(begin)..lines.offset(content.unwrap_or(self.node.at));
        let anchored = body.get(before).is_some_and(has_anchor);
        if anchored || self.node.is_borrowed() { Err(NoEdit::Shared) } else { Ok(()) }
    }

    fn add(&self, key: &str, value: &str, body: &str, lines: &Lines<'_>) -> Result<Edit, NoEdit> {
        let Value::Map(entries) = &self.node.value else { return Err(NoEdit::NoParent) };
        let start = lines.offset(self.node.at);
        let first = entries.iter().find(|entry| !entry.node.is_borrowed());
        if body[start..].starts_with('{') {
            let Some(first) = first else {
                // The quotes do no harm in YAML.
                let edit = Edit { range: start + 1..start + 1, text: format!("\"{key}\": {value}") };
                return if entries.is_empty() { Ok(edit) } else { Err(NoEdit::Shared) };
            };
            let at = lines.offset(first.at);
            let quote = if body[at..].starts_with('"') { "\"" } else { "" };
            let indentation = before(first.at, lines);
            let separator = if first.at.line == self.node.at.line {
                ", ".to_owned()
            } else if indentation.trim().is_empty() {
                format!(",{}{indentation}", line_end(first.at.line, body, lines))
            } else {
                return Err(NoEdit::Layout);
            };
            return Ok(Edit { range: at..at, text: format!("{quote}{key}{quote}: {value}{separator}") });
        }
        let first = first.ok_or(NoEdit::Shared)?;
        let entry = self.entry.ok_or(NoEdit::Layout)?;
        let indentation = before(first.at, lines);
        if !indentation.trim().is_empty() || first.at.line <= entry.at.line {
            return Err(NoEdit::Layout);
        }
        let at = lines.start(entry.at.line + 1);
        let text = format!("{indentation}{key}: {value}{}", line_end(entry.at.line, body, lines));
        Ok(Edit { range: at..at, text })
    }
}

fn replace(entry: &Entry, value: &str, body: &str, lines: &Lines<'_>) -> Result<Edit, NoEdit> {
    let node = &entry.node;
    if node.is_borrowed() {
        return Err(NoEdit::Shared);
    }
    if !matches!(node.value, Value::Scalar(_)) || node.at.line != node.end.line {
        return Err(NoEdit::NotScalar);
    }
    let (key_end, range) = (lines.offset(entry.end), lines.offset(node.at)..lines.offset(node.end));
    let between = body.get(key_end..range.start).unwrap_or_default();
    if has_anchor(between) || body[range.clone()].starts_with(['&', '*', '!']) || between.contains('!') {
        return Err(NoEdit::Shared);
    }
    if range.is_empty() {
        // A key without a value: it goes behind the colon.
        let colon = body[key_end..].find(':').ok_or(NoEdit::Layout)? + key_end + 1;
        return Ok(Edit { range: colon..colon, text: format!(" {value}") });
    }
    Ok(Edit { range, text: value.to_owned() })
}

fn has_anchor(between: &str) -> bool {
    between.lines().any(|line| line.split('#').next().unwrap_or_default().contains('&'))
}

/// What stands before a position on its line.
fn before<'a>(position: Position, lines: &Lines<'a>) -> &'a str {
    let line = lines.line(position.line);
    &line[..lines.offset(position) - lines.start(position.line)]
}

/// How a line ends, and so every other of its file.
fn line_end(line: usize, body: &str, lines: &Lines<'_>) -> &'static str {
    if body[..lines.start(line + 1)].ends_with("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Reading, Text};

    fn read(text: &str) -> Reading {
        let limits = Limits::default();
        Text::from_bytes("-", text.into(), limits).unwrap().read(limits)
    }

    fn set(text: &str, path: &str, value: &str) -> Result<String, NoEdit> {
        let reading = read(text);
        assert_eq!(reading.errors, [], "{text}");
        let edit = reading.documents[0].set(text, path, value)?;
        let mut text = text.to_owned();
        text.replace_range(edit.range, &edit.text);
        let reading = read(&text);
        assert_eq!(reading.errors, [], "{text}");
        let json: serde_json::Value = serde_json::from_str(&reading.documents[0].json).unwrap();
        let pointer = format!("/{}", path.replace('.', "/"));
        assert_eq!(json.pointer(&pointer).map(ToString::to_string).as_deref(), Some(value), "{text}");
        Ok(text)
    }

    const HEAD: &str = "apiVersion: v1\nkind: X\n";

    #[test]
    fn a_value_is_replaced_and_all_around_it_stays() {
        for (before, after) in [
            ("spec:\n  a: 0   # why\n  b: 1\n", "spec:\n  a: 7   # why\n  b: 1\n"),
            ("spec:\n  a: \"0\" # é\n", "spec:\n  a: 7 # é\n"),
            ("spec: {b: 'é', a: 0}\n", "spec: {b: 'é', a: 7}\n"),
            ("spec:\n  a:\n  b: 1\n", "spec:\n  a: 7\n  b: 1\n"),
            ("spec:\n  a: # none\n  b: 1\n", "spec:\n  a: 7 # none\n  b: 1\n"),
            ("spec:\r\n  a: 0\r\n", "spec:\r\n  a: 7\r\n"),
            ("spec:\n  a: null", "spec:\n  a: 7"),
        ] {
            assert_eq!(set(&format!("{HEAD}{before}"), "spec.a", "7").unwrap(), format!("{HEAD}{after}"));
        }
    }

    #[test]
    fn a_key_is_added_below_the_one_that_holds_it() {
        for (before, after) in [
            ("spec: # all\n  # of b\n  b: 1\n", "spec: # all\n  a: true\n  # of b\n  b: 1\n"),
            ("spec:\n\n    b:\n    - 1\n", "spec:\n    a: true\n\n    b:\n    - 1\n"),
            ("spec: {b: 1}\n", "spec: {a: true, b: 1}\n"),
            ("spec: { b: 1 }\n", "spec: { a: true, b: 1 }\n"),
            ("spec: {}\n", "spec: {\"a\": true}\n"),
            ("spec: {\n  b: 1\n  }\n", "spec: {\n  a: true,\n  b: 1\n  }\n"),
            ("spec:\r\n  b: 1\r\n", "spec:\r\n  a: true\r\n  b: 1\r\n"),
        ] {
            assert_eq!(set(&format!("{HEAD}{before}"), "spec.a", "true").unwrap(), format!("{HEAD}{after}"));
        }
        let json = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"X\",\n  \"spec\": {\n    \"b\": 1\n  }\n}\n";
        let mended = json.replace("    \"b\"", "    \"a\": true,\n    \"b\"");
        assert_eq!(set(json, "spec.a", "true").unwrap(), mended);
    }

    #[test]
    fn what_other_places_share_is_left_alone() {
        for shared in [
            "base: &base {b: 1}\nspec: *base\n",
            "base: &base {b: 1}\nspec:\n  <<: *base\n",
            "spec: &base\n  b: 1\nother: *base\n",
            "spec:\n  a: &zero 0\nother: *zero\n",
            "base: &base {a: 0}\nspec:\n  b: 1\n  <<: *base\n",
        ] {
            assert_eq!(set(&format!("{HEAD}{shared}"), "spec.a", "1"), Err(NoEdit::Shared), "{shared}");
        }
    }

    #[test]
    fn what_needs_more_than_a_value_or_a_line_is_left_alone() {
        for (text, why) in [
            ("spec: 1\n", NoEdit::NoParent),
            ("other: 1\n", NoEdit::NoParent),
            ("spec:\n  a: |\n    0\n", NoEdit::NotScalar),
            ("spec:\n  a: [0]\n", NoEdit::NotScalar),
            ("spec:\n  ? b\n  : 1\n", NoEdit::Layout),
        ] {
            assert_eq!(set(&format!("{HEAD}{text}"), "spec.a", "1"), Err(why), "{text}");
        }
    }
}
