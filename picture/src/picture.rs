//! A plan and the releases that are played through it.

use rollgate_policy::plan::{self, DeliveryPlan, Signal, Signals, Span, courses, good_course, play_good};

use crate::story::Story;
use crate::wording;

/// The object a plan belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Rollout or Canary.
    pub kind: String,
    /// Its namespace, if its manifest names one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// A plan to look at.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Whose plan it is.
    pub subject: Subject,
    /// How traffic moves to the new version.
    pub strategy: plan::Strategy,
    /// The stages in order, without the promotion that follows the last one.
    pub stages: Vec<Stage>,
    /// What can end a release.
    pub analyses: Vec<Analysis>,
    /// A release that passes everything.
    pub good: Story,
    /// A release bad in every signal, then one for each required signal alone.
    pub bad: Vec<Story>,
    /// References without an object: what they would have said is missing.
    pub unresolved: Vec<String>,
}

/// A span of a release during which the weight does not change.
#[derive(Debug, Clone)]
pub struct Stage {
    /// JSON path of what declares it.
    pub path: String,
    /// The weight written in the manifest, in percent.
    pub weight: f64,
    /// The share of requests that really reaches the new version, in percent.
    pub effective_weight: f64,
    /// Requests that match a rule go to the new version whatever the weight.
    pub matching: bool,
    /// Requests are copied to the new version and its answers dropped.
    pub mirrored: bool,
    /// What has to be over before the next stage, one after the other.
    pub waits: Vec<Wait>,
    /// The analyses that run while a good release is at it: indices into [`Picture::analyses`].
    pub watched_by: Vec<usize>,
}

/// What a stage waits for.
#[derive(Debug, Clone)]
pub enum Wait {
    /// A fixed time, in seconds.
    Time(f64),
    /// A person.
    Human(&'static str),
    /// Something that never comes.
    Never(&'static str),
    /// Analyses: indices into [`Picture::analyses`].
    Analyses(Vec<usize>),
}

/// A set of metrics measured together.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// What it is called: its templates, or the field that declares it.
    pub name: String,
    /// JSON path of its reference in the governed object.
    pub path: String,
    /// It runs beside the stages instead of being awaited by one.
    pub beside: bool,
    /// What it measures.
    pub metrics: Vec<Metric>,
}

/// Something measured.
#[derive(Debug, Clone)]
pub struct Metric {
    /// Its name within the analysis.
    pub name: String,
    /// The object that declares it, as `Kind/name`; empty for the governed object itself.
    pub object: String,
    /// What takes the measurement; empty when that is unknown.
    pub provider: &'static str,
    /// The signals it says something about.
    pub signals: Vec<Signal>,
    /// It can end a release as failed.
    pub can_fail: bool,
    /// Seconds between measurements; `None` for a single one.
    pub interval: Option<f64>,
    /// Failed measurements that are still borne; `None`: any number.
    pub failure_limit: Option<u64>,
}

impl Picture {
    /// Plays a good release through `plan`, then one bad in every signal, then one bad in each of `required` alone.
    #[must_use]
    pub fn new(subject: Subject, plan: &DeliveryPlan, required: &[Signal], distinct: bool) -> Self {
        let good = Story::new(plan, good_course(plan));
        let bad = courses(plan, &play_good(plan), required, distinct);
        Self {
            subject,
            strategy: plan.strategy,
            stages: plan
                .stages
                .iter()
                .enumerate()
                .map(|(index, stage)| Stage::new(index, stage, &good))
                .collect(),
            analyses: plan.analyses.iter().map(|analysis| Analysis::new(analysis, distinct)).collect(),
            bad: bad.into_iter().map(|course| Story::new(plan, course)).collect(),
            good,
            unresolved: plan.unresolved.iter().map(|reference| reference.object.clone()).collect(),
        }
    }

    /// What it is about: `Rollout shop/payments`.
    #[must_use]
    pub fn title(&self) -> String {
        wording::title(&self.subject)
    }

    /// What the stage waits for, in words.
    #[must_use]
    pub fn hold(&self, stage: &Stage) -> String {
        wording::hold(self, stage)
    }

    /// The releases, the good one first.
    pub fn stories(&self) -> impl Iterator<Item = &Story> {
        std::iter::once(&self.good).chain(&self.bad)
    }
}

impl Stage {
    /// The share of requests that the new version gets, in words.
    #[must_use]
    pub fn share(&self) -> String {
        wording::share(self)
    }

    fn new(index: usize, stage: &plan::Stage, good: &Story) -> Self {
        let passage = good.passages.iter().find(|passage| passage.stage == index);
        let mut watched_by = Vec::new();
        if let Some(passage) = passage {
            let during = good.runs.iter().filter(|run| overlap(run.span, passage.span));
            watched_by.extend(during.map(|run| run.analysis));
        }
        for wait in &stage.waits {
            let plan::Wait::Analyses { runs, .. } = wait else { continue };
            watched_by.extend(
                runs.iter()
                    .filter(|run| passage.is_some() && !watched_by.contains(run))
                    .copied()
                    .collect::<Vec<_>>(),
            );
        }
        watched_by.sort_unstable();
        Self {
            path: stage.path.clone(),
            weight: stage.weight,
            effective_weight: stage.effective_weight,
            matching: stage.matching,
            mirrored: stage.mirrored,
            waits: stage.waits.iter().map(Wait::new).collect(),
            watched_by,
        }
    }
}

fn overlap(one: Span, other: Span) -> bool {
    one.start < other.end && other.start < one.end
}

impl Wait {
    fn new(wait: &plan::Wait) -> Self {
        match wait {
            plan::Wait::Time { seconds } => Self::Time(*seconds),
            plan::Wait::Human { what, .. } => Self::Human(what),
            plan::Wait::Never { why, .. } => Self::Never(why),
            plan::Wait::Analyses { runs, .. } => Self::Analyses(runs.clone()),
        }
    }
}

impl Analysis {
    fn new(analysis: &plan::Analysis, distinct: bool) -> Self {
        Self {
            name: name(analysis),
            path: analysis.path.clone(),
            beside: analysis.beside_from.is_some(),
            metrics: analysis.metrics.iter().map(|metric| Metric::new(metric, distinct)).collect(),
        }
    }
}

/// The templates of an analysis; where they are none, or not all of it, the field that declares it.
fn name(analysis: &plan::Analysis) -> String {
    let mut names: Vec<&str> = Vec::new();
    for metric in &analysis.metrics {
        let name = metric.object.rsplit('/').next().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() || names.len() > 2 || names.contains(&"") {
        let field = analysis.path.rsplit('.').next().unwrap_or_default();
        return field.split('[').next().unwrap_or_default().to_owned();
    }
    names.join(" + ")
}

impl Metric {
    fn new(metric: &plan::Metric, distinct: bool) -> Self {
        let signals: Signals = metric.signals(distinct);
        Self {
            name: if metric.stands_in { "?".to_owned() } else { metric.name.clone() },
            object: metric.object.clone(),
            provider: metric.provider.name,
            signals: Signal::ALL
                .into_iter()
                .filter(|signal| !metric.stands_in && signals.contains(*signal))
                .collect(),
            can_fail: metric.can_fail(),
            interval: metric.schedule.interval,
            failure_limit: metric.schedule.failure_limit,
        }
    }
}
