//! YAML to nodes.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::node::{Entry, MapBuilder, Node, Value};
use crate::scalar::{self, Plain};
use crate::{Fault, MAX_ALIASED_BYTES, MAX_DEPTH, Position};

/// Reads the one document in `text`, whose first line is line `first_line` of the file.
///
/// `None` stands for a document with nothing in it. A `...` may start another, so there can be several.
pub(crate) fn read(text: &str, first_line: usize) -> Vec<Result<Node, Fault>> {
    let mut documents = Vec::new();
    let mut builder = Builder {
        first_line,
        quotes: Quotes::new(text),
        stack: Vec::new(),
        anchors: HashMap::new(),
        root: None,
    };
    for event in Parser::new_from_str(text) {
        let step = match event {
            Ok((Event::DocumentEnd, _)) => {
                documents.extend(builder.root.take().map(Ok));
                builder.anchors.clear();
                Ok(())
            }
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(syntax(&error, text, first_line)),
        };
        if let Err(fault) = step {
            documents.push(Err(fault));
            return documents;
        }
    }
    documents
}

/// A collection whose end has not come yet.
struct Frame {
    at: Position,
    anchor: usize,
    aliased: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { map: MapBuilder, key: Option<Key> },
}

enum Key {
    Named(String, Position, Position),
    Merge,
}

struct Builder<'a> {
    first_line: usize,
    quotes: Quotes<'a>,
    stack: Vec<Frame>,
    /// What each anchor stands for; an anchor whose node is not complete is absent.
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
}

/// Where quoted scalars end: the parser counts what follows them in.
struct Quotes<'a> {
    text: &'a str,
    ascii: bool,
    /// Characters and bytes up to the scalar before.
    passed: (usize, usize),
}

impl<'a> Quotes<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, ascii: text.is_ascii(), passed: (0, 0) }
    }

    /// The text from a character on.
    fn from(&mut self, index: usize) -> &'a str {
        if self.ascii {
            return self.text.get(index..).unwrap_or_default();
        }
        let (characters, bytes) = if index < self.passed.0 { (0, 0) } else { self.passed };
        let rest = &self.text[bytes..];
        let ahead = rest.char_indices().nth(index - characters).map_or(rest.len(), |(at, _)| at);
        self.passed = (index, bytes + ahead);
        &self.text[bytes + ahead..]
    }

    /// How many characters a scalar has that begins at a character and ends on the same line.
    fn length(&mut self, index: usize) -> Option<usize> {
        let mut characters = self.from(index).chars().enumerate().peekable();
        let (_, quote) = characters.next().filter(|(_, first)| matches!(first, '"' | '\''))?;
        while let Some((at, character)) = characters.next() {
            match character {
                '\n' => return None,
                '\\' if quote == '"' => drop(characters.next()),
                '\'' if quote == '\'' && characters.peek().is_some_and(|next| next.1 == quote) => {
                    characters.next();
                }
                _ if character == quote => return Some(at + 1),
                _ => {}
            }
        }
        None
    }
}

