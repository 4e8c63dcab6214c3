//! From a place in a JSON text to the path of the value that stands there.
//!
//! A library could track the path while reading, at the price of a second copy of every reader in the module;
//! this only looks when something went wrong.

use crate::json;

/// One level of nesting on the way to a place.
enum Level {
    /// In an object, at this key.
    Object { key: String },
    /// In an array, at this index.
    Array { index: usize },
}

/// The path of the value at or around byte `offset` of `json`, such as `spec.steps[2].setWeight`; empty for the
/// whole text.
pub(crate) fn at(json: &str, offset: usize) -> String {
    let bytes = json.as_bytes();
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => string_end(bytes, at),
            _ => at + 1,
        };
        if bytes[at] == b'"'
            && followed_by_colon(bytes, end)
            && let Some(Level::Object { key }) = levels.last_mut()
        {
            *key = json::from_str(&json[at..end]).unwrap_or_default();
        }
        if end >= offset {
            break;
        }
        match bytes[at] {
            b'{' => levels.push(Level::Object { key: String::new() }),
            b'[' => levels.push(Level::Array { index: 0 }),
            b'}' | b']' => {
                levels.pop();
            }
            b',' => {
                if let Some(Level::Array { index }) = levels.last_mut() {
                    *index += 1;
                }
            }
            _ => {}
        }
        at = end;
    }
    write(&levels)
}

/// The end of the string that begins at `start`, past its closing quote.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn followed_by_colon(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).and_then(|rest| rest.iter().find(|byte| !byte.is_ascii_whitespace())) == Some(&b':')
}

fn write(levels: &[Level]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Array { index } => path.extend(["[", &index.to_string(), "]"]),
            Level::Object { key } if key.is_empty() => {}
            Level::Object { key } if key.contains(['.', '/', '[']) => path.extend(["[", key, "]"]),
            Level::Object { key } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_value_around_a_place() {
        let json = r#"{"metadata":{"name":"a","annotations":{"x/y":1}},"spec":{"steps":[{"setWeight":5},{"setWeight":"six"}]}}"#;
        for (text, path) in [
            ("\"a\"", "metadata.name"),
            ("1}", "metadata.annotations[x/y]"),
            ("5}", "spec.steps[0].setWeight"),
            ("\"six\"", "spec.steps[1].setWeight"),
        ] {
            let place = json.find(text).unwrap();
            assert_eq!(at(json, place + 1), path, "{text}");
        }
        assert_eq!(at("", 0), "");
        assert_eq!(at(r#"{"a\""#, 99), "");
    }
}
