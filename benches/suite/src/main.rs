//! Puts servers under load and writes the page: `rollgate-benchmarks <REPOSITORY> <FILES> <OHA> <SECONDS> <PAGE>`.
//!
//! `FILES` is the folder that `bench-files` wrote and in which criterion left `criterion`; each load is kept up for so
//! many seconds; `PAGE` is the folder of the page. `cargo xtask bench` runs it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use rollgate_benchmarks::figures::Figures;
use rollgate_benchmarks::oha::Oha;
use rollgate_benchmarks::page::{self, Results};
use rollgate_benchmarks::servers::Material;
use rollgate_benchmarks::{files, load, machine, peers};

/// The kinds that are reviewed, as criterion's groups name them.
const KINDS: [&str; 7] = [
    "Rollout, canary",
    "Rollout, blue-green",
    "Canary",
    "AnalysisTemplate",
    "MetricTemplate",
    "Deployment of a Canary",
    "Deployment of nobody",
];

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [repository, folder, oha, seconds, page] = &args[..] else {
        bail!("usage: rollgate-benchmarks <REPOSITORY> <FILES> <OHA> <SECONDS> <PAGE>");
    };
    let (repository, folder) = (Path::new(repository), Path::new(folder));
    let time = Duration::from_secs_f64(seconds.parse().context("no number of seconds")?);
    let material = Material {
        rollgate: repository.join("dist/rollgate"),
        policy: repository.join("dist/policy.wasm"),
        folder: folder.to_owned(),
    };
    let oha = Oha { program: oha.into(), authority: folder.join("ca.crt") };
    let body = files::review(folder, "Rollout, canary, typical");
    let cluster = files::cluster(folder)?;
    let mut loads = Vec::new();
    for server in load::servers() {
        eprintln!("load on {}, threads: {}", server.name(), server.threads);
        loads.push(load::measure(server, &material, &oha, &body, time)?);
    }
    let results = Results {
        facts: machine::facts(repository, &oha.program),
        figures: Figures::read(&folder.join("criterion"))?,
        loads,
        kinds: KINDS.map(str::to_owned).into(),
        inputs: peers::inputs(folder)?.iter().map(|input| input.name).collect(),
        engines: peers::engines(&cluster)?.iter().map(|engine| engine.name()).collect(),
        sent: std::fs::metadata(&body).context("the review")?.len(),
    };
    page::write(&results, Path::new(page))?;
    eprintln!("written: {}", Path::new(page).join("benchmarks.md").display());
    Ok(())
}