impl Builder<'_> {
    fn place(&self, mark: &Marker) -> Position {
        place(mark, self.first_line)
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let at = self.place(&span.start);
        let end = match &event {
            Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) => {
                let length = self.quotes.length(span.start.index());
                length.map_or_else(
                    || self.place(&span.end),
                    |length| Position { column: at.column + length, ..at },
                )
            }
            _ => self.place(&span.end),
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.expects_key() {
                    let key = key(&text, style, tag.as_deref(), at, end)?;
                    // A key may carry an anchor too; what it stands for is its text.
                    self.remember(anchor, || Node::string(at, &text).until(end));
                    return self.begin_entry(key);
                }
                let node = Node::scalar(at, value(&text, style, tag.as_deref(), at)?).until(end);
                self.remember(anchor, || node.clone());
                self.add(node)
            }
            Event::SequenceStart(anchor, _) => self.open(at, anchor, Kind::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(at, anchor, Kind::Map { map: MapBuilder::default(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            Event::Alias(anchor) => self.alias(anchor, at, end),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { kind: Kind::Map { key: None, .. }, .. }))
    }

    fn remember(&mut self, anchor: usize, node: impl FnOnce() -> Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, node());
        }
    }

    fn open(&mut self, at: Position, anchor: usize, kind: Kind) -> Result<(), Fault> {
        if self.expects_key() {
            return Err(Fault::new(
                at,
                "a mapping's key is itself a list or a mapping; Kubernetes objects have string keys only",
                "write a string there; a value that starts with `{` or `[` and is meant as text needs quotes",
            ));
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(Fault::too_deep(at));
        }
        self.stack.push(Frame { at, anchor, aliased: 0, kind });
        Ok(())
    }

    fn close(&mut self, end: Position) -> Result<(), Fault> {
        // The parser pairs starts and ends.
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let node = match frame.kind {
            Kind::List(items) => Node::list(frame.at, items),
            Kind::Map { map, .. } => Node::map(frame.at, map.finish()),
        };
        let node = node.until(end);
        self.remember(frame.anchor, || node.clone());
        self.add(node)
    }

    fn alias(&mut self, anchor: usize, at: Position, end: Position) -> Result<(), Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Fault::new(
                at,
                "this alias stands inside the very value it refers to",
                "write the value out; an object cannot contain itself",
            ));
        };
        let mut node = node.clone();
        node.at = at;
        node.end = end;
        node.aliased = node.weight;
        if !self.expects_key() {
            return self.add(node);
        }
        match node.text() {
            Some(text) => self.begin_entry(Key::Named(text, at, end)),
            None => Err(not_a_key(at, node.kind())),
        }
    }

    fn begin_entry(&mut self, new: Key) -> Result<(), Fault> {
        if let Some(Frame { kind: Kind::Map { key, map }, .. }) = self.stack.last_mut() {
            if let Key::Named(name, at, _) = &new {
                map.check(name, *at)?;
            }
            *key = Some(new);
        }
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn add(&mut self, node: Node) -> Result<(), Fault> {
        let depth = self.stack.len();
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.aliased = frame.aliased.saturating_add(node.aliased);
        if frame.aliased > MAX_ALIASED_BYTES {
            return Err(Fault::new(
                node.at,
                format!(
                    "aliases in this document expand to more than {} MB",
                    MAX_ALIASED_BYTES / 1024 / 1024
                ),
                "write the repeated parts out, or repeat less",
            ));
        }
        if node.aliased > 0 && depth + node.depth > MAX_DEPTH {
            return Err(Fault::too_deep(node.at));
        }
        match &mut frame.kind {
            Kind::List(items) => items.push(node),
            Kind::Map { map, key } => match key.take() {
                Some(Key::Named(name, at, end)) => map.insert(Entry { key: name.into(), at, end, node })?,
                Some(Key::Merge) => merge(map, &node)?,
                None => {}
            },
        }
        Ok(())
    }
}

/// Brings in the entries of a merge key: one mapping, or a list of them of which the earlier win.
fn merge(map: &mut MapBuilder, node: &Node) -> Result<(), Fault> {
    let sources = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for source in sources.iter().rev() {
        let Value::Map(entries) = &source.value else {
            return Err(Fault::new(
                source.at,
                format!("a merge key (`<<`) takes mappings, and this is {}", source.kind()),
                "merge an alias of a mapping, or quote the key if `<<` is meant literally",
            ));
        };
        for entry in entries.iter() {
            let mut entry = entry.clone();
            // The merged text stands elsewhere and is written once more here.
            entry.node.aliased = entry.node.weight;
            map.merge(entry);
        }
    }
    Ok(())
}

