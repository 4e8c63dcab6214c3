//! `rollgate plan`: what a release goes through, and what becomes of a bad one.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;
use rollgate_policy::plan::{DeliveryPlan, End, Outcome, Signal, Stage, Wait, outcomes, play_good};
use rollgate_policy::read_plan;
use serde::Serialize;

use crate::manifests::{Manifests, Object, settings};

/// Arguments of `rollgate plan`.
#[derive(clap::Args)]
pub struct Args {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// File with the policy's settings in YAML or JSON
    #[arg(short, long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Serialize)]
struct Plans {
    plans: Vec<Plan>,
    errors: Vec<String>,
}

#[derive(Serialize)]
struct Plan {
    kind: String,
    namespace: Option<String>,
    name: String,
    strategy: &'static str,
    stages: Vec<StageReport>,
    outcomes: Vec<OutcomeReport>,
    /// References without an object: what they would have said is missing from the outcomes.
    unresolved: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StageReport {
    path: String,
    weight: f64,
    effective_weight: f64,
    matching: bool,
    waits: Vec<WaitReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "for")]
enum WaitReport {
    Time { seconds: f64 },
    Human { what: &'static str },
    Never { why: &'static str },
    Analyses { metrics: Vec<String> },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutcomeReport {
    bad: Vec<&'static str>,
    end: &'static str,
    seconds: f64,
    peak_weight: f64,
    exposure: f64,
}

/// Prints the plans: 0 when all could be read, 2 otherwise.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match plans(args) {
        Ok(plans) => {
            let complete = plans.errors.is_empty();
            let printed = match args.output {
                Output::Text => print(&plans),
                Output::Json => print_json(&plans),
            };
            match printed {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    eprintln!("Error: cannot write the plans: {error}");
                    ExitCode::from(2)
                }
                _ if complete => ExitCode::SUCCESS,
                _ => ExitCode::from(2),
            }
        }
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn plans(args: &Args) -> anyhow::Result<Plans> {
    let settings = settings(args.settings.as_deref()).context("cannot use the settings")?;
    let manifests = Manifests::read(&args.paths);
    let mut plans =
        Plans { plans: Vec::new(), errors: manifests.errors.iter().map(ToString::to_string).collect() };
    for object in &manifests.objects {
        let identity = object.identity();
        let namespace = identity.metadata.namespace.as_deref().unwrap_or("default");
        match read_plan(&identity.kind, object.json.get(), namespace, &manifests.cluster) {
            None => {}
            Some(Ok(plan)) => plans.plans.push(report(object, &plan, &settings.parameters)),
            Some(Err(error)) => {
                let place = object.document.locate(&error.path);
                plans.errors.push(format!("{}:{place}: {}: {error}", object.document.file, error.path));
            }
        }
    }
    Ok(plans)
}

fn report(object: &Object, plan: &DeliveryPlan, parameters: &rollgate_policy::settings::Parameters) -> Plan {
    let identity = object.identity();
    let timeline = play_good(plan);
    let outcomes = outcomes(plan, &timeline, &parameters.required_signals, parameters.distinct_signals);
    Plan {
        kind: identity.kind.into_owned(),
        namespace: identity.metadata.namespace.map(std::borrow::Cow::into_owned),
        name: identity.metadata.name.into_owned(),
        strategy: plan.strategy.name(),
        stages: plan.stages.iter().map(|stage| stage_report(plan, stage)).collect(),
        outcomes: outcomes.iter().map(outcome_report).collect(),
        unresolved: plan.unresolved.iter().map(|reference| reference.object.clone()).collect(),
    }
}

fn stage_report(plan: &DeliveryPlan, stage: &Stage) -> StageReport {
    let waits = stage.waits.iter().map(|wait| match wait {
        Wait::Time { seconds } => WaitReport::Time { seconds: *seconds },
        Wait::Human { what, .. } => WaitReport::Human { what },
        Wait::Never { why, .. } => WaitReport::Never { why },
        Wait::Analyses { runs, .. } => WaitReport::Analyses {
            metrics: runs
                .iter()
                .flat_map(|run| &plan.analyses[*run].metrics)
                .map(|metric| metric.name.clone())
                .collect(),
        },
    });
    StageReport {
        path: stage.path.clone(),
        weight: stage.weight,
        effective_weight: stage.effective_weight,
        matching: stage.matching,
        waits: waits.collect(),
    }
}

fn outcome_report(outcome: &Outcome) -> OutcomeReport {
    OutcomeReport {
        bad: outcome.bad.iter().copied().map(Signal::name).collect(),
        end: outcome.end.name(),
        seconds: outcome.seconds,
        peak_weight: outcome.peak_weight,
        exposure: outcome.exposure,
    }
}

fn print_json(plans: &Plans) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, plans)?;
    writeln!(out)
}

fn print(plans: &Plans) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for plan in &plans.plans {
        let namespace =
            plan.namespace.as_deref().map_or_else(String::new, |namespace| format!("{namespace}/"));
        writeln!(out, "{} {namespace}{}: {}", plan.kind, plan.name, plan.strategy)?;
        for stage in &plan.stages {
            let waits: Vec<String> = stage.waits.iter().map(describe).collect();
            let matching = if stage.matching { " and all that match" } else { "" };
            writeln!(out, "  {:>5.1} %{matching}  {}", stage.effective_weight, waits.join(", then "))?;
        }
        for outcome in &plan.outcomes {
            let what = if outcome.end == End::Waits.name() { "waits from" } else { outcome.end };
            writeln!(
                out,
                "  bad in {}: {what} after {:.0} s, at most {:.1} %, {:.1} percent-minutes",
                outcome.bad.join(", "),
                outcome.seconds,
                outcome.peak_weight,
                outcome.exposure
            )?;
        }
        for reference in &plan.unresolved {
            writeln!(out, "  not found: {reference}")?;
        }
    }
    for error in &plans.errors {
        writeln!(out, "unreadable {error}")?;
    }
    Ok(())
}

fn describe(wait: &WaitReport) -> String {
    match wait {
        WaitReport::Time { seconds } => format!("{seconds:.0} s"),
        WaitReport::Human { what } => format!("{what}, ended by a person"),
        WaitReport::Never { why } => format!("{why}, without end"),
        WaitReport::Analyses { metrics } => format!("analysis of {}", metrics.join(", ")),
    }
}
