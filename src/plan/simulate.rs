//! Plays a release through a plan. No clock: time is what the plan says it is.
//!
//! The release that is played is bad from its first request in the signals named, and good in everything else.
//! Pods become ready at once and a measurement takes no time, so all figures are the controller's best case.

use super::{Analysis, DeliveryPlan, Measured, Position, Signal, Wait};

/// How long a person is taken to need for a pause without end, in seconds, when a good release is played.
const HUMAN_DELAY: f64 = 86_400.0;

/// What becomes of one release.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The signals the release is bad in.
    pub bad: Vec<Signal>,
    /// How it ends.
    pub end: End,
    /// Seconds from the first stage to the end, or to where it stops and waits.
    pub seconds: f64,
    /// The largest share of requests it got, in percent.
    pub peak_weight: f64,
    /// The exposure until then: weight over time, in percent-minutes.
    pub exposure: f64,
    /// What ended it, unless it was promoted.
    pub cause: Option<Cause>,
}

/// A release from its first stage to its end: what [`Outcome`] sums up.
#[derive(Debug, Clone)]
pub struct Course {
    /// How it ends.
    pub outcome: Outcome,
    /// When it was at each stage; the last one ends with the release.
    pub stages: Vec<Span>,
    /// What it waited for in these stages, and when; the last wait ends with the release.
    pub waits: Vec<(Position, Span)>,
    /// The analyses that were started, in that order.
    pub runs: Vec<CourseRun>,
}

/// An analysis during one release.
#[derive(Debug, Clone)]
pub struct CourseRun {
    /// Index into [`DeliveryPlan::analyses`].
    pub analysis: usize,
    /// From its start until it decided, or until the release ended without it.
    pub span: Span,
    /// What it decided; `None` when the release ended first.
    pub verdict: Option<Measured>,
}

/// How a release ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All traffic is back on the stable version, without anyone having acted.
    RolledBack,
    /// The new version is the stable one.
    Promoted,
    /// Nothing more happens until somebody acts.
    Waits,
}

impl End {
    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RolledBack => "rolled-back",
            Self::Promoted => "promoted",
            Self::Waits => "waits",
        }
    }
}

/// What ended a release, or holds it.
#[derive(Debug, Clone)]
pub enum Cause {
    /// A metric ended its analysis.
    Metric {
        /// Index into [`DeliveryPlan::analyses`].
        analysis: usize,
        /// Index into [`Analysis::metrics`].
        metric: usize,
        /// Seconds from its first failing measurement to the end.
        since_first_failing: f64,
    },
    /// A gate that only opens by hand, or never.
    Gate {
        /// JSON path of the gate.
        path: String,
        /// What it is.
        what: &'static str,
    },
}

/// From when to when, in seconds; an end of infinity for what does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Start in seconds.
    pub start: f64,
    /// End in seconds.
    pub end: f64,
}

/// The times of a release that passes everything.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// One for each stage that is reached.
    pub stages: Vec<Span>,
    /// One for each analysis, if it is ever started.
    pub analyses: Vec<Option<Span>>,
    /// When the first request reaches the new version, if one does before promotion.
    pub exposed_at: Option<f64>,
    /// When it is promoted, if it is.
    pub promoted_at: Option<f64>,
    /// What keeps it from being promoted, where that is a gate.
    pub stopped_by: Option<Cause>,
}

/// The outcomes for a release bad in every signal, then for each of `alone` by itself.
#[must_use]
pub fn outcomes(plan: &DeliveryPlan, timeline: &Timeline, alone: &[Signal], distinct: bool) -> Vec<Outcome> {
    std::iter::once(Signal::ALL.to_vec())
        .chain(alone.iter().map(|signal| vec![*signal]))
        .map(|bad| Player::new(plan, bad, distinct, timeline.exposed_at).play().0)
        .collect()
}

/// The courses behind [`outcomes`], in the same order.
#[must_use]
pub fn courses(plan: &DeliveryPlan, timeline: &Timeline, alone: &[Signal], distinct: bool) -> Vec<Course> {
    std::iter::once(Signal::ALL.to_vec())
        .chain(alone.iter().map(|signal| vec![*signal]))
        .map(|bad| Player::new(plan, bad, distinct, timeline.exposed_at).play().into())
        .collect()
}

/// The course of a release that passes everything; people approve what waits for them a day later.
#[must_use]
pub fn good_course(plan: &DeliveryPlan) -> Course {
    Player::new(plan, Vec::new(), false, None).play().into()
}

/// The outcome for a release without fault but for its verification: every smoke check that comes late enough
/// fails. People approve what waits for them.
#[must_use]
pub fn play_unverified(plan: &DeliveryPlan, timeline: &Timeline) -> Outcome {
    let mut player = Player::new(plan, Vec::new(), false, timeline.exposed_at);
    player.verification_fails = true;
    player.play().0
}

