//! What becomes of a release, read from what its controller writes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rollgate_policy::plan::End;
use serde_json::Value;

use crate::events::{Event, Kind};
use crate::plan::Weight;
use crate::predict::Outcome;
use crate::workload::NAME;

/// The label by which Argo Rollouts tells the pods of one version from those of another.
const HASH: &str = "rollouts-pod-template-hash";

/// A release under way.
#[expect(clippy::struct_excessive_bools, reason = "facts that come one by one, in any order")]
pub struct Observer {
    weighed_by: Weight,
    /// The hash of the stable version, with Argo Rollouts.
    stable: String,
    /// Nothing under way, the first version serves.
    pub settled: bool,
    /// The first stage has begun.
    started: Option<Instant>,
    /// The share of requests the new version has, in percent.
    weight: f64,
    /// Some requests reach the new version by a match, whatever the weight.
    matching: bool,
    /// Every share it had before the end, in turn.
    shares: Vec<f64>,
    /// The controller has begun with the new version.
    pub under_way: bool,
    /// Ready pods, by `ReplicaSet`; whether they are of the stable version.
    pods: BTreeMap<String, (bool, f64)>,
    end: Option<(End, Instant)>,
    /// The controller has done what comes after the end.
    over: bool,
    waits_from: Option<Instant>,
}

impl Observer {
    pub fn new(weighed_by: Weight) -> Self {
        Self {
            weighed_by,
            stable: String::new(),
            settled: false,
            started: None,
            weight: 0.0,
            matching: false,
            shares: Vec::new(),
            under_way: false,
            pods: BTreeMap::new(),
            end: None,
            over: false,
            waits_from: None,
        }
    }

    /// The release begins; a Rollout's first stage begins with it.
    pub fn begin(&mut self, at: Instant) {
        self.shares.clear();
        if !self.stable.is_empty() {
            self.started = Some(at);
        }
    }

    /// Whether a request has reached the new version, or may.
    pub fn exposed(&self) -> bool {
        self.weight > 0.0 || self.matching
    }

    /// A gate was found closed.
    pub fn refused(&mut self, at: Instant) {
        self.waits_from.get_or_insert(at);
    }

    pub fn see(&mut self, event: &Event) {
        let object = &event.object;
        match event.kind {
            Kind::Rollout => self.see_rollout(object, event.at),
            Kind::Canary => self.see_canary(object, event.at),
            Kind::ReplicaSet if self.weighed_by == Weight::Pods => self.count_pods(event),
            Kind::Service if self.weighed_by == Weight::ActiveService => self.see_service(object),
            Kind::VirtualService if self.weighed_by == Weight::VirtualService => {
                self.see_route(object, event.at);
            }
            _ => {}
        }
    }

    /// The outcome, once nothing more can follow: a release that waits is given so long to go on.
    pub fn outcome(&self, patience: Duration) -> Option<Outcome> {
        let started = self.started?;
        let outcome = |end, at: Instant| {
            let peak = self.shares.iter().copied().fold(0.0, f64::max);
            let peak = if end == End::Promoted { 100.0 } else { peak };
            let seconds = at.saturating_duration_since(started).as_secs_f64();
            Some(Outcome { end, seconds, peak, shares: self.shares.clone() })
        };
        match (self.end, self.waits_from) {
            (Some((End::RolledBack, _)), _) if self.weight > 0.0 => None,
            (Some((end, at)), _) if self.over => outcome(end, at),
            (None, Some(since)) if since.elapsed() >= patience => outcome(End::Waits, since),
            _ => None,
        }
    }

    fn see_rollout(&mut self, rollout: &Value, at: Instant) {
        let status = &rollout["status"];
        let text = |field: &str| status[field].as_str().unwrap_or_default();
        let (stable, current) = (text("stableRS"), text("currentPodHash"));
        if self.started.is_none() {
            self.settled = text("phase") == "Healthy"
                && status["availableReplicas"] == rollout["spec"]["replicas"]
                && stable == current;
            stable.clone_into(&mut self.stable);
            return;
        }
        if current == self.stable {
            return;
        }
        self.under_way |= status["updatedReplicas"].as_u64() > Some(0)
            || status["currentStepIndex"].as_u64() > Some(0)
            || status["pauseConditions"].is_array();
        if status["abort"] == true {
            self.ends(End::RolledBack, at);
            self.over = true;
        } else if stable == current {
            self.ends(End::Promoted, at);
            self.over = true;
        }
        let waits = waits_for_a_person(rollout);
        self.waits_from = if waits { Some(self.waits_from.unwrap_or(at)) } else { None };
    }

