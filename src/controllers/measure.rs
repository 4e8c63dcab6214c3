//! What a metric measures: said by its query, by its author, or by its name.

use crate::plan::{Evidence, Mistake, ResultShape, Signal};
use crate::query::{self, LatencyUnit, Measure, Shape};

/// The annotation on a template, or on a Canary, that says which signal a metric serves:
/// `p95=latency, errors=error-rate`, or a signal alone where there is one metric.
pub(crate) const SIGNALS_ANNOTATION: &str = "rollgate.dev/signals";

/// The largest error ratio in the scale such providers report in.
const PERCENT: f64 = 100.0;

/// The lowest quantile that tells of slow requests.
const LEAST_QUANTILE: f64 = 0.9;

/// What a `PromQL` query tells about a metric.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queried {
    /// What it measures.
    pub measure: Measure,
    /// What its result looks like.
    pub shape: ResultShape,
    /// Whether the result can be without data.
    pub may_be_empty: bool,
    /// Seconds of the past that a result is made of.
    pub window: Option<f64>,
}

/// Reads a `PromQL` query.
pub(crate) fn queried(query: &str) -> Queried {
    let unreadable =
        Queried { measure: Measure::Unknown, shape: ResultShape::Vector, may_be_empty: true, window: None };
    let Ok(reading) = query::read(query) else { return unreadable };
    let shape = match reading.shape {
        Shape::Scalar => ResultShape::Number,
        Shape::Vector => ResultShape::Vector,
    };
    let measure = match reading.measure {
        // An average, or a low quantile, hides the slow requests; the rulebook asks for p95 or a histogram.
        Measure::Latency { quantile, .. } if quantile.is_none_or(|q| q < LEAST_QUANTILE) => Measure::Unknown,
        measure => measure,
    };
    Queried { measure, shape, may_be_empty: reading.may_be_empty, window: reading.window }
}

/// What a metric measures, and how that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meant {
    pub measure: Measure,
    pub evidence: Evidence,
}

/// What a metric measures: by its query where that is `PromQL` and tells, else by its author's word, else, without
/// a query that can be read here, by its name.
pub(crate) fn meant(queried: Option<Measure>, declared: Option<Signal>, name: &str) -> Meant {
    match queried {
        Some(measure) if measure != Measure::Unknown => Meant { measure, evidence: Evidence::Query },
        _ => {
            let by_name = || queried.map_or_else(|| measure_by_name(name), |_| Measure::Unknown);
            let measure = declared.map_or_else(by_name, |signal| measure_of(signal, name));
            Meant { measure, evidence: Evidence::Word }
        }
    }
}

/// One entry of a [`SIGNALS_ANNOTATION`]: the metric, where one is named, and the signal.
fn entries(annotation: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let entries = annotation.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(|entry| match entry.split_once('=') {
        Some((metric, signal)) => (Some(metric.trim()), signal.trim()),
        None => (None, entry),
    })
}

/// The signal that an author declares in [`SIGNALS_ANNOTATION`] for a metric, under any of its `names`.
pub(crate) fn declared_signal(annotation: Option<&String>, names: &[&str]) -> Option<Signal> {
    entries(annotation?)
        .filter(|(metric, _)| metric.is_none_or(|metric| names.contains(&metric)))
        .find_map(|(_, signal)| Signal::from_name(signal))
}

/// The signal that an annotation declares for what is named in it.
pub(crate) fn named_signal(annotation: Option<&String>, name: &str) -> Option<Signal> {
    entries(annotation?)
        .filter(|(metric, _)| *metric == Some(name))
        .find_map(|(_, signal)| Signal::from_name(signal))
}

/// What is wrong with the declarations of `object`, at `path`, which has `metrics`.
pub(crate) fn misdeclared(
    annotation: Option<&String>,
    metrics: &[&str],
    object: &str,
    path: &str,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (metric, signal) in annotation.into_iter().flat_map(|annotation| entries(annotation)) {
        let wrong = if Signal::from_name(signal).is_none() {
            format!("{signal:?}, which is no signal")
        } else {
            match metric {
                Some(metric) if !metrics.contains(&metric) => {
                    format!("a metric {metric:?}, which it does not have")
                }
                None if metrics.len() > 1 => {
                    format!("{signal} for no metric in particular, and it has several")
                }
                _ => continue,
            }
        };
        mistakes.push(Mistake::new(
            path,
            format!("{object} names in {SIGNALS_ANNOTATION} {wrong}"),
            format!("write metric=signal; the signals are {}", Signal::ALL.map(Signal::name).join(", ")),
        ));
    }
    mistakes
}

