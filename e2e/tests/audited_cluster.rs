//! A cluster that took everything before it had a webhook, audited.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use rollgate_e2e::{
    Answer, ControlPlane, Programs, documents, install_controllers, manifests, moved, repository,
};
use serde_json::{Value, json};

/// What a release team has, which is all accepted: each file with the objects it needs.
const GOOD: [&str; 3] = [
    "delivery/_examples/canary-rollout.yaml",
    "delivery/_examples/analysis-template.yaml",
    "delivery/_examples/flagger-canary.yaml",
];

/// Files that are moved to a namespace each, and what of them is rejected.
const BAD: [(&str, &[&str]); 7] = [
    ("bare-deployment", &["Deployment"]),
    ("first-weight-100", &["Rollout"]),
    // Its Deployment releases by itself as long as the Canary analyses nothing.
    ("flagger-skip-analysis", &["Canary", "Deployment"]),
    ("manual-blue-green", &["Rollout"]),
    ("no-analysis", &["Rollout"]),
    ("success-rate-only", &["Rollout"]),
    // The template itself says so.
    ("unlimited-failures", &["AnalysisTemplate", "Rollout"]),
];

/// The controllers themselves are released by who runs the cluster, and have no Pods here.
const SETTINGS: &str = "scope: {namespaces: {exclude: [kube-*, argo-rollouts, flagger-system]}}\n\
    rules: {config-versioned: off, controller-installed: off}\n";

/// Which resources hold reports, and how `--write-reports` names their group.
const FAMILIES: [(&str, &str, &str); 2] = [
    ("wgpolicyk8s.io", "policyreports.wgpolicyk8s.io", "clusterpolicyreports.wgpolicyk8s.io"),
    ("openreports.io", "reports.openreports.io", "clusterreports.openreports.io"),
];

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // One after the other: they look at the same reports.
    arguments.test_threads = Some(1);
    if arguments.list {
        return Ok(libtest_mimic::run(&arguments, trials(None)).exit_code());
    }
    let programs = Programs::find()?;
    let folder = programs.run("audit")?;
    let mut cluster = ControlPlane::start(&programs, &folder)?;
    fill(&cluster)?;
    cluster.start_controller_manager(&programs)?;
    let settings = folder.join("settings.yaml");
    std::fs::write(&settings, SETTINGS).context("cannot write the settings")?;
    let world: &'static World = Box::leak(Box::new(World { cluster, settings }));
    let conclusion = libtest_mimic::run(&arguments, trials(Some(world)));
    world.cluster.kubectl().must(&["delete", "clusterrolebinding", "--ignore-not-found", "auditor"], "")?;
    Ok(conclusion.exit_code())
}

struct World {
    cluster: ControlPlane,
    settings: PathBuf,
}

type Test = fn(&World) -> anyhow::Result<()>;

fn trials(world: Option<&'static World>) -> Vec<Trial> {
    let tests: [(&str, Test); 4] = [
        ("exactly the bad objects are rejected", rejects_the_bad),
        ("a dump is judged like the cluster it is of", judges_dumps_alike),
        ("reports of both groups are written, and written again without a change", writes_reports),
        ("who may not list a kind is told which", names_what_is_forbidden),
    ];
    let trial = |(name, test): (&str, Test)| {
        Trial::test(name, move || {
            let world = world.ok_or("there is no cluster")?;
            test(world).map_err(|error| Failed::from(format!("{error:?}")))
        })
    };
    tests.into_iter().map(trial).collect()
}

