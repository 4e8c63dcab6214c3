//! What somebody writes into a Rollout's status. The controller reads its own state from there, so a status that
//! somebody else writes steers it (`rollout/pause.go`, `cmd/promote/promote.go`).

use serde_json::Value;

use crate::intervention::{Attempt, Intervention};
use crate::plan::Mistake;

/// What mends most of it.
const LET_GO: &str = "let the release go its way, or abort it";

/// The results of analyses that a retry of an aborted release may forget; they are then measured again.
const RESULTS: [&str; 4] = [
    "currentBackgroundAnalysisRunStatus",
    "currentStepAnalysisRunStatus",
    "postPromotionAnalysisRunStatus",
    "prePromotionAnalysisRunStatus",
];

/// Looks at an update of the status. An abort is never in the way, nor is a retry.
pub(super) fn intervene(attempt: &Attempt<'_>, found: &mut Intervention) {
    let (old, new) = (&attempt.old["status"], &attempt.new["status"]);
    if let Some(fields) = old.as_object() {
        for (field, before) in fields {
            if before != &new[field] {
                change(field, attempt, found);
            }
        }
    }
    if let Some(fields) = new.as_object() {
        for (field, after) in fields {
            if old.get(field).is_none() && !after.is_null() {
                change(field, attempt, found);
            }
        }
    }
}

/// Looks at one field that changes.
fn change(field: &str, attempt: &Attempt<'_>, found: &mut Intervention) {
    let (old, new) = (&attempt.old["status"], &attempt.new["status"]);
    let (before, after) = (&old[field], &new[field]);
    let retried = || old["abort"] == true && new["abort"] != true;
    match field {
        "abort" | "abortedAt" | "message" => {}
        "promoteFull" | "controllerPause" if after != true => {}
        "promoteFull" => found.skips.push(Mistake::new(
            "status.promoteFull",
            "a full promotion skips every analysis, pause and step that is left",
            LET_GO,
        )),
        "currentStepIndex" => {
            let (from, to) = (before.as_i64().unwrap_or(0), after.as_i64().unwrap_or(0));
            // The controller fails at a step below 0, and goes neither on nor back.
            if to > from || to < 0 {
                let message = format!("a move from step {from} to step {to} skips what is not over yet");
                found.skips.push(Mistake::new("status.currentStepIndex", message, LET_GO));
            }
        }
        "pauseConditions" => resume(attempt, before, after, found),
        "canary" | "blueGreen" if retried() && forgets_results(before, after) => {}
        field => found.skips.push(Mistake::new(
            format!("status.{field}"),
            "the status is the controller's to write; written by hand it is forged",
            "leave it to the controller",
        )),
    }
}

/// Whether `after` is `before` without some results of analyses.
fn forgets_results(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return false };
    let forgotten = |key: &str| !after.contains_key(key) && RESULTS.contains(&key);
    before.iter().all(|(key, value)| after.get(key) == Some(value) || forgotten(key))
        && after.keys().all(|key| before.contains_key(key))
}

/// Conditions that are gone resume the release.
fn resume(attempt: &Attempt<'_>, before: &Value, after: &Value, found: &mut Intervention) {
    let path = "status.pauseConditions";
    if list(after).iter().any(|condition| !list(before).contains(condition)) {
        found.skips.push(Mistake::new(
            path,
            "a pause is the controller's to write, and when it began; written by hand it is forged",
            "leave it to the controller",
        ));
    }
    for condition in list(before) {
        if list(after).contains(condition) {
            continue;
        }
        let timed = match condition["reason"].as_str() {
            Some("CanaryPauseStep") => canary_pause_is_timed(&attempt.old),
            Some("BlueGreenPause") => blue_green_pause_is_timed(&attempt.old),
            reason => {
                let reason = reason.unwrap_or_default();
                let message =
                    format!("{reason} is cleared by hand: no analysis has said that the version is good");
                found.skips.push(Mistake::new(path, message, "abort the release"));
                continue;
            }
        };
        if timed {
            let message = "the plan holds the release here for a fixed time, which this cuts short";
            found.shortens.push(Mistake::new(path, message, "let the time pass"));
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn canary_pause_is_timed(rollout: &Value) -> bool {
    let index = rollout["status"]["currentStepIndex"].as_u64().and_then(|index| usize::try_from(index).ok());
    !rollout["spec"]["strategy"]["canary"]["steps"][index.unwrap_or(0)]["pause"]["duration"].is_null()
}

fn blue_green_pause_is_timed(rollout: &Value) -> bool {
    let strategy = &rollout["spec"]["strategy"]["blueGreen"];
    strategy["autoPromotionEnabled"] != false
        && strategy["autoPromotionSeconds"].as_f64().unwrap_or(0.0) > 0.0
}