fn measure_of(signal: Signal, name: &str) -> Measure {
    match signal {
        Signal::ErrorRate => Measure::ErrorRatio { scale: PERCENT },
        Signal::Latency => Measure::Latency { quantile: None, unit: unit_by_name(name) },
        Signal::Availability => Measure::Availability { scale: PERCENT },
    }
}

/// What the metric's name says, where it is one of the usual ones.
fn measure_by_name(name: &str) -> Measure {
    let has = |choices: &[&str]| has_word(name, choices);
    if has(&["latency", "duration"]) {
        Measure::Latency { quantile: None, unit: unit_by_name(name) }
    } else if has(&["success"]) && has(&["rate", "ratio"]) {
        Measure::SuccessRatio { scale: PERCENT }
    } else if has(&["error", "errors", "failure"]) && has(&["rate", "ratio", "percentage"]) {
        Measure::ErrorRatio { scale: PERCENT }
    } else if has(&["availability"]) {
        Measure::Availability { scale: PERCENT }
    } else {
        Measure::Unknown
    }
}

/// The unit that a latency's name ends in, as in `p95-ms`.
fn unit_by_name(name: &str) -> Option<LatencyUnit> {
    if has_word(name, &["ms", "millis", "milliseconds"]) {
        Some(LatencyUnit::Milliseconds)
    } else if has_word(name, &["seconds"]) {
        Some(LatencyUnit::Seconds)
    } else {
        None
    }
}

fn has_word(name: &str, choices: &[&str]) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| choices.iter().any(|choice| word.eq_ignore_ascii_case(choice)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_what_they_measure() {
        assert!(matches!(measure_by_name("checkout-p95-latency"), Measure::Latency { .. }));
        assert!(matches!(measure_by_name("success_rate"), Measure::SuccessRatio { .. }));
        assert!(matches!(measure_by_name("error-rate"), Measure::ErrorRatio { .. }));
        assert_eq!(measure_by_name("errors"), Measure::Unknown);
        assert_eq!(measure_by_name("terror-rate"), Measure::Unknown);
    }

    #[test]
    fn declarations_name_the_metric_or_stand_alone() {
        let declared =
            |annotation: &str, metric: &str| declared_signal(Some(&annotation.to_owned()), &[metric]);
        let two = "p95=latency, bad = error-rate,";
        assert_eq!(declared(two, "bad"), Some(Signal::ErrorRate));
        assert_eq!(declared(two, "other"), None);
        assert_eq!(declared("availability", "any"), Some(Signal::Availability));
        assert_eq!(declared("speed", "any"), None);
    }

    #[test]
    fn the_query_wins_over_the_word_and_the_word_over_the_name() {
        let latency = meant(Some(Measure::Unknown), Some(Signal::Latency), "p95-ms");
        let unit = Some(LatencyUnit::Milliseconds);
        assert_eq!(latency.measure, Measure::Latency { quantile: None, unit });
        assert_eq!(latency.evidence, Evidence::Word);
        assert_eq!(meant(Some(Measure::Unknown), None, "error-rate").measure, Measure::Unknown);
        assert_eq!(meant(None, None, "error-rate").measure, Measure::ErrorRatio { scale: PERCENT });
        let queried = meant(Some(Measure::ErrorRate), Some(Signal::Latency), "latency");
        assert_eq!((queried.measure, queried.evidence), (Measure::ErrorRate, Evidence::Query));
    }

    #[test]
    fn declarations_that_declare_nothing_are_named() {
        for (annotation, metrics, found) in [
            ("p95=latency", &["p95", "errors"][..], None),
            ("latency", &["p95"][..], None),
            ("", &["p95"][..], None),
            ("p95=latencies", &["p95"][..], Some("\"latencies\", which is no signal")),
            ("Latency", &["p95"][..], Some("\"Latency\", which is no signal")),
            ("p96=latency", &["p95"][..], Some("a metric \"p96\", which it does not have")),
            ("latency", &["p95", "errors"][..], Some("latency for no metric in particular")),
        ] {
            let mistakes = misdeclared(Some(&annotation.to_owned()), metrics, "T/t", "spec");
            assert_eq!(mistakes.len(), usize::from(found.is_some()), "{annotation}");
            assert!(
                mistakes.iter().all(|mistake| mistake.message.contains(found.unwrap_or_default())),
                "{mistakes:?}"
            );
        }
    }
}
