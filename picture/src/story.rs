//! What becomes of one release, as a timeline.

use crate::wording;
use rollgate_policy::plan::{self, Course, DeliveryPlan, End, Measured, Signal, Span};

/// One release from its first stage to its end.
///
/// Times are seconds since the first stage. In a good release each wait for a person takes as long as the simulation
/// has it take, which says nothing: [`Story::attended`] names these spans.
#[derive(Debug, Clone)]
pub struct Story {
    /// The signals the release is bad in; none for a good one.
    pub bad: Vec<Signal>,
    /// How it ends.
    pub end: End,
    /// When that is.
    pub seconds: f64,
    /// The largest share of requests it got, in percent.
    pub peak_weight: f64,
    /// Weight over time until then, in percent-minutes.
    pub exposure: f64,
    /// What ended it, or holds it.
    pub cause: Option<Cause>,
    /// The stages it went through: without a gap, the last one ends with the release.
    pub passages: Vec<Passage>,
    /// The analyses that ran, in the order in which they started.
    pub runs: Vec<Run>,
    /// When it waited for a person, and a person came.
    pub attended: Vec<Span>,
}

/// A stage that a release went through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passage {
    /// Index into [`Picture::stages`](crate::Picture::stages).
    pub stage: usize,
    /// The share of requests, in percent.
    pub weight: f64,
    /// From when to when.
    pub span: Span,
}

/// An analysis while a release was under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// Index into [`Picture::analyses`](crate::Picture::analyses).
    pub analysis: usize,
    /// From its start until it decided, or until the release was over.
    pub span: Span,
    /// What it decided; `None` when the release was over first.
    pub verdict: Option<Measured>,
}

/// What ended a release, or holds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// A metric ended its analysis.
    Metric {
        /// Index into [`Picture::analyses`](crate::Picture::analyses).
        analysis: usize,
        /// The metric, for messages.
        metric: String,
        /// Seconds from its first failing measurement to the end.
        since_first_failing: f64,
    },
    /// A gate that opens by hand only, or never.
    Gate {
        /// JSON path of the gate.
        path: String,
        /// What it is.
        what: &'static str,
    },
}

impl Story {
    pub(crate) fn new(plan: &DeliveryPlan, course: Course) -> Self {
        let Course { outcome, stages, waits, runs } = course;
        let waited =
            |stage: usize, wait: usize| plan.stages.get(stage).and_then(|stage| stage.waits.get(wait));
        let attended = waits
            .iter()
            .filter(|(at, _)| matches!(waited(at.stage, at.wait), Some(plan::Wait::Human { .. })))
            .map(|(_, span)| *span)
            .filter(|span| outcome.bad.is_empty() && span.end > span.start);
        let cause = outcome.cause.map(|cause| match cause {
            plan::Cause::Metric { analysis, metric, since_first_failing } => Cause::Metric {
                analysis,
                metric: plan.analyses[analysis].metrics[metric].title(),
                since_first_failing,
            },
            plan::Cause::Gate { path, what } => Cause::Gate { path, what },
        });
        Self {
            attended: attended.collect(),
            passages: stages
                .into_iter()
                .enumerate()
                .map(|(stage, span)| Passage { stage, weight: plan.stages[stage].effective_weight, span })
                .collect(),
            runs: runs
                .into_iter()
                .map(|run| Run { analysis: run.analysis, span: run.span, verdict: run.verdict })
                .collect(),
            cause,
            bad: outcome.bad,
            end: outcome.end,
            seconds: outcome.seconds,
            peak_weight: outcome.peak_weight,
            exposure: outcome.exposure,
        }
    }

    /// Whether nothing is wrong with the release.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.bad.is_empty()
    }

    /// What kind of release it is: `bad in latency alone`.
    #[must_use]
    pub fn kind(&self) -> String {
        wording::kind(self)
    }

    /// How it ends, when, how much it exposed until then, and why.
    #[must_use]
    pub fn summary(&self) -> String {
        wording::summary(self)
    }

    /// Seconds until `time` in which nobody had to come.
    #[must_use]
    pub fn unattended(&self, time: f64) -> f64 {
        let waited = |span: &Span| (time.min(span.end) - span.start).max(0.0);
        time - self.attended.iter().map(waited).sum::<f64>()
    }

    /// The share of requests once the release is over, in percent.
    #[must_use]
    pub fn final_weight(&self) -> f64 {
        match self.end {
            End::Promoted => 100.0,
            End::RolledBack => 0.0,
            End::Waits => self.passages.last().map_or(0.0, |passage| passage.weight),
        }
    }
}
