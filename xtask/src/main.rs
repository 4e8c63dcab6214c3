//! `cargo xtask`: build, demo, docs and test.

#![forbid(unsafe_code)]

mod build;
mod demo;
mod docs;
mod process;
mod setup;
mod test;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

/// Why a task did not succeed, for a person to read.
type Failure = String;
type Task = fn(&Workspace) -> Result<(), Failure>;

const HELP: &str = "\
Usage: cargo xtask <COMMAND>

Commands:
  build  Build the policy and the command: dist/policy.wasm and dist/rollgate
  demo   Send good and bad releases to the webhook, and show its verdicts
  docs   Write what is generated from the code
  test   Build, check the formatting, lint, and run all tests

What is missing on this machine is installed through rustup, and said on standard error.
";

/// The command line makes no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, description, task): (_, _, Task) = match args[..] {
        ["-h" | "--help" | "help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ["build", ..] => ("build", build::DESCRIPTION, build::run),
        ["demo", ..] => ("demo", demo::DESCRIPTION, demo::run),
        ["docs", ..] => ("docs", docs::DESCRIPTION, docs::run),
        ["test", ..] => ("test", test::DESCRIPTION, test::run),
        [] => return usage("no command given"),
        [unknown, ..] => return usage(&format!("there is no command `{unknown}`")),
    };
    match args[1..] {
        [] => {}
        ["-h" | "--help"] => {
            print!("Usage: cargo xtask {name}\n\n{description}");
            return ExitCode::SUCCESS;
        }
        [unexpected, ..] => return usage(&format!("`{name}` takes no argument `{unexpected}`")),
    }
    match Workspace::find().and_then(|workspace| task(&workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn usage(problem: &str) -> ExitCode {
    eprint!("xtask: {problem}\n\n{HELP}");
    ExitCode::from(USAGE)
}