/// The times of a release that passes everything; people approve what waits for them.
#[must_use]
pub fn play_good(plan: &DeliveryPlan) -> Timeline {
    let (outcome, player) = Player::new(plan, Vec::new(), false, None).play();
    Timeline {
        exposed_at: player.exposed_at,
        promoted_at: (outcome.end == End::Promoted).then_some(outcome.seconds),
        stopped_by: outcome.cause,
        analyses: (0..plan.analyses.len())
            .map(|index| {
                let run = player.runs.iter().find(|run| run.analysis == index)?;
                Some(Span { start: run.start, end: run.passed_at.unwrap_or(f64::INFINITY) })
            })
            .collect(),
        stages: player.stages,
    }
}

impl From<(Outcome, Player<'_>)> for Course {
    fn from((outcome, player): (Outcome, Player<'_>)) -> Self {
        let until_end = |span: Span| Span { start: span.start, end: span.end.min(outcome.seconds) };
        let runs = player.runs.iter().map(|run| {
            let decided = match run.verdict {
                Some(verdict) => Some((verdict.at, verdict.phase)),
                None => run.passed_at.map(|at| (at, Measured::Successful)),
            };
            let decided = decided.filter(|(at, _)| *at <= outcome.seconds);
            let end = decided.map_or(outcome.seconds, |(at, _)| at);
            CourseRun {
                analysis: run.analysis,
                span: Span { start: run.start, end },
                verdict: decided.map(|(_, phase)| phase),
            }
        });
        Self {
            runs: runs.collect(),
            stages: player.stages.into_iter().map(until_end).collect(),
            waits: player.waits.into_iter().map(|(position, span)| (position, until_end(span))).collect(),
            outcome,
        }
    }
}

/// An analysis under way.
struct Run {
    analysis: usize,
    start: f64,
    /// When all its metrics are successful; `None` while one goes on or stops the release.
    passed_at: Option<f64>,
    /// What it does to the release.
    verdict: Option<Verdict>,
    /// From when its failing measurements keep the release at its stage.
    holds_from: Option<f64>,
}

#[derive(Clone, Copy)]
struct Verdict {
    at: f64,
    phase: Measured,
    metric: usize,
    first_failing: f64,
}

struct Player<'a> {
    plan: &'a DeliveryPlan,
    bad: Vec<Signal>,
    distinct: bool,
    verification_fails: bool,
    /// When requests first reach the new version: known beforehand for a bad release, found for a good one.
    exposed_at: Option<f64>,
    time: f64,
    exposure: f64,
    peak_weight: f64,
    runs: Vec<Run>,
    stages: Vec<Span>,
    waits: Vec<(Position, Span)>,
}

impl<'a> Player<'a> {
    fn new(plan: &'a DeliveryPlan, bad: Vec<Signal>, distinct: bool, exposed_at: Option<f64>) -> Self {
        Self {
            plan,
            bad,
            distinct,
            verification_fails: false,
            exposed_at,
            time: 0.0,
            exposure: 0.0,
            peak_weight: 0.0,
            runs: Vec::new(),
            stages: Vec::new(),
            waits: Vec::new(),
        }
    }

    fn play(mut self) -> (Outcome, Self) {
        let plan = self.plan;
        for (index, stage) in plan.stages.iter().enumerate() {
            let weight = stage.effective_weight;
            self.peak_weight = self.peak_weight.max(weight);
            if self.exposed_at.is_none()
                && self.bad.is_empty()
                && (weight > 0.0 || stage.matching || stage.mirrored)
            {
                self.exposed_at = Some(self.time);
            }
            let start = self.time;
            for position in 0..=stage.waits.len() {
                let place = Position { stage: index, wait: position };
                self.start_beside(place);
                let Some(wait) = stage.waits.get(position) else { continue };
                let since = self.time;
                if let Some((end, cause)) = self.sit_through(wait, weight) {
                    self.stages.push(Span { start, end: f64::INFINITY });
                    self.waits.push((place, Span { start: since, end: f64::INFINITY }));
                    return self.finish(end, cause);
                }
                self.waits.push((place, Span { start: since, end: self.time }));
            }
            self.stages.push(Span { start, end: self.time });
        }
        self.peak_weight = 100.0;
        self.finish(End::Promoted, None)
    }

    fn finish(self, end: End, cause: Option<Cause>) -> (Outcome, Self) {
        let outcome = Outcome {
            bad: self.bad.clone(),
            end,
            seconds: self.time,
            peak_weight: self.peak_weight,
            exposure: self.exposure,
            cause,
        };
        (outcome, self)
    }

    fn start_beside(&mut self, position: Position) {
        for (index, analysis) in self.plan.analyses.iter().enumerate() {
            if analysis.beside_from == Some(position) {
                self.start_run(index, true);
            }
        }
    }