fn key(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Position, end: Position) -> Result<Key, Fault> {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    if text == "<<" && (core == Some("merge") || (tag.is_none() && style == ScalarStyle::Plain)) {
        return Ok(Key::Merge);
    }
    let json = value(text, style, tag, at)?;
    // As kubectl does, a whole number or a boolean becomes the string JSON needs.
    match json.as_bytes()[0] {
        b'"' => Ok(Key::Named(serde_json::from_str(&json).unwrap_or_default(), at, end)),
        b't' | b'f' => Ok(Key::Named(json, at, end)),
        b'n' => Err(not_a_key(at, "null")),
        _ if json.bytes().all(|b| b.is_ascii_digit() || b == b'-') && !text.contains(['.', 'e', 'E']) => {
            Ok(Key::Named(json, at, end))
        }
        _ => Err(not_a_key(at, "a number with a fraction or exponent")),
    }
}

fn not_a_key(at: Position, kind: &str) -> Fault {
    Fault::new(
        at,
        format!("a mapping's key is {kind}; Kubernetes objects have string keys only"),
        "put the key in quotes",
    )
}

/// A scalar as JSON text.
fn value(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Result<String, Fault> {
    let string = || {
        let mut json = String::with_capacity(text.len() + 2);
        crate::node::write_string(text, &mut json);
        json
    };
    let core = match tag {
        None if style == ScalarStyle::Plain => None,
        Some(tag) if tag.is_yaml_core_schema() => Some(tag.suffix.as_str()),
        // Quoted; or an application's tag, which says nothing JSON could carry: go-yaml keeps the text.
        _ => return Ok(string()),
    };
    if core == Some("str") {
        return Ok(string());
    }
    if core == Some("binary") {
        return Err(Fault::new(
            at,
            "a `!!binary` value has no meaning in a Kubernetes object",
            "give the base64 text itself as a string",
        ));
    }
    let mut scratch = String::new();
    let plain = scalar::resolve(text, &mut scratch);
    if let Some(wanted) = core {
        let fits = match plain {
            Plain::Null => wanted == "null",
            Plain::Bool(_) => wanted == "bool",
            Plain::Int(_) | Plain::Digits { .. } => matches!(wanted, "int" | "float"),
            Plain::Float(_) | Plain::NotFinite => wanted == "float",
            Plain::Text => !matches!(wanted, "null" | "bool" | "int" | "float"),
        };
        if !fits {
            return Err(Fault::new(
                at,
                format!("{text:?} is tagged `!!{wanted}` and is none"),
                "drop the tag or mend the value",
            ));
        }
    }
    match plain {
        Plain::Text => Ok(string()),
        Plain::NotFinite => Err(Fault::new(
            at,
            format!("{text} is no number JSON can carry"),
            "give a finite number, or put it in quotes if it is text",
        )),
        plain => Ok(plain.to_json().unwrap_or_else(string)),
    }
}

fn place(mark: &Marker, first_line: usize) -> Position {
    Position { line: mark.line().max(1) + first_line - 1, column: mark.col() + 1 }
}

/// The parser's complaint, in the words of somebody who edits manifests.
fn syntax(error: &ScanError, text: &str, first_line: usize) -> Fault {
    let at = place(error.marker(), first_line);
    let line = text.lines().nth(error.marker().line().saturating_sub(1)).unwrap_or_default();
    let info = error.info();
    let indentation: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    if indentation.contains('\t') {
        return Fault::new(
            at,
            "a tab indents this line, and YAML allows spaces only",
            "replace the tab by spaces",
        );
    }
    let ends_early = error.marker().index() >= text.trim_end().chars().count();
    let mend = if info.contains("unknown anchor") {
        "define the anchor (`&name`) earlier in the same document"
    } else if info.contains("invalid indentation") && line.trim_start().starts_with([']', '}']) {
        "indent the closing bracket deeper than the key it belongs to"
    } else if ends_early {
        "the document ends too early: look for a missing quote, bracket or value above"
    } else {
        "look at indentation, quotes and colons on this line and the one before"
    };
    Fault::new(at, format!("this is not YAML: {info}"), mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<String, Fault> {
        let mut documents = read(text, 1);
        assert_eq!(documents.len(), 1, "{text}");
        documents.remove(0).map(|node| {
            let mut json = String::new();
            node.write(&mut json);
            json
        })
    }

    fn json(text: &str) -> String {
        one(text).unwrap_or_else(|fault| panic!("{text}: {}", fault.problem))
    }

    fn fault(text: &str) -> (Position, String) {
        let fault = one(text).unwrap_err();
        (fault.at, fault.problem)
    }

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn keys_keep_their_order_and_quoted_scalars_stay_text() {
        assert_eq!(json("b: 1\na: \"1\"\nc: 'yes'\nd: yes\n"), r#"{"b":1,"a":"1","c":"yes","d":true}"#);
        assert_eq!(json("a: |\n  x\n  y\nb: >-\n  p\n  q\n"), r#"{"a":"x\ny\n","b":"p q"}"#);
    }

    #[test]
    fn tags_decide_before_the_shape_of_a_scalar() {
        assert_eq!(json("a: !!str 12\nb: !!int \"12\"\nc: !own 12\n"), r#"{"a":"12","b":12,"c":"12"}"#);
        assert_eq!(fault("a: !!int twelve\n").0, at(1, 4));
        assert_eq!(fault("a:\n  b: !!binary aGk=\n").0.line, 2);
    }

    #[test]
    fn numbers_and_booleans_as_keys_become_strings_as_kubectl_makes_them() {
        assert_eq!(json("8080: a\n0x10: b\non: c\n"), r#"{"8080":"a","16":"b","true":"c"}"#);
    }

    #[test]
    fn keys_that_cannot_be_strings_are_faults() {
        for (text, place) in [
            ("a:\n  ? [1]\n  : x\n", at(2, 5)),
            ("a:\n  ~: x\n", at(2, 3)),
            ("1.5: x\n", at(1, 1)),
            ("a: {{ .Values.x }}\n", at(1, 5)),
        ] {
            let (position, problem) = fault(text);
            assert_eq!(position, place, "{text}");
            assert!(problem.contains("string keys only"), "{problem}");
        }
    }

    #[test]
    fn duplicate_keys_name_the_key_and_its_first_place() {
        let (position, problem) = fault("a: 1\nb:\n  x: 1\n  y: 2\n  x: 3\n");
        assert_eq!(position, at(5, 3));
        assert_eq!(problem, "the key \"x\" is given twice, first at line 3, column 3");
        // 1 and "1" are the same key once they are JSON.
        assert_eq!(fault("1: a\n\"1\": b\n").0, at(2, 1));
    }

    #[test]
    fn anchors_are_written_out_and_merged_in_go_yamls_order() {
        assert_eq!(json("a: &x {k: 1}\nb: *x\n"), r#"{"a":{"k":1},"b":{"k":1}}"#);
        let base = "x: &a {k: 1, j: 2}\n";
        assert_eq!(
            json(&format!("{base}m:\n  <<: *a\n  k: 9\n")),
            r#"{"x":{"k":1,"j":2},"m":{"k":9,"j":2}}"#
        );
        assert_eq!(
            json(&format!("{base}m:\n  k: 9\n  <<: *a\n")),
            r#"{"x":{"k":1,"j":2},"m":{"k":1,"j":2}}"#
        );
        assert_eq!(
            json(&format!("{base}m:\n  <<: [*a, {{k: 5, z: 1}}]\n")),
            r#"{"x":{"k":1,"j":2},"m":{"k":1,"z":1,"j":2}}"#
        );
        assert_eq!(json("\"<<\": 1\n"), r#"{"<<":1}"#);
        assert!(fault("a: &a 1\nb:\n  <<: *a\n").1.contains("takes mappings"));
    }

    #[test]
    fn a_key_given_twice_beside_a_merge_is_still_a_duplicate() {
        let (position, _) = fault("x: &a {k: 1}\ny:\n  <<: *a\n  k: 2\n  k: 3\n");
        assert_eq!(position, at(5, 3));
    }

    #[test]
    fn an_alias_of_itself_and_an_unknown_one_are_faults() {
        let (position, problem) = fault("a: &a\n  b: *a\n");
        assert_eq!((position, problem.contains("inside the very value")), (at(2, 6), true));
        let fault = one("a: 1\nb: *nope\n").unwrap_err();
        assert_eq!(fault.at.line, 2);
        assert!(fault.mend.contains("&name"), "{}", fault.mend);
    }

    #[test]
    fn an_alias_bomb_is_refused_before_it_grows() {
        let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for i in 1..40 {
            let refs = vec![format!("*a{}", i - 1); 9].join(", ");
            text.extend(["a", &i.to_string(), ": &a", &i.to_string(), " [", &refs, "]\n"]);
        }
        assert!(fault(&text).1.contains("expand to more than"));
        // The same through merge keys, which copy entries rather than nest them.
        let big = format!("b: &b {{x: {}}}\n", "y".repeat(100_000));
        let merges: String =
            (0..1000).flat_map(|i| ["m".to_owned(), i.to_string(), ": {<<: *b}\n".to_owned()]).collect();
        assert!(fault(&format!("{big}{merges}")).1.contains("expand to more than"));
    }

    #[test]
    fn aliases_cannot_nest_deeper_than_the_limit() {
        let mut text = format!("a0: &a0 {}x{}\n", "[".repeat(100), "]".repeat(100));
        text.push_str("a1: [[[[[[[[[[[[[[[[[[[[*a0]]]]]]]]]]]]]]]]]]]]\n");
        assert!(fault(&text).1.contains("nest deeper"));
    }

    #[test]
    fn deep_nesting_is_a_fault_and_no_stack_overflow() {
        for text in [
            "[".repeat(100_000),
            "{a: ".repeat(100_000),
            (0..5_000).flat_map(|i| [" ".repeat(i), "a:\n".to_owned()]).collect(),
            "- ".repeat(100_000),
        ] {
            let problem = fault(&text).1;
            assert!(problem.contains("nest deeper") || problem.contains("not YAML"), "{problem}");
        }
    }

    #[test]
    fn tabs_and_early_ends_have_a_place_and_a_mend() {
        let tab = one("a:\n\tb: 1\n").unwrap_err();
        assert_eq!((tab.at.line, tab.problem.contains("tab")), (2, true), "{}", tab.problem);
        let early = one("a: \"never closed\nb: 1\n").unwrap_err();
        assert!(early.at.line >= 1);
        assert!(one("a: [1, 2\n").unwrap_err().mend.contains("ends too early"));
        let bracket = one("a:\n  b: [\n    1\n]\nc: 1\n").unwrap_err();
        assert!(bracket.mend.contains("closing bracket"), "{}", bracket.problem);
        assert!(one("a: @x\n").unwrap_err().mend.contains("indentation, quotes"));
    }

    #[test]
    fn not_a_number_has_a_place() {
        let (position, problem) = fault("a: 1\nb:\n  c: .nan\n");
        assert_eq!(position, at(3, 6));
        assert!(problem.contains("JSON"), "{problem}");
    }

    #[test]
    fn lists_at_their_keys_indentation_and_brackets_at_the_margin_are_read() {
        assert_eq!(json("a:\n- 1\n- 2\nb: [\n  3\n]\n"), r#"{"a":[1,2],"b":[3]}"#);
        assert_eq!(json("a: {\n  \"b\": [1,\n 2]\n}\n"), r#"{"a":{"b":[1,2]}}"#);
    }

    #[test]
    fn a_document_end_may_be_followed_by_another_document() {
        assert_eq!(read("a: 1\n...\nb: 2\n", 1).len(), 2);
        assert!(read("# nothing\n", 1).is_empty() || read("# nothing\n", 1)[0].as_ref().unwrap().is_null());
    }
}
