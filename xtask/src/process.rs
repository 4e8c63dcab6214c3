//! Running other programs.

use std::process::Command;

use crate::Failure;
use crate::workspace::Workspace;

/// `cargo` with a subcommand, working on this repository and its lock file.
pub fn cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = outside("cargo");
    command.arg(subcommand).current_dir(&workspace.root);
    if subcommand != "fmt" {
        // A target of the user's own would move what is built.
        command.env_remove("CARGO_BUILD_TARGET").arg("--locked").arg("--target-dir").arg(&workspace.target);
    }
    command
}

/// A program that sees the environment as it was outside `cargo xtask`.
///
/// Build scripts watch the variables in which cargo describes a package: with those of xtask, they and all that
/// needs them would be compiled again.
pub fn outside(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let described = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR"
        });
        if described {
            command.env_remove(name);
        }
    }
    command
}

/// Says what is run, runs it and waits for its success.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let line = line(command);
    eprintln!("xtask: {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{line}: {status}")),
        Err(error) => Err(format!("cannot run {line}: {error}")),
    }
}

/// The standard output of a command that succeeds; `None` when it cannot be run or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
