//! `rollgate plan`: what a release goes through, and what becomes of a bad one.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use rollgate_policy::plan::{DeliveryPlan, End, Outcome, Signal, Stage, Wait, outcomes, play_good};
use rollgate_policy::read_plan;
use rollgate_policy::rules::{distinct_signals, required_signals};
use rollgate_policy::settings::Settings;
use serde::Serialize;

use crate::manifest_set::{ManifestSet, Object, settings};
use crate::output::{COULD_NOT_RUN, Output, ReportArgs, could_not_run, finish, print_json};

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
pub fn run(args: &ReportArgs) -> ExitCode {
    let plans = match plans(args) {
        Ok(plans) => plans,
        Err(error) => return could_not_run(&format!("{error:#}")),
    };
    let printed = match args.output {
        Output::Text => print(&plans),
        Output::Json => print_json(&plans),
    };
    finish(printed, if plans.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(COULD_NOT_RUN) })
}

fn plans(args: &ReportArgs) -> anyhow::Result<Plans> {
    let settings = settings(args.settings.as_deref()).context("cannot use the settings")?;
    let manifests = ManifestSet::read(&args.paths);
    let mut plans =
        Plans { plans: Vec::new(), errors: manifests.errors.iter().map(ToString::to_string).collect() };
    for object in &manifests.objects {
        let identity = &object.identity;
        let namespace = identity.metadata.namespace.as_deref().unwrap_or("default");
        match read_plan(&identity.kind, object.json.get(), namespace, &manifests.cluster) {
            None => {}
            Some(Ok(plan)) => plans.plans.push(report(object, &plan, &settings)),
            Some(Err(error)) => {
                let place = object.document.locate(&error.path);
                plans.errors.push(format!("{}:{place}: {}: {error}", object.document.file, error.path));
            }
        }
    }
    Ok(plans)
}

fn report(object: &Object, plan: &DeliveryPlan, settings: &Settings) -> Plan {
    let identity = &object.identity;
    let timeline = play_good(plan);
    let outcomes = outcomes(plan, &timeline, &required_signals(settings), distinct_signals(settings));
    Plan {
        kind: identity.kind.to_string(),
        namespace: identity.metadata.namespace.as_ref().map(ToString::to_string),
        name: identity.metadata.name.to_string(),
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
