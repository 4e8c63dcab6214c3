//! What was predicted, held against what happened.

use rollgate_policy::plan::End;

use crate::predict::{Outcome, Prediction};

/// How far a share of requests may be off, in percent: what is lost in writing it down.
const SHARE: f64 = 0.5;

/// How much earlier than predicted something may happen, in seconds: both controllers keep the times they reckon from
/// in whole seconds, cut off.
const EARLIER: f64 = 1.5;

/// How much later beside an interval, in seconds.
const LATER: f64 = 5.0;

/// What differs, if anything does.
pub fn difference(prediction: &Prediction, observed: &Outcome) -> Option<String> {
    let predicted = &prediction.outcome;
    let late = observed.seconds - predicted.seconds;
    if predicted.end != observed.end {
        Some("another outcome".to_owned())
    } else if (predicted.peak - observed.peak).abs() > SHARE {
        Some("another peak weight".to_owned())
    } else if late < -EARLIER || late > prediction.interval + LATER {
        Some(format!("{late:+.1} s"))
    } else {
        None
    }
}

/// An outcome in words, its time rounded to `to` seconds.
pub fn describe(outcome: &Outcome, to: f64) -> String {
    let seconds = (outcome.seconds / to).round() * to;
    let peak = outcome.peak;
    match outcome.end {
        End::Promoted => format!("promoted after {seconds:.0} s"),
        End::RolledBack => format!("rolled back after {seconds:.0} s, at most {peak:.0} %"),
        End::Waits => format!("waits from {seconds:.0} s on, at most {peak:.0} %"),
    }
}
