//! Texts in YAML, on one line.

use std::fmt::Write;

use serde_json::Value;

/// A text that YAML reads as that text: plain where it is a name, in single quotes where it can be read like that.
pub(super) fn written(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().all(is_printable) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        escaped(text)
    }
}

/// A word of letters and underscores that YAML takes for nothing else.
fn is_plain(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let other = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    !text.is_empty() && text.bytes().all(word) && !other.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether YAML lets it stand for itself on one line.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// JSON's quotes are YAML's, but for characters that only JSON lets stand for themselves.
fn escaped(text: &str) -> String {
    Value::from(text).to_string().chars().fold(String::new(), |mut escaped, character| {
        if is_printable(character) {
            escaped.push(character);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_reads_what_was_written() {
        for text in [
            "",
            "Rollout",
            "null",
            "1",
            "v1",
            "- a",
            "a: b",
            "it's",
            " x ",
            "{\"a\": 1}",
            "two\nlines",
            "\u{85}\u{2028}\u{7f}",
            "\\ \"quoted\"",
            "ü €",
        ] {
            let yaml = format!("text: {}\n", written(text));
            let read: Value = serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
            assert_eq!(read["text"], text, "{yaml}");
        }
    }
}
