//! The worst result that a threshold still accepts.

use super::{Evidence, Measured, Metric, Threshold};
use crate::query::{LatencyUnit, Measure};

const PERCENT: f64 = 100.0;

/// Seconds that nobody bears for an answer: a declared latency from here on is one in milliseconds, …
const LEAST_MILLISECONDS: f64 = 60.0;
/// … up to here, where it may just as well be one in microseconds.
const MOST_MILLISECONDS: f64 = 100_000.0;

/// The worst result that a threshold still accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct Tolerated {
    /// The result, as the author writes it; infinite when there is no limit.
    pub result: f64,
    /// The units it may be in: none when that is unknown, several when the author leaves it open.
    pub units: Vec<Unit>,
}

/// What a result is given in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// A share of failures: 0 to `scale`.
    Failures {
        /// Usually 1 or 100.
        scale: f64,
    },
    /// A share of successes: `scale` to 0.
    Successes {
        /// Usually 1 or 100.
        scale: f64,
    },
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
}

impl Unit {
    /// What `result` stands for: the share that fails, from 0 to 1, or seconds.
    #[must_use]
    pub fn amount(self, result: f64) -> f64 {
        match self {
            Self::Failures { scale } => result / scale,
            Self::Successes { scale } => 1.0 - result / scale,
            Self::Seconds => result,
            Self::Milliseconds => result / 1000.0,
        }
    }

    /// Writes a share of failures, or seconds, in this unit.
    #[must_use]
    pub fn write(self, amount: f64) -> String {
        match self {
            Self::Failures { scale } => share(amount * scale, scale),
            Self::Successes { scale } => share((1.0 - amount) * scale, scale),
            Self::Seconds => format!("{} s", significant(amount)),
            Self::Milliseconds => format!("{} ms", significant(amount * 1000.0)),
        }
    }
}

fn share(result: f64, scale: f64) -> String {
    let percent = (scale - PERCENT).abs() < f64::EPSILON;
    format!("{}{}", significant(result), if percent { " %" } else { "" })
}

impl Tolerated {
    /// Whether it is at most `allowed`, a share of failures or seconds; `None` when its unit leaves that open.
    #[must_use]
    pub fn is_within(&self, allowed: f64) -> Option<bool> {
        let mut within = self.units.iter().map(|unit| unit.amount(self.result) <= allowed * (1.0 + 1e-9));
        let first = within.next()?;
        within.all(|other| other == first).then_some(first)
    }
}

impl Metric {
    /// The worst result that its threshold still takes for a success; `None` when no result is worse than another,
    /// or when the threshold cannot be evaluated here.
    #[must_use]
    pub fn tolerated(&self) -> Option<Tolerated> {
        let evaluated = matches!(self.threshold, Threshold::Conditions { .. } | Threshold::Range { .. });
        if !evaluated || self.is_opaque() {
            return None;
        }
        let upward = match self.measure {
            Measure::ErrorRatio { .. } | Measure::ErrorRate | Measure::Latency { .. } => true,
            Measure::SuccessRatio { .. } | Measure::Availability { .. } => false,
            Measure::Constant(_) | Measure::Unknown => return None,
        };
        let result = significant(self.worst_accepted(upward)?);
        Some(Tolerated { result, units: self.units(result) })
    }

    /// The units that `result` may be in.
    fn units(&self, result: f64) -> Vec<Unit> {
        let declared = self.evidence == Evidence::Word;
        match self.measure {
            // As a share it would be above all there are.
            Measure::ErrorRatio { .. } if declared && result <= 1.0 => {
                vec![Unit::Failures { scale: 1.0 }, Unit::Failures { scale: PERCENT }]
            }
            Measure::ErrorRatio { scale } => vec![Unit::Failures { scale }],
            // Nobody is content with one success in a hundred.
            Measure::SuccessRatio { .. } | Measure::Availability { .. } if declared && result <= 1.0 => {
                vec![Unit::Successes { scale: 1.0 }]
            }
            Measure::SuccessRatio { scale } | Measure::Availability { scale } => {
                vec![Unit::Successes { scale }]
            }
            Measure::Latency { unit: Some(LatencyUnit::Seconds), .. } => vec![Unit::Seconds],
            Measure::Latency { unit: Some(LatencyUnit::Milliseconds), .. } => vec![Unit::Milliseconds],
            // Whatever the unit is.
            Measure::Latency { .. } if result.is_infinite() => vec![Unit::Seconds],
            Measure::Latency { .. } if declared && result < LEAST_MILLISECONDS => {
                vec![Unit::Seconds, Unit::Milliseconds]
            }
            Measure::Latency { .. } if declared && result <= MOST_MILLISECONDS => {
                vec![Unit::Milliseconds]
            }
            _ => Vec::new(),
        }
    }

