//! `cargo xtask bench`.

mod oha;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{self, cargo};
use crate::workspace::Workspace;
use crate::{Failure, build};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Builds what is missing, measures single reviews, look-ups, growth, other policy engines, and servers under load, and
writes docs/benchmarks.md with its plots. It takes a quarter of an hour, in which nothing else should run.

Options:
  --quick  Measure each figure for a moment only, to see that everything runs; the page is then written to the folder
           bench/page of cargo's target folder, and docs/benchmarks.md stays as it is

The load generator, oha, is built by cargo, once. nginx is measured too when it is on PATH, and Kubewarden's
policy-server when it is on PATH or named by POLICY_SERVER. It works on Linux.
";

/// The package of the servers, the peers and the page: no part of the workspace.
const SUITE: &str = "benches/suite/Cargo.toml";

/// How long each figure is measured.
struct Time {
    /// Options of criterion.
    criterion: [&'static str; 6],
    /// Seconds of each load on a server.
    load: &'static str,
}

const FULL: Time = Time {
    criterion: ["--warm-up-time", "0.3", "--measurement-time", "0.8", "--sample-size", "30"],
    load: "8",
};

const QUICK: Time = Time {
    criterion: ["--warm-up-time", "0.02", "--measurement-time", "0.05", "--sample-size", "10"],
    load: "1",
};

/// Measures for as long as it takes, and writes the page.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    measure(workspace, &FULL, &workspace.root.join("docs"))
}

/// Shows that everything runs.
pub fn run_quick(workspace: &Workspace) -> Result<(), Failure> {
    measure(workspace, &QUICK, &workspace.target.join("bench/page"))
}

fn measure(workspace: &Workspace, time: &Time, page: &Path) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err("what a server takes is read from Linux: run it there".to_owned());
    }
    build::run(workspace)?;
    let oha = oha::provide(workspace)?;
    let files = workspace.target.join("bench");
    let figures = files.join("criterion");
    // What an earlier run has left is no part of this one.
    for old in [&figures, &files.join("requests")] {
        if old.exists() {
            fs::remove_dir_all(old).map_err(|error| format!("cannot remove {}: {error}", old.display()))?;
        }
    }
    let files_of_bench = ["--release", "--workspace", "--example", "bench-files"];
    process::run(cargo(workspace, "build").args(files_of_bench))?;
    process::run(Command::new(workspace.released("examples/bench-files")).arg(&files))?;

    // A target folder of its own: the policy is compiled there with other versions of what it needs.
    let suite = Workspace { root: workspace.root.clone(), target: files.join("suite") };
    process::run(cargo(&suite, "build").args(["--release", "--manifest-path", SUITE]))?;
    process::run(cargo(&suite, "test").args(["--release", "--manifest-path", SUITE]))?;
    // The whole workspace, as elsewhere: nothing is compiled twice.
    let mut policy = cargo(workspace, "bench");
    policy.args(["--workspace", "--bench", "policy"]);
    criterion(&mut policy, time, &figures, &files)?;
    let mut peers = cargo(&suite, "bench");
    peers.args(["--manifest-path", SUITE, "--bench", "peers"]);
    criterion(&mut peers, time, &figures, &files)?;

    fs::create_dir_all(page).map_err(|error| format!("cannot create {}: {error}", page.display()))?;
    let mut servers = Command::new(suite.released("rollgate-benchmarks"));
    servers.arg(&workspace.root).arg(&files).arg(oha).arg(time.load).arg(page);
    process::run(&mut servers)
}

fn criterion(bench: &mut Command, time: &Time, figures: &Path, files: &Path) -> Result<(), Failure> {
    bench.args(["--", "--quiet", "--noplot"]).args(time.criterion);
    process::run(bench.env("CRITERION_HOME", figures).env("BENCH_FILES", files))
}

/// Checks the formatting of the suite, which is no part of the workspace.
pub fn check_format(workspace: &Workspace) -> Result<(), Failure> {
    process::run(cargo(workspace, "fmt").args(["--check", "--manifest-path", SUITE]))
}
