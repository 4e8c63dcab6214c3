//! Good and bad releases, sent to the webhook as the API server would send them, and its verdicts for a person
//! to read. `cargo xtask demo` runs it; by hand: `demo dist/rollgate dist/policy.wasm` in the repository.

mod case;
mod report;
mod server;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use case::Case;
use report::{Report, Verdict};
use server::Server;

/// Releases that are accepted; the files are one cluster.
const EXAMPLES: &str = "delivery/_examples";
/// The controllers, which every cluster needs.
const CONTROLLERS: &str = "demo/cluster.yaml";
/// Releases that are rejected; each file is a cluster of its own.
const GALLERY: &str = "gallery";

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [command, policy] = &args[..] else {
        eprintln!("Usage: demo <rollgate> <policy.wasm>");
        return ExitCode::from(2);
    };
    match run(command, policy) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Sends everything; whether every verdict was the expected one.
fn run(command: &Path, policy: &Path) -> anyhow::Result<bool> {
    let mut report = Report::new();
    let examples = manifests(Path::new(EXAMPLES))?;
    let controllers = || case::documents(Path::new(CONTROLLERS));
    let mut live = controllers()?;
    for file in &examples {
        live.append(&mut case::documents(file)?);
    }
    send(&Server::start(command, policy, &live)?, &examples, &mut report)?;
    for file in manifests(Path::new(GALLERY))? {
        // The release at the head of the file is about to be rejected: it has never been in the cluster.
        let mut live = case::documents(&file)?.split_off(1);
        live.append(&mut controllers()?);
        send(&Server::start(command, policy, &live)?, &[file], &mut report)?;
    }
    Ok(report.finish())
}

fn send(server: &Server, files: &[PathBuf], report: &mut Report) -> anyhow::Result<()> {
    for file in files {
        let cases = case::read(file)?;
        report.file(file, &case::summary(file)?);
        for Case { object, review, expected } in cases {
            let response = server.review(&review).with_context(|| format!("{}: {object}", file.display()))?;
            report.verdict(&object, &Verdict::read(&response)?, &expected);
        }
    }
    Ok(())
}

fn manifests(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}: run the demo in the repository", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    if files.is_empty() {
        bail!("{} holds no manifests", folder.display());
    }
    Ok(files)
}
