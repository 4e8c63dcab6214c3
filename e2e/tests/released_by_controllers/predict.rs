//! What rollgate says about a release.

use std::time::Duration;

use anyhow::{Context, anyhow};
use rollgate_policy::cluster::Objects;
use rollgate_policy::plan::{DeliveryPlan, End, Measured, Metric, Signal, outcomes, play_good};
use rollgate_policy::read_plan;
use serde_json::Value;
use serde_json::value::to_raw_value;

/// How long a release that waits is looked at where nothing is measured.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// How a release ends, when and after how much.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub end: End,
    /// From the first stage to the end, or to where the release waits.
    pub seconds: f64,
    /// The largest share of the requests, in percent.
    pub peak: f64,
    /// Every share it has or may have, in turn.
    pub shares: Vec<f64>,
}

/// What is expected of a release.
#[derive(Clone, Debug)]
pub struct Prediction {
    pub outcome: Outcome,
    /// The longest interval between two measurements.
    pub interval: f64,
    /// After so long nothing that is still measured can end the release.
    pub patience: Duration,
}

/// Plays a release, bad in `bad`, through the Rollout or Canary among `objects`.
pub fn predict(objects: &[Value], namespace: &str, bad: &[Signal]) -> anyhow::Result<Prediction> {
    let mut cluster = Objects::default();
    for object in objects {
        cluster.insert(to_raw_value(object)?)?;
    }
    let read = |object: &Value| read_plan(object["kind"].as_str()?, &object.to_string(), namespace, &cluster);
    let plan = objects.iter().find_map(read).context("no Rollout and no Canary")?;
    let plan = plan.map_err(|error| anyhow!("{}: {error}", error.path))?;
    let timeline = play_good(&plan);
    let shares = plan.stages.iter().map(|stage| stage.effective_weight).collect();
    let outcome = if bad.is_empty() {
        let seconds = timeline.promoted_at.context("a release without fault is not promoted")?;
        Outcome { end: End::Promoted, seconds, peak: 100.0, shares }
    } else {
        let alone: &[Signal] = if let [signal] = bad { &[*signal] } else { &[] };
        let played = outcomes(&plan, &timeline, alone, false).pop().context("nothing was played")?;
        Outcome { end: played.end, seconds: played.seconds, peak: played.peak_weight, shares }
    };
    let interval = intervals(&plan).fold(0.0, f64::max);
    let patience = Duration::from_secs_f64(longest(&plan) + interval).max(LEAST_PATIENCE);
    Ok(Prediction { outcome, interval, patience })
}

fn intervals(plan: &DeliveryPlan) -> impl Iterator<Item = f64> {
    plan.metrics().filter_map(|metric| metric.schedule.interval)
}

/// The longest time that a metric needs to fail, once it measures a bad release.
fn longest(plan: &DeliveryPlan) -> f64 {
    let of = |metric: &Metric| metric.schedule.end(0, Measured::Failed).at.unwrap_or(0.0);
    let needed = plan.metrics().map(of).fold(0.0, f64::max);
    let reaction = plan.analyses.iter().map(|analysis| analysis.reaction).fold(0.0, f64::max);
    needed + reaction
}