    fn see_canary(&mut self, canary: &Value, at: Instant) {
        let status = &canary["status"];
        let number = |field: &str| status[field].as_i64().unwrap_or(0);
        let phase = status["phase"].as_str().unwrap_or_default();
        if !self.settled {
            self.settled = phase == "Initialized";
            return;
        }
        let moves = number("canaryWeight") > 0 || number("iterations") > 0 || number("failedChecks") > 0;
        if moves || matches!(phase, "Promoting" | "Finalising" | "Succeeded") {
            self.started.get_or_insert(at);
        }
        match phase {
            "Failed" => self.ends(End::RolledBack, at),
            "Promoting" | "Finalising" | "Succeeded" => self.ends(End::Promoted, at),
            "Waiting" | "WaitingPromotion" => self.refused(at),
            _ => {}
        }
        self.over = matches!(phase, "Failed" | "Succeeded");
    }

    fn ends(&mut self, end: End, at: Instant) {
        self.end.get_or_insert((end, at));
    }

    /// The route without a match: what goes to the canary's Service.
    fn see_route(&mut self, route: &Value, at: Instant) {
        let routes = route["spec"]["http"].as_array().map_or(&[][..], Vec::as_slice);
        if self.settled && routes.iter().any(|route| !route["mirror"].is_null()) {
            self.started.get_or_insert(at);
        }
        self.matching = routes.iter().any(|route| !route["match"].is_null());
        let Some(route) = routes.iter().find(|route| route["match"].is_null()) else { return };
        let to_stable = |route: &&Value| {
            let host = route["destination"]["host"].as_str().unwrap_or_default();
            host == NAME || host == "shop-primary"
        };
        let destinations = route["route"].as_array().map_or(&[][..], Vec::as_slice);
        let stable = destinations.iter().find(to_stable);
        // One destination alone gets everything, whatever its weight.
        let kept = stable.map_or(0.0, |stable| match destinations.len() {
            1 => 100.0,
            _ => stable["weight"].as_f64().unwrap_or(0.0),
        });
        self.weigh(100.0 - kept);
        if self.settled && self.weight > 0.0 {
            self.started.get_or_insert(at);
        }
    }

    fn see_service(&mut self, service: &Value) {
        if service["metadata"]["name"] == "shop-active"
            && let Some(hash) = service["spec"]["selector"][HASH].as_str()
        {
            self.weigh(if self.started.is_some() && hash != self.stable { 100.0 } else { 0.0 });
        }
    }

    fn count_pods(&mut self, event: &Event) {
        let object = &event.object;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&object["metadata"]["name"]);
        if event.deleted {
            self.pods.remove(&name);
        } else if object["metadata"]["ownerReferences"][0]["kind"] == "Rollout" {
            let ready = object["status"]["availableReplicas"].as_f64().unwrap_or(0.0);
            let stable = self.started.is_none() || text(&object["metadata"]["labels"][HASH]) == self.stable;
            self.pods.insert(name, (stable, ready));
        }
        let total: f64 = self.pods.values().map(|(_, ready)| ready).sum();
        let new: f64 = self.pods.values().filter(|(stable, _)| !stable).map(|(_, ready)| ready).sum();
        self.weigh(if total > 0.0 { 100.0 * new / total } else { 0.0 });
    }

    fn weigh(&mut self, weight: f64) {
        self.weight = weight;
        if self.end.is_none() && self.shares.last() != Some(&weight) {
            self.shares.push(weight);
        }
    }
}

/// Whether nothing but a person, or an analysis beside it, ends the pause that a Rollout is in.
fn waits_for_a_person(rollout: &Value) -> bool {
    let canary = &rollout["spec"]["strategy"]["canary"];
    let pauses = rollout["status"]["pauseConditions"].as_array().map_or(&[][..], Vec::as_slice);
    pauses.iter().any(|pause| match pause["reason"].as_str().unwrap_or_default() {
        "InconclusiveAnalysisRun" | "InconclusiveExperiment" => true,
        "BlueGreenPause" => rollout["spec"]["strategy"]["blueGreen"]["autoPromotionEnabled"] == false,
        "CanaryPauseStep" => {
            let step =
                rollout["status"]["currentStepIndex"].as_u64().and_then(|step| usize::try_from(step).ok());
            step.is_some_and(|step| {
                let pause = &canary["steps"][step]["pause"];
                pause.is_object() && pause["duration"].is_null()
            })
        }
        _ => false,
    })
}
