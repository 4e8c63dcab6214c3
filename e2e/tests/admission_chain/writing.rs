//! Every way to write an object leads past the webhook.

use anyhow::ensure;
use rollgate_e2e::{Answer, Kubectl, Patch, path, repository};
use serde_json::{Value, json};

use crate::people::{DEVELOPER, RELEASE_ENGINEER};
use crate::releases::{bare_deployment, rollout, target, unwatched, with};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::beside_others("a_rollout_is_judged_however_it_is_written", rollout_however_written),
    Test::beside_others("a_deployment_is_judged_however_it_is_written", deployment_however_written),
    Test::beside_others("a_rejection_reads_as_it_is_documented", rejection_reads),
    Test::beside_others("a_name_made_up_by_the_server_is_in_the_message", generated_name),
    Test::beside_others("permissions_are_asked_for_before_rollgate_is", permissions_first),
];

/// A kubectl command that writes, and its standard input.
struct Command {
    arguments: Vec<String>,
    input: String,
}

impl Command {
    /// One that reads the object from its standard input.
    fn file(arguments: &str, object: &Value) -> Self {
        let arguments = format!("{arguments} -f -");
        Self { arguments: arguments.split(' ').map(str::to_owned).collect(), input: object.to_string() }
    }

    fn patch(object: &Value, kind: &str, patch: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
        let arguments = ["patch".into(), text(&object["kind"]), name, "-n".into(), namespace];
        let patch = [format!("--type={kind}"), "-p".into(), patch.to_string()];
        Self { arguments: arguments.into_iter().chain(patch).collect(), input: String::new() }
    }

    fn run(&self, kubectl: &Kubectl) -> anyhow::Result<Answer> {
        kubectl.run(&self.arguments.iter().map(String::as_str).collect::<Vec<_>>(), &self.input)
    }

    fn dry(&self) -> Self {
        let arguments = self.arguments.iter().cloned().chain(["--dry-run=server".to_owned()]).collect();
        Self { arguments, input: self.input.clone() }
    }
}

/// Runs both commands, first as dry runs: `bad` is refused with these words and changes nothing, `good` is carried
/// out, and dry runs come to the same and change nothing.
fn holds(world: &World, object: &Value, bad: &Command, good: &Command, words: &str) -> anyhow::Result<()> {
    let kubectl = world.kubectl(RELEASE_ENGINEER);
    let stored = || Ok::<_, anyhow::Error>(world.cluster.api().get(&path(object))?.body);
    // Its own controller writes the status of a Deployment at any time.
    let version = |stored: &Value| (stored["spec"].clone(), stored["metadata"]["labels"].clone());
    let before = stored()?;
    for command in [&bad.dry(), bad] {
        let answer = command.run(&kubectl)?;
        let shown = command.arguments.join(" ");
        ensure!(!answer.succeeded && answer.errors.contains(words), "{shown}: {answer:?}");
        ensure!(version(&stored()?) == version(&before), "{shown} has changed what is stored");
    }
    for (command, stays) in [(&good.dry(), true), (good, false)] {
        let answer = command.run(&kubectl)?;
        let shown = command.arguments.join(" ");
        ensure!(answer.succeeded, "{shown}: {answer:?}");
        ensure!((version(&stored()?) == version(&before)) == stays, "{shown}: stored {:?}", stored()?);
    }
    Ok(())
}

