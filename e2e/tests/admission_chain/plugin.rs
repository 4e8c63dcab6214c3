//! What `kubectl argo rollouts` sends, command by command, and what else is written to a status.

use anyhow::{Context, ensure};
use rollgate_e2e::{Patch, Reply, path};
use serde_json::{Value, json};

use crate::people::{ARGO_ROLLOUTS, DASHBOARD, FLAGGER, Person, RELEASE_ENGINEER, SRE};
use crate::releases::{blue_green, canary, named, rollout, with, with_image};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::beside_others("the_plugin_promotes_but_skips_nothing", promotions),
    Test::beside_others("the_plugin_aborts_retries_and_restarts", never_in_the_way),
    Test::beside_others("the_plugin_pauses_what_is_not_in_mid_release", pauses),
    Test::beside_others("the_plugin_sets_images_and_ends_runs", images_and_runs),
    Test::beside_others("a_status_is_the_controllers", statuses),
];

/// A digest, so that an image is one.
const DIGEST: &str = "sha256:4f1c2d7a9be0356814d2f7c3a86e5b90d17f3c42ae6985b01c7d24e8f9a3b650";

/// At the pause of ten minutes that follows 25 %.
fn paused() -> Value {
    json!({"controllerPause": true, "currentPodHash": "7c5d", "stableRS": "5f9b", "currentStepHash": "6d8f",
        "currentStepIndex": 3, "phase": "Paused", "message": "CanaryPauseStep", "observedGeneration": "1",
        "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-12-01T11:55:00Z"}],
        "canary": {"currentBackgroundAnalysisRunStatus": {"name": "payments-7c5d-2", "status": "Running"}},
        "blueGreen": {}})
}

/// In the middle of the analysis that is the last step.
fn analysing(phase: &str) -> Value {
    json!({"currentPodHash": "7c5d", "stableRS": "5f9b", "currentStepIndex": 8, "phase": "Progressing",
        "canary": {"currentStepAnalysisRunStatus": {"name": "payments-7c5d-2-8", "status": phase}},
        "blueGreen": {}})
}

fn inconclusive() -> Value {
    let status = with(analysing("Inconclusive"), "/controllerPause", json!(true));
    let reason = json!([{"reason": "InconclusiveAnalysisRun", "startTime": "2026-12-01T11:55:00Z"}]);
    with(status, "/pauseConditions", reason)
}

fn aborted() -> Value {
    json!({"abort": true, "abortedAt": "2026-12-01T11:58:00Z", "currentPodHash": "7c5d", "stableRS": "5f9b",
        "currentStepIndex": 0, "phase": "Degraded", "canary": {}, "blueGreen": {}})
}

fn idle() -> Value {
    json!({"currentPodHash": "5f9b", "stableRS": "5f9b", "currentStepIndex": 9, "phase": "Healthy",
        "canary": {}, "blueGreen": {}})
}

/// Stores an object in a state, as its controller would have left it there; returns where it is.
fn stored(world: &World, controller: Person, object: &Value, status: &Value) -> anyhow::Result<String> {
    let (api, at) = (world.api(controller), path(object));
    let created = api.create(object)?;
    ensure!(created.accepted(), "{}", created.message());
    let status = api.patch(&format!("{at}/status"), Patch::Merge, &json!({"status": status}))?;
    ensure!(status.accepted(), "{}", status.message());
    Ok(at)
}

