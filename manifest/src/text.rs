//! The text of a file, and the documents in it.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::find::Input;
use super::node::Node;
use super::template::looks_like_go_template;
use super::{
    Document, Fault, MAX_DOCUMENT_BYTES, MAX_FILE_BYTES, Position, ReadError, Reading, SETTINGS_FILE,
    document, json, yaml,
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
    /// Reads a file or standard input.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is no text.
    pub fn load(input: &Input, limits: Limits) -> Result<Self, ReadError> {
        let Some(path) = input.path() else {
            return Self::from_reader("-", &mut io::stdin().lock(), false, limits);
        };
        let file = path.display().to_string();
        let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let mut opened = fs::File::open(path).map_err(|error| io_error(&file, &error))?;
        let text = Self::from_reader(&file, &mut opened, json, limits)?;
        Ok(Self { found: matches!(input, Input::Found(_)), ..text })
    }

    pub(super) fn from_reader(
        file: &str,
        content: &mut dyn Read,
        json: bool,
        limits: Limits,
    ) -> Result<Self, ReadError> {
        let error = |position, problem, mend: &str| ReadError {
            file: file.to_owned(),
            position,
            problem,
            mend: mend.to_owned(),
        };
        let mut bytes = Vec::new();
        content
            .take(limits.file as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|problem| io_error(file, &problem))?;
        if bytes.len() > limits.file {
            let problem = format!("larger than {} MB", limits.file / 1024 / 1024);
            return Err(error(None, problem, "split it into several files"));
        }
        match String::from_utf8(bytes) {
            Ok(content) => Ok(Self { file: file.to_owned(), content, json, found: false }),
            Err(not_text) => {
                let (position, problem, mend) =
                    why_not_text(not_text.as_bytes(), not_text.utf8_error().valid_up_to());
                Err(error(Some(position), problem.to_owned(), mend))
            }
        }
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

/// What a file that cannot be read is reported as.
pub(super) fn io_error(file: &str, error: &io::Error) -> ReadError {
    let mend = match error.kind() {
        io::ErrorKind::NotFound => "check the name",
        io::ErrorKind::PermissionDenied => "make it readable",
        _ => "check that it is a readable file or directory",
    };
    ReadError {
        file: file.to_owned(),
        position: None,
        problem: format!("cannot be read: {error}"),
        mend: mend.to_owned(),
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
