//! Each stage lasts long enough to show something.

use super::{Document, OFF_THEN_DENY, Report, Rule, percent};
use crate::case::Case;
use crate::duration::human;
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "minimum-hold",
    requirement: "release runbook",
    levels: OFF_THEN_DENY,
    parameters: &[&MIN_HOLD],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "each stage below 100 % is held for a while before it advances by itself",
    why: "Memory leaks, full queues and cold caches take minutes to show. A stage that is over after a minute has \
          measured the first minute only.",
    mend: "Lengthen the pause or the analysis of the stage, or put a gate behind it that a person opens.",
};

static MIN_HOLD: Parameter =
    Parameter::duration("minHold", 600.0, 600.0, "the shortest time a stage below 100 % lasts");

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let least = case.settings.number(&MIN_HOLD).unwrap_or(0.0);
    let reached = release.plan.stages.iter().zip(&release.timeline.stages);
    let stages: Vec<_> = reached.filter(|(stage, _)| stage.effective_weight < 100.0).collect();
    let mut reported = "";
    // What changes something else than the weight goes on with the stage before it.
    for held in
        stages.chunk_by(|(one, _), (next, _)| (one.effective_weight - next.effective_weight).abs() < 1e-9)
    {
        let mut exposed = held.iter().filter(|(stage, _)| stage.effective_weight > 0.0 || stage.matching);
        let Some((stage, _)) = exposed.next() else { continue };
        let seconds: f64 = held.iter().map(|(_, span)| span.end - span.start).sum();
        // Stages that one field declares are as long as each other.
        if seconds < least && stage.path != reported {
            reported = &stage.path;
            let which = if stage.effective_weight > 0.0 {
                format!("at {}", percent(stage.effective_weight))
            } else {
                "of the requests that match".to_owned()
            };
            report.find(
                &stage.path,
                format!(
                    "the stage {which} advances after {}, the shortest time allowed is {}",
                    human(seconds),
                    human(least)
                ),
                "lengthen its pause or its analysis (Argo Rollouts), or the interval (Flagger)",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::findings_in;

    /// Path and message of what the rule finds in a Canary with this analysis.
    fn found(analysis: &serde_json::Value) -> Vec<(String, String)> {
        let canary = json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "c"},
            "spec": {"provider": "istio", "service": {"port": 80}, "analysis": analysis}});
        let findings = findings_in(&canary, "minimum-hold", r#"{"rules":{"minimum-hold":"deny"}}"#);
        findings.into_iter().map(|finding| (finding.path, finding.message)).collect()
    }

    #[test]
    fn stages_of_one_field_are_reported_once() {
        let found = found(&json!({"interval": "1m", "threshold": 2, "stepWeight": 10, "maxWeight": 50}));
        assert!(matches!(&*found, [(_, message)] if message.starts_with("the stage at 10 %")), "{found:?}");
    }

    #[test]
    fn those_who_match_are_a_stage_at_no_weight() {
        let found = found(&json!({
            "interval": "10s", "threshold": 2, "iterations": 10,
            "match": [{"headers": {"x-user": {"exact": "insider"}}}],
            "webhooks": [{"name": "smoke", "type": "pre-rollout", "url": "http://tester/"}],
        }));
        let [(path, message)] = &*found else { panic!("{found:?}") };
        assert!(message.starts_with("the stage of the requests that match"), "{message}");
        assert_ne!(path, "spec.analysis.webhooks");
    }
}
