//! Bounds on what thresholds tolerate, shared by the rules that set some.

use crate::plan::{Metric, Unit};
use crate::query::Measure;

/// A metric, and the most that its threshold may tolerate: a share of failures from 0 to 1, or seconds.
#[derive(Clone, Copy)]
pub(super) struct Bounded<'a> {
    pub metric: &'a Metric,
    pub allowed: f64,
}

impl Bounded<'_> {
    /// Whether the threshold keeps to the bound; `None` when that cannot be told.
    pub fn keeps(self) -> Option<bool> {
        self.metric.tolerated()?.is_within(self.allowed)
    }

    fn excess(self) -> f64 {
        let tolerated = self.metric.tolerated();
        let amounts = tolerated.iter().flat_map(|one| one.units.iter().map(|unit| unit.amount(one.result)));
        amounts.fold(f64::INFINITY, f64::min) / self.allowed
    }

    /// What is wrong with it, the bound called by `name`, and what to write.
    fn complaint(self, name: &str) -> (String, String) {
        let title = self.metric.title();
        let tolerated = self.metric.tolerated();
        let unit = tolerated.as_ref().and_then(|tolerated| tolerated.units.first().copied());
        let bound = unit.unwrap_or(neutral_unit(self.metric)).write(self.allowed);
        let message = match (tolerated, unit) {
            (Some(tolerated), Some(unit)) if self.keeps().is_some() => {
                let what = match unit {
                    Unit::Failures { .. } => "an error rate of ",
                    Unit::Successes { .. } => "a success rate of ",
                    Unit::Seconds | Unit::Milliseconds => "a latency of ",
                };
                let amount = unit.amount(tolerated.result);
                let result = if amount.is_finite() {
                    what.to_owned() + &unit.write(amount)
                } else {
                    "any latency".to_owned()
                };
                return (
                    format!("{title} accepts {result}; {name} is {bound}"),
                    format!("let no result worse than {bound} be a success"),
                );
            }
            (Some(_), None) if self.metric.measure == Measure::ErrorRate => {
                "it counts failures, and not their share of the requests".to_owned()
            }
            (Some(tolerated), _) => format!("the unit of {} is not known", tolerated.result),
            (None, _) => "its threshold cannot be evaluated here".to_owned(),
        };
        (
            format!("whether {title} keeps to {name}, {bound}, cannot be told: {message}"),
            "query a share of the requests, or a latency in a metric whose name tells its unit".to_owned(),
        )
    }
}

fn neutral_unit(metric: &Metric) -> Unit {
    match metric.measure {
        Measure::Latency { .. } => Unit::Milliseconds,
        _ => Unit::Failures { scale: 100.0 },
    }
}

/// What is wrong with metrics of which at least one has to keep to its bound: path, message and help. Nothing when
/// one does, or when there are none.
pub(super) fn complaint(metrics: &[Bounded<'_>], name: &str) -> Option<(String, String, String)> {
    if metrics.iter().any(|bounded| bounded.keeps() == Some(true)) {
        return None;
    }
    // The one that is nearest to it, those last of which nothing can be told.
    let tightest = metrics.iter().min_by(|one, other| {
        let key = |bounded: &Bounded<'_>| (bounded.keeps().is_none(), bounded.excess());
        let ((unknown, excess), (other_unknown, other_excess)) = (key(one), key(other));
        unknown.cmp(&other_unknown).then(excess.total_cmp(&other_excess))
    })?;
    let (message, help) = tightest.complaint(name);
    Some((tightest.metric.path.clone(), message, help))
}
