//! From lines and columns to bytes.

use crate::Position;

/// The lines of a text.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text without a byte order mark.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    /// Where a line begins; the end of the text when there is no such line.
    #[must_use]
    pub fn start(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or(self.text.len())
    }

    /// A line without its end.
    #[must_use]
    pub fn line(&self, line: usize) -> &'a str {
        self.text[self.start(line)..self.start(line + 1)].trim_end_matches(['\n', '\r'])
    }

    /// The byte at which a position stands; the end of its line when that is shorter.
    #[must_use]
    pub fn offset(&self, position: Position) -> usize {
        let line = self.line(position.line);
        let column = position.column.saturating_sub(1);
        let within = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        self.start(position.line) + within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_nothing_lies_outside() {
        let lines = Lines::new("é: 1\r\nb\n");
        let offset = |line, column| lines.offset(Position { line, column });
        assert_eq!([offset(1, 1), offset(1, 2), offset(1, 99), offset(2, 1), offset(9, 1)], [0, 2, 5, 7, 9]);
        assert_eq!([lines.line(1), lines.line(2), lines.line(3), lines.line(4)], ["é: 1", "b", "", ""]);
    }
}
