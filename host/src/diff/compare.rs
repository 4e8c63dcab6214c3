//! Which of two sides is riskier, and why.

use std::cmp::Ordering;

use rollgate_picture::{Picture, Story};
use rollgate_policy::finding::Level;
use rollgate_policy::plan::{End, Signal};
use serde::Serialize;

use super::side::{Governed, Key, Side};

/// Differences below this are rounding, in seconds, percent and percent-minutes alike.
const SAME: f64 = 1e-6;

/// What a change does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub verdict: Verdict,
    pub objects: Vec<Compared>,
    pub errors: Vec<String>,
}

/// Whether releases are riskier than they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Same,
    Safer,
    Riskier,
}

/// One governed object on both sides, or on one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Compared {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// `both`, `old` or `new`.
    pub on: &'static str,
    pub verdict: Verdict,
    pub good: Option<Change<Good>>,
    pub releases: Vec<ReleaseChange>,
    /// Signals whose badness alone was rolled back and is no longer.
    pub signals_lost: Vec<&'static str>,
    pub signals_gained: Vec<&'static str>,
    pub rules_broken: Vec<Broken>,
    pub rules_mended: Vec<Broken>,
}

/// What was and what is.
#[derive(Serialize)]
pub(super) struct Change<T> {
    pub old: Option<T>,
    pub new: Option<T>,
}

/// A good release.
#[derive(Serialize, PartialEq)]
pub(super) struct Good {
    pub end: &'static str,
    pub seconds: f64,
    pub people: usize,
}

/// What becomes of one bad release on each side.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReleaseChange {
    pub bad: Vec<&'static str>,
    pub verdict: Verdict,
    #[serde(flatten)]
    pub change: Change<Bad>,
}

/// A bad release.
#[derive(Serialize, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bad {
    #[serde(skip)]
    pub rank: u8,
    pub end: &'static str,
    pub seconds: f64,
    pub peak_weight: f64,
    pub exposure: f64,
}

/// A rule that is broken on one side alone, or weighs more there.
#[derive(Serialize)]
pub(super) struct Broken {
    pub rule: &'static str,
    pub level: Level,
    pub message: String,
}

impl Report {
    pub(super) fn of(mut old: Side, mut new: Side) -> Self {
        let keys: std::collections::BTreeSet<Key> =
            old.objects.keys().chain(new.objects.keys()).cloned().collect();
        let objects: Vec<Compared> = keys
            .into_iter()
            .map(|key| {
                let (was, is) = (old.objects.remove(&key), new.objects.remove(&key));
                compare(key, was, is)
            })
            .collect();
        let errors = old.errors.into_iter().map(|error| format!("old: {error}"));
        let errors = errors.chain(new.errors.into_iter().map(|error| format!("new: {error}")));
        Self {
            verdict: objects.iter().map(|object| object.verdict).max().unwrap_or(Verdict::Same),
            errors: errors.collect(),
            objects,
        }
    }

    pub(super) fn is_riskier(&self) -> bool {
        self.verdict == Verdict::Riskier
    }
}

fn compare((kind, namespace, name): Key, old: Option<Governed>, new: Option<Governed>) -> Compared {
    let on = match (&old, &new) {
        (Some(_), Some(_)) => "both",
        (Some(_), None) => "old",
        _ => "new",
    };
    let both = on == "both";
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let releases = releases(old.picture.as_ref(), new.picture.as_ref());
    let (lost, gained) = if both { signals(&releases) } else { (Vec::new(), Vec::new()) };
    let (rules_broken, rules_mended) = (heavier(&new, &old), heavier(&old, &new));
    let verdicts = releases.iter().map(|release| release.verdict);
    let broken = (!rules_broken.is_empty()).then_some(Verdict::Riskier);
    let mended = (!rules_mended.is_empty()).then_some(Verdict::Safer);
    let verdict = verdicts.chain(broken).chain(mended).max().unwrap_or(Verdict::Same);
    Compared {
        kind,
        namespace,
        name,
        on,
        // What is on one side only has nothing to be riskier than.
        verdict: if both { verdict } else { Verdict::Same },
        good: (old.picture.is_some() || new.picture.is_some()).then(|| Change {
            old: old.picture.as_ref().map(Good::of),
            new: new.picture.as_ref().map(Good::of),
        }),
        releases,
        signals_lost: lost,
        signals_gained: gained,
        rules_broken,
        rules_mended,
    }
}

