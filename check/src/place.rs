//! Where findings stand.

use rollgate_manifest::{Document, Extent, Position};

/// The piece of a line that a finding at `path` is about; the head of the file without its document.
///
/// It never ends before it begins.
#[must_use]
pub fn place<'p>(document: Option<&Document>, path: &'p str) -> Extent<'p> {
    let head = Extent { start: Position::START, end: Position::START, missing: None };
    let extent = document.map_or(head, |document| document.extent(path));
    Extent { end: extent.end.max(extent.start), ..extent }
}
