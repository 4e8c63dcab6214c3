//! The words that all pictures share.

use rollgate_policy::duration::human;
use rollgate_policy::plan::{End, Measured, Signal};

use crate::picture::{Picture, Stage, Subject, Wait};
use crate::story::{Cause, Story};

/// `Rollout shop/payments`.
pub(crate) fn title(subject: &Subject) -> String {
    match &subject.namespace {
        Some(namespace) => format!("{} {namespace}/{}", subject.kind, subject.name),
        None => format!("{} {}", subject.kind, subject.name),
    }
}

/// `25 %`, `33.3 %`.
pub(crate) fn percent(weight: f64) -> String {
    format!("{} %", tenths(weight))
}

/// A number with at most one decimal.
pub(crate) fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// What kind of release it is.
pub(crate) fn kind(story: &Story) -> String {
    match &story.bad[..] {
        [] => "good release".to_owned(),
        bad if bad == Signal::ALL => "bad in everything".to_owned(),
        bad => {
            let names: Vec<&str> = bad.iter().copied().map(Signal::name).collect();
            format!("bad in {} alone", names.join(", "))
        }
    }
}

/// How it ends, and when.
pub(crate) fn end(story: &Story) -> String {
    let after = human(story.unattended(story.seconds));
    match story.end {
        End::RolledBack => format!("rolled back after {after}"),
        End::Promoted => format!("promoted after {after}"),
        End::Waits => format!("waits from {after} on"),
    }
}

/// What is added to the time for people; empty where none is waited for.
pub(crate) fn people(story: &Story) -> String {
    match story.attended.len() {
        0 => String::new(),
        1 => "plus a wait for a person".to_owned(),
        waits => format!("plus {waits} waits for a person"),
    }
}

/// `20 percent-minutes`.
pub(crate) fn exposure(story: &Story) -> String {
    format!("{} percent-minutes", tenths(story.exposure))
}

/// What ended it; empty for a promotion.
pub(crate) fn cause(story: &Story) -> String {
    match &story.cause {
        None => String::new(),
        Some(Cause::Metric { metric, since_first_failing, .. }) => {
            format!("by {metric}, {} after its first failing measurement", human(*since_first_failing))
        }
        Some(Cause::Gate { path, what }) => format!("held by {what} at {path}"),
    }
}

/// All of it in one line.
pub(crate) fn summary(story: &Story) -> String {
    let mut parts = vec![end(story)];
    if story.is_good() {
        parts.extend(Some(people(story)).filter(|people| !people.is_empty()));
    } else {
        parts.push(format!("at most {}", percent(story.peak_weight)));
        parts.push(exposure(story));
    }
    parts.extend(Some(cause(story)).filter(|cause| !cause.is_empty()));
    parts.join(", ")
}

/// The name of what an analysis decided.
pub(crate) fn verdict(verdict: Option<Measured>) -> &'static str {
    match verdict {
        None => "stopped",
        Some(Measured::Successful) => "successful",
        Some(Measured::Inconclusive) => "inconclusive",
        Some(Measured::Error) => "error",
        Some(Measured::Failed) => "failed",
    }
}

/// How long a stage is held.
pub(crate) fn hold(picture: &Picture, stage: &Stage) -> String {
    let waits: Vec<String> = stage.waits.iter().map(|wait| describe(picture, wait)).collect();
    if waits.is_empty() { "not held".to_owned() } else { waits.join(", then ") }
}

fn describe(picture: &Picture, wait: &Wait) -> String {
    match wait {
        Wait::Time(seconds) => human(*seconds),
        Wait::Human(what) => format!("{what}, ended by a person"),
        Wait::Never(why) => format!("{why}, without end"),
        Wait::Analyses(runs) => {
            let names: Vec<&str> = runs.iter().map(|run| picture.analyses[*run].name.as_str()).collect();
            if names.is_empty() {
                "an experiment".to_owned()
            } else {
                format!("until {} is done", names.join(", "))
            }
        }
    }
}

/// The share of requests at a stage.
pub(crate) fn share(stage: &Stage) -> String {
    let mut text = percent(stage.effective_weight);
    if stage.matching {
        text.push_str(" and all that match");
    }
    if stage.mirrored {
        text.push_str(", mirrored");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_and_weights_are_written_short() {
        let subject = Subject { kind: "Rollout".to_owned(), namespace: None, name: "a".to_owned() };
        assert_eq!(title(&subject), "Rollout a");
        assert_eq!(title(&Subject { namespace: Some("shop".to_owned()), ..subject }), "Rollout shop/a");
        assert_eq!((percent(100.0 / 3.0), percent(20.0)), ("33.3 %".to_owned(), "20 %".to_owned()));
    }
}
