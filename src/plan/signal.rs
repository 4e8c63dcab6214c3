//! The signals a release can be bad in.

use crate::query::Measure;

/// One way for a release to be bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Requests fail.
    ErrorRate,
    /// Requests are slow.
    Latency,
    /// Requests, or the workload itself, do not get an answer at all.
    Availability,
}

impl Signal {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 3] = [Self::ErrorRate, Self::Latency, Self::Availability];

    /// The name used in settings, messages and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ErrorRate => "error-rate",
            Self::Latency => "latency",
            Self::Availability => "availability",
        }
    }

    /// The signal of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }
}

/// Which signals a metric says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals([bool; 3]);

impl Signals {
    /// The signals a measure serves.
    ///
    /// Request errors and request successes are the same count seen from two sides, so either serves
    /// error-rate and availability; with `distinct`, an error ratio serves the one and a success ratio the other.
    #[must_use]
    pub fn of(measure: &Measure, distinct: bool) -> Self {
        match measure {
            Measure::ErrorRatio { .. } | Measure::ErrorRate => Self([true, false, !distinct]),
            Measure::SuccessRatio { .. } => Self([!distinct, false, true]),
            Measure::Latency { .. } => Self([false, true, false]),
            Measure::Availability { .. } => Self([false, false, true]),
            Measure::Constant(_) | Measure::Unknown => Self::default(),
        }
    }

    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self([true; 3])
    }

    /// Whether `signal` is among them.
    #[must_use]
    pub fn contains(self, signal: Signal) -> bool {
        self.0[signal as usize]
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether any of `signals` is among them.
    #[must_use]
    pub fn intersects(self, signals: &[Signal]) -> bool {
        signals.iter().any(|signal| self.contains(*signal))
    }
}
