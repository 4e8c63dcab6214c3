//! Workflow commands of GitHub Actions: each becomes an annotation at its line of a pull request.

use std::fmt::Write;

use rollgate_policy::finding::Level;

use super::{path, sum};
use crate::check::report::Report;

pub(super) fn commands(report: &Report) -> String {
    let mut text = String::new();
    for object in &report.objects {
        for located in &object.findings {
            let finding = &located.finding;
            let command = if finding.level == Level::Deny { "error" } else { "warning" };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}",
                property(&path(&object.file)),
                located.line,
                located.column,
                located.end_line,
                located.end_column,
                property(&format!("rollgate: {}", finding.rule)),
                data(&format!(
                    "{} at {}: {}\nmend: {}",
                    object.title, finding.path, finding.message, finding.help
                )),
            );
        }
    }
    for error in &report.errors {
        let place =
            error.position.map_or_else(String::new, |at| format!(",line={},col={}", at.line, at.column));
        let _ = writeln!(
            text,
            "::error file={}{place},title=rollgate::{}",
            property(&path(&error.file)),
            data(&format!("{}; {}", error.problem, error.mend))
        );
    }
    let _ = writeln!(text, "{}", sum(&report.summary));
    text
}

/// What would end a command or a line of it is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// In a property the separators too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
