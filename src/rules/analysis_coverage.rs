//! No stage with many requests goes unwatched.

use super::{DENY, Document, Report, Rule, percent};
use crate::case::{Case, Release};
use crate::plan::{Analysis, Metric, Strategy, Wait};
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "analysis-coverage",
    requirement: "REQ-PD-ANL-01",
    levels: DENY,
    parameters: &[&MAX_UNWATCHED_WEIGHT, &BOTH_SIDES],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "an analysis watches every stage above a small weight, and both or one side of a blue-green switch",
    why: "A background analysis stops watching when its count is reached, and has not begun before its starting \
          step. What happens in the other stages is seen by nobody.",
    mend: "Put an analysis step at the end of the stage, or let a background analysis without count run from the first step on.",
};

static MAX_UNWATCHED_WEIGHT: Parameter =
    Parameter::percent("maxUnwatchedWeight", 25.0, 0.0, "the largest weight that needs no analysis");

static BOTH_SIDES: Parameter = Parameter::switch(
    "bothSides",
    false,
    true,
    "a blue-green switch needs an analysis before it and one after it",
);

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    match release.plan.strategy {
        Strategy::Canary | Strategy::AbTest => stages(case, release, report),
        Strategy::BlueGreen => switch(case, release, report),
        Strategy::None => {}
    }
}

fn stages(case: &Case<'_>, release: &Release, report: &mut Report<'_>) {
    let most = case.most(&MAX_UNWATCHED_WEIGHT);
    for (index, stage) in release.plan.stages.iter().enumerate() {
        // Those who match a header rule get the new version whatever the weight.
        let matching = stage.matching && stage.effective_weight <= most;
        let weight = if matching { 100.0 } else { stage.effective_weight };
        if weight > most && index < release.timeline.stages.len() && !is_watched(release, index) {
            let whose = if matching { "of the requests that match" } else { "of the requests" };
            report.find(
                &stage.path,
                format!(
                    "no analysis watches this stage to its end, in which {} {whose} go to the new version (unwatched at most {})",
                    percent(weight),
                    percent(most)
                ),
                "add an analysis step to it, or a background analysis without count that has begun before it",
            );
        }
    }
}

/// Whether an analysis that can fail runs beside the stage from its start to its end, or is the last thing it waits
/// for: what comes after that nobody watches.
fn is_watched(release: &Release, stage: usize) -> bool {
    let waits = &release.plan.stages[stage].waits;
    let last = waits.iter().rfind(|wait| !matches!(wait, Wait::Time { seconds } if *seconds <= 0.0));
    is_watched_from_beside(release, stage) || last.is_some_and(|wait| awaits_analysis(release, wait))
}

/// Whether an analysis that can fail stands somewhere in the stage: the one switch of a blue-green release happens
/// only after it.
pub(super) fn is_gated(release: &Release, stage: usize) -> bool {
    is_watched_from_beside(release, stage)
        || release.plan.stages[stage].waits.iter().any(|wait| awaits_analysis(release, wait))
}

fn is_watched_from_beside(release: &Release, stage: usize) -> bool {
    let span = release.timeline.stages[stage];
    release.plan.analyses.iter().zip(&release.timeline.analyses).any(|(analysis, run)| {
        analysis.beside_from.is_some()
            && can_fail(analysis)
            && run.is_some_and(|run| run.start <= span.start && run.end >= span.end)
    })
}

fn awaits_analysis(release: &Release, wait: &Wait) -> bool {
    matches!(wait, Wait::Analyses { runs, .. } if runs.iter().any(|run| can_fail(&release.plan.analyses[*run])))
}

fn can_fail(analysis: &Analysis) -> bool {
    analysis.metrics.iter().any(Metric::can_fail)
}

/// One switch: gated before, or watched after.
fn switch(case: &Case<'_>, release: &Release, report: &mut Report<'_>) {
    let on_side = |after: bool| {
        let stages = release.plan.stages.iter().enumerate();
        stages
            .filter(|(_, stage)| (stage.effective_weight > 0.0) == after)
            .any(|(index, _)| index < release.timeline.stages.len() && is_gated(release, index))
    };
    let (before, after) = (on_side(false), on_side(true));
    let path = &release.plan.path;
    if !before && !after {
        report.find(
            path,
            "no analysis stands before the switch and none watches after it",
            "add a prePromotionAnalysis (Argo Rollouts) or metrics (Flagger)",
        );
    } else if case.settings.switch(&BOTH_SIDES) && !(before && after) {
        let missing = if before { "watches after the switch" } else { "stands before the switch" };
        report.find(
            path,
            format!("no analysis {missing}"),
            "add both a prePromotionAnalysis and a postPromotionAnalysis (Argo Rollouts), or use stepWeights (Flagger)",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::findings_in;

    #[test]
    fn the_weight_counts_before_those_who_match() {
        let rollout = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "r"},
        "spec": {"replicas": 4, "strategy": {"canary": {
            "trafficRouting": {"istio": {}},
            "steps": [
                {"setHeaderRoute": {"name": "m", "match": [{"headerName": "h", "headerValue": {"exact": "a"}}]}},
                {"setWeight": 20}, {"pause": {"duration": 60}}, {"setWeight": 60}, {"pause": {"duration": 60}},
            ]}}}});
        let found = findings_in(&rollout, "analysis-coverage", "{}");
        let shares = found.iter().map(|finding| {
            finding
                .message
                .split("in which ")
                .nth(1)
                .and_then(|rest| rest.split(" go ").next())
                .map(str::to_owned)
        });
        let shares: Vec<String> = shares.flatten().collect();
        assert_eq!(shares, ["100 % of the requests that match", "60 % of the requests"]);
    }
}
