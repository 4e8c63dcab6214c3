//! What a metric measures: said by its query, by its author, or by its name.

use crate::plan::{ResultShape, Signal};
use crate::query::{self, Measure, Shape};

/// The annotation on a template that says which signal a metric serves: `p95=latency, errors=error-rate`, or a
/// signal alone where the template holds one metric.
pub(crate) const SIGNALS_ANNOTATION: &str = "rollgate.dev/signals";

/// The largest error ratio in the scale such providers report in.
const PERCENT: f64 = 100.0;

/// The lowest quantile that tells of slow requests.
const LEAST_QUANTILE: f64 = 0.9;

/// What a `PromQL` query measures, what its result looks like, and whether that can be without data.
pub(crate) fn queried_measure(query: &str) -> (Measure, ResultShape, bool) {
    match query::read(query) {
        Ok(reading) => {
            let shape = match reading.shape {
                Shape::Scalar => ResultShape::Number,
                Shape::Vector => ResultShape::Vector,
            };
            let measure = match reading.measure {
                // An average, or a low quantile, hides the slow requests; the rulebook asks for p95 or a histogram.
                Measure::Latency { quantile, .. } if quantile.is_none_or(|q| q < LEAST_QUANTILE) => {
                    Measure::Unknown
                }
                measure => measure,
            };
            (measure, shape, reading.may_be_empty)
        }
        Err(_) => (Measure::Unknown, ResultShape::Vector, true),
    }
}

/// What a metric measures: by its query where that is `PromQL` and tells, else by its author's word, else, without
/// a query that can be read here, by its name.
pub(crate) fn measure_of_metric(
    queried: Option<Measure>,
    annotation: Option<&String>,
    name: &str,
) -> Measure {
    match queried {
        Some(Measure::Unknown) => declared_measure(annotation, name).unwrap_or(Measure::Unknown),
        Some(known) => known,
        None => declared_measure(annotation, name).unwrap_or_else(|| measure_by_name(name)),
    }
}

/// What the author declares in [`SIGNALS_ANNOTATION`] about `metric`.
fn declared_measure(annotation: Option<&String>, metric: &str) -> Option<Measure> {
    annotation?.split(',').find_map(|entry| {
        let (name, signal) = entry.split_once('=').unwrap_or((metric, entry));
        (name.trim() == metric).then(|| Signal::from_name(signal.trim()).map(measure_of))?
    })
}

fn measure_of(signal: Signal) -> Measure {
    match signal {
        Signal::ErrorRate => Measure::ErrorRatio { scale: PERCENT },
        Signal::Latency => Measure::Latency { quantile: None, unit: None },
        Signal::Availability => Measure::Availability { scale: PERCENT },
    }
}

/// What the metric's name says, where it is one of the usual ones.
fn measure_by_name(name: &str) -> Measure {
    let words: Vec<String> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect();
    let has = |choices: &[&str]| words.iter().any(|word| choices.contains(&word.as_str()));
    if has(&["latency", "duration"]) {
        Measure::Latency { quantile: None, unit: None }
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
        let annotation = "p95=latency, bad=error-rate".to_owned();
        assert!(matches!(declared_measure(Some(&annotation), "bad"), Some(Measure::ErrorRatio { .. })));
        assert_eq!(declared_measure(Some(&annotation), "other"), None);
        assert!(matches!(
            declared_measure(Some(&"availability".to_owned()), "any"),
            Some(Measure::Availability { .. })
        ));
        assert_eq!(declared_measure(Some(&"speed".to_owned()), "any"), None);
    }
}
