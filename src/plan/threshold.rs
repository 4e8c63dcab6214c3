//! What separates a good measurement from a bad one.

use crate::condition::{Condition, Measurement};

/// The verdict on one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measured {
    /// Within the threshold.
    Successful,
    /// Neither clearly good nor clearly bad.
    Inconclusive,
    /// It could not be judged.
    Error,
    /// Outside the threshold.
    Failed,
}

/// What a provider returns for a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultShape {
    /// One number.
    Number,
    /// One number a series; none when nothing matches.
    Vector,
    /// One number, or nothing at all.
    OptionalNumber,
    /// One number, which is 0 when there is none.
    NumberOrZero,
    /// A structure only the author knows.
    #[default]
    Opaque,
}

impl ResultShape {
    /// The results that a measurement of a value can look like, the likeliest first; `samples` are that value, twice.
    fn results(self, samples: &[f64; 2]) -> impl Iterator<Item = Measurement<'_>> {
        let (number, one) = (Measurement::Number(samples[0]), Measurement::Vector(&samples[..1]));
        let (first, second) = match self {
            Self::Number | Self::OptionalNumber | Self::NumberOrZero => (number, None),
            Self::Vector => (one, Some(Measurement::Vector(samples))),
            Self::Opaque => (number, Some(one)),
        };
        std::iter::once(first).chain(second)
    }

    /// What a measurement without data looks like, where the provider says so by its result.
    #[must_use]
    pub fn empty(self) -> Option<Measurement<'static>> {
        match self {
            Self::Vector => Some(Measurement::Vector(&[])),
            Self::OptionalNumber => Some(Measurement::Nil),
            Self::NumberOrZero => Some(Measurement::Number(0.0)),
            Self::Number | Self::Opaque => None,
        }
    }
}

/// The rule by which measurements are judged.
#[derive(Debug)]
pub enum Threshold {
    /// Argo Rollouts: what must hold, and what must not.
    Conditions {
        /// `successCondition`.
        success: Option<Condition>,
        /// `failureCondition`.
        failure: Option<Condition>,
    },
    /// Flagger: limits on a number.
    Range {
        /// Smallest good value.
        min: Option<f64>,
        /// Largest good value.
        max: Option<f64>,
    },
    /// Decided where no number is to be seen: by a Job's exit, a webhook's answer, or a condition on a structure
    /// only its author knows.
    ByProvider,
    /// It comes from an argument whose value is only known when the analysis runs.
    Deferred {
        /// The field that takes it.
        field: &'static str,
    },
    /// It cannot be read: every measurement is an error.
    Unreadable {
        /// What is wrong, for messages.
        reason: String,
    },
}

impl Threshold {
    /// The verdict on a measured number.
    #[must_use]
    pub fn judge(&self, shape: ResultShape, value: f64) -> Measured {
        match self {
            Self::Conditions { .. } => shape
                .results(&[value; 2])
                .map(|result| self.judge_result(result))
                .find(|verdict| *verdict != Measured::Error)
                .unwrap_or(Measured::Error),
            Self::Range { .. } => self.judge_result(Measurement::Number(value)),
            Self::ByProvider => Measured::Successful,
            Self::Deferred { .. } | Self::Unreadable { .. } => Measured::Error,
        }
    }

    /// The verdict on a whole result, empty ones included.
    ///
    /// The order is Argo Rollouts' (`utils/evaluate/evaluate.go`): failure wins when both hold, and a result
    /// for which neither holds is inconclusive only when both are given.
    #[must_use]
    pub fn judge_result(&self, result: Measurement<'_>) -> Measured {
        let (success, failure) = match (self, result) {
            (Self::Conditions { success, failure }, _) => (success, failure),
            (Self::Range { min, max }, Measurement::Number(value)) => {
                let outside = min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max);
                return if outside { Measured::Failed } else { Measured::Successful };
            }
            _ => return Measured::Error,
        };
        let holds = |condition: &Option<Condition>| {
            condition.as_ref().map(|condition| condition.holds(result)).transpose()
        };
        let (Ok(success), Ok(failure)) = (holds(success), holds(failure)) else { return Measured::Error };
        match (success, failure) {
            (_, Some(true)) | (Some(false), None) => Measured::Failed,
            (Some(true), _) | (None, Some(false) | None) => Measured::Successful,
            (Some(false), Some(false)) => Measured::Inconclusive,
        }
    }

    /// The numbers written in it: where its verdict may change.
    #[must_use]
    pub fn literals(&self) -> Vec<f64> {
        match self {
            Self::Conditions { success, failure } => {
                [success, failure].into_iter().flatten().flat_map(Condition::literals).collect()
            }
            Self::Range { min, max } => [*min, *max].into_iter().flatten().collect(),
            Self::ByProvider | Self::Deferred { .. } | Self::Unreadable { .. } => Vec::new(),
        }
    }

    /// Whether there is nothing to violate.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            Self::Conditions { success: None, failure: None } | Self::Range { min: None, max: None }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_its_ends() {
        let range = Threshold::Range { min: Some(1.0), max: Some(2.0) };
        for (value, verdict) in [
            (0.9, Measured::Failed),
            (1.0, Measured::Successful),
            (2.0, Measured::Successful),
            (2.1, Measured::Failed),
        ] {
            assert_eq!(range.judge(ResultShape::Number, value), verdict, "{value}");
        }
    }
}
