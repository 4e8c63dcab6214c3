//! A rollback comes soon after the first failing measurement.

use super::{DENY, Document, Report, Rule, percent};
use crate::case::{Case, Release};
use crate::duration::human;
use crate::plan::{Cause, End, Outcome};
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "rollback-deadline",
    requirement: "REQ-PD-RBK-01",
    levels: DENY,
    parameters: &[&DEADLINE],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "from the first failing measurement to the rollback it takes no longer than the deadline",
    why: "Every failure that is borne is borne by users: failureLimit times interval in Argo Rollouts, threshold \
          times interval in Flagger.",
    mend: "Bear fewer failures (failureLimit, threshold) or measure more often (interval). A webhook whose timeout and retries may hold the controller up past the deadline is warned of.",
};

pub(super) static DEADLINE: Parameter = Parameter::duration(
    "deadline",
    300.0,
    300.0,
    "the longest time from the first failing measurement to the rollback",
);

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let rolled_back = release.outcomes.iter().filter(|outcome| outcome.end == End::RolledBack);
    let slowest = rolled_back
        .filter_map(|outcome| Some((outcome, since_first_failing(outcome)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let deadline = case.most(&DEADLINE);
    for stall in release.plan.stalls.iter().filter(|stall| stall.seconds > deadline) {
        report.warn(
            &stall.path,
            format!(
                "when it does not answer, each check and the rollback wait {} for it, the deadline is {}",
                human(stall.seconds),
                human(deadline)
            ),
            "shorten its timeout, or retry less often",
        );
    }
    if let Some((outcome, seconds)) = slowest.filter(|(_, seconds)| *seconds > deadline) {
        let (path, title) = cause(release, outcome);
        report.find(
            path,
            format!(
                "{} from the first failing measurement of {title} to the rollback, the deadline is {} (from the first bad request: {}, at up to {})",
                human(seconds),
                human(deadline),
                human(outcome.seconds),
                percent(outcome.peak_weight)
            ),
            "bear fewer failures, or measure more often",
        );
    }
}

fn since_first_failing(outcome: &Outcome) -> Option<f64> {
    match outcome.cause {
        Some(Cause::Metric { since_first_failing, .. }) => Some(since_first_failing),
        _ => None,
    }
}

fn cause<'a>(release: &'a Release, outcome: &Outcome) -> (&'a str, String) {
    match outcome.cause {
        Some(Cause::Metric { analysis, metric, .. }) => {
            let metric = &release.plan.analyses[analysis].metrics[metric];
            (&metric.path, metric.title())
        }
        _ => (&release.plan.path, "the analysis".to_owned()),
    }
}
