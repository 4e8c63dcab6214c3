//! What must hold of the simulation, whatever the plan.

#![expect(clippy::float_cmp, reason = "the same number by the same way")]

use std::cell::OnceCell;

use proptest::prelude::*;
use proptest::sample::Index;
use rollgate_policy::plan::{
    Analysis, Course, DeliveryPlan, End, Metric, MetricKind, Outcome, Position, ResultShape, Schedule,
    Signal, Stage, Strategy as Delivery, Threshold, Wait, courses, good_course, outcomes, play_good,
    play_unverified,
};
use rollgate_policy::query::Measure;

/// A metric, before it is one: plans cannot be copied, and most properties compare two.
#[derive(Debug, Clone)]
struct Measured {
    kind: MetricKind,
    measure: Measure,
    most: Option<f64>,
    schedule: Schedule,
    dry_run: bool,
}

#[derive(Debug, Clone)]
struct Watch {
    metrics: Vec<Measured>,
    beside_from: Option<Position>,
    holds_stage: bool,
    reaction: f64,
    needs_exposure: bool,
}

#[derive(Debug, Clone)]
struct Draft {
    stages: Vec<Stage>,
    analyses: Vec<Watch>,
}

impl Draft {
    fn plan(&self) -> DeliveryPlan {
        let analyses = self.analyses.iter().map(|watch| Analysis {
            metrics: watch.metrics.iter().map(Measured::metric).collect(),
            beside_from: watch.beside_from,
            holds_stage: watch.holds_stage,
            reaction: watch.reaction,
            needs_exposure: watch.needs_exposure,
            late: true,
            ..Analysis::default()
        });
        DeliveryPlan {
            strategy: Delivery::Canary,
            stages: self.stages.clone(),
            analyses: analyses.collect(),
            ..DeliveryPlan::default()
        }
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let plan = self.plan();
        let timeline = play_good(&plan);
        let mut all = outcomes(&plan, &timeline, &Signal::ALL, false);
        all.push(play_unverified(&plan, &timeline));
        all
    }
}

impl Measured {
    fn metric(&self) -> Metric {
        let threshold = match self.kind {
            MetricKind::Query => Threshold::Range { min: None, max: self.most },
            _ => Threshold::ByProvider,
        };
        Metric {
            name: "m".to_owned(),
            kind: self.kind,
            measure: self.measure,
            shape: ResultShape::Number,
            threshold,
            schedule: self.schedule.clone(),
            dry_run: self.dry_run,
            assessment: OnceCell::new(),
            ..Metric::stand_in("", "", Schedule::default())
        }
    }
}

fn seconds() -> impl Strategy<Value = f64> {
    (0u32..40).prop_map(|tens| f64::from(tens) * 10.0)
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let limits = (prop::option::of(0u64..6), 0u64..3, 0u64..5, 0u64..3);
    let times = (seconds(), prop::option::of(seconds()), prop::option::of(1u64..8));
    (times, limits).prop_map(|((initial_delay, interval, count), limits)| {
        let (failure_limit, inconclusive_limit, consecutive_error_limit, consecutive_success_limit) = limits;
        Schedule {
            initial_delay,
            interval,
            count,
            failure_limit,
            inconclusive_limit,
            consecutive_error_limit,
            consecutive_success_limit,
        }
    })
}

fn any_metric() -> impl Strategy<Value = Measured> {
    let kinds = vec![MetricKind::Query, MetricKind::Query, MetricKind::Job, MetricKind::Webhook];
    let measures = vec![
        Measure::ErrorRatio { scale: 1.0 },
        Measure::Latency { quantile: Some(0.95), unit: None },
        Measure::Availability { scale: 1.0 },
        Measure::Unknown,
    ];
    let what = (prop::sample::select(kinds), prop::sample::select(measures), prop::option::of(0.0..1.0f64));
    (what, any_schedule(), prop::bool::weighted(0.1)).prop_map(
        |((kind, measure, most), schedule, dry_run)| Measured { kind, measure, most, schedule, dry_run },
    )
}

fn any_watch() -> impl Strategy<Value = Watch> {
    let metrics = prop::collection::vec(any_metric(), 0..4);
    let from = prop::option::of((0usize..6, 0usize..4).prop_map(|(stage, wait)| Position { stage, wait }));
    (metrics, from, any::<bool>(), seconds(), any::<bool>()).prop_map(
        |(metrics, beside_from, holds_stage, reaction, needs_exposure)| Watch {
            metrics,
            beside_from,
            holds_stage: holds_stage && beside_from.is_some(),
            reaction,
            needs_exposure,
        },
    )
}

