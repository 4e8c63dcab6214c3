//! `cargo xtask`: bench, build, demo, docs, e2e, image, manifests, playground, release and test.

#![forbid(unsafe_code)]

mod bench;
mod build;
mod demo;
mod docs;
mod e2e;
mod image;
mod manifests;
mod playground;
mod process;
mod release;
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
  bench       Measure how fast it is, and write docs/benchmarks.md
  build       Build the policy and the command: dist/policy.wasm and dist/rollgate
  demo        Send good and bad releases to the webhook, and show its verdicts
  docs        Write what is generated from the code
  e2e         Put the webhook in front of a real API server
  image       Build what a container image holds: dist/image
  manifests   Write the manifests that are generated from the Helm chart
  playground  Build the page in which manifests are judged, and the command with it
  release     Make what a release consists of: dist/release
  test        Build, check the formatting, lint, and run all tests

What is missing on this machine is installed through rustup, and said on standard error.
";

/// The command line makes no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, description, task, rest): (_, _, Task, _) = match args[..] {
        ["-h" | "--help" | "help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ["bench", "--quick", ref rest @ ..] => ("bench", bench::DESCRIPTION, bench::run_quick, rest),
        ["bench", ref rest @ ..] => ("bench", bench::DESCRIPTION, bench::run, rest),
        ["build", ref rest @ ..] => ("build", build::DESCRIPTION, build::run, rest),
        ["demo", ref rest @ ..] => ("demo", demo::DESCRIPTION, demo::run, rest),
        ["docs", ref rest @ ..] => ("docs", docs::DESCRIPTION, docs::run, rest),
        ["e2e", "--controllers", ref rest @ ..] => ("e2e", e2e::DESCRIPTION, e2e::run_controllers, rest),
        ["e2e", ref rest @ ..] => ("e2e", e2e::DESCRIPTION, e2e::run, rest),
        ["image", ref rest @ ..] => ("image", image::DESCRIPTION, image::run, rest),
        ["manifests", ref rest @ ..] => ("manifests", manifests::DESCRIPTION, manifests::run, rest),
        ["playground", "--test", ref rest @ ..] => {
            ("playground", playground::DESCRIPTION, playground::run_test, rest)
        }
        ["playground", ref rest @ ..] => ("playground", playground::DESCRIPTION, playground::run, rest),
        ["release", ref rest @ ..] => ("release", release::DESCRIPTION, release::run, rest),
        ["test", ref rest @ ..] => ("test", test::DESCRIPTION, test::run, rest),
        [] => return usage("no command given"),
        [unknown, ..] => return usage(&format!("there is no command `{unknown}`")),
    };
    match rest {
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
