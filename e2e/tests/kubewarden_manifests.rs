//! What deploy/kubewarden holds, applied to an API server that has Kubewarden's definitions.

use std::process::ExitCode;

use anyhow::{Context, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use rollgate_e2e::{Answer, ControlPlane, Kubectl, Programs, manifests, repository};
use serde_json::{Value, json};

const FOLDER: &str = "deploy/kubewarden";

/// The namespaces that the manifests name.
const NAMESPACES: [&str; 2] = ["kubewarden", "shop"];

/// The account of the policy server.
const ACCOUNT: &str = "system:serviceaccount:kubewarden:rollgate-policy-server";

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    if arguments.list {
        return Ok(libtest_mimic::run(&arguments, trials(None)).exit_code());
    }
    let programs = Programs::find()?;
    let cluster = ControlPlane::start(&programs, &programs.run("kubewarden")?)?;
    for name in NAMESPACES {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        cluster.kubectl().apply(&namespace)?;
    }
    let conclusion = libtest_mimic::run(&arguments, trials(Some(cluster.kubectl())));
    Ok(conclusion.exit_code())
}

type Test = fn(&Kubectl) -> anyhow::Result<()>;

fn trials(kubectl: Option<&Kubectl>) -> Vec<Trial> {
    let tests: [(&str, Test); 4] = [
        ("every manifest is taken", takes_every_manifest),
        ("the policy server may read what rules ask for, and nothing else", reads_what_rules_ask_for),
        ("every policy makes a webhook that the API server takes", makes_webhooks),
        ("what is wrong is refused", refuses_what_is_wrong),
    ];
    let trial = |(name, test): (&str, Test)| {
        let kubectl = kubectl.cloned();
        Trial::test(name, move || {
            let kubectl = kubectl.ok_or("there is no cluster")?;
            test(&kubectl).map_err(|error| Failed::from(format!("{error:?}")))
        })
    };
    tests.into_iter().map(trial).collect()
}

/// The files of the folder, in order.
fn files() -> anyhow::Result<Vec<String>> {
    let entries = std::fs::read_dir(repository().join(FOLDER)).context(FOLDER)?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(format!("{FOLDER}/{}", entry?.file_name().to_string_lossy()));
    }
    files.sort();
    Ok(files)
}

/// The policies of the folder, each with its file.
fn policies() -> anyhow::Result<Vec<(String, Value)>> {
    let mut policies = Vec::new();
    for file in files()? {
        let objects = manifests(&file)?.into_iter();
        let are_policies =
            objects.filter(|object| object["kind"].as_str().is_some_and(|kind| kind.ends_with("Policy")));
        policies.extend(are_policies.map(|policy| (file.clone(), policy)));
    }
    ensure!(!policies.is_empty(), "{FOLDER} has no policy");
    Ok(policies)
}

fn sent(kubectl: &Kubectl, object: &Value) -> anyhow::Result<Answer> {
    kubectl.run(&["apply", "--validate=strict", "--dry-run=server", "-f", "-"], &object.to_string())
}

fn takes_every_manifest(kubectl: &Kubectl) -> anyhow::Result<()> {
    for file in files()? {
        let path = repository().join(&file);
        let path = path.to_str().context("the repository is not named in UTF-8")?;
        let answer = kubectl.run(&["apply", "--validate=strict", "-f", path], "")?;
        ensure!(answer.succeeded && !answer.errors.contains("Warning"), "{file}: {}", answer.errors);
    }
    Ok(())
}

fn reads_what_rules_ask_for(kubectl: &Kubectl) -> anyhow::Result<()> {
    for object in manifests("deploy/kubewarden/policy-server.yaml")? {
        let server = sent(kubectl, &object)?;
        ensure!(server.succeeded, "{}", server.errors);
        if object["kind"] != "PolicyServer" {
            kubectl.apply(&object)?;
        }
    }
    let server = kubectl.impersonating(ACCOUNT, &[]);
    let may = |verb: &str, resource: &str| -> anyhow::Result<bool> {
        let answer = server.run(&["auth", "can-i", verb, resource, "--all-namespaces"], "")?;
        Ok(answer.succeeded && answer.output.trim() == "yes")
    };
    for resource in
        ["rollouts.argoproj.io", "canaries.flagger.app", "services", "configmaps", "deployments.apps"]
    {
        for verb in ["get", "list", "watch"] {
            ensure!(may(verb, resource)?, "it may not {verb} {resource}");
        }
        ensure!(!may("update", resource)?, "it may update {resource}");
    }
    ensure!(!may("get", "secrets")?, "it may get secrets");
    Ok(())
}

/// The registration that Kubewarden makes of a policy, as far as the policy says it.
fn webhook(policy: &Value) -> Value {
    let spec = &policy["spec"];
    let mut webhook = json!({
        "name": "rollgate.kubewarden.admission",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"service": {"namespace": "kubewarden", "name": "policy-server-rollgate"}},
    });
    for key in ["rules", "matchConditions", "namespaceSelector", "failurePolicy", "timeoutSeconds"] {
        if !spec[key].is_null() {
            webhook[key] = spec[key].clone();
        }
    }
    json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "made-by-kubewarden"}, "webhooks": [webhook]})
}

fn makes_webhooks(kubectl: &Kubectl) -> anyhow::Result<()> {
    for (file, policy) in policies()? {
        let answer = sent(kubectl, &webhook(&policy))?;
        ensure!(answer.succeeded && !answer.errors.contains("Warning"), "{file}: {}", answer.errors);
    }
    Ok(())
}

fn refuses_what_is_wrong(kubectl: &Kubectl) -> anyhow::Result<()> {
    for (file, policy) in policies()? {
        let broken = |path: &str, value: Value| {
            let mut broken = policy.clone();
            broken["spec"]["rules"][0][path] = value;
            broken
        };
        for (path, value) in [("resources", json!("rollouts")), ("resource", json!(["rollouts"]))] {
            let answer = sent(kubectl, &broken(path, value.clone()))?;
            ensure!(!answer.succeeded, "{file}: a rule with {path} {value} is taken");
        }
        for (path, value) in [("operations", json!(["CHANGE"])), ("resources", json!([]))] {
            let answer = sent(kubectl, &webhook(&broken(path, value.clone())))?;
            ensure!(!answer.succeeded, "{file}: a webhook of a rule with {path} {value} is taken");
        }
        if policy["kind"] == "AdmissionPolicy" {
            let mut reading = policy.clone();
            reading["spec"]["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "Service"}]);
            let answer = sent(kubectl, &reading)?;
            ensure!(!answer.succeeded, "{file}: the policy of a namespace may look things up now");
        }
    }
    Ok(())
}