fn fill(cluster: &ControlPlane) -> anyhow::Result<()> {
    let kubectl = cluster.kubectl();
    install_controllers(kubectl)?;
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    kubectl.apply(&namespace("shop"))?;
    for file in GOOD {
        for object in manifests(file)? {
            kubectl.apply(&object)?;
        }
    }
    for (file, _) in BAD {
        kubectl.apply(&namespace(file))?;
        for object in manifests(&format!("gallery/{file}.yaml"))? {
            kubectl.apply(&moved(object, file))?;
        }
    }
    // What the controllers would make of the good ones.
    let pods = json!({"metadata": {"labels": {"app": "made"}},
        "spec": {"containers": [{"name": "made", "image": "made:1.0"}]}});
    let spec = json!({"replicas": 0, "selector": {"matchLabels": {"app": "made"}}, "template": pods});
    for (resource, owner, kind, name) in [
        ("rollouts", "payments", "ReplicaSet", "payments-5d8f7"),
        ("canaries", "payments-api", "Deployment", "payments-api-primary"),
    ] {
        let owner = kubectl.get(&[resource, "-n", "shop", owner])?;
        let reference = json!({"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]});
        kubectl.apply(&json!({"apiVersion": "apps/v1", "kind": kind, "spec": spec,
            "metadata": {"name": name, "namespace": "shop", "ownerReferences": [reference]}}))?;
    }
    Ok(())
}

impl World {
    fn audit(&self, kubeconfig: &Path, arguments: &[&str]) -> anyhow::Result<(i32, Answer)> {
        let output = Command::new(repository().join("dist/rollgate"))
            .args(["audit", "--settings"])
            .arg(&self.settings)
            .env("KUBECONFIG", kubeconfig)
            .args(arguments)
            .output()
            .context("cannot run dist/rollgate")?;
        Ok((output.status.code().unwrap_or(-1), output.into()))
    }

    /// What an audit says as JSON, of which the exit code has to be 1.
    fn audited(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let arguments = [&["-o", "json"], arguments].concat();
        let (code, answer) = self.audit(self.cluster.kubeconfig(), &arguments)?;
        ensure!(code == 1, "{code}: {}{}", answer.output, answer.errors);
        serde_json::from_str(&answer.output).with_context(|| answer.output)
    }

    fn items(&self, resource: &str) -> anyhow::Result<Vec<Value>> {
        let mut list = self.cluster.kubectl().get(&[resource, "-A"])?;
        Ok(serde_json::from_value(list["items"].take())?)
    }
}

fn rejected(audited: &Value) -> BTreeSet<(String, String)> {
    let objects = audited["objects"].as_array().into_iter().flatten();
    let rejected = objects.filter(|object| object["verdict"] == "reject");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rejected.map(|object| (text(&object["namespace"]), text(&object["kind"]))).collect()
}

fn rejects_the_bad(world: &World) -> anyhow::Result<()> {
    let audited = world.audited(&[])?;
    let of_file = |(namespace, kinds): (&str, &[&str])| {
        let pairs: Vec<_> = kinds.iter().map(|kind| (namespace.to_owned(), (*kind).to_owned())).collect();
        pairs
    };
    let expected: BTreeSet<_> = BAD.into_iter().flat_map(of_file).collect();
    ensure!(rejected(&audited) == expected, "{:?}\n{audited:#}", rejected(&audited));
    let names: Vec<&Value> =
        audited["objects"].as_array().into_iter().flatten().map(|it| &it["name"]).collect();
    ensure!(names.contains(&&json!("payments-api")), "{names:?}");
    ensure!(
        !names.iter().any(|name| *name == "payments-5d8f7" || *name == "payments-api-primary"),
        "{names:?}"
    );
    let (code, answer) = world.audit(world.cluster.kubeconfig(), &["-n", "shop"])?;
    ensure!(code == 0, "{}{}", answer.output, answer.errors);
    Ok(())
}

/// Everything that rules ask for, as people dump it.
const DUMPED: &str = "rollouts,analysistemplates,clusteranalysistemplates,canaries,metrictemplates,deployments,\
    replicasets,daemonsets,statefulsets,services,configmaps,podmonitors,servicemonitors";

fn judges_dumps_alike(world: &World) -> anyhow::Result<()> {
    let dump = world.settings.with_file_name("dump.yaml");
    let text = world.cluster.kubectl().must(&["get", DUMPED, "-A", "-o", "yaml"], "")?;
    ensure!(documents(&text)?.len() == 1, "the dump is no List");
    std::fs::write(&dump, text)?;
    let settings = world.settings.to_str().context("a folder in UTF-8")?;
    let output = Command::new(repository().join("dist/rollgate"))
        .args(["audit", "-o", "json", "--settings", settings])
        .arg(&dump)
        .output()?;
    let mut dumped: Value = serde_json::from_slice(&output.stdout)?;
    let mut live = world.audited(&[])?;
    for audited in [&mut dumped, &mut live] {
        let objects = audited["objects"].as_array_mut().context("no objects")?;
        objects.sort_by_key(|object| object["uid"].to_string());
    }
    ensure!(dumped["objects"] == live["objects"], "{dumped:#}\n{live:#}");
    Ok(())
}

fn writes_reports(world: &World) -> anyhow::Result<()> {
    let template = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ClusterAnalysisTemplate",
        "metadata": {"name": "everywhere"}, "spec": {"metrics": [{"name": "up", "successCondition": "result[0] > 0.5",
        "provider": {"prometheus": {"address": "http://prometheus:9090", "query": "up"}}}]}});
    world.cluster.kubectl().apply(&template)?;
    for (group, resource, unplaced) in FAMILIES {
        let audited = world.audited(&["--write-reports", group])?;
        let reports = [world.items(resource)?, world.items(unplaced)?].concat();
        let objects = audited["objects"].as_array().context("no objects")?;
        ensure!(reports.len() == objects.len(), "{} reports on {} objects", reports.len(), objects.len());
        for object in objects {
            let report = reports.iter().find(|report| report["scope"]["uid"] == object["uid"]);
            let report = report.with_context(|| format!("no report on {object}"))?;
            let fails = object["verdict"] == "reject";
            ensure!((report["summary"]["fail"] != 0) == fails, "{report:#}");
            ensure!(report["metadata"]["ownerReferences"][0]["uid"] == object["uid"], "{report:#}");
        }
        world.audited(&["--write-reports", group])?;
        let again = [world.items(resource)?, world.items(unplaced)?].concat();
        ensure!(again == reports, "the second run changed reports");
    }
    // A report goes with its object.
    let kubectl = world.cluster.kubectl();
    kubectl.must(&["delete", "deployment", "-n", "bare-deployment", "--all"], "")?;
    kubectl.must(&["delete", "clusteranalysistemplate", "everywhere"], "")?;
    rollgate_e2e::wait_until("the reports on what is gone are gone", || {
        let mut left = Vec::new();
        for (_, resource, unplaced) in FAMILIES {
            left.extend(world.items(unplaced)?);
            left.extend(
                world
                    .items(resource)?
                    .into_iter()
                    .filter(|it| it["metadata"]["namespace"] == "bare-deployment"),
            );
        }
        Ok(left.is_empty())
    })
}

