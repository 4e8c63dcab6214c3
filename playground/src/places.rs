//! Places as an editor counts them.

use rollgate_manifest::{Extent, Lines, Position, ReadError, Text};
use serde::Serialize;

/// A piece of a text. Lines and columns start at 1, a column counts UTF-16 code units, and the end is the first that
/// does not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The first line.
    pub line: usize,
    /// Where it begins there.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// Where it ends there.
    pub end_column: usize,
}

/// What is wrong with a text itself.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: String,
    /// From where it is wrong to the end of the line.
    #[serde(flatten)]
    pub place: Place,
}

/// Turns places in a text into those of an editor.
pub struct Places<'a> {
    body: &'a str,
    lines: Lines<'a>,
    /// What stands before the body on the first line, in UTF-16 code units.
    mark: usize,
    /// How many lines there are.
    last: usize,
}

impl<'a> Places<'a> {
    /// Of this text.
    pub fn new(text: &'a Text) -> Self {
        let body = text.body();
        let mark = text.content[..text.content.len() - body.len()].encode_utf16().count();
        Self { body, lines: Lines::new(body), mark, last: body.matches('\n').count() + 1 }
    }

    /// A piece of a line.
    pub fn extent(&self, extent: Extent<'_>) -> Place {
        between(self.of(extent.start), self.of(extent.end))
    }

    /// Bytes of the body.
    pub fn bytes(&self, start: usize, end: usize) -> Place {
        let of = |byte: usize| {
            let line = self.body.get(..byte).unwrap_or(self.body).matches('\n').count() + 1;
            (line, self.column(line, byte))
        };
        between(of(start), of(end))
    }

    /// What cannot be read, to the end of its line.
    pub fn problem(&self, error: ReadError) -> Problem {
        let start = error.position.unwrap_or(Position::START);
        let begin = self.of(start);
        let end = self.lines.start(begin.0) + self.lines.line(begin.0).len();
        let place = between(begin, (begin.0, self.column(begin.0, end)));
        Problem { message: error.problem, mend: error.mend, place }
    }

    /// A reader may miss something on the line after the last.
    fn of(&self, position: Position) -> (usize, usize) {
        if position.line > self.last {
            return (self.last, self.column(self.last, self.body.len()));
        }
        (position.line, self.column(position.line, self.lines.offset(position)))
    }

    fn column(&self, line: usize, byte: usize) -> usize {
        let before = self.body.get(self.lines.start(line)..byte).unwrap_or_default();
        let mark = if line == 1 { self.mark } else { 0 };
        before.encode_utf16().count() + mark + 1
    }
}

fn between(start: (usize, usize), end: (usize, usize)) -> Place {
    Place { line: start.0, column: start.1, end_line: end.0, end_column: end.1 }
}

#[cfg(test)]
mod tests {
    use rollgate_manifest::Limits;

    use super::*;

    fn text(content: &str) -> Text {
        Text::from_bytes("-", content.into(), Limits::default()).unwrap()
    }

    #[test]
    fn columns_count_as_an_editor_does() {
        let text = text("é😀: 1\nb: 😀x\n");
        let places = Places::new(&text);
        let at = |line, column| Position { line, column };
        let extent = Extent { start: at(1, 3), end: at(2, 5), missing: None };
        assert_eq!(places.extent(extent), Place { line: 1, column: 4, end_line: 2, end_column: 6 });
        let start = text.content.find('b').unwrap();
        assert_eq!(places.bytes(start, start + 7), Place { line: 2, column: 1, end_line: 2, end_column: 6 });
    }

    #[test]
    fn nothing_lies_behind_the_end() {
        let text = text("a: 1\nbé");
        let extent = |line| {
            let at = Position { line, column: 9 };
            Places::new(&text).extent(Extent { start: at, end: at, missing: None })
        };
        let end = Place { line: 2, column: 3, end_line: 2, end_column: 3 };
        assert_eq!([extent(2), extent(3), extent(4)], [end; 3]);
    }

    #[test]
    fn a_byte_order_mark_is_a_character_of_the_editor() {
        let text = text("\u{feff}a: 1\nb: 2");
        let places = Places::new(&text);
        assert_eq!(places.bytes(0, 6), Place { line: 1, column: 2, end_line: 2, end_column: 2 });
    }
}
