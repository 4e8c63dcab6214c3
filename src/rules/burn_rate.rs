//! Error thresholds notice how fast a declared error budget burns.

use super::bound::{Bounded, complaint};
use super::{Document, OFF_THEN_WARN, Report, Rule};
use crate::case::Case;
use crate::plan::Metric;
use crate::query::Measure;

pub(super) static RULE: Rule = Rule {
    name: "burn-rate",
    requirement: "rollback discipline",
    levels: OFF_THEN_WARN,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "where rollgate.dev/slo declares an objective, thresholds notice a fast and a slow burn of its error budget",
    why: "Measured against the error budget a threshold is neither so tight that it fails on noise nor so loose that \
          the month's budget is gone before it fails: 14.4 times the budget's rate over minutes, 6 times over an hour.",
    mend: "Let one error metric accept at most 14.4 times the share of failures that the objective allows, and one \
           that looks back an hour or more (rate(…[1h])) at most 6 times.",
};

/// Where the objective is declared.
const PATH: &str = "metadata.annotations[rollgate.dev/slo]";

/// Times the budget's rate that is a fast burn.
const FAST_BURN: f64 = 14.4;
/// Times the budget's rate that is a slow burn.
const SLOW_BURN: f64 = 6.0;
/// Seconds from which on a window shows a slow burn.
const SLOW_WINDOW: f64 = 3600.0;

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let Some(objective) = &release.plan.objective else { return };
    let Some(budget) = budget(objective) else {
        report.find(
            PATH,
            format!("the objective {objective:?} is no percentage of successful requests"),
            "write a percentage between 1 and 100, with a period if you like: 99.9, 99.9%, 99.9/30d",
        );
        return;
    };
    // A template that could not be read may hold what is missing.
    if release.plan.metrics().any(|metric| metric.stands_in) {
        return;
    }
    let (slow, fast): (Vec<&Metric>, Vec<&Metric>) = release
        .plan
        .metrics()
        .filter(|metric| metric.can_fail() && counts_errors(metric))
        .partition(|metric| metric.window.is_some_and(|window| window >= SLOW_WINDOW));
    for (metrics, burn, name, window) in [
        (fast, FAST_BURN, "a fast burn", "less than an hour"),
        (slow, SLOW_BURN, "a slow burn", "an hour or more"),
    ] {
        let allowed = (burn * budget).min(1.0);
        let bounded: Vec<Bounded<'_>> =
            metrics.into_iter().map(|metric| Bounded { metric, allowed }).collect();
        if bounded.is_empty() {
            report.find(
                PATH,
                format!("no error metric that looks back {window} notices {name} of the error budget of {objective}"),
                format!(
                    "add one that accepts at most {} % of failures, {burn} times the budget",
                    (allowed * 1e6).round() / 1e4
                ),
            );
        }
        let bound = format!("{name} of the error budget of {objective} ({burn} times the budget)");
        if let Some((path, message, help)) = complaint(&bounded, &bound) {
            report.find(path, message, help);
        }
    }
}

fn counts_errors(metric: &Metric) -> bool {
    matches!(metric.measure, Measure::ErrorRatio { .. } | Measure::SuccessRatio { .. } | Measure::ErrorRate)
}

/// The share of requests that may fail by an objective such as `99.9`, `99.9%` or `99.9/30d`. The period sets how
/// much may fail in all, not how fast.
fn budget(objective: &str) -> Option<f64> {
    let (share, period) = match objective.split_once('/') {
        Some((share, period)) => (share, Some(period.trim())),
        None => (objective, None),
    };
    let is_period = |period: &str| {
        let number = period.strip_suffix(['d', 'w', 'h']).and_then(|number| number.parse().ok());
        number.is_some_and(|number: u32| number > 0)
    };
    let share = share.trim();
    let share: f64 = share.strip_suffix('%').unwrap_or(share).trim_end().parse().ok()?;
    // A share of at most one is an objective nobody has: somebody took it for a ratio.
    (share > 1.0 && share < 100.0 && period.is_none_or(is_period)).then(|| 1.0 - share / 100.0)
}

#[cfg(test)]
mod tests {
    use super::budget;

    #[test]
    fn objectives_are_percentages_with_or_without_a_period() {
        for (text, failures) in [
            ("99.9", Some(0.001)),
            ("99.9%", Some(0.001)),
            (" 99.5 % / 30d ", Some(0.005)),
            ("99/4w", Some(0.01)),
            ("99/720h", Some(0.01)),
            ("0.999", None),
            ("100", None),
            ("99.9/30", None),
            ("99.9/0d", None),
            ("99.9/month", None),
            ("three nines", None),
            ("nan", None),
            ("", None),
        ] {
            let budget = budget(text).map(|share| (share * 1e9).round() / 1e9);
            assert_eq!(budget, failures, "{text}");
        }
    }
}
