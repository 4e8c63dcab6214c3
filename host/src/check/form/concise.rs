//! One line for each finding.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rollgate_policy::finding::Level;

use super::sum;
use crate::check::report::Report;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

pub(super) fn print(report: &Report) -> io::Result<()> {
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    for object in &report.objects {
        for located in &object.findings {
            let finding = &located.finding;
            let style = if finding.level == Level::Deny { RED } else { YELLOW };
            writeln!(
                out,
                "{BOLD}{}{BOLD:#}:{}:{}: {style}{}{style:#} {} {} {}: {}",
                object.file,
                located.line,
                located.column,
                finding.level.name(),
                finding.rule,
                object.title,
                finding.path,
                finding.message
            )?;
        }
    }
    for error in &report.errors {
        writeln!(out, "{error}")?;
    }
    writeln!(out, "{}", sum(&report.summary))?;
    out.flush()
}
