//! `docs/benchmarks.md`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::figures::Figures;
use crate::load::{CLOSED, Measured, RATES};
use crate::oha::{Connections, Load, Pace};
use crate::plot::{self, Line};
use crate::targets::targets;
use crate::units;

/// Everything that was measured.
pub struct Results {
    /// The machine.
    pub facts: Vec<(&'static str, String)>,
    /// What criterion measured.
    pub figures: Figures,
    /// The servers.
    pub loads: Vec<Measured>,
    /// The kinds, in their order.
    pub kinds: Vec<String>,
    /// The requests of the peers, in their order.
    pub inputs: Vec<&'static str>,
    /// The engines of the peers, in their order.
    pub engines: Vec<String>,
    /// Bytes of the review that is sent to servers.
    pub sent: u64,
}

const SIZES: [&str; 3] = ["small", "typical", "huge"];

/// A growth: its group, the name of its plot, and what it says.
const GROWTHS: [(&str, &str, &str); 6] = [
    ("bytes", "size", "Bytes of a canary Rollout, all but the first 2 KB of them in managed fields."),
    ("steps", "steps", "Steps of a canary Rollout."),
    (
        "metrics of a Rollout",
        "rollout-metrics",
        "Metrics that a canary Rollout is judged by, in the template it refers to.",
    ),
    (
        "metrics of a template",
        "template-metrics",
        "Metrics of an AnalysisTemplate that a Rollout refers to, which is judged anew.",
    ),
    (
        "templates",
        "templates",
        "AnalysisTemplates in a watched cluster, ten in a namespace, when a canary Rollout is reviewed.",
    ),
    ("Canaries", "canaries", "Canaries in the namespace of a Deployment that none of them releases."),
];

/// Writes the page and its plots: `benchmarks.md` and the folder `benchmarks` in `folder`.
///
/// # Errors
/// When a figure is missing, or a file cannot be written.
pub fn write(results: &Results, folder: &Path) -> anyhow::Result<()> {
    let plots = folder.join("benchmarks");
    fs::create_dir_all(&plots).with_context(|| format!("cannot create {}", plots.display()))?;
    let mut page = head(results);
    page += &aims(results)?;
    page += &reviews(results)?;
    page += &look_ups(results)?;
    page += &servers(results, &plots)?;
    page += &growth(results, &plots)?;
    page += &peers(results)?;
    let file = folder.join("benchmarks.md");
    fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))
}