fn rollout_however_written(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("writing-rollouts")?;
    let good = rollout(namespace)?;
    let bad = unwatched(good.clone());
    let words = format!("denied the request: rollgate rejects Rollout {namespace}/payments for ");
    let hold = |bad, good: Command| holds(world, &self::rollout(namespace)?, &bad, &good, &words);
    // Each differs from the one before, or nothing would be written.
    let delay =
        |seconds: u32| with(good.clone(), "/spec/strategy/canary/abortScaleDownDelaySeconds", json!(seconds));
    hold(Command::file("create", &bad), Command::file("create", &delay(61)))?;
    // What is not in a file that is applied stays, where another wrote it.
    let sudden = with(good.clone(), "/spec/strategy/canary/steps", json!([{"setWeight": 100}]));
    for (seconds, apply) in [(62, "apply"), (63, "apply --server-side --force-conflicts")] {
        hold(Command::file(apply, &sudden), Command::file(apply, &delay(seconds)))?;
    }
    hold(Command::file("replace", &bad), Command::file("replace", &delay(64)))?;
    let merge =
        |canary: Value| Command::patch(&good, "merge", &json!({"spec": {"strategy": {"canary": canary}}}));
    hold(merge(json!({"analysis": null})), merge(json!({"abortScaleDownDelaySeconds": 65})))?;
    let at = "/spec/strategy/canary";
    hold(
        Command::patch(&good, "json", &json!([{"op": "remove", "path": format!("{at}/analysis")}])),
        Command::patch(
            &good,
            "json",
            &json!([{"op": "replace", "path": format!("{at}/abortScaleDownDelaySeconds"), "value": 66}]),
        ),
    )
}

fn deployment_however_written(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("writing-deployments")?;
    // It says which Canary is to come.
    let good = target(namespace)?;
    let bare = with(good.clone(), "/metadata/annotations", json!({}));
    let words = format!("denied the request: rollgate rejects Deployment {namespace}/payments-api for ");
    let hold = |bad, good: Command| holds(world, &target(namespace)?, &bad, &good, &words);
    let labelled = |value: &str| with(good.clone(), "/metadata/labels/team", json!(value));
    let image = "/spec/template/spec/containers/0/image";
    let released = with(labelled("none"), image, json!("registry.example.com/shop/payments-api:5.4.0"));
    hold(Command::file("create", &bare), Command::file("create", &labelled("one")))?;
    hold(Command::file("apply", &released), Command::file("apply", &labelled("two")))?;
    hold(Command::file("replace", &released), Command::file("replace", &labelled("three")))?;
    let strategic = |patch: &Value| Command::patch(&good, "strategic", patch);
    let container = json!({"name": "api", "image": "registry.example.com/shop/payments-api:5.4.0"});
    hold(
        strategic(&json!({"spec": {"template": {"spec": {"containers": [container]}}}})),
        // What `kubectl rollout restart` sends.
        strategic(&json!({"spec": {"template": {"metadata": {"annotations": {
            "kubectl.kubernetes.io/restartedAt": "2026-12-01T12:00:00Z"}}}}})),
    )
}

fn rejection_reads(world: &World) -> anyhow::Result<()> {
    world.namespace("shop")?;
    let file = repository().join("gallery/first-weight-100.yaml");
    let answer = world.kubectl(RELEASE_ENGINEER).run(&["apply", "-f", &file.display().to_string()], "")?;
    let said = answer.errors.replace(&file.display().to_string(), "gallery/first-weight-100.yaml");
    let expected = include_str!("rejection.txt");
    ensure!(!answer.succeeded && said == expected, "read:\n{said}\nexpected:\n{expected}");
    Ok(())
}

fn generated_name(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("writing-generated")?;
    let mut deployment = bare_deployment(namespace, "worker");
    deployment["metadata"] = json!({"generateName": "worker-", "namespace": namespace});
    let answer = world.kubectl(DEVELOPER).run(&["create", "-f", "-"], &deployment.to_string())?;
    let named = format!("rollgate rejects Deployment {namespace}/worker-");
    ensure!(!answer.succeeded && answer.errors.contains(&named), "{answer:?}");
    Ok(())
}

fn permissions_first(world: &World) -> anyhow::Result<()> {
    let namespace = world.namespace("writing-permissions")?;
    let rollout = rollout(namespace)?;
    let developer = world.api(DEVELOPER);
    let created = developer.create(&rollout)?;
    ensure!(created.accepted(), "{}", created.message());
    let promoted = json!({"status": {"promoteFull": true}});
    let at = path(&rollout);
    let refused = developer.patch(&format!("{at}/status"), Patch::Merge, &promoted)?;
    ensure!(refused.message().contains("cannot patch resource \"rollouts/status\""), "{}", refused.message());
    ensure!(developer.delete(&at)?.message().contains("cannot delete resource \"rollouts\""));
    Ok(())
}
