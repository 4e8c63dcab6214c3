//! A picture as JSON, for programs: `docs/plan.schema.json` describes it.

use rollgate_policy::plan::Signal;
use serde::Serialize;

use crate::picture::{Analysis, Picture, Stage, Wait};
use crate::story::{Cause, Story};
use crate::wording;

/// What is written down of a picture.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan<'a> {
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    strategy: &'static str,
    stages: Vec<StageReport<'a>>,
    analyses: Vec<AnalysisReport<'a>>,
    good: Good<'a>,
    outcomes: Vec<Outcome<'a>>,
    unresolved: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StageReport<'a> {
    path: &'a str,
    weight: f64,
    effective_weight: f64,
    matching: bool,
    mirrored: bool,
    waits: Vec<WaitReport<'a>>,
    watched_by: &'a [usize],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "for")]
enum WaitReport<'a> {
    Time { seconds: f64 },
    Human { what: &'a str },
    Never { why: &'a str },
    Analyses { metrics: Vec<&'a str> },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnalysisReport<'a> {
    name: &'a str,
    path: &'a str,
    beside: bool,
    metrics: Vec<MetricReport<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricReport<'a> {
    name: &'a str,
    object: &'a str,
    provider: &'static str,
    signals: Vec<&'static str>,
    can_fail: bool,
    interval: Option<f64>,
    failure_limit: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Good<'a> {
    end: &'static str,
    seconds: f64,
    people: usize,
    #[serde(flatten)]
    course: Course<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    bad: Vec<&'static str>,
    end: &'static str,
    seconds: f64,
    peak_weight: f64,
    exposure: f64,
    #[serde(flatten)]
    course: Course<'a>,
}

/// Times without what people take.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Course<'a> {
    cause: Option<CauseReport<'a>>,
    weights: Vec<Share>,
    runs: Vec<RunReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", untagged)]
enum CauseReport<'a> {
    Metric { metric: &'a str, analysis: usize, since_first_failing: f64 },
    Gate { gate: &'a str, path: &'a str },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Share {
    stage: usize,
    weight: f64,
    start: f64,
    end: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RunReport {
    analysis: usize,
    start: f64,
    end: f64,
    verdict: &'static str,
}

impl<'a> Plan<'a> {
    /// Of a picture.
    #[must_use]
    pub fn of(picture: &'a Picture) -> Self {
        let good = &picture.good;
        Self {
            kind: &picture.subject.kind,
            namespace: picture.subject.namespace.as_deref(),
            name: &picture.subject.name,
            strategy: picture.strategy.name(),
            stages: picture.stages.iter().map(|stage| StageReport::of(picture, stage)).collect(),
            analyses: picture.analyses.iter().map(AnalysisReport::of).collect(),
            good: Good {
                end: good.end.name(),
                seconds: good.unattended(good.seconds),
                people: good.attended.len(),
                course: Course::of(good),
            },
            outcomes: picture.bad.iter().map(Outcome::of).collect(),
            unresolved: &picture.unresolved,
        }
    }
}

impl<'a> StageReport<'a> {
    fn of(picture: &'a Picture, stage: &'a Stage) -> Self {
        let waits = stage.waits.iter().map(|wait| match wait {
            Wait::Time(seconds) => WaitReport::Time { seconds: *seconds },
            Wait::Human(what) => WaitReport::Human { what },
            Wait::Never(why) => WaitReport::Never { why },
            Wait::Analyses(runs) => WaitReport::Analyses {
                metrics: runs
                    .iter()
                    .flat_map(|run| &picture.analyses[*run].metrics)
                    .map(|metric| metric.name.as_str())
                    .collect(),
            },
        });
        Self {
            path: &stage.path,
            weight: stage.weight,
            effective_weight: stage.effective_weight,
            matching: stage.matching,
            mirrored: stage.mirrored,
            waits: waits.collect(),
            watched_by: &stage.watched_by,
        }
    }
}

impl<'a> AnalysisReport<'a> {
    fn of(analysis: &'a Analysis) -> Self {
        let metrics = analysis.metrics.iter().map(|metric| MetricReport {
            name: &metric.name,
            object: &metric.object,
            provider: metric.provider,
            signals: names(&metric.signals),
            can_fail: metric.can_fail,
            interval: metric.interval,
            failure_limit: metric.failure_limit,
        });
        Self {
            name: &analysis.name,
            path: &analysis.path,
            beside: analysis.beside,
            metrics: metrics.collect(),
        }
    }
}

fn names(signals: &[Signal]) -> Vec<&'static str> {
    signals.iter().copied().map(Signal::name).collect()
}

impl<'a> Outcome<'a> {
    fn of(story: &'a Story) -> Self {
        Self {
            bad: names(&story.bad),
            end: story.end.name(),
            seconds: story.seconds,
            peak_weight: story.peak_weight,
            exposure: story.exposure,
            course: Course::of(story),
        }
    }
}

impl<'a> Course<'a> {
    fn of(story: &'a Story) -> Self {
        let weights = story.passages.iter().map(|passage| Share {
            stage: passage.stage,
            weight: passage.weight,
            start: story.unattended(passage.span.start),
            end: story.unattended(passage.span.end),
        });
        let runs = story.runs.iter().map(|run| RunReport {
            analysis: run.analysis,
            start: story.unattended(run.span.start),
            end: story.unattended(run.span.end),
            verdict: wording::verdict(run.verdict),
        });
        let cause = story.cause.as_ref().map(|cause| match cause {
            Cause::Metric { analysis, metric, since_first_failing } => {
                CauseReport::Metric { metric, analysis: *analysis, since_first_failing: *since_first_failing }
            }
            Cause::Gate { path, what } => CauseReport::Gate { gate: what, path },
        });
        Self { cause, weights: weights.collect(), runs: runs.collect() }
    }
}
