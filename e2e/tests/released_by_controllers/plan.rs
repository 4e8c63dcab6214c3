//! What is released, and how it may be bad.

use rollgate_e2e::Measurements;
use rollgate_policy::plan::Signal;
use serde_json::Value;

/// A way of delivery that is tried out.
pub struct Plan {
    /// Its name, which begins with the controller's.
    pub name: &'static str,
    /// What it is, for readers of the table.
    pub about: &'static str,
    /// Everything that is applied before the first release, the Rollout or Canary among it.
    pub objects: fn(&Place) -> Vec<Value>,
    /// Where the weight is to be seen.
    pub weight: Weight,
    /// When the metrics begin to tell of a new version.
    pub shows: Shows,
    /// What failing requests come to.
    pub ruin: Ruin,
    /// The releases that are sent through it, each in a namespace of its own.
    pub releases: &'static [Bad],
}

/// Where a release takes place.
pub struct Place {
    /// Its namespace.
    pub namespace: String,
    /// Who answers its queries and webhooks.
    pub measurements: Measurements,
}

/// What a release is bad in, from its first request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Nothing: it has to be promoted.
    Nothing,
    /// Every signal.
    Everything,
    /// One signal.
    Alone(Signal),
}

/// What the controller writes the weight into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The requests follow the pods that are ready.
    Pods,
    /// The route without a match of an Istio `VirtualService`.
    VirtualService,
    /// The selector of the active Service of a Rollout.
    ActiveService,
    /// Nothing: the stable side keeps all requests until promotion.
    Nowhere,
}

/// When the metrics begin to tell of a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// With its first request.
    OnceExposed,
    /// From the start: it is measured on pods of its own.
    FromTheStart,
}

/// What failing requests come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruin {
    /// All of them fail.
    Whole,
    /// A fifth: some metric finds that neither good nor bad.
    Fifth,
}

impl Plan {
    /// A plan of the usual kind: requests are routed, and the metrics tell of those.
    pub const fn new(
        name: &'static str,
        about: &'static str,
        objects: fn(&Place) -> Vec<Value>,
        releases: &'static [Bad],
    ) -> Self {
        Self {
            name,
            about,
            objects,
            weight: Weight::VirtualService,
            shows: Shows::OnceExposed,
            ruin: Ruin::Whole,
            releases,
        }
    }

    /// With the weight to be seen elsewhere.
    pub const fn weighed_by(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }

    /// With a new version that is measured before it has requests.
    pub const fn shown_from_the_start(self) -> Self {
        Self { shows: Shows::FromTheStart, ..self }
    }

    /// With releases that are just bad enough.
    pub const fn just_bad(self) -> Self {
        Self { ruin: Ruin::Fifth, ..self }
    }
}

impl Bad {
    /// The signals.
    pub fn signals(self) -> Vec<Signal> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Everything => Signal::ALL.to_vec(),
            Self::Alone(signal) => vec![signal],
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Everything => "everything",
            Self::Alone(signal) => signal.name(),
        }
    }
}
