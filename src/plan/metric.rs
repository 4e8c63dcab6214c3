//! One metric of an analysis, and what it would say about a good and a bad release.

use std::cell::OnceCell;

use super::{Measured, Provider, ResultShape, Schedule, Signal, Signals, Threshold};
use crate::condition::Measurement;
use crate::query::Measure;

/// A latency no service has, in any unit: what a release bad in latency shows.
const BAD_LATENCY: f64 = 1e9;
/// A latency any service is glad of, in any unit.
const GOOD_LATENCY: f64 = 0.001;

/// One metric of an analysis.
#[derive(Debug)]
pub struct Metric {
    /// Its name within the analysis.
    pub name: String,
    /// JSON path, in the governed object, of what brings it in.
    pub path: String,
    /// The object that declares it, as `Kind/name`; empty for the governed object itself.
    pub object: String,
    /// What takes the measurement.
    pub kind: MetricKind,
    /// Where its numbers come from.
    pub provider: Provider,
    /// What a larger or smaller result says.
    pub measure: Measure,
    /// How that is known.
    pub evidence: Evidence,
    /// Seconds of the past that a measurement is made of, where that is known.
    pub window: Option<f64>,
    /// What the result looks like.
    pub shape: ResultShape,
    /// A measurement may come back without data, and the author did not say how many errors in a row end the
    /// analysis: what an empty result means is left to the condition.
    pub empty_unexplained: bool,
    /// What separates good from bad.
    pub threshold: Threshold,
    /// When it is measured and what it bears.
    pub schedule: Schedule,
    /// Measured, reported, and without any consequence.
    pub dry_run: bool,
    /// Stands for metrics nobody could read. It gets the benefit of the doubt, so that what is found in spite of
    /// it is something no template can mend.
    pub stands_in: bool,
    /// Why the controller refuses to run it, if it does.
    pub refused: Option<String>,
    /// What its threshold comes to; empty until a rule asks.
    pub assessment: OnceCell<Assessment>,
}

/// How it is known what a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// By its query, or by what the controller itself asks.
    Query,
    /// Only by what is said about it, by its author or by its name: the scale of a share, and a unit that the measure
    /// leaves open, are anyone's guess.
    Word,
}

/// What a threshold says about the values that are worth trying.
#[derive(Debug)]
pub struct Assessment {
    good: Measured,
    bad: Measured,
    otherwise: Measured,
    has_gap: bool,
    some_fail: bool,
    all_errors: bool,
}

/// What takes the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A query to a metrics provider.
    Query,
    /// A Kubernetes Job that tests the release.
    Job,
    /// A request to an HTTP endpoint.
    Web,
    /// A webhook whose failure counts against the release.
    Webhook,
}

impl MetricKind {
    /// Whether it exercises the release itself instead of reading numbers about it.
    #[must_use]
    pub fn is_smoke_check(self) -> bool {
        !matches!(self, Self::Query)
    }
}

