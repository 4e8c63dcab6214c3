//! The controller-neutral delivery plan: what a release goes through, what watches it, and what stops it.
//!
//! A front end under [`crate::controllers`] writes the plan, [`outcomes`] plays releases through it, and the
//! rules read both. No rule asks which controller the plan came from.

mod metric;
mod provider;
mod schedule;
mod signal;
mod simulate;
mod threshold;
mod tolerance;

use crate::finding::Mend;
use crate::kubernetes::{Metadata, PodTemplate};
pub use metric::{Assessment, Defect, Evidence, Metric, MetricKind};
pub use provider::{Provider, Reach};
pub use schedule::{MetricEnd, Schedule};
pub use signal::{Signal, Signals};
pub use simulate::{
    Cause, Course, CourseRun, End, Outcome, Span, Timeline, courses, good_course, outcomes, play_good,
    play_unverified,
};
pub use threshold::{Measured, ResultShape, Threshold};
pub use tolerance::{Tolerated, Unit};

/// What a controller will do with the next release of one workload.
#[derive(Debug, Default)]
pub struct DeliveryPlan {
    /// How traffic moves to the new version.
    pub strategy: Strategy,
    /// JSON path of the strategy in the governed object.
    pub path: String,
    /// The stages in order, without the promotion that follows the last one.
    pub stages: Vec<Stage>,
    /// Every analysis of the plan; stages refer to them by index.
    pub analyses: Vec<Analysis>,
    /// What the strategy requires to be written down and is not.
    pub undeclared: Vec<Mistake>,
    /// What the controller itself refuses once the object is stored.
    pub refused: Vec<Mistake>,
    /// What lets a release pass without what the plan promises.
    pub skipped: Vec<Mistake>,
    /// What keeps a release whose pods never become ready from being rolled back.
    pub unready: Vec<Mistake>,
    /// What the rollback returns to, and how long it is kept.
    pub kept: Kept,
    /// What keeps the traffic of the stable side from being told apart, and so from being restored.
    pub unrestored: Vec<Mistake>,
    /// The Services that carry the sides' traffic.
    pub services: Vec<Reference>,
    /// The Services that the controller makes for the sides by itself, as monitors see them.
    pub made_services: Vec<Metadata>,
    /// What keeps a rollback from telling anyone.
    pub unnoticed: Vec<Mistake>,
    /// Verification that has no consequence when it fails.
    pub reported_only: Vec<Mistake>,
    /// What a failing check, and the rollback after it, may have to wait for.
    pub stalls: Vec<Delay>,
    /// Declarations of signals that declare nothing.
    pub misdeclared: Vec<Mistake>,
    /// What a release calls besides its metrics, and cannot reach.
    pub unreachable: Vec<Mistake>,
    /// The service level objective that its author declares, as written.
    pub objective: Option<String>,
    /// The controller that carries the plan out.
    pub controller: Controller,
    /// References that did not lead to an object.
    pub unresolved: Vec<Unresolved>,
    /// The templates it refers to, directly or through others, as [`template_key`]; those that are missing too.
    pub templates: Vec<String>,
    /// The pods the release runs, when they could be read.
    pub workload: Option<Workload>,
}

impl DeliveryPlan {
    /// The metrics of all analyses.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.analyses.iter().flat_map(|analysis| &analysis.metrics)
    }
}

/// What a template is known by in [`DeliveryPlan::templates`]; without a namespace for kinds that have none.
#[must_use]
pub fn template_key(kind: &str, namespace: &str, name: &str) -> String {
    format!("{kind} {namespace}/{name}")
}

/// How traffic moves to the new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Nothing progressive: the new version simply replaces the old one.
    #[default]
    None,
    /// Growing shares of the traffic.
    Canary,
    /// One switch from the active to the preview side.
    BlueGreen,
    /// Only the requests that match a rule, for a number of iterations.
    AbTest,
}

impl Strategy {
    /// The name used in messages and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Canary => "canary",
            Self::BlueGreen => "blue-green",
            Self::AbTest => "a/b",
        }
    }
}

/// A span of a release during which the weight does not change.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    /// JSON path of what declares it.
    pub path: String,
    /// The weight written in the manifest, in percent.
    pub weight: f64,
    /// The share of requests that really reaches the new version, in percent: replica rounding and a
    /// router's own scale included.
    pub effective_weight: f64,
    /// Requests that match a header or cookie rule go to the new version whatever the weight; how many those
    /// are is not in the manifest, so neither the weight nor the exposure counts them.
    pub matching: bool,
    /// Requests are copied to the new version and its answers dropped: it can be measured at weight 0.
    pub mirrored: bool,
    /// What has to be over before the next stage, one after the other.
    pub waits: Vec<Wait>,
}

