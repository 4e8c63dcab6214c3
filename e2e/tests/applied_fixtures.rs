//! Every fixture of the rules, applied with kubectl to an API server that asks the webhook.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use rollgate::documents::fixture::Announced;
use rollgate_e2e::{
    Api, ControlPlane, Kubectl, Options, Programs, Registration, Webhook, install_controllers, manifests,
    rename_namespaces, repository,
};
use serde_json::{Value, json};

/// Where the fixtures are, below the root of this repository.
const FIXTURES: &str = "tests/fixtures";

/// What kubectl or the API server refuses before a webhook is asked: their own words, by fixture.
const REFUSED_BEFORE: [(&str, &str); 2] = [
    (
        "metrics-provider/trap-flagger-misspelt-type.yaml",
        "spec.provider.type: Unsupported value: \"Prometheus\"",
    ),
    (
        "valid-spec/rejected-label-that-is-no-text.yaml",
        "cannot unmarshal number into Go struct field ObjectMeta.",
    ),
];

/// What is denied in a set of files and a warning here, where the rest may still arrive: the rules, by fixture.
const MAY_STILL_ARRIVE: [(&str, &str); 8] = [
    ("no-bypass/trap-canary-in-another-namespace.yaml", "resolved-references"),
    ("no-bypass/trap-governor-named-but-absent.yaml", "no-bypass"),
    ("published/blue-green-rollout.yaml", "stable-traffic-restored"),
    ("published/flagger-canary.yaml", "resolved-references"),
    ("resolved-references/rejected-template.yaml", "resolved-references"),
    ("stable-traffic-restored/rejected-canary-service.yaml", "stable-traffic-restored"),
    ("stable-traffic-restored/trap-service-of-other-pods.yaml", "stable-traffic-restored"),
    ("stable-traffic-restored/trap-service-of-another-namespace.yaml", "stable-traffic-restored"),
];

/// How many fixtures are applied at once.
const THREADS: usize = 6;

/// The label by which a namespace says under which settings it is judged.
const SETTINGS: &str = "settings";

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // Each waits for the API server more than it computes.
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    let fixtures = fixtures()?;
    if arguments.list {
        return Ok(libtest_mimic::run(&arguments, trials(&fixtures, None)).exit_code());
    }
    let programs = Programs::find()?;
    let folder = programs.run("fixtures")?;
    let cluster = ControlPlane::start(&programs, &folder)?;
    install_controllers(cluster.kubectl())?;
    let shipped = Registration::shipped()?;
    let mut webhooks = Vec::new();
    for (number, settings) in settings(&fixtures).into_iter().enumerate() {
        let name = format!("rollgate-{number}");
        let options = Options {
            settings: serde_json::from_str(settings)?,
            // So many servers are told of a change one after the other.
            arguments: vec!["--watch-lag=500ms".to_owned()],
            ..Options::default()
        };
        let webhook = Webhook::start_with(&cluster, &folder, &name, options)?;
        webhook.register(&cluster, &shipped.only_for(&name, SETTINGS, &number.to_string()))?;
        webhooks.push(webhook);
    }
    let ways = Cluster { kubectl: cluster.kubectl().clone(), api: cluster.api().clone() };
    let conclusion = libtest_mimic::run(&arguments, trials(&fixtures, Some(&ways)));
    Ok(conclusion.exit_code())
}

/// The ways to the cluster.
#[derive(Clone)]
struct Cluster {
    kubectl: Kubectl,
    api: Api,
}

/// A file and what it announces.
struct Fixture {
    /// The path below the folder of fixtures.
    name: String,
    denied: BTreeSet<String>,
    settings: String,
}

