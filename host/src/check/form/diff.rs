//! What a mend changes, as a unified diff.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::path;
use crate::manifest::Text;

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// Prints the difference between two contents of a file, as `patch` and `git apply` read it.
pub(in crate::check) fn print(out: &mut impl Write, before: &Text, after: &Text) -> io::Result<()> {
    let name = path(&before.file);
    writeln!(out, "--- a/{name}\n+++ b/{name}")?;
    let diff = TextDiff::from_lines(&before.content, &after.content);
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        writeln!(out, "{PLACE}{}{PLACE:#}", hunk.header())?;
        for change in hunk.iter_changes() {
            let style = match change.tag() {
                ChangeTag::Delete => REMOVED,
                ChangeTag::Insert => ADDED,
                ChangeTag::Equal => Style::new(),
            };
            let line = change.value();
            write!(out, "{style}{}{line}{style:#}", change.tag())?;
            if !line.ends_with('\n') {
                writeln!(out, "\n\\ No newline at end of file")?;
            }
        }
    }
    Ok(())
}
