//! What the reporting commands have in common: the form of their output, and how they end.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;

/// The form of a report.
#[derive(Clone, Copy, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The exit code of a command that could not do its work, or not all of it.
pub(crate) const COULD_NOT_RUN: u8 = 2;

/// Prints a report as JSON.
pub(crate) fn print_json(report: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)
}

/// How a command ends that has written its report: as planned, unless the report could not be written. A reader
/// that has seen enough, such as head, is no failure.
#[must_use]
pub fn finish(written: io::Result<()>, planned: ExitCode) -> ExitCode {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            could_not_run(&format!("cannot write: {error}"))
        }
        _ => planned,
    }
}

/// Tells what could not be read, and how a command ends that has done its work on the rest.
pub(crate) fn tell_unreadable(errors: &[String]) -> ExitCode {
    for error in errors {
        eprintln!("unreadable {error}");
    }
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(COULD_NOT_RUN) }
}

/// Says why a command could not do its work.
pub(crate) fn could_not_run(reason: &str) -> ExitCode {
    eprintln!("Error: {reason}");
    ExitCode::from(COULD_NOT_RUN)
}