/// Why a threshold decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl Defect {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Metric {
    /// Stands for the metrics of a template, named `object`, that could not be read.
    #[must_use]
    pub fn stand_in(object: &str, path: &str, schedule: Schedule) -> Self {
        Self {
            name: String::new(),
            path: path.to_owned(),
            object: object.to_owned(),
            kind: MetricKind::Job,
            provider: Provider::default(),
            measure: Measure::Unknown,
            evidence: Evidence::Query,
            window: None,
            shape: ResultShape::Opaque,
            empty_unexplained: false,
            threshold: Threshold::ByProvider,
            schedule,
            dry_run: false,
            stands_in: true,
            refused: None,
            assessment: OnceCell::new(),
        }
    }

    /// The metric's name for messages: with the object that declares it, where that is another one.
    #[must_use]
    pub fn title(&self) -> String {
        if self.object.is_empty() {
            format!("metric {}", self.name)
        } else {
            format!("metric {} of {}", self.name, self.object)
        }
    }

    /// The signals it says something about.
    #[must_use]
    pub fn signals(&self, distinct: bool) -> Signals {
        if self.stands_in { Signals::all() } else { Signals::of(&self.measure, distinct) }
    }

    pub(super) fn judge(&self, value: f64) -> Measured {
        self.threshold.judge(self.shape, value)
    }

    /// What its threshold says about every value worth trying; found once, asked for by every rule.
    fn assessment(&self) -> &Assessment {
        self.assessment.get_or_init(|| {
            let verdicts: Vec<Measured> = self.probes().into_iter().map(|value| self.judge(value)).collect();
            let has_gap = verdicts.contains(&Measured::Inconclusive);
            let good = self.good_verdict(&verdicts);
            let otherwise = if has_gap { Measured::Inconclusive } else { good };
            let bad = match self.measure {
                // A provider that judges by itself fails what it is known, or taken, to measure.
                _ if matches!(self.threshold, Threshold::ByProvider) && !self.signals(false).is_empty() => {
                    Measured::Failed
                }
                Measure::ErrorRatio { scale } => self.judge(scale),
                Measure::SuccessRatio { .. } | Measure::Availability { .. } => self.judge(0.0),
                Measure::Latency { .. } | Measure::ErrorRate => self.judge(BAD_LATENCY),
                Measure::Constant(_) | Measure::Unknown => otherwise,
            };
            Assessment {
                good,
                bad: if bad == Measured::Failed && has_gap { Measured::Inconclusive } else { bad },
                otherwise,
                has_gap,
                some_fail: verdicts.contains(&Measured::Failed),
                all_errors: verdicts.iter().all(|verdict| *verdict == Measured::Error),
            }
        })
    }

    fn good_verdict(&self, probed: &[Measured]) -> Measured {
        let best = |values: &[f64]| values.iter().map(|value| self.judge(*value)).min();
        let verdict = match self.measure {
            _ if matches!(self.threshold, Threshold::ByProvider) => Some(Measured::Successful),
            Measure::ErrorRatio { .. } | Measure::ErrorRate => best(&[0.0]),
            // A declared signal leaves the scale open: good is whatever full mark the threshold accepts.
            Measure::SuccessRatio { scale } | Measure::Availability { scale } => best(&[scale, 1.0]),
            Measure::Latency { .. } => best(&[GOOD_LATENCY]),
            Measure::Constant(_) | Measure::Unknown => probed.iter().copied().min(),
        };
        verdict.unwrap_or(Measured::Error)
    }

    /// The verdict on a release without fault.
    #[must_use]
    pub fn when_good(&self) -> Measured {
        self.assessment().good
    }

    /// The verdict on a release that is bad in what the metric measures.
    ///
    /// That is the verdict on the worst result there is; unless some result is inconclusive, since a release can
    /// be just bad enough for that, and is then paused instead of failed.
    #[must_use]
    pub fn when_bad(&self) -> Measured {
        self.assessment().bad
    }

    /// Whether some result is neither a success nor a failure.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.assessment().has_gap
    }

    /// The verdict on a release that is bad in `bad`, and in nothing else.
    #[must_use]
    pub fn verdict(&self, bad: &[Signal], distinct: bool) -> Measured {
        let assessment = self.assessment();
        if self.signals(distinct).intersects(bad) {
            assessment.bad
        } else if !bad.is_empty() && self.measure == Measure::Unknown {
            // What it measures may well be bad too. It is not expected to help; but if it can end inconclusive
            // it may pause the release before another metric has failed.
            assessment.otherwise
        } else {
            assessment.good
        }
    }

    /// Whether it takes part in the decision on a release at all: a dry run has no consequence, and what
    /// fails every release tells nothing about this one.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        !self.dry_run && self.refused.is_none() && self.when_good() < Measured::Error
    }

    /// Whether some release can fail by it.
    #[must_use]
    pub fn can_fail(&self) -> bool {
        self.takes_part()
            && self.schedule.can_fail()
            && match self.threshold {
                Threshold::ByProvider => true,
                _ if self.is_opaque() => !self.threshold.is_missing(),
                _ => self.assessment().some_fail,
            }
    }

    /// The provider's result has a structure the probes do not have, and the condition needs it.
    pub(super) fn is_opaque(&self) -> bool {
        self.shape == ResultShape::Opaque && self.assessment().all_errors
    }

    /// Values to try: what the measure can reach, and both sides of every number in the threshold.
    pub(super) fn probes(&self) -> Vec<f64> {
        let (largest, mut probes) = match self.measure {
            Measure::ErrorRatio { scale }
            | Measure::SuccessRatio { scale }
            | Measure::Availability { scale } => (scale, vec![0.0, scale / 1000.0, scale / 2.0, scale]),
            Measure::Constant(value) => return vec![value],
            Measure::Latency { .. } | Measure::ErrorRate | Measure::Unknown => {
                (f64::INFINITY, vec![0.0, GOOD_LATENCY, 0.5, 1.0, 100.0, BAD_LATENCY])
            }
        };
        for literal in self.threshold.literals() {
            let step = (literal.abs() * 1e-6).max(1e-12);
            // Neither counts nor ratios nor times are negative, so a threshold below zero separates nothing.
            let sides = [literal - step, literal, literal + step];
            probes.extend(sides.into_iter().filter(|side| (0.0..=largest).contains(side)));
        }
        probes
    }

    /// Everything that keeps the threshold from deciding.
    #[must_use]
    pub fn defects(&self) -> Vec<Defect> {
        let mut defects = Vec::new();
        if self.dry_run {
            return defects;
        }
        if let Some(reason) = &self.refused {
            defects.push(Defect::new(
                format!("is refused by the controller when it runs: {reason}"),
                "correct the metric: until then no release passes it",
            ));
            return defects;
        }
        match &self.threshold {
            Threshold::ByProvider => {}
            Threshold::Deferred { field } => {
                defects.push(Defect::new(
                    format!("takes its {field} from an argument whose value is not in the manifest"),
                    "give the argument a value in the Rollout or the template",
                ));
                return defects;
            }
            Threshold::Unreadable { reason } => {
                defects
                    .push(Defect::new(reason, "write the threshold as a condition on result, or as a range"));
                return defects;
            }
            threshold if threshold.is_missing() => {
                defects.push(Defect::new(
                    "has no threshold: every value it measures counts as success",
                    "add a successCondition or failureCondition (Argo Rollouts), or a thresholdRange with min or max (Flagger)",
                ));
                return defects;
            }
            _ => self.threshold_defects(&mut defects),
        }
        if !self.schedule.can_fail() {
            defects.push(self.schedule_defect());
        }
        if !self.schedule.ends_on_errors() {
            let errors = self.schedule.consecutive_error_limit;
            defects.push(Defect::new(
                format!("bears {errors} errors in a row: nobody notices a provider that is away"),
                "lower consecutiveErrorLimit; errors come every 10s",
            ));
        }
        defects
    }

    fn threshold_defects(&self, defects: &mut Vec<Defect>) {
        if let Measure::Constant(value) = self.measure {
            defects.push(Defect::new(
                format!("queries the constant {value}: it measures nothing"),
                "query the release's own requests",
            ));
            return;
        }
        let assessment = self.assessment();
        if self.is_opaque() {
            return;
        }
        if assessment.all_errors {
            defects.push(Defect::new(
                "has a condition that is an error for every result of its provider",
                "compare what the provider returns: result[0] for a vector, result for a single number",
            ));
            return;
        }
        if assessment.some_fail {
            let known = !self.signals(false).is_empty();
            if known && self.when_good() == Measured::Failed {
                defects.push(Defect::new(
                    "fails a release without any fault: its threshold points the wrong way",
                    "fail on high error ratios and latencies, and on low success ratios",
                ));
            } else if known && self.when_bad() == Measured::Successful {
                defects.push(Defect::new(
                    "does not fail a release that is as bad as can be in what it measures",
                    "make the worst result violate the condition",
                ));
            } else if let Some(share) = self.accepted_ruin() {
                defects.push(Defect::new(
                    format!("accepts a release of which {share} % fails"),
                    "write the threshold in the scale of the query: a share lies between 0 and 1, a percentage between 0 and 100",
                ));
            }
        } else {
            let message = if assessment.has_gap {
                "fails for no result: the worst ends inconclusive, and that only pauses the release"
            } else {
                "has a threshold that no result violates"
            };
            defects.push(Defect::new(message, "choose a bound that a bad release crosses"));
        }
        if let Some(guard) = self.missing_guard() {
            defects.push(Defect::new(
                "is an error when its query returns no data, and does not say what that means",
                format!("guard the condition ({guard}), or set consecutiveErrorLimit to say how many errors end the analysis"),
            ));
        }
    }

    /// How to write the condition so that it says what a result without data means, where it does not.
    fn missing_guard(&self) -> Option<&'static str> {
        let empty = self.shape.empty().filter(|_| self.empty_unexplained)?;
        (self.threshold.judge_result(empty) == Measured::Error).then_some(match empty {
            Measurement::Nil => "default(result, 1e9)",
            Measurement::Number(_) | Measurement::Vector(_) => "len(result) > 0 && …",
        })
    }

    /// What its author may have meant, and probably has not thought of.
    #[must_use]
    pub fn doubts(&self) -> Vec<Defect> {
        let mut doubts = Vec::new();
        if !self.can_fail() {
            return doubts;
        }
        if let Some(result) = self.unmeasured_success() {
            doubts.push(Defect::new(
                format!("takes {result} for a success"),
                "fail where nothing was measured, unless a release that nobody calls is to pass",
            ));
        }
        if self.schedule.may_fall_between() {
            doubts.push(Defect::new(
                "fails by its failures, passes by its successes in a row, and may reach its count with neither: that only pauses the release",
                "leave consecutiveSuccessLimit out, or count",
            ));
        }
        doubts
    }

    /// What it takes for a success although nothing was measured, if there is such a result.
    fn unmeasured_success(&self) -> Option<&'static str> {
        let empty = self.shape.empty();
        if empty.is_some_and(|empty| self.threshold.judge_result(empty) == Measured::Successful) {
            return Some("a result without data");
        }
        // A share of no requests is 0 / 0, and so is a quantile. Where there is a range, that is no data.
        let may_be_nan = matches!(self.threshold, Threshold::Conditions { .. })
            && self.evidence == Evidence::Query
            && !self.signals(false).is_empty();
        (may_be_nan && self.judge(f64::NAN) == Measured::Successful)
            .then_some("NaN, the result of no requests,")
    }

    fn schedule_defect(&self) -> Defect {
        match (self.schedule.count, self.schedule.failure_limit) {
            (_, None) => Defect::new(
                "bears any number of failures",
                "set failureLimit to the failures it may bear, 0 or more",
            ),
            (Some(count), Some(limit)) => Defect::new(
                format!("can never fail: it takes {count} measurement(s) and bears {limit} failure(s)"),
                format!("raise count above {limit}, or lower failureLimit below {count}"),
            ),
            (None, Some(limit)) => {
                Defect::new(format!("bears {limit} failures and is never over"), "lower failureLimit")
            }
        }
    }
}