    /// The largest result that is a success, or the smallest; infinite when the largest there is still is one.
    fn worst_accepted(&self, upward: bool) -> Option<f64> {
        // From any probe to the precision that results are written with.
        const HALVINGS: usize = 64;
        const NEAR: f64 = 2.5e-6;
        let mut probes = self.probes();
        probes.sort_by(|one, other| if upward { one.total_cmp(other) } else { other.total_cmp(one) });
        let accepted = |value: f64| self.judge(value) == Measured::Successful;
        let last = probes.iter().rposition(|probe| accepted(*probe))?;
        let mut good = *probes.get(last)?;
        let Some(mut bad) = probes.get(last + 1).copied() else {
            let bounded = !matches!(self.measure, Measure::Latency { .. } | Measure::ErrorRate);
            return Some(if bounded { good } else { f64::INFINITY });
        };
        for _ in 0..HALVINGS {
            if (bad - good).abs() <= NEAR * good.abs().max(bad.abs()) {
                break;
            }
            let middle = f64::midpoint(good, bad);
            if accepted(middle) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Some(good)
    }

    /// The share of failures, in percent, up to which it takes a release for good, where that is ruin in any unit:
    /// more than half of the requests, or nine of ten of the replicas.
    pub(super) fn accepted_ruin(&self) -> Option<f64> {
        let most = match self.measure {
            Measure::ErrorRatio { .. } | Measure::SuccessRatio { .. } => 0.5,
            Measure::Availability { .. } => 0.9,
            _ => return None,
        };
        let tolerated = self.tolerated()?;
        let ruin = tolerated.is_within(most) == Some(false);
        ruin.then(|| {
            tolerated.units.first().map(|unit| significant(unit.amount(tolerated.result) * PERCENT))
        })?
    }
}

/// The five digits that a result is written with.
fn significant(value: f64) -> f64 {
    let magnitude = 10_f64.powf(4.0 - value.abs().log10().floor());
    // Of nothing, of everything, and of what is next to nothing.
    if !magnitude.is_normal() {
        return value;
    }
    (value * magnitude).round() / magnitude
}

#[cfg(test)]
mod tests {
    use std::cell::OnceCell;

    use super::*;
    use crate::condition::Condition;
    use crate::plan::{MetricKind, Provider, ResultShape, Schedule};

    const LATENCY: Measure = Measure::Latency { quantile: Some(0.95), unit: Some(LatencyUnit::Seconds) };
    const UNITLESS: Measure = Measure::Latency { quantile: None, unit: None };

    fn metric(measure: Measure, threshold: Threshold) -> Metric {
        Metric {
            name: "m".to_owned(),
            path: String::new(),
            object: String::new(),
            kind: MetricKind::Query,
            provider: Provider::default(),
            measure,
            evidence: Evidence::Query,
            window: None,
            shape: ResultShape::Vector,
            empty_unexplained: false,
            threshold,
            schedule: Schedule::default(),
            dry_run: false,
            stands_in: false,
            refused: None,
            assessment: OnceCell::new(),
        }
    }

    fn evidence(declared: bool) -> Evidence {
        if declared { Evidence::Word } else { Evidence::Query }
    }

    fn conditions(success: &str, failure: &str) -> Threshold {
        let read = |text: &str| (!text.is_empty()).then(|| Condition::parse(text).unwrap());
        Threshold::Conditions { success: read(success), failure: read(failure) }
    }

    fn worst(measure: Measure, success: &str, failure: &str) -> Option<f64> {
        metric(measure, conditions(success, failure)).tolerated().map(|tolerated| tolerated.result)
    }

    #[test]
    fn the_worst_accepted_result_is_where_the_condition_turns() {
        let errors = Measure::ErrorRatio { scale: 1.0 };
        let successes = Measure::SuccessRatio { scale: 100.0 };
        for (measure, success, failure, result) in [
            (errors, "result[0] <= 0.005", "", Some(0.005)),
            (errors, "len(result) > 0 && result[0] < 0.005", "", Some(0.005)),
            (errors, "", "result[0] >= 0.02", Some(0.02)),
            (errors, "result[0] * 100 < 5", "", Some(0.05)),
            (errors, "result[0] < 0.01", "result[0] > 0.1", Some(0.01)),
            (errors, "result[0] <= 0.01 || result[0] > 0.9", "", Some(1.0)),
            (errors, "result[0] <= 5", "", Some(1.0)),
            (errors, "result[0] >= 2", "", None),
            (successes, "result[0] >= 99.5", "", Some(99.5)),
            (successes, "result[0] > 99.5", "", Some(99.5)),
            (successes, "result[0] >= 0.95", "", Some(0.95)),
            (LATENCY, "result[0] <= 0.5", "", Some(0.5)),
            (LATENCY, "result[0] * 1000 < 300", "", Some(0.3)),
            (LATENCY, "result[0] >= 0", "", Some(f64::INFINITY)),
            (Measure::Unknown, "result[0] < 1", "", None),
        ] {
            assert_eq!(worst(measure, success, failure), result, "{success} {failure}");
        }
        let range = Threshold::Range { min: Some(99.0), max: None };
        assert_eq!(metric(successes, range).tolerated().map(|tolerated| tolerated.result), Some(99.0));
        assert_eq!(metric(errors, Threshold::ByProvider).tolerated(), None);
    }

