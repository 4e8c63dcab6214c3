//! The last step to everybody is decided, not waited for.

use super::analysis_coverage::is_gated;
use super::{Document, Report, Rule, WARN_THEN_DENY};
use crate::case::Case;
use crate::plan::{Stage, Strategy, Wait};

pub(super) static RULE: Rule = Rule {
    name: "attended-full-rollout",
    requirement: "seed 3",
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
    let is_attended = |(index, stage): (usize, &Stage)| {
        is_gated(release, index) || stage.waits.iter().any(|wait| matches!(wait, Wait::Human { .. }))
    };
    // What stands before another stage of as many requests stands before the last step too.
    let attended = last.is_some_and(|last| {
        let (weight, matching) = (stages[last].effective_weight, stages[last].matching);
        let as_exposed =
            |stage: &Stage| (stage.effective_weight - weight).abs() < 1e-9 && stage.matching >= matching;
        reached[..=last].iter().enumerate().rev().take_while(|(_, stage)| as_exposed(stage)).any(is_attended)
    });
    if !attended {
        report.find(
            last.map_or(&release.plan.path, |last| &stages[last].path),
            "nothing but time stands between this stage and 100 %",
            "let an analysis or a manual gate decide on the last step",
        );
    }
}
