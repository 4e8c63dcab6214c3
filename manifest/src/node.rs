//! The tree both readers build: JSON values with places.

use std::sync::Arc;

use crate::{Fault, Position};

/// A value and its place. Children are shared, so an alias costs nothing until it is written out.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub at: Position,
    /// The first character after a scalar or a list or mapping in brackets. After other lists and mappings, what
    /// follows them.
    pub end: Position,
    pub value: Value,
    /// Bytes this value comes to with every alias written out; saturating.
    pub weight: usize,
    /// The part of `weight` that aliases add to what stands in the file; saturating.
    pub aliased: usize,
    /// How many lists and mappings nest here.
    pub depth: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A null, boolean, number or string as JSON text.
    Scalar(Arc<str>),
    List(Arc<Vec<Node>>),
    Map(Arc<Vec<Entry>>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: Arc<str>,
    pub at: Position,
    /// The first character after the key.
    pub end: Position,
    pub node: Node,
}

impl Node {
    pub fn scalar(at: Position, json: impl Into<Arc<str>>) -> Self {
        let json = json.into();
        Self { at, end: at, weight: json.len() + 2, aliased: 0, depth: 0, value: Value::Scalar(json) }
    }

    pub fn string(at: Position, text: &str) -> Self {
        let mut json = String::with_capacity(text.len() + 2);
        write_string(text, &mut json);
        Self::scalar(at, json)
    }

    pub fn list(at: Position, items: Vec<Self>) -> Self {
        let weight = items.iter().fold(2_usize, |sum, item| sum.saturating_add(item.weight));
        let aliased = items.iter().fold(0_usize, |sum, item| sum.saturating_add(item.aliased));
        let depth = 1 + items.iter().map(|item| item.depth).max().unwrap_or(0);
        Self { at, end: at, weight, aliased, depth, value: Value::List(Arc::new(items)) }
    }

    pub fn map(at: Position, entries: Vec<Entry>) -> Self {
        let weight = entries.iter().fold(2_usize, |sum, entry| {
            sum.saturating_add(entry.node.weight).saturating_add(entry.key.len() + 4)
        });
        let aliased = entries.iter().fold(0_usize, |sum, entry| sum.saturating_add(entry.node.aliased));
        let depth = 1 + entries.iter().map(|entry| entry.node.depth).max().unwrap_or(0);
        Self { at, end: at, weight, aliased, depth, value: Value::Map(Arc::new(entries)) }
    }

    /// The same, and where it ends.
    pub fn until(self, end: Position) -> Self {
        Self { end, ..self }
    }

    /// Whether the value is written elsewhere, and stands here by an alias or a merge key.
    pub fn is_borrowed(&self) -> bool {
        self.aliased > 0 && self.aliased == self.weight
    }

    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| &*entry.key == key),
            _ => None,
        }
    }

    /// The text of a string value.
    pub fn text(&self) -> Option<String> {
        match &self.value {
            Value::Scalar(json) => serde_json::from_str(json).ok(),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(json) if &**json == "null")
    }

    /// What the value is, for a message.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Scalar(json) => match json.as_bytes()[0] {
                b'"' => "a string",
                b'n' => "null",
                b't' | b'f' => "a boolean",
                _ => "a number",
            },
        }
    }

    /// Writes the value as JSON. Recursion is bounded by [`crate::MAX_DEPTH`].
    pub fn write(&self, out: &mut String) {
        match &self.value {
            Value::Scalar(json) => out.push_str(json),
            Value::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Value::Map(entries) => {
                out.push('{');
                for (i, entry) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(&entry.key, out);
                    out.push(':');
                    entry.node.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// A mapping under construction that finds a key again in constant time once it has grown.
#[derive(Debug, Default)]
pub(crate) struct MapBuilder {
    entries: Vec<Entry>,
    index: std::collections::HashMap<Arc<str>, usize>,
    /// Keys a merge put here, which may be given again.
    merged: std::collections::HashSet<Arc<str>>,
}

/// Below this many entries a scan is cheaper than hashing.
const SMALL: usize = 16;

impl MapBuilder {
    fn find(&self, key: &str) -> Option<usize> {
        if self.entries.len() <= SMALL {
            return self.entries.iter().position(|entry| &*entry.key == key);
        }
        self.index.get(key).copied()
    }

    fn push(&mut self, entry: Entry) {
        let at = self.entries.len();
        if at == SMALL {
            self.index = self.entries.iter().enumerate().map(|(i, e)| (e.key.clone(), i)).collect();
        }
        if at >= SMALL {
            self.index.insert(entry.key.clone(), at);
        }
        self.entries.push(entry);
    }

    /// A fault if `key` was written before: told at the key, before its value is read.
    pub fn check(&self, key: &str, at: Position) -> Result<(), Fault> {
        match self.find(key) {
            Some(i) if !self.merged.contains(key) => Err(Fault::duplicate_key(key, at, self.entries[i].at)),
            _ => Ok(()),
        }
    }

    /// Adds an entry written in the file; a second one of the same name is a fault.
    pub fn insert(&mut self, entry: Entry) -> Result<(), Fault> {
        match self.find(&entry.key) {
            Some(i) if self.merged.remove(&entry.key) => self.entries[i] = entry,
            Some(i) => return Err(Fault::duplicate_key(&entry.key, entry.at, self.entries[i].at)),
            None => self.push(entry),
        }
        Ok(())
    }

    /// Adds an entry that a merge key brings, over whatever stands before it: go-yaml v2 does so.
    pub fn merge(&mut self, entry: Entry) {
        if let Some(i) = self.find(&entry.key) {
            self.entries[i] = entry;
        } else {
            self.merged.insert(entry.key.clone());
            self.push(entry);
        }
    }

    pub fn finish(self) -> Vec<Entry> {
        self.entries
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut clean = 0;
    for (i, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[clean..i]);
        clean = i + 1;
        if short.is_empty() {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(short);
        }
    }
    out.push_str(&text[clean..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_json_demands() {
        let text = "a\"b\\c\nd\te\u{1}f\u{7f}é😀";
        let mut json = String::new();
        write_string(text, &mut json);
        assert_eq!(json, "\"a\\\"b\\\\c\\nd\\te\\u0001f\u{7f}é😀\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn a_grown_mapping_still_finds_its_duplicates() {
        for size in [1, SMALL - 1, SMALL, SMALL + 1, 10 * SMALL] {
            let mut map = MapBuilder::default();
            let entry = |i: usize| Entry {
                key: format!("k{i}").into(),
                at: Position { line: i + 1, column: 1 },
                end: Position { line: i + 1, column: 1 },
                node: Node::scalar(Position::START, "1"),
            };
            for i in 0..size {
                map.insert(entry(i)).unwrap();
            }
            for i in 0..size {
                let fault = map.insert(entry(i)).unwrap_err();
                assert!(fault.problem.contains(&format!("\"k{i}\"")), "{size}: {}", fault.problem);
                assert!(
                    fault.problem.contains(&format!("first at line {}", i + 1)),
                    "{size}: {}",
                    fault.problem
                );
            }
        }
    }
}
