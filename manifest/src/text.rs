//! The text of a file, and the documents in it.

use std::path::Path;

use crate::node::Node;
use crate::template::looks_like_go_template;
use crate::{
    Document, Fault, MAX_DOCUMENT_BYTES, MAX_FILE_BYTES, Position, ReadError, SETTINGS_FILE, document, json,
    yaml,
};

/// How much is read of a file, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the file.
    pub file: usize,
    /// Of one of its documents.
    pub document: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: MAX_FILE_BYTES, document: MAX_DOCUMENT_BYTES }
    }
}

impl Limits {
    /// Files of that size, with whatever in them: a dump of a cluster is one list.
    #[must_use]
    pub fn up_to(file: usize) -> Self {
        Self { file, document: file.max(MAX_DOCUMENT_BYTES) }
    }
}

/// Everything in a text: the documents that could be read and the errors of those that could not.
#[derive(Debug, Default)]
pub struct Reading {
    /// The objects, in the order of the text.
    pub documents: Vec<Document>,
    /// What could not be read, in the same order.
    pub errors: Vec<ReadError>,
}

/// The text of a file.
#[derive(Clone, Debug)]
pub struct Text {
    /// The file as it was named, `-` for standard input.
    pub file: String,
    /// All of it, a byte order mark included.
    pub content: String,
    /// Whether its name says that it is JSON.
    json: bool,
    /// Whether a search came upon it.
    found: bool,
}

impl Text {
    /// The text of a file of that name.
    #[must_use]
    pub fn new(file: &str, content: String) -> Self {
        let json =
            Path::new(file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        Self { file: file.to_owned(), content, json, found: false }
    }

    /// The text of a file of that name, out of its bytes.
    ///
    /// # Errors
    /// When it is larger than `limits` or no text.
    pub fn from_bytes(file: &str, bytes: Vec<u8>, limits: Limits) -> Result<Self, ReadError> {
        let error = |position, problem, mend: &str| ReadError {
            file: file.to_owned(),
            position,
            problem,
            mend: mend.to_owned(),
        };
        if bytes.len() > limits.file {
            let problem = format!("larger than {} MB", limits.file / 1024 / 1024);
            return Err(error(None, problem, "split it into several files"));
        }
        match String::from_utf8(bytes) {
            Ok(content) => Ok(Self::new(file, content)),
            Err(not_text) => {
                let (position, problem, mend) =
                    why_not_text(not_text.as_bytes(), not_text.utf8_error().valid_up_to());
                Err(error(Some(position), problem.to_owned(), mend))
            }
        }
    }

    /// The same text as one that a search came upon: it may well hold something else than manifests.
    #[must_use]
    pub fn found(self) -> Self {
        Self { found: true, ..self }
    }

    /// The same file with another content.
    #[must_use]
    pub fn with(&self, content: String) -> Self {
        Self { content, ..self.clone() }
    }

    /// The content without a byte order mark: what lines and columns are counted in.
    #[must_use]
    pub fn body(&self) -> &str {
        self.content.strip_prefix('\u{feff}').unwrap_or(&self.content)
    }

    /// The objects in the file, and what cannot be read of it.
    #[must_use]
    pub fn read(&self, limits: Limits) -> Reading {
        let mut reading = Reading::default();
        let parsed = parse(self.body(), self.json, limits.document);
        if self.is_something_else(&parsed) {
            return reading;
        }
        let mut index = 0;
        for read in parsed {
            let objects = match read {
                Ok(root) if root.is_null() => continue,
                Ok(root) => document::objects(&self.file, index, root),
                Err(fault) => vec![Err(fault)],
            };
            index += 1;
            for object in objects {
                match object {
                    Ok(document) => reading.documents.push(document),
                    Err(fault) => reading.errors.push(fault.in_file(&self.file)),
                }
            }
        }
        reading
    }

    /// The file as one value with its places, whatever that is.
    ///
    /// # Errors
    /// When it is not YAML, or more than one document.
    pub fn value(&self, limits: Limits) -> Result<Option<Document>, ReadError> {
        let mut parsed = parse(self.body(), self.json, limits.document);
        parsed.retain(|node| !node.as_ref().is_ok_and(Node::is_null));
        if let [_, Ok(second), ..] = &*parsed {
            let fault =
                Fault::new(second.at, "a second document begins here", "keep one document in this file");
            return Err(fault.in_file(&self.file));
        }
        match parsed.into_iter().next() {
            None => Ok(None),
            Some(Ok(root)) => Ok(Some(Document::new(&self.file, 0, root))),
            Some(Err(fault)) => Err(fault.in_file(&self.file)),
        }
    }

    /// Whether this is no manifest, and need not be one: a search came upon it, or it is what rollgate itself is
    /// told.
    fn is_something_else(&self, parsed: &[Result<Node, Fault>]) -> bool {
        let is_settings = Path::new(&self.file).file_name().is_some_and(|name| name == SETTINGS_FILE);
        (self.found || is_settings)
            && parsed.iter().all(|node| {
                node.as_ref().is_ok_and(|root| root.get("apiVersion").is_none() && root.get("kind").is_none())
            })
    }
}

fn why_not_text(bytes: &[u8], valid: usize) -> (Position, &'static str, &'static str) {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let (problem, mend) = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ("UTF-16 text", "save the file as UTF-8"),
        _ if bytes.contains(&0) => ("a binary file, not a manifest", "leave this file out"),
        _ => ("not UTF-8 text", "save the file as UTF-8"),
    };
    (Position { line, column }, problem, mend)
}

