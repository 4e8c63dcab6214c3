//! The facts of the machine that was measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::servers;

/// The facts, each with its name.
#[must_use]
pub fn facts(repository: &Path, oha: &Path) -> Vec<(&'static str, String)> {
    let policy_server = servers::policy_server();
    let on_this_machine = |program: Option<&Path>, arg: &str| {
        program.map_or_else(|| "not on this machine".to_owned(), |program| said(program, &[arg]))
    };
    vec![
        ("processor", format!("{}, {} cores", in_file("/proc/cpuinfo", "model name"), cores())),
        ("memory", memory()),
        ("kernel", said("uname", &["-sr"])),
        ("Rust", said("rustc", &["--version"])),
        ("rollgate", commit(repository)),
        ("load generator", format!("{}, on the same cores", said(oha, &["--version"]))),
        ("nginx", on_this_machine(servers::nginx().as_deref(), "-v")),
        ("policy-server", on_this_machine(policy_server.as_deref(), "--version")),
    ]
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, std::num::NonZero::get)
}

fn memory() -> String {
    let text = in_file("/proc/meminfo", "MemTotal");
    let kilobytes: u64 = text.trim_end_matches(" kB").parse().unwrap_or(0);
    format!("{} MiB", kilobytes / 1024)
}

fn commit(repository: &Path) -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(repository).args(args).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| !commit.is_empty()) else {
        return "no commit".to_owned();
    };
    // The page itself and its plots are written by the run.
    let changes = git(&["status", "--porcelain", "--", ".", ":!docs/benchmarks.md", ":!docs/benchmarks"]);
    match changes {
        Some(changes) if changes.is_empty() => format!("commit {commit}"),
        _ => format!("commit {commit} and changes since"),
    }
}

fn in_file(file: &str, key: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'));
    line.map_or_else(|| "not known".to_owned(), |value| value.trim().to_owned())
}

/// The first line that a program prints, wherever.
fn said(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(args).output() else { return "not known".to_owned() };
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let line = printed.lines().next().unwrap_or("not known").trim();
    line.strip_prefix("nginx version: ").unwrap_or(line).to_owned()
}
