//! What the reporting commands have in common: the form of their output, and how they end.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;

/// Arguments of the commands that report on manifests.
#[derive(clap::Args)]
pub struct ReportArgs {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// File with the policy's settings in YAML or JSON
    #[arg(short, long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Output::Text)]
    pub(crate) output: Output,
}

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

/// Says why a command could not do its work.
pub(crate) fn could_not_run(reason: &str) -> ExitCode {
    eprintln!("Error: {reason}");
    ExitCode::from(COULD_NOT_RUN)
}
