//! Few requests see a bad version before it is gone.

use super::{Document, OFF_THEN_DENY, Report, Rule, percent};
use crate::case::Case;
use crate::duration::human;
use crate::plan::End;
use crate::settings::{Parameter, ParameterDefault, ParameterKind};

pub(super) static RULE: Rule = Rule {
    name: "blast-radius",
    requirement: "rollback discipline",
    levels: OFF_THEN_DENY,
    parameters: &[&MAX_EXPOSURE],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "a bad release is rolled back before its exposure, weight times time, is too large",
    why: "Ten minutes at 5 % hurt less than two at 50 %. Exposure is the one figure for both: 100 percent-minutes \
          are one minute of all requests.",
    mend: "Begin with smaller weights, hold the small ones longest, and measure more often.",
};

static MAX_EXPOSURE: Parameter = Parameter {
    name: "maxExposure",
    meaning: "the largest exposure of a release that is rolled back, in percent-minutes",
    kind: ParameterKind::PercentMinutes,
    standard: ParameterDefault::Number(100.0),
    strict: ParameterDefault::Number(100.0),
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let most = case.most(&MAX_EXPOSURE);
    let rolled_back = release.outcomes.iter().filter(|outcome| outcome.end == End::RolledBack);
    let worst = rolled_back.max_by(|one, other| one.exposure.total_cmp(&other.exposure));
    if let Some(outcome) = worst.filter(|outcome| outcome.exposure > most + 1e-9) {
        let signals: Vec<&str> = outcome.bad.iter().map(|signal| signal.name()).collect();
        report.find(
            &release.plan.path,
            format!(
                "a release that is bad in {} is rolled back after {}, at up to {}: an exposure of {} percent-minutes, the most allowed is {most}",
                signals.join(", "),
                human(outcome.seconds),
                percent(outcome.peak_weight),
                outcome.exposure.round(),
            ),
            "begin with smaller weights, or find a bad release sooner",
        );
    }
}