/// A verdict that is expected.
#[derive(Clone, Copy)]
enum Verdict {
    Accepted,
    /// With a warning of this rule.
    Warned(&'static str),
    /// By this rule.
    Denied(&'static str),
}

impl Verdict {
    fn check(self, reply: &Reply) -> anyhow::Result<()> {
        let warned = |rule: &str| reply.warnings.iter().any(|warning| warning.starts_with(rule));
        let holds = match self {
            Self::Accepted => reply.accepted() && !warned("no-skip") && !warned("keep-guardrails"),
            Self::Warned(rule) => reply.accepted() && warned(rule),
            Self::Denied(rule) => {
                let mut reasons = reply.message().lines().filter_map(|line| line.strip_prefix("- "));
                reply.status == 403 && reasons.all(|reason| reason.starts_with(&format!("{rule} (")))
            }
        };
        ensure!(holds, "{} {} {:?}", reply.status, reply.message(), reply.warnings);
        Ok(())
    }
}

/// A command in a state of a Rollout: the sub-resource it patches with `-` for none, the patch, and the verdict.
type Row = (&'static str, Value, Value, &'static str, Value, Verdict);

/// Holds each row to its verdict, by a person and by the dashboard, and to acceptance by the controller. Each meets a
/// Rollout of its own.
fn hold(world: &World, rows: Vec<Row>) -> anyhow::Result<()> {
    for (index, (command, rollout, status, resource, patch, verdict)) in rows.into_iter().enumerate() {
        let asked = [(RELEASE_ENGINEER, verdict), (DASHBOARD, verdict), (ARGO_ROLLOUTS, Verdict::Accepted)];
        for (number, (person, verdict)) in asked.into_iter().enumerate() {
            let rollout = named(rollout.clone(), &format!("payments-{index}-{number}"));
            let at = stored(world, ARGO_ROLLOUTS, &rollout, &status)?;
            let reply = world.api(person).patch(&format!("{at}{resource}"), Patch::Merge, &patch)?;
            verdict.check(&reply).with_context(|| format!("{command} by {}: {patch}", person.user))?;
        }
    }
    Ok(())
}

fn promotions(world: &World) -> anyhow::Result<()> {
    use Verdict::{Accepted, Denied, Warned};
    let namespace = world.namespace("plugin-promote")?;
    let timed = rollout(namespace)?;
    let gate = with(timed.clone(), "/spec/strategy/canary/steps/3/pause", json!({}));
    let held = with(timed.clone(), "/spec/paused", json!(true));
    let side = blue_green(namespace)?;
    let manual = with(side.clone(), "/spec/strategy/blueGreen/autoPromotionEnabled", json!(false));
    let previewed = || {
        let status = with(paused(), "/pauseConditions/0/reason", json!("BlueGreenPause"));
        with(status, "/currentStepIndex", json!(null))
    };
    let cleared = || json!({"status": {"pauseConditions": null}});
    let step = |index: u8| json!({"status": {"pauseConditions": null, "currentStepIndex": index}});
    let full = || json!({"status": {"promoteFull": true}});
    let no_skip = Denied("no-skip");
    let rows = vec![
        ("promote at a gate", gate, paused(), "/status", cleared(), Accepted),
        ("promote at a manual switch", manual, previewed(), "/status", cleared(), Accepted),
        ("promote at a timed pause", timed.clone(), paused(), "/status", cleared(), Warned("no-skip")),
        ("promote before a timed switch", side.clone(), previewed(), "/status", cleared(), Warned("no-skip")),
        ("promote what is held", held, idle(), "", json!({"spec": {"paused": false}}), Accepted),
        ("promote during an analysis", timed.clone(), analysing("Running"), "/status", step(9), no_skip),
        (
            "promote after no conclusion",
            timed.clone(),
            inconclusive(),
            "/status",
            json!({"status": {"pauseConditions": null, "controllerPause": false, "currentStepIndex": 9}}),
            no_skip,
        ),
        (
            "promote --skip-current-step",
            timed.clone(),
            paused(),
            "/status",
            json!({"status": {"currentStepIndex": 4}}),
            no_skip,
        ),
        (
            "promote --skip-all-steps",
            timed.clone(),
            paused(),
            "/status",
            json!({"status": {"currentStepIndex": 9}}),
            no_skip,
        ),
        ("promote --full", timed, paused(), "/status", full(), no_skip),
        ("promote --full", side, previewed(), "/status", full(), no_skip),
    ];
    hold(world, rows)
}

fn never_in_the_way(world: &World) -> anyhow::Result<()> {
    use Verdict::Accepted;
    let namespace = world.namespace("plugin-abort")?;
    let rollout = rollout(namespace)?;
    let (abort, retry) = (json!({"status": {"abort": true}}), json!({"status": {"abort": false}}));
    let restart = json!({"spec": {"restartAt": "2026-12-01T12:00:00Z"}});
    let rows = vec![
        ("abort", rollout.clone(), paused(), "/status", abort.clone(), Accepted),
        ("abort", rollout.clone(), analysing("Running"), "/status", abort.clone(), Accepted),
        ("abort", rollout.clone(), inconclusive(), "/status", abort, Accepted),
        ("retry rollout", rollout.clone(), aborted(), "/status", retry, Accepted),
        ("restart", rollout.clone(), idle(), "", restart.clone(), Accepted),
        ("restart", rollout, paused(), "", restart, Accepted),
    ];
    hold(world, rows)
}

fn pauses(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("plugin-pause")?;
    let rollout = rollout(namespace)?;
    let pause = json!({"spec": {"paused": true}});
    let rows = vec![
        ("pause", rollout.clone(), paused(), "", pause.clone(), Verdict::Denied("keep-guardrails")),
        ("pause", rollout, idle(), "", pause, Verdict::Accepted),
    ];
    hold(world, rows)
}

fn images_and_runs(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("plugin-image")?;
    let rollout = rollout(namespace)?;
    let at = stored(world, ARGO_ROLLOUTS, &rollout, &idle())?;
    let person = world.api(RELEASE_ENGINEER);
    // `set image` sends the whole object with another image.
    let set = |image: &str| {
        let stored = person.get(&at)?.body;
        person.replace(&at, &with_image(stored, image))
    };
    Verdict::Accepted.check(&set(&format!("registry.example.com/shop/payments:2.15.0@{DIGEST}"))?)?;
    Verdict::Denied("immutable-image").check(&set("registry.example.com/shop/payments:latest")?)?;

    let rollout = &person.get(&at)?.body;
    // These kinds have no sub-resource for it.
    let running = || json!({"phase": "Running"});
    let owned = |kind: &str, spec: Value| {
        let run = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind,
        "metadata": {"name": "payments-7c5d-2", "namespace": namespace, "ownerReferences": [{
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "payments",
            "uid": rollout["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true}]},
        "spec": spec, "status": running()});
        let created = world.api(ARGO_ROLLOUTS).create(&run)?;
        ensure!(created.accepted(), "{}", created.message());
        anyhow::Ok(path(&run))
    };
    let metric = json!({"name": "error-rate", "provider": {"web": {"url": "http://a", "jsonPath": "{$.a}"}}});
    let run = owned("AnalysisRun", json!({"metrics": [metric]}))?;
    let experiment = owned("Experiment", json!({"duration": "10m", "templates": []}))?;
    let terminate = json!({"spec": {"terminate": true}});
    for at in [&run, &experiment] {
        Verdict::Denied("no-skip").check(&person.patch(at, Patch::Merge, &terminate)?)?;
        Verdict::Denied("no-skip").check(&world.api(SRE).delete(at)?)?;
    }
    let failed = json!({"status": {"phase": "Failed"}});
    for at in [&run, &experiment] {
        let reply = world.api(ARGO_ROLLOUTS).patch(at, Patch::Merge, &failed)?;
        ensure!(reply.accepted(), "{}", reply.message());
    }
    // What has ended decides nothing any more. `retry experiment` begins it again.
    Verdict::Accepted.check(&person.patch(&experiment, Patch::Merge, &json!({"status": null}))?)?;
    Verdict::Accepted.check(&world.api(SRE).delete(&run)?)
}

fn statuses(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("plugin-status")?;
    let rollout = rollout(namespace)?;
    let status = |patch: Value| json!({ "status": patch });
    let denied = Verdict::Denied("no-skip");
    let rows = [json!({"stableRS": "7c5d"}), json!({"phase": "Healthy"}), json!({"currentPodHash": "5f9b"})]
        .into_iter()
        .map(|patch| ("a forgery", rollout.clone(), paused(), "/status", status(patch), denied))
        .chain([(
            "a message",
            rollout.clone(),
            paused(),
            "/status",
            status(json!({"message": "on hold"})),
            Verdict::Accepted,
        )]);
    hold(world, rows.collect())?;

    let progressing = json!({"phase": "Progressing", "canaryWeight": 25, "failedChecks": 1, "iterations": 0,
        "lastAppliedSpec": "6b8c", "lastPromotedSpec": "59dd", "lastTransitionTime": "2026-12-01T11:55:00Z"});
    for (index, forged) in
        [json!({"failedChecks": -100}), json!({"phase": "Promoting"}), json!({"iterations": 11})]
            .into_iter()
            .enumerate()
    {
        let canary = named(canary(namespace)?, &format!("payments-api-{index}"));
        let at = stored(world, FLAGGER, &canary, &progressing)? + "/status";
        let patch = status(forged);
        denied.check(&world.api(RELEASE_ENGINEER).patch(&at, Patch::Merge, &patch)?)?;
        Verdict::Accepted.check(&world.api(FLAGGER).patch(&at, Patch::Merge, &patch)?)?;
    }
    Ok(())
}
