//! What the releases are like, as the controllers measure it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rollgate_e2e::Answers;
use rollgate_policy::plan::Signal;

use crate::plan::Ruin;

/// Every release, by namespace.
#[derive(Default)]
pub struct World(Mutex<BTreeMap<String, Release>>);

struct Release {
    bad: Vec<Signal>,
    ruin: Ruin,
    /// The metrics tell of the new version.
    shown: bool,
    /// The new version has had a request.
    exposed: bool,
    /// When a gate was first found closed.
    refused: Option<Instant>,
}

impl World {
    /// A release that is bad in these signals, and not to be seen yet.
    pub fn expect(&self, namespace: &str, bad: Vec<Signal>, ruin: Ruin) {
        let release = Release { bad, ruin, shown: false, exposed: false, refused: None };
        self.releases().insert(namespace.to_owned(), release);
    }

    /// From now on the metrics tell of the new version.
    pub fn show(&self, namespace: &str) {
        if let Some(release) = self.releases().get_mut(namespace) {
            release.shown = true;
        }
    }

    /// From now on the gates are closed: the new version has requests.
    pub fn close(&self, namespace: &str) {
        if let Some(release) = self.releases().get_mut(namespace) {
            release.exposed = true;
        }
    }

    /// When a gate was first found closed.
    pub fn refused(&self, namespace: &str) -> Option<Instant> {
        self.releases().get(namespace)?.refused
    }

    fn releases(&self) -> MutexGuard<'_, BTreeMap<String, Release>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers for World {
    fn measure(&self, query: &str) -> f64 {
        let releases = self.releases();
        let asked = releases.iter().find(|(namespace, _)| query.contains(&format!("\"{namespace}\"")));
        let bad = |signals: &[Signal]| {
            asked.is_some_and(|(_, release)| {
                release.shown && signals.iter().any(|signal| release.bad.contains(signal))
            })
        };
        // A request without an answer is one that failed.
        let fails = bad(&[Signal::ErrorRate, Signal::Availability]);
        if query.contains("duration") {
            let seconds = if bad(&[Signal::Latency]) { 30.0 } else { 0.05 };
            if query.contains("milliseconds") { seconds * 1000.0 } else { seconds }
        } else if query.contains("up{") {
            f64::from(u8::from(!bad(&[Signal::Availability])))
        } else if query.contains("!~") {
            if fails { 0.0 } else { 100.0 }
        } else {
            match asked.map(|(_, release)| release.ruin) {
                Some(Ruin::Whole) if fails => 1.0,
                Some(Ruin::Fifth) if fails => 0.2,
                _ => 0.0,
            }
        }
    }

    fn approves(&self, namespace: &str, webhook: &str) -> bool {
        let mut releases = self.releases();
        let Some(release) = releases.get_mut(namespace) else { return false };
        let approved = match webhook {
            "smoke" => !(release.shown && release.bad.contains(&Signal::Availability)),
            "closed" => false,
            _ => !release.exposed,
        };
        if !approved && webhook != "smoke" {
            release.refused.get_or_insert_with(Instant::now);
        }
        approved
    }
}