    /// Lets a wait pass; `Some` when the release ends, or stops, during it.
    fn sit_through(&mut self, wait: &Wait, weight: f64) -> Option<(End, Option<Cause>)> {
        let mut gate = None;
        let end = match wait {
            Wait::Time { seconds } => self.time + seconds.max(0.0),
            Wait::Human { .. } if self.bad.is_empty() => self.time + HUMAN_DELAY,
            Wait::Human { path, what } | Wait::Never { path, why: what } => {
                gate = Some(Cause::Gate { path: path.clone(), what });
                f64::INFINITY
            }
            Wait::Analyses { runs, limit } => {
                let from = self.runs.len();
                for index in runs {
                    self.start_run(*index, false);
                }
                self.cut_off(from, limit.map(|limit| self.time + limit))
            }
        };
        let end = if self.runs.iter().any(|run| run.holds_from.is_some_and(|from| from <= end)) {
            f64::INFINITY
        } else {
            end
        };
        let Some((run, verdict)) = self.next_verdict(end, Measured::Inconclusive) else {
            if end.is_infinite() {
                return Some((End::Waits, gate));
            }
            self.advance(end, weight);
            return None;
        };
        self.advance(verdict.at, weight);
        // An inconclusive analysis pauses the release where it is; the others go on and may still end it.
        match self.next_verdict(f64::INFINITY, Measured::Error) {
            Some((run, verdict)) => {
                self.advance(verdict.at, weight);
                Some((End::RolledBack, Some(self.cause(run, verdict))))
            }
            None => Some((End::Waits, Some(self.cause(run, verdict)))),
        }
    }

    fn advance(&mut self, to: f64, weight: f64) {
        if to > self.time {
            self.exposure += weight * (to - self.time) / 60.0;
            self.time = to;
        }
    }

    /// When all runs from index `from` on have passed; with a limit, at the limit, when the others are dropped.
    fn cut_off(&mut self, from: usize, limit: Option<f64>) -> f64 {
        let runs = &mut self.runs[from..];
        let Some(limit) = limit else {
            return runs.iter().map(|run| run.passed_at.unwrap_or(f64::INFINITY)).fold(self.time, f64::max);
        };
        for run in runs {
            if run.verdict.is_none_or(|verdict| verdict.at >= limit) {
                run.verdict = None;
                run.passed_at = Some(run.passed_at.unwrap_or(limit).min(limit));
            }
        }
        limit
    }

    /// The first verdict, at least as bad as `phase`, that is due before `end`.
    fn next_verdict(&self, end: f64, phase: Measured) -> Option<(usize, Verdict)> {
        self.runs
            .iter()
            .filter_map(|run| Some((run.analysis, run.verdict?)))
            .filter(|(_, verdict)| verdict.at < end && verdict.phase >= phase)
            .min_by(|(_, a), (_, b)| a.at.total_cmp(&b.at).then(b.phase.cmp(&a.phase)))
    }

    fn cause(&self, analysis: usize, verdict: Verdict) -> Cause {
        let since_first_failing = self.time.max(verdict.at) - verdict.first_failing;
        Cause::Metric { analysis, metric: verdict.metric, since_first_failing }
    }

    fn start_run(&mut self, index: usize, beside: bool) {
        let analysis = &self.plan.analyses[index];
        let mut run = Run {
            analysis: index,
            start: self.time,
            passed_at: Some(self.time),
            verdict: None,
            holds_from: None,
        };
        for (metric_index, metric) in analysis.metrics.iter().enumerate() {
            if !metric.takes_part() {
                continue;
            }
            let blind = self.blind_measurements(analysis, metric_index, beside);
            let verdict = if self.verification_fails && analysis.late && metric.kind.is_smoke_check() {
                Measured::Failed
            } else {
                metric.verdict(&self.bad, self.distinct)
            };
            let end = metric.schedule.end(blind, verdict);
            let first_failing = end.first_failing.map(|at| self.time + at);
            if end.phase == Measured::Successful {
                run.passed_at =
                    run.passed_at.zip(end.at.map(|at| self.time + at)).map(|(one, other)| one.max(other));
            } else if let (Some(at), Some(first_failing)) = (end.at, first_failing) {
                let verdict = Verdict {
                    at: self.time + at + analysis.reaction,
                    phase: end.phase,
                    metric: metric_index,
                    first_failing,
                };
                // The first metric to end badly ends the run; of two at the same moment, the worse one.
                let first = run.verdict.is_none_or(|other| {
                    verdict.at < other.at || (verdict.at <= other.at && verdict.phase > other.phase)
                });
                if first {
                    run.verdict = Some(verdict);
                }
            }
            if analysis.holds_stage && end.phase != Measured::Successful {
                run.holds_from = match (run.holds_from, first_failing) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
        }
        if run.verdict.is_some() {
            run.passed_at = None;
        }
        self.runs.push(run);
    }

    /// How many measurements are taken before the new version has had a request to show itself in.
    fn blind_measurements(&self, analysis: &Analysis, metric: usize, beside: bool) -> u64 {
        if !analysis.needs_exposure || self.bad.is_empty() {
            return 0;
        }
        match self.exposed_at {
            // An awaited analysis starts when its stage's weight is set; one beside the stages may start with it.
            Some(exposed) => {
                analysis.metrics[metric].schedule.measurements_before(exposed - self.time, beside)
            }
            None => u64::MAX,
        }
    }
}
