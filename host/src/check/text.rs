//! The report for people: colours only on a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rollgate_policy::finding::Level;

use super::{Report, Verdict};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default();

pub(super) fn print(report: &Report) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    for object in &report.objects {
        let title = match &object.namespace {
            Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
            None => format!("{} {}", object.kind, object.name),
        };
        let (style, verdict) = match object.verdict {
            Verdict::Accept => (GREEN, "accepted"),
            Verdict::Reject => (RED, "rejected"),
        };
        writeln!(out, "{}: {BOLD}{title}{BOLD:#} {style}{verdict}{style:#}", object.file)?;
        for located in &object.findings {
            let finding = &located.finding;
            let style = if finding.level == Level::Deny { RED } else { YELLOW };
            writeln!(
                out,
                "{}:{}:{}: {style}{}{style:#} {BOLD}{}{BOLD:#} ({})",
                object.file,
                located.line,
                located.column,
                finding.level.name(),
                finding.rule,
                finding.requirement
            )?;
            writeln!(out, "    {}: {}", finding.path, finding.message)?;
            writeln!(out, "    mend: {}", finding.help)?;
        }
    }
    for error in &report.errors {
        writeln!(out, "{RED}unreadable{RED:#} {error}")?;
    }
    let summary = &report.summary;
    write!(
        out,
        "{} governed object(s): {} accepted, {} rejected; {} denial(s), {} warning(s)",
        summary.objects, summary.accepted, summary.rejected, summary.denials, summary.warnings
    )?;
    if summary.unreadable > 0 {
        write!(out, "; {} could not be read", summary.unreadable)?;
    }
    writeln!(out)
}