/// The rules that weigh more in `one` than in `other`.
fn heavier(one: &Governed, other: &Governed) -> Vec<Broken> {
    let weighs_more =
        |rule: &str, level: Level| other.broken.get(rule).is_none_or(|(other, _)| level > *other);
    one.broken
        .iter()
        .filter(|(rule, (level, _))| weighs_more(rule, *level))
        .map(|(rule, (level, message))| Broken { rule, level: *level, message: message.clone() })
        .collect()
}

fn releases(old: Option<&Picture>, new: Option<&Picture>) -> Vec<ReleaseChange> {
    let bad = |picture: Option<&Picture>, index: usize| {
        picture.and_then(|picture| picture.bad.get(index)).map(Bad::of)
    };
    let Some(listed) = new.or(old) else { return Vec::new() };
    listed
        .bad
        .iter()
        .enumerate()
        .map(|(index, story)| {
            let change = Change { old: bad(old, index), new: bad(new, index) };
            ReleaseChange {
                bad: story.bad.iter().copied().map(Signal::name).collect(),
                verdict: match (&change.old, &change.new) {
                    (Some(old), Some(new)) => new.against(old),
                    _ => Verdict::Same,
                },
                change,
            }
        })
        .collect()
}

/// The signals whose badness alone is no longer rolled back, and those where it now is.
fn signals(releases: &[ReleaseChange]) -> (Vec<&'static str>, Vec<&'static str>) {
    let rolled_back = |bad: &Option<Bad>| bad.as_ref().is_some_and(|bad| bad.rank == 0);
    let alone = |was: bool| {
        let changed = releases.iter().filter(move |release| {
            rolled_back(&release.change.old) == was && rolled_back(&release.change.new) != was
        });
        changed.filter(|release| release.bad.len() == 1).flat_map(|release| release.bad.clone()).collect()
    };
    (alone(true), alone(false))
}

impl Good {
    fn of(picture: &Picture) -> Self {
        let good = &picture.good;
        Self { end: good.end.name(), seconds: good.unattended(good.seconds), people: good.attended.len() }
    }
}

impl Bad {
    fn of(story: &Story) -> Self {
        let rank = match story.end {
            End::RolledBack => 0,
            End::Waits => 1,
            End::Promoted => 2,
        };
        Self {
            rank,
            end: story.end.name(),
            seconds: story.seconds,
            peak_weight: story.peak_weight,
            exposure: story.exposure,
        }
    }

    /// Whether this is riskier than `other`: first by how it ends, then by the exposure until then, then by the
    /// largest weight, then by the time. One that waits stays at its weight, so that goes before the exposure.
    fn against(&self, other: &Self) -> Verdict {
        let by = |one: f64, other: f64| {
            if (one - other).abs() <= SAME { Ordering::Equal } else { one.total_cmp(&other) }
        };
        let exposure = by(self.exposure, other.exposure);
        let peak = by(self.peak_weight, other.peak_weight);
        let amount = if self.rank == 0 { exposure.then(peak) } else { peak.then(exposure) };
        match self.rank.cmp(&other.rank).then(amount).then(by(self.seconds, other.seconds)) {
            Ordering::Less => Verdict::Safer,
            Ordering::Equal => Verdict::Same,
            Ordering::Greater => Verdict::Riskier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(rank: u8, seconds: f64, peak_weight: f64, exposure: f64) -> Bad {
        Bad { rank, end: "", seconds, peak_weight, exposure }
    }

    #[test]
    fn the_end_goes_before_the_exposure_and_that_before_the_time() {
        for (old, new, verdict) in [
            (bad(0, 60.0, 10.0, 10.0), bad(0, 60.0, 10.0, 10.0), Verdict::Same),
            (bad(0, 60.0, 10.0, 10.0), bad(0, 30.0, 50.0, 25.0), Verdict::Riskier),
            (bad(0, 60.0, 10.0, 10.0), bad(0, 90.0, 5.0, 7.5), Verdict::Safer),
            (bad(0, 60.0, 0.0, 0.0), bad(0, 90.0, 0.0, 0.0), Verdict::Riskier),
            (bad(0, 60.0, 99.0, 99.0), bad(1, 0.0, 1.0, 0.0), Verdict::Riskier),
            (bad(2, 60.0, 100.0, 99.0), bad(1, 60.0, 5.0, 0.0), Verdict::Safer),
            (bad(1, 60.0, 5.0, 99.0), bad(1, 60.0, 10.0, 0.0), Verdict::Riskier),
        ] {
            assert_eq!(new.against(&old), verdict, "{} {}", old.exposure, new.exposure);
        }
    }
}
