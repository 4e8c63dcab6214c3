//! Each required signal can roll a release back by itself.

use super::{DENY, Document, Report, Rule};
use crate::case::Case;
use crate::duration::human;
use crate::plan::{Cause, DeliveryPlan, End, Metric, Outcome, Signal};
use crate::query::Measure;
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "analysis-signals",
    requirement: "REQ-PD-ANL-01",
    levels: DENY,
    parameters: &[&REQUIRED_SIGNALS, &DISTINCT_SIGNALS],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "a release that is bad in one required signal alone is rolled back",
    why: "An analysis that only counts errors promotes a release that answers every request, ten seconds late.",
    mend: "Add a metric for the signal that is missing, in an analysis that fails before the release is promoted. Where the query does not show what it measures, say so in the annotation rollgate.dev/signals of its template, or of the Canary that holds it; what a webhook measures is said there too.",
};

pub(super) static REQUIRED_SIGNALS: Parameter = Parameter::texts(
    "requiredSignals",
    &SIGNALS,
    &SIGNALS,
    "the signals that must each be able to roll a release back",
);

pub(super) static DISTINCT_SIGNALS: Parameter =
    Parameter::switch("distinctSignals", false, false, "error-rate and availability need different metrics");

const SIGNALS: [&str; 3] = [Signal::ErrorRate.name(), Signal::Latency.name(), Signal::Availability.name()];

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let plan = &release.plan;
    report.find_all(&plan.misdeclared);
    let distinct = case.settings.switch(&DISTINCT_SIGNALS);
    // Signals that fare alike are one thing to mend.
    let mut unguarded: Vec<(String, Vec<&str>)> = Vec::new();
    for outcome in release.outcomes.iter().skip(1).filter(|outcome| outcome.end != End::RolledBack) {
        let Some(signal) = outcome.bad.first() else { continue };
        let fate = format!("{}: {}", what_happens(outcome), why_not(plan, *signal, distinct));
        match unguarded.iter_mut().find(|(other, _)| *other == fate) {
            Some((_, signals)) => signals.push(signal.name()),
            None => unguarded.push((fate, vec![signal.name()])),
        }
    }
    for (fate, signals) in unguarded {
        let signals = match signals.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            _ => signals.concat(),
        };
        report.find(
            &plan.path,
            format!("a release that is bad in {signals} alone {fate}"),
            format!("let a metric that measures {signals} fail such a release before it is promoted"),
        );
    }
}

/// What becomes of the release, as the end of a sentence.
pub(super) fn what_happens(outcome: &Outcome) -> String {
    match (outcome.end, &outcome.cause) {
        (End::RolledBack, _) => format!("is rolled back after {}", human(outcome.seconds)),
        (End::Promoted, _) => format!("is promoted after {}", human(outcome.seconds)),
        (End::Waits, Some(Cause::Gate { what, .. })) => {
            format!("stays at {} % and waits for ever at {what}", outcome.peak_weight.round())
        }
        (End::Waits, Some(Cause::Metric { .. })) => {
            format!(
                "is paused after {} by an inconclusive analysis and waits for someone",
                human(outcome.seconds)
            )
        }
        (End::Waits, None) => {
            format!("waits at {} % for an analysis that never ends", outcome.peak_weight.round())
        }
    }
}

fn why_not(plan: &DeliveryPlan, signal: Signal, distinct: bool) -> String {
    let serving: Vec<&Metric> =
        plan.metrics().filter(|metric| metric.signals(distinct).contains(signal)).collect();
    if let Some(metric) = serving.iter().find(|metric| metric.has_gap() && !metric.dry_run) {
        return format!("{} measures it, but is inconclusive between its two conditions", metric.title());
    }
    if let Some(metric) = serving.iter().find(|metric| metric.can_fail()) {
        return format!("{} measures it, but does not end the release in time", metric.title());
    }
    if let Some(metric) = serving.first() {
        let reason = if metric.dry_run { "is a dry run" } else { "can never fail it" };
        return format!("{} measures it, but {reason}", metric.title());
    }
    let unknown: Vec<String> = plan
        .metrics()
        .filter(|metric| metric.measure == Measure::Unknown && !metric.kind.is_smoke_check())
        .map(Metric::title)
        .collect();
    if unknown.is_empty() {
        "no metric measures it".to_owned()
    } else {
        format!(
            "no metric is known to measure it (what {} measures is unknown; annotation rollgate.dev/signals can say)",
            unknown.join(", ")
        )
    }
}
