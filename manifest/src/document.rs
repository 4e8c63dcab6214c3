//! One Kubernetes object of a file.

use std::sync::Arc;

use crate::node::{Entry, Node, Value};
use crate::{Fault, Position, path};

/// A Kubernetes object as it stands in a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file as it was named, `-` for standard input.
    pub file: String,
    /// Which of the file's documents this is, counted from 0; empty ones do not count. The items of a `List`
    /// share the index of the list.
    pub index: usize,
    /// The line on which the object begins.
    pub line: usize,
    /// The object as JSON text, keys in the order of the file.
    pub json: String,
    pub(crate) root: Node,
}

/// A piece of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent<'p> {
    /// Its first character.
    pub start: Position,
    /// The first character after it.
    pub end: Position,
    /// The part of the path that is not there, if this is only what would hold it.
    pub missing: Option<&'p str>,
}

impl Document {
    /// Where `path` stands in the file: `spec.strategy.canary.steps[0].setWeight`, and in brackets a key with
    /// other characters, `metadata.annotations[rollgate.dev/exempt]`.
    ///
    /// The place is that of the key, or of the list's item. What does not exist is at its nearest ancestor that
    /// does, so a missing field is found where it ought to be.
    #[must_use]
    pub fn locate(&self, path: &str) -> Position {
        self.extent(path).start
    }

    /// The text that stands for `path`, on its first line: key and value, or an item. Of what does not exist, the key
    /// of its nearest ancestor that does.
    #[must_use]
    pub fn extent<'p>(&self, path: &'p str) -> Extent<'p> {
        path::locate(&self.root, path)
    }

    pub(crate) fn new(file: &str, index: usize, root: Node) -> Self {
        let mut json = String::with_capacity(root.weight);
        root.write(&mut json);
        Self { file: file.to_owned(), index, line: root.at.line, json, root }
    }
}

/// The objects in a document: itself, or the items of a list.
pub(crate) fn objects(file: &str, index: usize, root: Node) -> Vec<Result<Document, Fault>> {
    let mut found = Vec::new();
    expand(root, &mut |object| found.push(object.map(|root| Document::new(file, index, root))));
    found
}

/// Lists may hold lists; the depth is that of the document, so the recursion is bounded.
fn expand(root: Node, found: &mut impl FnMut(Result<Node, Fault>)) {
    let (api_version, kind) = match header(&root) {
        Ok(header) => header,
        Err(fault) => return found(Err(fault)),
    };
    let items = match root.get("items").map(|entry| &entry.node.value) {
        Some(Value::List(items)) if kind.ends_with("List") => Arc::clone(items),
        // `kind: List` with nothing in it applies nothing.
        _ if kind == "List" => return,
        _ => return found(Ok(root)),
    };
    let item_kind = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
    for item in items.iter() {
        expand(with_header(item.clone(), &api_version, item_kind), found);
    }
}

/// An API server names the type once for a whole `RolloutList`; its items get it here, as in kubectl.
fn with_header(item: Node, api_version: &str, kind: Option<&str>) -> Node {
    let (Some(kind), Value::Map(entries), None) = (kind, &item.value, item.get("kind")) else { return item };
    let at = item.at;
    let entry =
        |key: &str, value: &str| Entry { key: key.into(), at, end: at, node: Node::string(at, value) };
    let head = [entry("apiVersion", api_version), entry("kind", kind)];
    let rest = entries.iter().filter(|entry| &*entry.key != "apiVersion").cloned();
    Node::map(at, head.into_iter().chain(rest).collect()).until(item.end)
}

fn header(root: &Node) -> Result<(String, String), Fault> {
    const MEND: &str = "give it an apiVersion and a kind, or leave this file out";
    if !matches!(root.value, Value::Map(_)) {
        return Err(Fault::new(root.at, format!("this is {}, not a Kubernetes object", root.kind()), MEND));
    }
    let field = |name: &str| match root.get(name) {
        None => Err(Fault::new(root.at, format!("this is not a Kubernetes object: it has no {name}"), MEND)),
        Some(entry) => entry.node.text().filter(|text| !text.is_empty()).ok_or_else(|| {
            Fault::new(
                entry.at,
                format!("{name} must be a non-empty string, and is {}", entry.node.kind()),
                MEND,
            )
        }),
    };
    Ok((field("apiVersion")?, field("kind")?))
}
