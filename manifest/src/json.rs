//! JSON to nodes. serde gives no places and rounds numbers, so this reader keeps both.

use crate::node::{Entry, MapBuilder, Node};
use crate::{Fault, MAX_DEPTH, Position};

/// Reads the JSON values in `text`, one after the other.
pub(crate) fn read(text: &str) -> Vec<Result<Node, Fault>> {
    let mut reader = Reader { text, at: 0, counted: 0, position: Position::START };
    let mut documents = Vec::new();
    loop {
        reader.space();
        if reader.at == text.len() {
            return documents;
        }
        let document = reader.value(0);
        let failed = document.is_err();
        documents.push(document);
        if failed {
            return documents;
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    /// Up to which byte `position` has counted; never past `at`.
    counted: usize,
    position: Position,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Where the next byte stands.
    fn here(&mut self) -> Position {
        // Only whole tokens lie between two calls, so both ends are character boundaries.
        for c in self.text[self.counted..self.at].chars() {
            if c == '\n' {
                self.position.line += 1;
                self.position.column = 1;
            } else {
                self.position.column += 1;
            }
        }
        self.counted = self.at;
        self.position
    }

    fn fault(&mut self, problem: &str, mend: &str) -> Fault {
        while !self.text.is_char_boundary(self.at) {
            self.at -= 1;
        }
        let at = self.here();
        if self.at >= self.text.len() {
            return Fault::new(
                at,
                "the JSON ends too early",
                "the file is cut short, or a bracket or quote is missing",
            );
        }
        Fault::new(at, format!("this is not JSON: {problem}"), mend)
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        self.space();
        let at = self.here();
        match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(Fault::too_deep(at)),
            Some(b'{') => self.map(at, depth),
            Some(b'[') => self.list(at, depth),
            Some(b'"') => {
                let json = self.string()?;
                Ok(Node::scalar(at, json).until(self.here()))
            }
            Some(b'-' | b'0'..=b'9') => {
                let json = self.number(at)?;
                Ok(Node::scalar(at, json).until(self.here()))
            }
            Some(b't' | b'f' | b'n') => {
                for word in ["true", "false", "null"] {
                    if self.text[self.at..].starts_with(word) {
                        self.at += word.len();
                        return Ok(Node::scalar(at, word).until(self.here()));
                    }
                }
                Err(self.fault("an unknown word", "use true, false, null, or put text in double quotes"))
            }
            _ => Err(self.fault("a value is missing", "put a value here, or remove the comma before")),
        }
    }

    fn map(&mut self, at: Position, depth: usize) -> Result<Node, Fault> {
        self.at += 1;
        let mut map = MapBuilder::default();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::map(at, map.finish()).until(self.here()));
        }
        loop {
            self.space();
            let key_at = self.here();
            if self.peek() != Some(b'"') {
                return Err(self
                    .fault("a key is missing", "put the key in double quotes, or remove the comma before"));
            }
            let key: String = serde_json::from_str(self.string()?).unwrap_or_default();
            map.check(&key, key_at)?;
            let key_end = self.here();
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.fault("a colon is missing after the key", "put `:` between key and value"));
            }
            self.at += 1;
            let node = self.value(depth + 1)?;
            map.insert(Entry { key: key.into(), at: key_at, end: key_end, node })?;
            if self.ends(b'}', "put `,` between entries or `}` after the last")? {
                return Ok(Node::map(at, map.finish()).until(self.here()));
            }
        }
    }

    fn list(&mut self, at: Position, depth: usize) -> Result<Node, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::list(at, items).until(self.here()));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends(b']', "put `,` between items or `]` after the last")? {
                return Ok(Node::list(at, items).until(self.here()));
            }
        }
    }

    /// After an item: whether the collection ends here or goes on.
    fn ends(&mut self, close: u8, mend: &str) -> Result<bool, Fault> {
        self.space();
        let next = self.peek();
        if next != Some(close) && next != Some(b',') {
            return Err(self.fault("a comma or closing bracket is missing", mend));
        }
        self.at += 1;
        Ok(next == Some(close))
    }

    /// A string as it stands, quotes and escapes included, once it is known to be sound.
    fn string(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(0..0x20) => {
                    return Err(self.fault(
                        "a control character inside a string",
                        "close the string on its line, or write the character as an escape such as \\n",
                    ));
                }
                Some(_) => self.at += 1,
                None => {
                    self.at = self.text.len();
                    return Err(self.fault("", ""));
                }
            }
        }
        self.at += 1;
        let raw = &self.text[start..self.at];
        if raw.contains('\\') && serde_json::from_str::<String>(raw).is_err() {
            self.at = start;
            return Err(self.fault(
                "a string with an unknown escape or half a surrogate pair",
                "use only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and whole \\u escapes",
            ));
        }
        Ok(raw)
    }

    fn number(&mut self, at: Position) -> Result<&'a str, Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let raw = &self.text[start..self.at];
        if serde_json::from_str::<f64>(raw).is_err() {
            return Err(Fault::new(
                at,
                format!("{raw} is no JSON number, or one too large"),
                "write a plain decimal number, or put it in quotes if it is text",
            ));
        }
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<String, Fault> {
        let mut documents = read(text);
        documents.pop().unwrap().map(|node| {
            let mut json = String::new();
            node.write(&mut json);
            json
        })
    }

    #[test]
    fn a_value_comes_back_as_it_was() {
        let json = r#"{"b":[1,-2.50,1e3,12345678901234567890123],"a":{"x":"\u00e9\n\ud83d\ude00/"},"c":[true,false,null],"d":{},"e":[]}"#;
        assert_eq!(one(json).unwrap(), json);
    }

    #[test]
    fn places_count_characters() {
        let documents = read("{\n  \"é😀\": 1, \"b\": [\n    2\n  ]}");
        let node = documents[0].as_ref().unwrap();
        let entry = node.get("b").unwrap();
        assert_eq!(entry.at, Position { line: 2, column: 12 });
        assert_eq!(crate::path::locate(node, "b[0]").start, Position { line: 3, column: 5 });
    }

    #[test]
    fn broken_json_has_a_place_and_does_not_panic() {
        for (text, line, column) in [
            ("{\"a\": 1,}", 1, 9),
            ("{\"a\" 1}", 1, 6),
            ("{\n\"a\": [1 2]}", 2, 9),
            ("{\"a\": nul}", 1, 7),
            ("{\"a\": 01}", 1, 7),
            ("{\"a\": 1e999}", 1, 7),
            ("{\"a\": \"x\ny\"}", 1, 9),
            ("{\"a\": \"\\q\"}", 1, 7),
            ("{\"a\": \"\\ud800\"}", 1, 7),
            ("{a: 1}", 1, 2),
            ("{\"a\": 1", 1, 8),
            ("{\"a\": \"é\\", 1, 10),
            ("{\"a\": \"x", 1, 9),
        ] {
            let fault = one(text).unwrap_err();
            assert_eq!(fault.at, Position { line, column }, "{text}: {}", fault.problem);
            assert!(!fault.mend.is_empty());
        }
    }

    #[test]
    fn every_cut_of_a_document_is_an_error_and_no_panic() {
        let json = r#"{"a":"é\"\ud83d\ude00","b":[1.5e3,null,{"c":true}]}"#;
        for (end, _) in json.char_indices().skip(1) {
            assert!(one(&json[..end]).is_err(), "{}", &json[..end]);
        }
    }

    #[test]
    fn duplicate_keys_are_the_same_after_unescaping() {
        let fault = one("{\"a\": 1,\n \"\\u0061\": 2}").unwrap_err();
        assert_eq!(fault.at, Position { line: 2, column: 2 });
        assert!(fault.problem.contains("first at line 1, column 2"), "{}", fault.problem);
    }

    #[test]
    fn deep_nesting_is_a_fault() {
        assert!(one(&"[".repeat(1_000_000)).unwrap_err().problem.contains("nest deeper"));
        let deep = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(one(&deep).unwrap(), deep);
    }

    #[test]
    fn several_values_may_follow_each_other() {
        assert_eq!(read("{\"a\":1}\n{\"b\":2} []").len(), 3);
    }
}