fn fixtures() -> anyhow::Result<Vec<Arc<Fixture>>> {
    let root = repository().join(FIXTURES);
    let mut fixtures = Vec::new();
    for folder in entries(&root)? {
        for path in entries(&folder)? {
            let Announced { denied, settings } = Announced::read(&path)?;
            let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
            fixtures.push(Arc::new(Fixture { name, denied, settings: settings.to_string() }));
        }
    }
    Ok(fixtures)
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn settings(fixtures: &[Arc<Fixture>]) -> BTreeSet<&str> {
    fixtures.iter().map(|fixture| fixture.settings.as_str()).collect()
}

fn trials(fixtures: &[Arc<Fixture>], cluster: Option<&Cluster>) -> Vec<Trial> {
    let numbers: BTreeMap<&str, usize> = settings(fixtures).into_iter().zip(0..).collect();
    let trial = |(index, fixture): (usize, &Arc<Fixture>)| {
        let number = numbers[fixture.settings.as_str()];
        let (cluster, judged) = (cluster.cloned(), Arc::clone(fixture));
        Trial::test(fixture.name.clone(), move || {
            let cluster = cluster.ok_or("no cluster")?;
            check(&judged, &format!("f{index}"), number, &cluster)
                .map_err(|error| Failed::from(format!("{error:#}")))
        })
    };
    fixtures.iter().enumerate().map(trial).collect()
}

/// Applies a fixture to namespaces of its own and compares what is refused with what it announces.
fn check(fixture: &Fixture, suffix: &str, settings: usize, cluster: &Cluster) -> anyhow::Result<()> {
    let mut objects = manifests(&format!("{FIXTURES}/{}", fixture.name))?;
    let mut namespaces = BTreeSet::new();
    for object in &mut objects {
        rename_namespaces(object, &mut |name| {
            *name = format!("{name}-{suffix}");
            namespaces.insert(name.clone());
        });
    }
    objects.sort_by_key(rank);
    // Manifests that name no namespace go into one all the same.
    let elsewhere = if namespaces.is_empty() { vec!["-n", suffix] } else { Vec::new() };
    for name in namespaces.iter().map(String::as_str).chain(elsewhere.get(1).copied()) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {SETTINGS: settings.to_string()}}});
        // No controller makes it here, and no Pod is created without.
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": name}});
        for object in [namespace, account] {
            let created = cluster.api.create(&object)?;
            ensure!(created.accepted(), "{}", created.message());
        }
    }
    let manifests: Vec<String> = objects.iter().map(Value::to_string).collect();
    // Unknown fields are sent and make a warning: rollgate is to see what a client less careful than kubectl sends.
    let command = [&["apply", "--validate=warn", "-f", "-"], &elsewhere[..]].concat();
    let answer = cluster.kubectl.run(&command, &manifests.join("\n---\n"))?;
    let said = format!("{}{}", answer.output, answer.errors);
    if let Some((_, words)) = REFUSED_BEFORE.iter().find(|(name, _)| *name == fixture.name) {
        ensure!(!answer.succeeded && said.contains(words), "it is taken now:\n{said}");
        return Ok(());
    }
    let denied: BTreeSet<&str> = answer.errors.lines().filter_map(denying_rule).collect();
    let mut expected: BTreeSet<&str> = fixture.denied.iter().map(String::as_str).collect();
    for (_, rule) in MAY_STILL_ARRIVE.iter().filter(|(name, _)| *name == fixture.name) {
        ensure!(said.contains(&format!("Warning: {rule} at ")), "no warning of {rule}:\n{said}");
        expected.remove(rule);
    }
    // A Deployment comes after its Canary: where that is refused, nothing governs it.
    if said.contains("rollgate rejects Canary") && denied.contains("no-bypass") {
        expected.insert("no-bypass");
    }
    // A release comes after its templates: where one is refused, the release is judged without it.
    let as_announced = if said.contains("rollgate rejects AnalysisTemplate") {
        !denied.is_empty() && denied.is_subset(&expected)
    } else {
        denied == expected
    };
    ensure!(
        as_announced && answer.succeeded == denied.is_empty(),
        "announced {:?}\ndenied    {denied:?}\n{said}",
        fixture.denied
    );
    Ok(())
}

/// The order in which people apply: what is referred to comes first, and a workload after what governs it.
fn rank(object: &Value) -> u8 {
    match object["kind"].as_str().unwrap_or_default() {
        "Rollout" | "Canary" => 1,
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" => 2,
        _ => 0,
    }
}

/// The rule in a line of a rejection: `- rule (requirement) at path: …`.
fn denying_rule(line: &str) -> Option<&str> {
    let (rule, rest) = line.strip_prefix("- ")?.split_once(" (")?;
    rest.contains(") at ").then_some(rule)
}
