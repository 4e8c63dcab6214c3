//! Warnings reach people, and annotations the audit log of the API server.

use anyhow::{Context, ensure};
use rollgate_e2e::wait_until;
use serde_json::Value;

use crate::people::{DEVELOPER, RELEASE_ENGINEER};
use crate::releases::{bare_deployment, rollout, target, unwatched};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::beside_others("kubectl_prints_warnings", warnings),
    Test::beside_others("the_audit_log_has_what_was_decided", audit),
];

fn warnings(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("warnings")?;
    let kubectl = world.kubectl(RELEASE_ENGINEER);
    let answer = kubectl.run(&["apply", "-f", "-"], &rollout(namespace)?.to_string())?;
    let expected = "Warning: resolved-references at spec.strategy.canary";
    ensure!(answer.succeeded && answer.errors.lines().any(|line| line.starts_with(expected)), "{answer:?}");
    Ok(())
}

fn audit(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("audit")?;
    let developer = world.api(DEVELOPER);
    let denied = developer.create(&bare_deployment(namespace, "worker"))?;
    ensure!(denied.status == 403, "{denied:?}");
    let event = audited(world, &denied.audit_id)?;
    ensure!(annotation(&event, "denied-by") == Some("no-bypass"), "{event}");
    ensure!(event["impersonatedUser"]["username"] == DEVELOPER.user, "{event}");

    let denied = developer.create(&unwatched(rollout(namespace)?))?;
    ensure!(!denied.accepted(), "{denied:?}");
    let event = audited(world, &denied.audit_id)?;
    let rules = annotation(&event, "denied-by").unwrap_or_default();
    ensure!(rules.split(',').any(|rule| rule == "analysis-coverage"), "{event}");

    let warned = developer.create(&target(namespace)?)?;
    ensure!(warned.accepted(), "{warned:?}");
    let event = audited(world, &warned.audit_id)?;
    ensure!(annotation(&event, "warned-by") == Some("no-bypass"), "{event}");
    ensure!(annotation(&event, "denied-by").is_none(), "{event}");
    Ok(())
}

/// What the webhook said about the request of an event.
fn annotation<'a>(event: &'a Value, key: &str) -> Option<&'a str> {
    event["annotations"].get(format!("releases.rollgate.dev/{key}"))?.as_str()
}

/// The event that ends a request.
fn audited(world: &World, id: &str) -> anyhow::Result<Value> {
    let mut found = None;
    wait_until("the audit log has the request", || {
        let log = std::fs::read_to_string(world.cluster.audit_log()).context("no audit log")?;
        // The last line may still be being written.
        let mut events = log.lines().filter(|line| line.contains(id)).flat_map(serde_json::from_str::<Value>);
        found = events.find(|event| event["auditID"] == id && event["stage"] == "ResponseComplete");
        Ok(found.is_some())
    })?;
    found.context("no event")
}
