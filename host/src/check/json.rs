//! The report for programs.

use std::io::{self, Write};

use super::Report;

pub(super) fn print(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)
}
