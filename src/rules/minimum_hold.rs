//! Each stage lasts long enough to show something.

use super::{Document, OFF_THEN_DENY, Report, Rule, percent};
use crate::case::Case;
use crate::duration::human;
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "minimum-hold",
    requirement: "seed 3",
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
    // What changes something else than the weight goes on with the stage before it.
    for held in
        stages.chunk_by(|(one, _), (next, _)| (one.effective_weight - next.effective_weight).abs() < 1e-9)
    {
        let (stage, _) = held[0];
        let exposed = stage.effective_weight > 0.0 || held.iter().any(|(stage, _)| stage.matching);
        let seconds: f64 = held.iter().map(|(_, span)| span.end - span.start).sum();
        if exposed && seconds < least {
            report.find(
                &stage.path,
                format!(
                    "the stage at {} advances after {}, the shortest time allowed is {}",
                    percent(if stage.matching { stage.weight } else { stage.effective_weight }),
                    human(seconds),
                    human(least)
                ),
                "hold it longer",
            );
        }
    }
}
