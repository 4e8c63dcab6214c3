//! Traffic moves in small steps, by what really reaches the new version.

use super::{DENY, Document, Report, Rule, percent};
use crate::case::{Case, Release};
use crate::plan::{Stage, Strategy};
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "gradual-exposure",
    requirement: "REQ-PD-STR-01",
    levels: DENY,
    parameters: &[&MAX_FIRST_WEIGHT, &MAX_INCREASE],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "the first weight and each rise are small, and 100 % comes after the last analysis",
    why: "Without a traffic router a weight is rounded to whole pods: one replica at setWeight 10 serves half of all \
          requests, or none. The share that counts is the one users see.",
    mend: "Begin with a small weight, rise in small steps, and keep 100 % for after the last analysis. Without a traffic router, run enough pods for the weight to be possible.",
};

static MAX_FIRST_WEIGHT: Parameter =
    Parameter::percent("maxFirstWeight", 25.0, 10.0, "the largest weight of the first stage");

static MAX_INCREASE: Parameter =
    Parameter::percent("maxIncrease", 50.0, 25.0, "the largest rise from one stage to the next");

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let plan = &release.plan;
    let gradual = match plan.strategy {
        Strategy::Canary => true,
        // Only where the router sends everybody instead of those who match.
        Strategy::AbTest => plan.stages.iter().any(|stage| stage.effective_weight > 0.0),
        // The one switch is not a rise; what guards it is its analysis.
        Strategy::BlueGreen | Strategy::None => false,
    };
    if !gradual {
        return;
    }
    let (max_first, max_increase) = (case.most(&MAX_FIRST_WEIGHT), case.most(&MAX_INCREASE));
    let mut before: Option<f64> = None;
    for (index, stage) in plan.stages.iter().enumerate() {
        let weight = stage.effective_weight;
        if weight <= 0.0 {
            // Rounding can take a share away again; the next rise then starts from nothing.
            before = before.map(|_| 0.0);
            continue;
        }
        match before {
            None if exceeds(weight, max_first) => report.find(
                &stage.path,
                format!(
                    "the first stage sends {} to the new version, the most allowed is {}",
                    share(stage),
                    percent(max_first)
                ),
                "begin with a smaller weight; without a traffic router, with more replicas",
            ),
            Some(before) if exceeds(weight - before, max_increase) => report.find(
                &stage.path,
                format!(
                    "the share rises from {} to {} at once, the largest rise allowed is {}",
                    percent(before),
                    share(stage),
                    percent(max_increase)
                ),
                "add a stage in between",
            ),
            _ => {}
        }
        before = Some(weight);
        if weight >= 100.0 {
            check_full_stage(release, index, report);
        }
    }
    check_promotion(case, release, before, report);
}

/// No stage has everybody's requests before the last analysis has begun.
fn check_full_stage(release: &Release, stage: usize, report: &mut Report<'_>) {
    let Some(span) = release.timeline.stages.get(stage) else { return };
    let later = release.timeline.analyses.iter().flatten().any(|analysis| analysis.start >= span.start);
    if later {
        report.find(
            &release.plan.stages[stage].path,
            "all requests go to the new version before the last analysis has begun",
            "move the analysis before the stage at 100 %",
        );
    }
}

fn check_promotion(case: &Case<'_>, release: &Release, before: Option<f64>, report: &mut Report<'_>) {
    let max_increase = case.most(&MAX_INCREASE);
    match before {
        None => report.find(
            &release.plan.path,
            "no stage sends requests to the new version before all of them go there",
            "add stages with growing weights",
        ),
        Some(before) if exceeds(100.0 - before, max_increase) => report.find(
            release.plan.stages.last().map_or(&release.plan.path, |stage| &stage.path),
            format!(
                "the promotion raises the share from {} to 100 % at once, the largest rise allowed is {}",
                percent(before),
                percent(max_increase)
            ),
            "add a stage before the promotion",
        ),
        Some(_) => {}
    }
}

/// The share of a stage, with the weight in the manifest where that is another one.
fn share(stage: &Stage) -> String {
    let effective = percent(stage.effective_weight);
    let nominal = percent(stage.weight);
    if effective == nominal { effective } else { format!("{effective} (weight {nominal} in the manifest)") }
}

/// Whether `weight` is above `most`, rounding of sums aside.
fn exceeds(weight: f64, most: f64) -> bool {
    weight > most + 1e-9
}