fn parse(text: &str, json: bool, limit: usize) -> Vec<Result<Node, Fault>> {
    if json {
        return bounded(text, Position::START, limit, || json::read(text));
    }
    // JSON is YAML, but its own reader is faster and says more when it is broken.
    let meant_as_json =
        text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']));
    if meant_as_json {
        let read = bounded(text, Position::START, limit, || json::read(text));
        if read.iter().all(Result::is_ok) {
            return read;
        }
        let as_yaml = parse_yaml(text, limit);
        return if as_yaml.iter().all(Result::is_ok) { as_yaml } else { read };
    }
    parse_yaml(text, limit)
}

fn parse_yaml(text: &str, limit: usize) -> Vec<Result<Node, Fault>> {
    let mut read = Vec::new();
    let documents = Split { rest: text, line: 1 };
    for (first_line, document) in documents {
        let at = Position { line: first_line, column: 1 };
        let mut nodes = bounded(document, at, limit, || yaml::read(document, first_line));
        for fault in nodes.iter_mut().filter_map(|node| node.as_mut().err()) {
            if looks_like_go_template(document) {
                fault.problem = format!("this looks like a template yet to be rendered: {}", fault.problem);
                "render it first, for instance: helm template ./chart | rollgate check -"
                    .clone_into(&mut fault.mend);
            }
        }
        read.append(&mut nodes);
    }
    read
}

fn bounded(
    text: &str,
    at: Position,
    limit: usize,
    read: impl FnOnce() -> Vec<Result<Node, Fault>>,
) -> Vec<Result<Node, Fault>> {
    if text.len() <= limit {
        return read();
    }
    let problem = format!("this document is larger than {} MB", limit / 1024 / 1024);
    vec![Err(Fault::new(at, problem, "no API server takes an object of this size; leave it out"))]
}

/// The documents of a YAML file with their first lines. YAML reserves `---` at the beginning of a line for
/// this, even inside strings, so one broken document does not hide the next.
struct Split<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Iterator for Split<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let first_line = self.line;
        let mut end = 0;
        // Directives (`%YAML 1.2`) belong to the document whose `---` they stand before.
        let mut begun = false;
        for line in self.rest.split_inclusive('\n') {
            let marker = line
                .strip_prefix("---")
                .is_some_and(|after| after.trim_end().is_empty() || after.starts_with([' ', '\t']));
            if marker && begun {
                break;
            }
            begun |= marker || !(line.trim().is_empty() || line.starts_with(['%', '#']));
            end += line.len();
            self.line += 1;
        }
        let (document, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some((first_line, document))
    }
}
