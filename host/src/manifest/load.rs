//! The text of a file that was found.

use std::fs;
use std::io::{self, Read};

use super::{Input, Limits, ReadError, Text};

/// Reads a file or standard input.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub fn load(input: &Input, limits: Limits) -> Result<Text, ReadError> {
    let Some(path) = input.path() else { return load_from("-", &mut io::stdin().lock(), limits) };
    let file = path.display().to_string();
    let mut opened = fs::File::open(path).map_err(|error| io_error(&file, &error))?;
    let text = load_from(&file, &mut opened, limits)?;
    Ok(if matches!(input, Input::Found(_)) { text.found() } else { text })
}

/// Reads what comes out of `content` as the file of that name.
pub(super) fn load_from(file: &str, content: &mut dyn Read, limits: Limits) -> Result<Text, ReadError> {
    let mut bytes = Vec::new();
    content
        .take(limits.file as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|problem| io_error(file, &problem))?;
    Text::from_bytes(file, bytes, limits)
}

/// What a file that cannot be read is reported as.
pub(crate) fn io_error(file: &str, error: &io::Error) -> ReadError {
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
