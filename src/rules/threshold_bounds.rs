//! Thresholds are as tight as the bounds that somebody set.

use super::bound::{Bounded, complaint};
use super::{Document, OFF_THEN_WARN, Report, Rule, distinct_signals};
use crate::case::Case;
use crate::plan::Metric;
use crate::query::Measure;
use crate::settings::{Parameter, ParameterKind};

pub(super) static RULE: Rule = Rule {
    name: "threshold-bounds",
    requirement: "rollback discipline",
    levels: OFF_THEN_WARN,
    parameters: &[&MAX_ERROR_RATE, &MAX_LATENCY_P95, &MAX_LATENCY_P99, &MIN_SUCCESS_RATE],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "where a bound is set, one threshold for each signal is at least as tight",
    why: "A threshold that a bad release violates may still be one that a fairly bad release keeps to. Metrics that \
          look at the same signal over different times have different thresholds, so one of them within the bound is \
          enough; p95 and p99 are bounded each by itself.",
    mend: "Tighten the threshold, or set the bound that your service level allows. What only an annotation or a name \
           declares has no unit: below 60 a latency may be in seconds or milliseconds, up to 1 an error rate may be \
           a share or a percentage, and the rule says so; a success rate up to 1 is taken for a share, one above for a percentage.",
};

static MAX_ERROR_RATE: Parameter = Parameter::strict_bound(
    "maxErrorRate",
    ParameterKind::Ratio,
    0.005,
    "the largest share of failed requests that a threshold may accept",
);

static MAX_LATENCY_P95: Parameter = Parameter::strict_bound(
    "maxLatencyP95",
    ParameterKind::Duration,
    0.5,
    "the longest latency that a threshold may accept at quantiles from 0.9 to below 0.99",
);

static MAX_LATENCY_P99: Parameter = Parameter::strict_bound(
    "maxLatencyP99",
    ParameterKind::Duration,
    0.8,
    "the longest latency that a threshold may accept at quantiles from 0.99",
);

static MIN_SUCCESS_RATE: Parameter = Parameter::strict_bound(
    "minSuccessRate",
    ParameterKind::Ratio,
    0.995,
    "the smallest share of successful requests that a threshold may accept",
);

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    // A template that could not be read may hold the tight one.
    if release.plan.metrics().any(|metric| metric.stands_in) {
        return;
    }
    let metrics: Vec<&Metric> = release.plan.metrics().filter(|metric| metric.can_fail()).collect();
    let bounds = Bounds::of(case);
    let within = |allowed: &dyn Fn(&Metric) -> Option<f64>| -> Vec<Bounded<'_>> {
        let bounded = metrics.iter().filter_map(|metric| Some(Bounded { metric, allowed: allowed(metric)? }));
        bounded.collect()
    };
    let (errors, successes) =
        (within(&|metric| bounds.errors(metric)), within(&|metric| bounds.successes(metric)));
    let requests = if distinct_signals(case.settings) {
        vec![errors, successes]
    } else {
        vec![[errors, successes].concat()]
    };
    for group in requests {
        find(&group, "the bound", report);
    }
    let (p95, p99) = (within(&|metric| bounds.p95(metric)), within(&|metric| bounds.p99(metric)));
    // Where 99 of 100 requests are fast enough, 95 are.
    let implied = p99
        .iter()
        .any(|slow| bounds.p95.is_some_and(|allowed| Bounded { allowed, ..*slow }.keeps() == Some(true)));
    if !implied {
        find(&p95, "the bound", report);
    }
    find(&p99, "the bound", report);
    if p95.is_empty() && p99.is_empty() {
        find(&within(&|metric| bounds.any_quantile(metric)), "the bound", report);
    }
}

fn find(group: &[Bounded<'_>], name: &str, report: &mut Report<'_>) {
    if let Some((path, message, help)) = complaint(group, name) {
        report.find(path, message, help);
    }
}

/// The bounds that are set: shares of failures, and seconds.
struct Bounds {
    errors: Option<f64>,
    successes: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

impl Bounds {
    fn of(case: &Case<'_>) -> Self {
        let errors = case.settings.number(&MAX_ERROR_RATE);
        let successes = case.settings.number(&MIN_SUCCESS_RATE).map(|least| 1.0 - least);
        Self {
            // They are the same count seen from two sides, so one bound serves where the other is not set.
            errors: errors.or(successes),
            successes: successes.or(errors),
            p95: case.settings.number(&MAX_LATENCY_P95),
            p99: case.settings.number(&MAX_LATENCY_P99),
        }
    }

    fn errors(&self, metric: &Metric) -> Option<f64> {
        self.errors.filter(|_| matches!(metric.measure, Measure::ErrorRatio { .. } | Measure::ErrorRate))
    }

    fn successes(&self, metric: &Metric) -> Option<f64> {
        self.successes.filter(|_| matches!(metric.measure, Measure::SuccessRatio { .. }))
    }

    fn p95(&self, metric: &Metric) -> Option<f64> {
        self.p95.filter(|_| quantile(metric).is_some_and(|quantile| quantile < 0.99))
    }

    fn p99(&self, metric: &Metric) -> Option<f64> {
        self.p99.filter(|_| quantile(metric).is_some_and(|quantile| quantile >= 0.99))
    }

    /// Of a latency that is only declared nobody knows the quantile, so the looser bound is its.
    fn any_quantile(&self, metric: &Metric) -> Option<f64> {
        let declared = matches!(metric.measure, Measure::Latency { quantile: None, .. });
        [self.p95, self.p99].into_iter().flatten().reduce(f64::max).filter(|_| declared)
    }
}

fn quantile(metric: &Metric) -> Option<f64> {
    match metric.measure {
        Measure::Latency { quantile, .. } => quantile,
        _ => None,
    }
}
