//! JSON paths of findings: `spec.strategy.canary.steps[0].setWeight`,
//! `metadata.annotations[rollgate.dev/exempt]`.

use crate::Position;
use crate::document::Extent;
use crate::node::{Node, Value};

/// The place of `path` below `root`, or of its nearest ancestor that exists.
///
/// A mapping's entry is where its key stands, a list's item where it begins.
pub(crate) fn locate<'p>(root: &Node, path: &'p str) -> Extent<'p> {
    let (mut node, mut start, mut key_end, mut missing) = (root, root.at, None, None);
    let mut segments = Segments(path);
    loop {
        let rest = segments.0;
        let Some(segment) = segments.next() else { break };
        let child = match &node.value {
            Value::Map(_) => node.get(segment).map(|entry| (entry.at, Some(entry.end), &entry.node)),
            Value::List(items) => {
                segment.parse().ok().and_then(|i: usize| items.get(i)).map(|item| (item.at, None, item))
            }
            Value::Scalar(_) => None,
        };
        let Some((place, end, below)) = child else {
            missing = Some(rest.trim_start_matches('.'));
            break;
        };
        (node, start, key_end) = (below, place, end);
    }
    // Of what is not there, its holder's name is shown and not all that it holds.
    let end = missing.and(key_end);
    let end = end.or_else(|| end_on_line(node, start.line)).or(key_end);
    Extent { start, end: end.unwrap_or(start), missing }
}

/// Where a value that begins on this line ends on it: a list or mapping on several lines with the first of them.
fn end_on_line(node: &Node, line: usize) -> Option<Position> {
    if node.at.line != line {
        return None;
    }
    if node.end.line == line {
        return Some(node.end);
    }
    match &node.value {
        Value::Scalar(_) => None,
        Value::List(items) => end_on_line(items.first()?, line),
        Value::Map(entries) => {
            let first = entries.first().filter(|first| first.at.line == line)?;
            end_on_line(&first.node, line).or(Some(first.end))
        }
    }
}

/// The keys and indices of a path, in order. A bracket may hold a quoted or bare key, or an index.
pub(crate) struct Segments<'a>(pub &'a str);

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start_matches('.');
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let (segment, after) = inner.split_once(']').unwrap_or((inner, ""));
            self.0 = after;
            return Some(segment.trim_matches(['"', '\'']));
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        self.0 = &rest[end..];
        Some(&rest[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(path: &str) -> Vec<&str> {
        Segments(path).collect()
    }

    #[test]
    fn paths_split_at_dots_and_brackets() {
        assert_eq!(segments(""), [""; 0]);
        assert_eq!(segments("spec.steps[0].setWeight"), ["spec", "steps", "0", "setWeight"]);
        assert_eq!(segments("metadata.annotations[a.b/c]"), ["metadata", "annotations", "a.b/c"]);
        assert_eq!(segments("metadata.annotations['a.b/c'].x"), ["metadata", "annotations", "a.b/c", "x"]);
        assert_eq!(segments("a[0][1]"), ["a", "0", "1"]);
    }

    #[test]
    fn a_path_that_is_cut_short_does_not_panic() {
        assert_eq!(segments("a["), ["a", ""]);
        assert_eq!(segments("a[b"), ["a", "b"]);
        assert_eq!(segments("...]"), ["]"]);
    }
}
