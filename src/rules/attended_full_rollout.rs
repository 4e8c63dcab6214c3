//! The last step to everybody is decided, not waited for.

use super::analysis_coverage::is_gated;
use super::{Document, Report, Rule, WARN_THEN_DENY};
use crate::case::Case;
use crate::plan::{Strategy, Wait};

pub(super) static RULE: Rule = Rule {
    name: "attended-full-rollout",
    requirement: "release runbook",
    levels: WARN_THEN_DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "the last move to 100 % is behind an analysis or a manual gate, never a bare timer",
    why: "A timer knows nothing about the release. If the analysis is over before the last pause, whatever goes \
          wrong in it is promoted to everybody.",
    mend: "Put an analysis, or a pause without a duration, between the last stage and the promotion.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release().filter(|release| release.plan.strategy != Strategy::None) else {
        return;
    };
    let stages = &release.plan.stages;
    let reached = &stages[..release.timeline.stages.len().min(stages.len())];
    let last = reached.iter().rposition(|stage| stage.effective_weight < 100.0);
    let is_attended = |stage: usize| {
        is_gated(release, stage) || stages[stage].waits.iter().any(|wait| matches!(wait, Wait::Human { .. }))
    };
    // Nothing can go wrong in a stage that takes no time, or that no request reaches: what stands before it decides.
    let is_idle = |stage: usize| {
        let span = release.timeline.stages[stage];
        span.end <= span.start || (stages[stage].effective_weight <= 0.0 && !stages[stage].matching)
    };
    let attended = last.is_some_and(|last| {
        (0..=last).rev().find(|stage| is_attended(*stage) || !is_idle(*stage)).is_some_and(is_attended)
    });
    if !attended {
        report.find(
            last.map_or(&release.plan.path, |last| &stages[last].path),
            "nothing but time stands between this stage and 100 %",
            "let an analysis or a manual gate decide on the last step",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::findings_in;

    fn is_attended(steps: &Value) -> bool {
        let rollout = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "r"},
            "spec": {"replicas": 1, "strategy": {"canary": {"steps": steps}}}});
        findings_in(&rollout, "attended-full-rollout", "{}").is_empty()
    }

    #[test]
    fn what_stands_before_stages_without_time_stands_before_the_last_step() {
        let analysis = json!({"analysis": {"templates": [{"templateName": "t"}]}});
        let weight = |weight: u8| json!({ "setWeight": weight });
        let (timer, route) = (json!({"pause": {"duration": 60}}), json!({"setHeaderRoute": {"name": "m"}}));
        assert!(is_attended(&json!([weight(20), analysis])));
        assert!(is_attended(&json!([weight(20), analysis, route])));
        assert!(is_attended(&json!([weight(20), {"experiment": {"templates": [{"weight": 20}]}}])));
        // With one replica both weights are the same share, but the analysis is over before the timer.
        assert!(!is_attended(&json!([weight(20), analysis, weight(50), timer])));
        assert!(!is_attended(&json!([weight(20), timer, route])));
    }
}
