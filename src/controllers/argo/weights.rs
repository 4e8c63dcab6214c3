//! What `setWeight` really does: with a traffic router a share of the requests, without one a share of the pods.

use super::spec::Canary;
use crate::kubernetes::IntOrString;

/// How weights become shares of the requests.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weights {
    /// A router takes weights on a scale that ends at `largest`.
    Routed { largest: f64 },
    /// `trafficRouting` names no router: the stable side keeps all requests until promotion.
    NotRouted,
    /// Requests follow the pods.
    Pods { replicas: i64, surge: bool },
}

impl Weights {
    pub(super) fn of(canary: &Canary, replicas: Option<i64>) -> Self {
        match &canary.traffic_routing {
            Some(routing) if routing.has_provider() => {
                Self::Routed { largest: routing.max_traffic_weight.filter(|max| *max > 0.0).unwrap_or(100.0) }
            }
            Some(_) => Self::NotRouted,
            None => {
                let replicas = replicas.unwrap_or(1).max(0);
                Self::Pods { replicas, surge: may_surge(canary.max_surge.as_ref(), replicas) }
            }
        }
    }

    /// The share of the requests, in percent, at `setWeight: weight`.
    pub(super) fn effective(self, weight: f64) -> f64 {
        match self {
            Self::Routed { largest } => (weight * 100.0 / largest).clamp(0.0, 100.0),
            Self::NotRouted => 0.0,
            Self::Pods { replicas, surge } => pod_share(replicas, weight.clamp(0.0, 100.0), surge),
        }
    }
}

/// Whether `maxSurge` (25% by default, percentages rounded up) allows at least one pod more.
fn may_surge(max_surge: Option<&IntOrString>, replicas: i64) -> bool {
    match max_surge {
        None => replicas > 0,
        Some(IntOrString::Int(pods)) => *pods > 0,
        // A string counts as a percentage even without the sign.
        Some(IntOrString::String(text)) => {
            replicas > 0 && text.trim_end_matches('%').parse::<f64>().is_ok_and(|percent| percent > 0.0)
        }
    }
}

/// The canary's share of the pods, in percent (`utils/replicaset/canary.go`).
#[expect(clippy::cast_precision_loss, reason = "numbers of pods")]
fn pod_share(replicas: i64, weight: f64, surge: bool) -> f64 {
    if replicas == 0 {
        return weight;
    }
    let pods = replicas as f64;
    let exact = pods * weight / 100.0;
    let (ceiling, floor) = (exact.ceil(), exact.floor());
    let tied = |total: f64| ((total * weight / 100.0).fract() - 0.5).abs() < f64::EPSILON;
    let zero_allowed = weight <= 0.0 || weight >= 100.0 || (replicas == 1 && !surge);
    let floor_allowed = floor > 0.0 || zero_allowed;
    let candidates = [
        (ceiling < pods || zero_allowed).then_some((ceiling, pods)),
        (!tied(pods) && floor_allowed).then_some((floor, pods)),
        surge.then_some((ceiling, pods + 1.0)),
        (surge && !tied(pods + 1.0) && floor_allowed).then_some((floor, pods + 1.0)),
    ];
    let share = |(canary, total): (f64, f64)| 100.0 * canary / total;
    candidates
        .into_iter()
        .flatten()
        .map(share)
        .reduce(|best, next| if (next - weight).abs() < (best - weight).abs() { next } else { best })
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_round_as_the_controller_rounds_them() {
        for (replicas, surge, weight, percent) in [
            (1, true, 1.0, 50),
            (1, true, 99.0, 50),
            (1, false, 10.0, 0),
            (1, false, 50.0, 100),
            (1, false, 99.0, 100),
            (2, true, 10.0, 33),
            (3, false, 10.0, 33),
            (4, true, 20.0, 20),
            (10, true, 25.0, 27),
            (2, false, 75.0, 0),
            (5, false, 90.0, 0),
            (4, true, 100.0, 100),
            (4, true, 0.0, 0),
        ] {
            let share = pod_share(replicas, weight, surge);
            assert_eq!(
                format!("{share:.0}"),
                percent.to_string(),
                "{replicas} pods, surge {surge}, weight {weight}"
            );
        }
    }

    #[test]
    fn a_router_has_a_scale_of_its_own() {
        assert!((Weights::Routed { largest: 1000.0 }.effective(100.0) - 10.0).abs() < 1e-9);
        assert!(Weights::NotRouted.effective(50.0) < 1e-9);
    }

    #[test]
    fn surge_is_a_percentage_or_a_number() {
        let text = |text: &str| IntOrString::String(text.to_owned());
        assert!(may_surge(None, 1));
        assert!(may_surge(Some(&text("1%")), 4));
        assert!(may_surge(Some(&text("5")), 4));
        assert!(!may_surge(Some(&text("0%")), 4));
        assert!(!may_surge(Some(&IntOrString::Int(0)), 4));
    }
}
