//! Texts that fit their columns.

/// Lines of at most `width` characters, broken at spaces, and inside a word that is longer. The first keeps its indent.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = &harmless(text);
    let indent = text.len() - text.trim_start().len();
    let room = width.saturating_sub(indent).max(1);
    let mut lines = Vec::new();
    let (mut line, mut used) = (" ".repeat(indent), 0);
    for word in text[indent..].split(' ') {
        let word: Vec<char> = word.chars().collect();
        for (index, piece) in word.chunks(room).enumerate() {
            let begins = index > 0 || used + 1 + piece.len() > room;
            if used > 0 && begins {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.extend(piece);
            used += piece.len();
        }
    }
    lines.push(line);
    lines
}

/// At most `width` characters.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text = harmless(text);
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['~']).collect()
}

/// Without what a terminal takes for a command.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_in_long_words() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh i", 4), ["abcd", "efgh", "i"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("    a b", 6), ["    a", "b"]);
    }

    #[test]
    fn a_terminal_gets_no_commands() {
        assert_eq!(cut("a\u{1b}[31m", 20), "a\u{fffd}[31m");
        assert_eq!(cut("abcdef", 4), "abc~");
    }
}