fn names_what_is_forbidden(world: &World) -> anyhow::Result<()> {
    let kubectl = world.cluster.kubectl();
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "auditor", "namespace": "shop"}}))?;
    let kubeconfig = world.cluster.kubeconfig_of_account("shop", "auditor")?;
    let (code, answer) = world.audit(&kubeconfig, &[])?;
    ensure!(
        code == 2 && answer.errors.contains("cannot read Rollout of argoproj.io/v1alpha1"),
        "{}",
        answer.errors
    );
    // With the role that is shipped, nothing is missing.
    let shipped = std::fs::read_to_string(repository().join("deploy/audit.yaml"))?;
    for object in documents(&shipped)?.iter().filter(|object| object["kind"] == "ClusterRole") {
        kubectl.apply(object)?;
    }
    let subject = json!([{"kind": "ServiceAccount", "name": "auditor", "namespace": "shop"}]);
    kubectl.apply(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "auditor"}, "subjects": subject,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "rollgate-audit"}}))?;
    for (group, ..) in FAMILIES {
        let mut said = String::new();
        rollgate_e2e::wait_until("the role is in force", || {
            let (code, answer) = world.audit(&kubeconfig, &["--write-reports", group])?;
            said = answer.errors;
            Ok(code == 1)
        })
        .with_context(|| said)?;
    }
    Ok(())
}