/// What a stage waits for.
#[derive(Debug, Clone)]
pub enum Wait {
    /// A fixed time, in seconds.
    Time {
        /// Length in seconds.
        seconds: f64,
    },
    /// A person, or a gate outside the cluster: without an end of its own.
    Human {
        /// JSON path of the gate.
        path: String,
        /// What it is, for messages.
        what: &'static str,
    },
    /// Something that can never come.
    Never {
        /// JSON path of the cause.
        path: String,
        /// Why it never ends, for messages.
        why: &'static str,
    },
    /// Analyses started here and awaited.
    Analyses {
        /// Which ones, by index into [`DeliveryPlan::analyses`].
        runs: Vec<usize>,
        /// The wait is over after so many seconds, whatever is still running (an experiment's duration).
        limit: Option<f64>,
    },
}

/// A set of metrics measured together, which can end the release.
#[derive(Debug, Default)]
pub struct Analysis {
    /// JSON path of its reference in the governed object.
    pub path: String,
    /// What it measures.
    pub metrics: Vec<Metric>,
    /// For an analysis beside the stages: where it starts. `None` when a stage awaits it.
    pub beside_from: Option<Position>,
    /// A failing measurement keeps the release at its stage (Flagger's check), rather than only being counted.
    pub holds_stage: bool,
    /// Seconds from the deciding measurement to the rollback: Flagger tests its counter one interval later.
    pub reaction: f64,
    /// Without traffic to the new version it measures the old one (Argo Rollouts' canary analyses).
    pub needs_exposure: bool,
    /// A smoke test done here comes late enough to say that the release works.
    pub late: bool,
}

/// A place in the plan: a stage and one of its waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// Index into [`DeliveryPlan::stages`].
    pub stage: usize,
    /// Index into [`Stage::waits`]; equal to their number: after the last of them.
    pub wait: usize,
}

impl Position {
    /// A place no release ever reaches.
    pub const NEVER: Self = Self { stage: usize::MAX, wait: 0 };
}

/// Something the manifest leaves open or gets wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// JSON path where it belongs.
    pub path: String,
    /// What is missing or wrong, and what the controller does then.
    pub message: String,
    /// What to write.
    pub help: String,
    /// The value to set at `path`, where no other would do.
    pub mend: Option<Mend>,
}

impl Mistake {
    /// A mistake at `path`.
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), help: help.into(), mend: None }
    }

    /// The same, to be mended by a value at its path.
    pub(crate) fn mended_by(self, mend: Mend) -> Self {
        Self { mend: Some(mend), ..self }
    }
}

/// A reference that did not lead to an object.
#[derive(Debug, Clone)]
pub struct Unresolved {
    /// JSON path of the reference.
    pub path: String,
    /// The object, as `Kind/name`.
    pub object: String,
    /// Why there is none.
    pub why: Missing,
    /// The controller holds the release until the object is there.
    pub held: bool,
}

impl Unresolved {
    /// A reference at `path` to `object`, until which the controller holds the release.
    pub(crate) fn new(path: impl Into<String>, object: impl Into<String>, why: Missing) -> Self {
        Self { path: path.into(), object: object.into(), why, held: true }
    }
}

/// Why a reference did not lead to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The cluster, or the set of files, says there is no such object.
    NotFound,
    /// Nobody could be asked.
    Unreadable(String),
    /// The object is there and makes no sense.
    Malformed(String),
}

/// A reference to an object of the release's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// JSON path of the reference.
    pub path: String,
    /// Name of the object.
    pub name: String,
}

/// What a rollback returns to.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// How long the previous pods are kept after the promotion, where the controller has a say in that.
    pub scale_down: Option<Delay>,
    /// What makes the previous version go away too soon in any case.
    pub lost: Vec<Mistake>,
}

/// A delay that is declared, or the controller's own.
#[derive(Debug, Clone)]
pub struct Delay {
    /// JSON path of the field.
    pub path: String,
    /// Length in seconds.
    pub seconds: f64,
}

/// A delivery controller, as the cluster shows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Controller {
    /// Its name, for messages.
    pub name: &'static str,
    /// Labels, as `key=value`, one of which its Deployment carries wherever it is installed from.
    pub labels: &'static [&'static str],
    /// How the name of a Deployment ends that may be installed beside it with the same labels.
    pub companion: &'static str,
}

/// What the rules read of a workload's pods.
#[derive(Debug, Clone, Default)]
pub struct Workload {
    /// JSON path of the reference to it; `None` where the template stands in the governed object itself.
    pub reference: Option<String>,
    /// The pods' template.
    pub template: PodTemplate,
    /// Changes of the `ConfigMap`s and Secrets it uses are releases of their own, and are rolled back with them,
    /// unless they carry this annotation with a value that starts with `disable`.
    pub configuration_tracked: Option<&'static str>,
}

impl Workload {
    /// The JSON path, in the governed object, of a field of the template.
    #[must_use]
    pub fn path(&self, field: &str) -> String {
        match &self.reference {
            Some(reference) => reference.clone(),
            None => format!("spec.template.{field}"),
        }
    }
}
