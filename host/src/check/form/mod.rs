//! The report in its forms, one file each.

mod concise;
mod diff;
mod github;
mod gitlab;
mod junit;
mod sarif;
mod text;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::args::Form;
use super::report::{Report, Summary};
use crate::output::print_json;

pub(super) use self::diff::print as diff;

impl Form {
    /// Whether findings that a baseline knows are shown too, marked as such.
    pub(super) fn shows_known(self) -> bool {
        self == Self::Sarif
    }
}

/// Prints the report.
pub(super) fn print(form: Form, report: &Report) -> io::Result<()> {
    match form {
        Form::Text => text::print(report),
        Form::Concise => concise::print(report),
        Form::Json => print_json(report),
        Form::Sarif => print_json(&sarif::log(report)),
        Form::Junit => write(&junit::document(report)?),
        Form::Github => write(&github::commands(report)),
        Form::Gitlab => print_json(&gitlab::issues(report)),
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A path as services know it, that of a repository: with slashes, and without `./`.
fn path(file: &str) -> String {
    let file = file.replace(std::path::MAIN_SEPARATOR, "/");
    file.strip_prefix("./").unwrap_or(&file).to_owned()
}

/// What was done, in one line.
fn sum(summary: &Summary) -> String {
    let count =
        |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let mut text = format!(
        "{}: {} accepted, {} rejected; {}, {}",
        count(summary.objects, "governed object", "governed objects"),
        summary.accepted,
        summary.rejected,
        count(summary.denials, "denial", "denials"),
        count(summary.warnings, "warning", "warnings"),
    );
    for (number, what) in [
        (summary.ignored, "of other kinds ignored"),
        (summary.without_objects, "files without objects"),
        (summary.known, "known from the baseline"),
        (summary.unreadable, "could not be read"),
    ] {
        if number > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "; {number} {what}");
        }
    }
    text
}