    #[test]
    fn a_declared_unit_is_told_by_the_number_or_left_open() {
        let within = |measure, declared, condition: &str, allowed| {
            let metric =
                Metric { evidence: evidence(declared), ..metric(measure, conditions(condition, "")) };
            metric.tolerated().unwrap().is_within(allowed)
        };
        let errors = Measure::ErrorRatio { scale: 100.0 };
        assert_eq!(within(errors, true, "result[0] <= 0.004", 0.005), Some(true));
        assert_eq!(within(errors, true, "result[0] <= 0.4", 0.005), None);
        assert_eq!(within(errors, true, "result[0] <= 0.9", 0.005), Some(false));
        assert_eq!(within(errors, true, "result[0] <= 2", 0.005), Some(false));
        assert_eq!(within(errors, false, "result[0] <= 0.4", 0.005), Some(true));
        let successes = Measure::SuccessRatio { scale: 100.0 };
        assert_eq!(within(successes, true, "result[0] >= 0.999", 0.005), Some(true));
        assert_eq!(within(successes, true, "result[0] >= 99.9", 0.005), Some(true));
        assert_eq!(within(successes, true, "result[0] >= 99", 0.005), Some(false));
        assert_eq!(within(successes, false, "result[0] >= 0.999", 0.005), Some(false));
        assert_eq!(within(UNITLESS, true, "result[0] < 0.4", 0.5), Some(true));
        assert_eq!(within(UNITLESS, true, "result[0] < 5", 0.5), None);
        assert_eq!(within(UNITLESS, true, "result[0] < 400", 0.5), Some(true));
        assert_eq!(within(UNITLESS, true, "result[0] < 900", 0.5), Some(false));
        assert_eq!(within(UNITLESS, true, "result[0] < 400000", 0.5), None);
        // A metric whose name tells no unit may be in microseconds.
        assert_eq!(within(UNITLESS, false, "result[0] < 400", 0.5), None);
        assert_eq!(within(UNITLESS, false, "result[0] >= 0", 0.5), Some(false));
        assert_eq!(within(Measure::ErrorRate, false, "result[0] < 5", 0.5), None);
    }

    #[test]
    fn five_digits_are_enough_for_any_number() {
        for (value, written) in [
            (0.004_999_999_9, 0.005),
            (-0.1, -0.1),
            (123_456.0, 123_460.0),
            (0.0, 0.0),
            (5e-324, 5e-324),
            (f64::INFINITY, f64::INFINITY),
        ] {
            assert_eq!(Some(significant(value)), Some(written));
        }
    }

    #[test]
    fn amounts_are_written_in_the_authors_unit() {
        assert_eq!(Unit::Failures { scale: 1.0 }.write(0.005), "0.005");
        assert_eq!(Unit::Failures { scale: 100.0 }.write(0.005), "0.5 %");
        assert_eq!(Unit::Successes { scale: 100.0 }.write(0.005), "99.5 %");
        assert_eq!(Unit::Seconds.write(0.5), "0.5 s");
        assert_eq!(Unit::Milliseconds.write(0.8), "800 ms");
    }

    #[test]
    fn ruin_is_what_no_unit_makes_bearable() {
        let accepted = |measure, declared, condition: &str| {
            Metric { evidence: evidence(declared), ..metric(measure, conditions(condition, "")) }
                .accepted_ruin()
        };
        let percent = Measure::SuccessRatio { scale: 100.0 };
        let up = Measure::Availability { scale: 1.0 };
        assert_eq!(accepted(percent, false, "result[0] >= 0.95"), Some(99.05));
        assert_eq!(accepted(percent, true, "result[0] >= 0.95"), None);
        assert_eq!(accepted(percent, false, "result[0] >= 50"), None);
        assert_eq!(accepted(Measure::ErrorRatio { scale: 1.0 }, false, "result[0] < 0.9"), Some(90.0));
        assert_eq!(accepted(Measure::ErrorRatio { scale: 100.0 }, true, "result[0] < 0.9"), None);
        assert_eq!(accepted(up, false, "result[0] > 0.3"), None);
        assert_eq!(accepted(Measure::Availability { scale: 100.0 }, false, "result[0] > 0.9"), Some(99.1));
    }
}
