//! Manifests as a cluster would receive them, each value with its place in the file.
//!
//! [`Text::read`] turns a text into [`Document`]s: one Kubernetes object each, as the JSON text that `kubectl apply`
//! would send, plus the line and column of every key. Findings name a JSON path; [`Document::locate`] turns that path
//! back into a place a person can jump to.
//!
//! Nothing stops at the first mistake. A document that cannot be read is reported with its place and its mend,
//! and the documents around it are read all the same. Nothing here opens a file.
//!
//! # Which YAML
//!
//! The grammar is YAML 1.2. What a plain scalar *means* follows `kubectl`, that is `sigs.k8s.io/yaml` and the
//! go-yaml v2 beneath it, since that decides what the cluster gets: `yes`, `no`, `on`, `off`, `y` and `n` are
//! booleans wherever the object's type is not known beforehand, `017`, `0o17` and `0x1F` are 15, 15 and 31,
//! a date stays a string, and a merge key (`<<`) overrides what stands before it in the mapping.
//! Two things differ on purpose: integers of any length keep their digits, and a duplicate key is an error
//! where kubectl silently takes the last.

#![forbid(unsafe_code)]

mod document;
mod edit;
mod json;
mod lines;
mod node;
mod path;
mod scalar;
mod template;
mod text;
mod yaml;

use std::fmt;

pub use document::{Document, Extent};
pub use edit::{Edit, NoEdit};
pub use lines::Lines;
pub use text::{Limits, Reading, Text};

/// The file that tells rollgate its settings. It may lie among the manifests and is not one of them.
pub const SETTINGS_FILE: &str = "rollgate.yaml";

/// The largest document that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// The largest file that is read, in bytes; it may hold several documents.
pub const MAX_FILE_BYTES: usize = 4 * MAX_DOCUMENT_BYTES;

/// How deep lists and mappings may nest. The policy's own JSON reader stops at 128.
pub const MAX_DEPTH: usize = 120;

/// The most that aliases may add to a document, in bytes.
pub const MAX_ALIASED_BYTES: usize = MAX_DOCUMENT_BYTES;

/// A place in a file. Lines and columns start at 1; a column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a file or one of its documents could not be read, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file as it was named, `-` for standard input.
    pub file: String,
    /// The place, unless the file as a whole is at fault.
    pub position: Option<Position>,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(position) = self.position {
            write!(f, ":{position}")?;
        }
        write!(f, ": {}; {}", self.problem, self.mend)
    }
}

impl std::error::Error for ReadError {}

/// A [`ReadError`] before the file is known.
#[derive(Debug)]
struct Fault {
    at: Position,
    problem: String,
    mend: String,
}

impl Fault {
    fn new(at: Position, problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), mend: mend.into() }
    }

    fn in_file(self, file: &str) -> ReadError {
        ReadError { file: file.to_owned(), position: Some(self.at), problem: self.problem, mend: self.mend }
    }

    fn duplicate_key(key: &str, at: Position, first: Position) -> Self {
        Self::new(
            at,
            format!("the key {key:?} is given twice, first at line {}, column {}", first.line, first.column),
            "keep one of the two; kubectl would silently take the last",
        )
    }

    fn too_deep(at: Position) -> Self {
        Self::new(
            at,
            format!("lists and mappings nest deeper than {MAX_DEPTH} levels"),
            "flatten the document; no Kubernetes object needs such depth",
        )
    }
}