fn head(results: &Results) -> String {
    let mut text = String::from(
        "\
# Benchmarks

`cargo xtask bench` measures everything on this page in one run, and writes it. Nothing else should run meanwhile. It builds the load generator [oha](https://github.com/hatoo/oha) once; it measures nginx when that is on `PATH`, and Kubewarden's policy-server when it is on `PATH` or named by `POLICY_SERVER`. `cargo xtask bench --quick` shows within minutes that everything runs, and leaves this page as it is.

| this run | |
|---|---|
",
    );
    for (name, fact) in &results.facts {
        let _ = writeln!(text, "| {name} | {fact} |");
    }
    text += "
The empty policy takes the request, looks at nothing and accepts. It stands beside every figure: it costs what no policy can save.
";
    text
}

fn aims(results: &Results) -> anyhow::Result<String> {
    let mut text = String::from(
        "
## Targets

The last column says how many times as good as its target a figure is: 1 is just reached.

| what | target | measured | |
|---|---|---|---|
",
    );
    for target in targets(&results.figures, &results.loads)? {
        let reached = match target.reached {
            Some(times) if times >= 1.0 => format!("✓ {times:.2}"),
            Some(times) => format!("✗ {times:.2}"),
            None => String::new(),
        };
        let _ = writeln!(text, "| {} | {} | {} | {reached} |", target.what, target.aim, target.measured);
    }
    Ok(text)
}

fn reviews(results: &Results) -> anyhow::Result<String> {
    let figures = &results.figures;
    let mut text = String::from(
        "
## One review

The median of criterion, with the whole rulebook and everything that is looked up, from the bytes of the request to those of the answer. A typical object has what the API server adds to it, a huge one the managed fields of many writers. In Wasm each review has an instance of its own.

| object | size | native | Wasm | empty policy |
|---|---|---|---|---|
",
    );
    for kind in &results.kinds {
        let group = format!("review/{kind}");
        for size in SIZES {
            let bytes = figures.bytes(&group, size).map_or_else(String::new, units::bytes);
            let time = |function| figures.time(&group, function, size).map(units::time);
            let (native, wasm, empty) = (time("native")?, time("Wasm")?, time("empty")?);
            let _ = writeln!(text, "| {kind} | {bytes} | {native} | {wasm} | {empty} |");
        }
    }
    let instance = |function| figures.time("instance", function, "").map(units::time);
    let _ = write!(
        text,
        "
A fresh instance alone, which is asked for a constant: {}; of the empty policy: {}.
",
        instance("rollgate")?,
        instance("empty")?
    );
    Ok(text)
}

fn look_ups(results: &Results) -> anyhow::Result<String> {
    let mut text = String::from(
        "
## One look-up

What the host takes to answer a guest, from manifests (`--cluster-objects`) and from what it watches.

| templates | | one | ten of a namespace | one that is not there |
|---|---|---|---|---|
",
    );
    for count in ["10", "1000", "100000"] {
        for store in ["manifests", "watched"] {
            let time = |question: &str| {
                results.figures.time(&format!("lookup/{store}"), question, count).map(units::time)
            };
            let amount = units::number(count.parse()?);
            let (one, ten, none) =
                (time("one")?, time("ten of a namespace")?, time("one that is not there")?);
            let _ = writeln!(text, "| {amount} | {store} | {one} | {ten} | {none} |");
        }
    }
    Ok(text)
}

fn servers(results: &Results, plots: &Path) -> anyhow::Result<String> {
    let mut text = format!(
        "
## Over HTTPS

The review of a typical canary Rollout, {} with its envelope, over loopback and TLS with connections that are kept; the load generator runs on the same cores. Every request was answered, or there would be no page.

| server | threads | ready | resident, idle | resident, under load |
|---|---|---|---|---|
",
        units::bytes(results.sent)
    );
    for measured in &results.loads {
        let server = measured.server;
        let (ready, idle, loaded) =
            (units::time(measured.ready), units::bytes(measured.idle), units::bytes(measured.loaded));
        let _ = writeln!(text, "| {} | {} | {ready} | {idle} | {loaded} |", server.name(), server.threads);
    }
    text += "
Ready is the time from the start of the process to its first answer that says so, with the policy compiled before: the middle one of five. Under load is the most that was seen in any of the loads below.

### As many as it can

The closed loop: on each connection, or in each of its streams, the next request is sent when the last one was answered.

| server | threads | connections | reviews/s | p50 | p99 | p99.9 |
|---|---|---|---|---|---|---|
";
    for connections in CLOSED {
        for measured in &results.loads {
            let Some(load) = measured.load(connections, Pace::Closed) else { continue };
            let server = measured.server;
            let connections = match connections {
                Connections::Http1(count) => count.to_string(),
                Connections::Http2(streams) => format!("1 with HTTP/2, {streams} streams"),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {connections} | {} | {} |",
                server.name(),
                server.threads,
                units::number(load.per_second),
                percentiles(load)
            );
        }
    }
    text += "
### At a fixed rate

The open loop: requests are sent when it is time, whatever is still on its way, over 8 connections. A request that had to wait for a free connection counts from when it should have been sent. There are 10,000 requests or more, and the first on each connection pays for its handshake.

| server | threads | asked/s | answered/s | p50 | p99 | p99.9 |
|---|---|---|---|---|---|---|
";
    for rate in RATES {
        for measured in &results.loads {
            let Some(load) = measured.open(rate) else { continue };
            let server = measured.server;
            let (asked, answered) = (units::number(rate.into()), units::number(load.per_second));
            let _ = writeln!(
                text,
                "| {} | {} | {asked} | {answered} | {} |",
                server.name(),
                server.threads,
                percentiles(load)
            );
        }
    }
    let lines: Vec<Line> = results
        .loads
        .iter()
        .filter(|measured| measured.open(RATES[0]).is_some())
        .map(|measured| {
            let at = |rate: &u32| Some((f64::from(*rate), measured.open(*rate)?.p99));
            (format!("{}, p99", measured.server.name()), RATES.iter().filter_map(at).collect())
        })
        .collect();
    plot::draw(&plots.join("rates.svg"), "reviews/s", &lines)?;
    text += "
![Times by rate](benchmarks/rates.svg)
";
    Ok(text)
}

fn percentiles(load: &Load) -> String {
    [load.p50, load.p99, load.p999].map(units::time).join(" | ")
}

fn growth(results: &Results, plots: &Path) -> anyhow::Result<String> {
    let mut text = String::from(
        "
## Growth

How the time of one review grows. Both axes are logarithmic.
",
    );
    for (dimension, name, about) in GROWTHS {
        let group = format!("growth/{dimension}");
        let series =
            |(function, name): (&str, &str)| (name.to_owned(), results.figures.series(&group, function));
        let functions = [("native", "native"), ("Wasm", "Wasm"), ("empty", "empty policy")];
        let mut lines: Vec<Line> = functions.map(series).into();
        lines.retain(|(_, points)| !points.is_empty());
        plot::draw(&plots.join(format!("{name}.svg")), dimension, &lines)?;
        let _ = write!(
            text,
            "\n### {dimension}\n\n{about}\n\n![{about}](benchmarks/{name}.svg)\n\n| {dimension} |"
        );
        for (name, _) in &lines {
            let _ = write!(text, " {name} |");
        }
        let _ = writeln!(text, "\n|---|{}", "---|".repeat(lines.len()));
        let (_, first) = lines.first().context("nothing grows")?;
        for (at, (amount, _)) in first.iter().enumerate() {
            let _ = write!(text, "| {} |", units::number(*amount));
            for (_, points) in &lines {
                let (_, time) = points.get(at).with_context(|| format!("{group} has holes"))?;
                let _ = write!(text, " {} |", units::time(*time));
            }
            text.push('\n');
        }
    }
    Ok(text)
}

fn peers(results: &Results) -> anyhow::Result<String> {
    let mut text = String::from(
        "
## Beside other engines

The core of the same rules in [Rego](../benches/suite/src/peers/core.rego), under regorus' virtual machine, and in [CEL](../benches/suite/src/peers/core.cel): a Deployment that nothing releases is rejected, a Rollout without an analysis, and an AnalysisTemplate with a metric that has no condition. On every request below all engines gave the same verdict before they were measured. Each starts with the bytes of the request; in brackets, with the request read before. rollgate follows references and plays the release through, with these two rules alone too; the others look at fields.

| request |",
    );
    for engine in &results.engines {
        let _ = write!(text, " {engine} |");
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(results.engines.len()));
    for input in &results.inputs {
        let group = format!("peers/{input}");
        let _ = write!(text, "| {input} |");
        for engine in &results.engines {
            let time = units::time(results.figures.time(&group, engine, "")?);
            let before = results.figures.time(&group, &format!("{engine}, request read before"), "");
            let before = before.map_or_else(|_| String::new(), |time| format!(" ({})", units::time(time)));
            let _ = write!(text, " {time}{before} |");
        }
        text.push('\n');
    }
    Ok(text)
}
