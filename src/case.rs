//! What the rules look at: one object, read as far as they need it.

use std::collections::BTreeMap;

use crate::admission::{Origin, UserInfo};
use crate::cluster::Cluster;
use crate::controllers::Malformed;
use crate::exemption::Exemption;
use crate::intervention::Intervention;
use crate::kubernetes::Metadata;
use crate::plan::{
    DeliveryPlan, Metric, Outcome, Signal, Timeline, Unresolved, outcomes, play_good, play_unverified,
};
use crate::settings::Settings;

/// One object under review, with everything a rule may ask.
pub struct Case<'a> {
    /// What is reviewed.
    pub subject: Subject,
    /// Where the request comes from.
    pub origin: Origin,
    /// The settings in force.
    pub settings: &'a Settings,
    /// Other objects.
    pub cluster: &'a dyn Cluster,
    /// The exemption the object claims.
    pub exemption: &'a Exemption,
    /// The object's namespace; empty for kinds without one.
    pub namespace: &'a str,
    /// The object's annotations.
    pub annotations: &'a BTreeMap<String, String>,
    /// Who asks; empty when unknown.
    pub requester: &'a UserInfo<'a>,
    /// Seconds since 1970-01-01 UTC at which the request came in.
    pub received_at: i64,
    /// Whether the request sends a new version on its way: the object is new, or its pods are others.
    pub starts_release: bool,
}

/// What is reviewed.
pub enum Subject {
    /// A delivery controller's object.
    Release(Box<Release>),
    /// A workload that Kubernetes itself would roll out.
    Workload(WorkloadObject),
    /// A template by itself.
    Template(Vec<Metric>),
    /// A template of which it cannot be found out who refers to it.
    Users(Unresolved),
    /// Something a person does to what a controller has under way.
    Intervention(Intervention),
    /// A governed object that makes no sense.
    Unreadable(Malformed),
}

/// A plan and what becomes of releases that go through it.
pub struct Release {
    /// The plan.
    pub plan: DeliveryPlan,
    /// The times of a release that passes everything.
    pub timeline: Timeline,
    /// The outcomes: bad in every signal first, then in each required signal alone.
    pub outcomes: Vec<Outcome>,
    /// The outcome for a release without fault but for its verification, which fails.
    pub unverified: Outcome,
}

impl Release {
    /// Plays releases through `plan`: bad in every signal, then in each of `required` alone.
    #[must_use]
    pub fn play(plan: DeliveryPlan, required: &[Signal], distinct: bool) -> Self {
        let timeline = play_good(&plan);
        let outcomes = outcomes(&plan, &timeline, required, distinct);
        let unverified = play_unverified(&plan, &timeline);
        Self { plan, timeline, outcomes, unverified }
    }
}

/// A workload that Kubernetes itself would roll out.
pub struct WorkloadObject {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its metadata.
    pub metadata: Metadata,
    /// The number of pods it asks for; `None` when it leaves that open.
    pub replicas: Option<i64>,
    /// Whether it is new.
    pub created: bool,
}
