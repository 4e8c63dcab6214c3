//! What was predicted, held against what happened.

use rollgate_policy::plan::End;

use crate::plan::{Plan, Weight};
use crate::predict::{Outcome, Prediction};

/// How far a share of requests may be off, in percent: what is lost in writing it down.
const SHARE: f64 = 0.5;

/// How much earlier than predicted something may happen, in seconds: both controllers keep the times they reckon from
/// in whole seconds, cut off.
pub const EARLIER: f64 = 1.5;

/// How much later, in intervals of the plan: a measurement more or less makes a whole one.
pub const LATER: f64 = 0.5;

/// How much later beside that, in seconds: what the simulation takes as immediate, such as pods that get ready.
pub const DELAYS: f64 = 2.0;

/// What differs, if anything does.
pub fn difference(plan: &Plan, prediction: &Prediction, observed: &Outcome) -> Option<String> {
    let predicted = &prediction.outcome;
    let late = observed.seconds - predicted.seconds;
    if predicted.end != observed.end {
        Some("another outcome".to_owned())
    } else if (predicted.peak - observed.peak).abs() > SHARE {
        Some("another peak weight".to_owned())
    } else if plan.weight == Weight::VirtualService && !in_turn(predicted, observed) {
        Some(format!("other weights: {:?}, not {:?}", observed.shares, predicted.shares))
    } else if late < -EARLIER || late > prediction.interval * LATER + DELAYS {
        Some(format!("{late:+.1} s"))
    } else {
        None
    }
}

/// Whether the new version had the shares that were predicted, in that order, up to its end.
fn in_turn(predicted: &Outcome, observed: &Outcome) -> bool {
    let promotion = (predicted.end == End::Promoted).then_some(100.0);
    let moves = |shares: &mut dyn Iterator<Item = f64>| {
        let mut moves: Vec<f64> = shares.collect();
        moves.dedup_by(|one, other| (*one - *other).abs() < SHARE);
        moves
    };
    let expected = moves(&mut std::iter::once(0.0).chain(predicted.shares.iter().copied()).chain(promotion));
    let mut had = moves(&mut std::iter::once(0.0).chain(observed.shares.iter().copied()));
    // Flagger takes the requests back before it says so.
    if predicted.end == End::RolledBack && had.len() > 1 && had.last() == Some(&0.0) {
        had.pop();
    }
    // The last move may be seen after the promotion, in another watch.
    let complete = predicted.end != End::Promoted || had.len() + 1 >= expected.len();
    complete
        && had.len() <= expected.len()
        && had.iter().zip(&expected).all(|(one, other)| (one - other).abs() < SHARE)
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