fn any_wait(analyses: usize) -> impl Strategy<Value = Wait> {
    let runs = prop::collection::vec(any::<Index>(), 0..3);
    let awaited = (runs, prop::option::of(seconds())).prop_map(move |(runs, limit)| Wait::Analyses {
        runs: if analyses == 0 { Vec::new() } else { runs.iter().map(|run| run.index(analyses)).collect() },
        limit,
    });
    prop_oneof![
        4 => seconds().prop_map(|seconds| Wait::Time { seconds }),
        3 => awaited,
        1 => Just(Wait::Human { path: String::new(), what: "a gate" }),
        1 => Just(Wait::Never { path: String::new(), why: "nothing" }),
    ]
}

fn any_draft() -> impl Strategy<Value = Draft> {
    prop::collection::vec(any_watch(), 0..4).prop_flat_map(|analyses| {
        let stage = (0u32..=100, any::<bool>(), prop::collection::vec(any_wait(analyses.len()), 0..4))
            .prop_map(|(weight, matching, waits)| Stage {
                weight: f64::from(weight),
                effective_weight: f64::from(weight),
                matching,
                waits,
                ..Stage::default()
            });
        (prop::collection::vec(stage, 0..6), Just(analyses))
            .prop_map(|(stages, analyses)| Draft { stages, analyses })
    })
}

/// How much a release costs that is not rolled back: all there is.
fn exposure(outcome: &Outcome) -> f64 {
    if outcome.end == End::RolledBack { outcome.exposure } else { f64::INFINITY }
}

fn summary(outcomes: &[Outcome]) -> Vec<(End, f64, f64, f64)> {
    outcomes.iter().map(|one| (one.end, one.seconds, one.exposure, one.peak_weight)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn every_release_ends_or_waits(draft in any_draft()) {
        for outcome in draft.outcomes() {
            prop_assert!(outcome.seconds.is_finite() && outcome.seconds >= 0.0, "{:?}", outcome);
            prop_assert!(outcome.exposure.is_finite() && outcome.exposure >= 0.0, "{:?}", outcome);
            prop_assert!((0.0..=100.0).contains(&outcome.peak_weight), "{:?}", outcome);
            prop_assert!(outcome.exposure * 60.0 <= outcome.peak_weight * outcome.seconds + 1e-6, "{:?}", outcome);
            prop_assert!(outcome.cause.is_some() || outcome.end != End::RolledBack, "{:?}", outcome);
        }
    }

    #[test]
    fn a_course_adds_up_to_its_outcome(draft in any_draft()) {
        let plan = draft.plan();
        let timeline = play_good(&plan);
        let mut all = courses(&plan, &timeline, &Signal::ALL, false);
        let ends: Vec<_> = all.iter().map(|course| course.outcome.clone()).collect();
        prop_assert_eq!(summary(&ends), summary(&outcomes(&plan, &timeline, &Signal::ALL, false)));
        all.push(good_course(&plan));
        for Course { outcome, stages, waits, runs } in all {
            let mut time = 0.0;
            let mut exposure = 0.0;
            for (stage, span) in plan.stages.iter().zip(&stages) {
                prop_assert_eq!(span.start, time);
                prop_assert!(span.end >= span.start);
                exposure += stage.effective_weight * (span.end - span.start) / 60.0;
                time = span.end;
            }
            prop_assert_eq!(time, outcome.seconds);
            prop_assert!((exposure - outcome.exposure).abs() <= 1e-6 * exposure.max(1.0), "{} {:?}", exposure, outcome);
            let waited: f64 = waits.iter().map(|(_, span)| span.end - span.start).sum();
            prop_assert!((waited - outcome.seconds).abs() <= 1e-6 * waited.max(1.0));
            for run in runs {
                prop_assert!(run.span.start <= run.span.end && run.span.end <= outcome.seconds, "{:?}", run);
            }
        }
    }

    #[test]
    fn the_order_of_metrics_does_not_matter(draft in any_draft()) {
        let mut reversed = draft.clone();
        for watch in &mut reversed.analyses {
            watch.metrics.reverse();
        }
        prop_assert_eq!(summary(&draft.outcomes()), summary(&reversed.outcomes()));
    }

    #[test]
    fn one_more_watching_analysis_never_exposes_more(draft in any_draft(), interval in 1u32..20, limit in 0u64..4) {
        let schedule = Schedule {
            interval: Some(f64::from(interval) * 10.0),
            count: None,
            failure_limit: Some(limit),
            ..Schedule::default()
        };
        let metric = Measured {
            kind: MetricKind::Query,
            measure: Measure::ErrorRatio { scale: 1.0 },
            most: Some(0.01),
            schedule,
            dry_run: false,
        };
        let mut watched = draft.clone();
        watched.analyses.push(Watch {
            metrics: vec![metric],
            beside_from: Some(Position::default()),
            holds_stage: false,
            reaction: 0.0,
            needs_exposure: false,
        });
        for (less, more) in draft.outcomes().iter().zip(watched.outcomes()) {
            prop_assert!(exposure(&more) <= exposure(less) + 1e-6, "{:?} {:?}", less, more);
        }
    }
}
