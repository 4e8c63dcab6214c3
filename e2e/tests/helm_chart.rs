//! The Helm chart: what it becomes with which values, and what it installs, at work.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use rollgate_e2e::{
    Answer, ControlPlane, Helm, Kubectl, Pod, Programs, RunningPod, chart, documents, free_port,
    install_controllers, plain_manifests, repository,
};
use serde_json::{Value, json};

/// The value without which nothing is rendered.
const IMAGE: &str = "--set=image.repository=rollgate";

/// The registration, as metrics name it.
const NAME: &str = "name=\"releases.rollgate.dev\"";

/// Values that are taken, each under a name.
const TAKEN: [(&str, &[&str]); 14] = [
    ("defaults", &[]),
    ("certificate of Helm", &["--set=tls.mode=generated"]),
    ("clients of an authority", &["--set=tls.clientAuthority=api-server"]),
    (
        "certificate in a Secret",
        &["--set=tls.mode=secret,tls.secretName=mine", "--set-file=tls.caBundle=AUTHORITY"],
    ),
    ("certificate of cert-manager", &["--set=tls.mode=certManager"]),
    (
        "certificate of an issuer",
        &["--set=tls.mode=certManager,tls.issuer.name=mine,tls.issuer.kind=ClusterIssuer"],
    ),
    ("one replica", &["--set=replicas=1"]),
    ("no optional kind", &["--set=rbac.argoRollouts=false,rbac.flagger=false,rbac.prometheusOperator=false"]),
    ("other namespaces", &["--set=webhook.exemptNamespaces={delivery,mesh}"]),
    ("not registered", &["--set=webhook.enabled=false"]),
    ("settings", &["--values=SETTINGS"]),
    ("monitoring", &["--set=serviceMonitor.enabled=true,prometheusRule.enabled=true"]),
    (
        "another name and image",
        &[
            "--set=fullnameOverride=guard",
            "--set=image.tag=1.0,image.pullSecrets[0].name=registry",
            "--set=image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ],
    ),
    (
        "a cluster of its own kind",
        &[
            "--set=nodeSelector.role=system,tolerations[0].operator=Exists,priorityClassName=system-cluster-critical",
            "--set=server.listen=[::],server.logFormat=text,server.verbose=true,server.extraArgs={--no-color}",
            "--set=podSecurityContext.runAsUser=null,podLabels.team=delivery,podAnnotations.seen=yes",
            "--set=serviceAccount.annotations.seen=yes,webhook.annotations.seen=yes",
            "--set=networkPolicy.from[0].ipBlock.cidr=10.0.0.0/8,networkPolicy.apiServerPorts={8443}",
        ],
    ),
];

/// Values that are refused, and words that say why.
const REFUSED: [(&[&str], &str); 14] = [
    (&["--set=image.repository="], "image.repository is required: build the image"),
    (&["--set=imagee.repository=rollgate"], "additional properties 'imagee' not allowed"),
    (
        &["--set=tls.mode=none"],
        "/tls/mode': value must be one of 'managed', 'generated', 'secret', 'certManager'",
    ),
    (&["--set=tls.mode=secret"], "tls.caBundle is required with tls.mode=secret"),
    (&["--set=tls.mode=secret,tls.caBundle=me"], "/tls/caBundle': 'me' does not match pattern"),
    (&["--set=replicas=0"], "/replicas': minimum: got 0, want 1"),
    (&["--set=terminationGracePeriodSeconds=15"], "terminationGracePeriodSeconds must be longer than"),
    (&["--set=server.timeout=soon"], "/server/timeout': 'soon' does not match pattern"),
    (&["--set=image.digest=latest"], "/image/digest': 'latest' does not match pattern"),
    (
        &["--set=webhook.exemptNamespaces={Shop}"],
        "/webhook/exemptNamespaces/0': 'Shop' does not match pattern",
    ),
    (&["--set=settings.profile=nice"], "/settings/profile': value must be one of 'standard', 'strict'"),
    (&["--set=settings.rules.no-such-rule=deny"], "additional properties 'no-such-rule' not allowed"),
    (&["--set=settings.rules.gradual-exposure.maxFirstWeight=200"], "maximum: got 200, want 100"),
    (&["--set=settings.actors.controllers={argo}"], "'argo' does not match pattern"),
];

/// Settings in the values: some for the policy, and a controller that the registration lets by, too.
const SETTINGS: &str = r#"
settings:
  profile: strict
  rules:
    smoke-verification: off
    gradual-exposure: {maxFirstWeight: 20}
  freeze:
    - {name: the weekend, weekly: Fri 16:00-Mon 08:00, timezone: Europe/Berlin}
  actors:
    controllers: ["system:serviceaccount:delivery:argo-rollouts"]
"#;

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // One after the other: what one of them installs would be in the way of what another one tries.
    arguments.test_threads = Some(1);
    if arguments.list {
        return Ok(libtest_mimic::run(&arguments, trials(None)).exit_code());
    }
    let programs = Programs::find()?;
    let folder = programs.run("helm-chart")?;
    let cluster = ControlPlane::start(&programs, &folder)?;
    // A Pod that is not as restricted as can be is warned of.
    cluster
        .kubectl()
        .apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rollgate",
        "labels": {"pod-security.kubernetes.io/warn": "restricted"}}}))?;
    std::fs::write(folder.join("settings.yaml"), SETTINGS)?;
    let world = World { helm: Helm::new(programs.helm()), cluster, folder };
    Ok(libtest_mimic::run(&arguments, trials(Some(world))).exit_code())
}

struct World {
    helm: Helm,
    cluster: ControlPlane,
    folder: PathBuf,
}

type Check = Box<dyn FnOnce(&World) -> anyhow::Result<()> + Send>;

fn trials(world: Option<World>) -> Vec<Trial> {
    let world = world.map(Arc::new);
    let trial = |name: String, check: Check| {
        let world = world.clone();
        Trial::test(name, move || {
            let world = world.ok_or("no cluster")?;
            check(&world).map_err(|error| Failed::from(format!("{error:#}")))
        })
    };
    let mut trials =
        vec![trial("the plain manifests are current".to_owned(), Box::new(manifests_are_current))];
    for (name, values) in TAKEN {
        trials.push(trial(format!("taken: {name}"), Box::new(move |world| takes(world, name, values))));
    }
    for (values, words) in REFUSED {
        trials.push(trial(
            format!("refused: {}", values.join(" ")),
            Box::new(|world| refuses(world, values, words)),
        ));
    }
    trials.push(trial("what is installed works".to_owned(), Box::new(works)));
    trials
}

fn manifests_are_current(world: &World) -> anyhow::Result<()> {
    for (path, text) in plain_manifests(&world.helm)? {
        let there = std::fs::read_to_string(repository().join(path)).unwrap_or_default();
        ensure!(there == text, "{path} is not current: run `cargo xtask manifests`");
    }
    let manifest = std::fs::read_to_string(repository().join("deploy/rollgate.yaml"))?;
    let mut objects = documents(&manifest)?;
    // It is there already.
    objects.retain(|object| object["kind"] != "Namespace");
    is_accepted(world, &objects)
}

fn takes(world: &World, name: &str, values: &[&str]) -> anyhow::Result<()> {
    let fill = |value: &&str| {
        let path = |name: &str| world.folder.join(name).display().to_string();
        value.replace("SETTINGS", &path("settings.yaml")).replace("AUTHORITY", &path("authority.crt"))
    };
    let values: Vec<String> = values.iter().map(fill).collect();
    let values: Vec<&str> = std::iter::once(IMAGE).chain(values.iter().map(String::as_str)).collect();
    world.helm.must(&[&["lint", "--strict", &chart()], &values[..]].concat())?;
    let objects = world.helm.objects(&values)?;
    is_accepted(world, &objects)?;
    let of_kind = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).count();
    let text = serde_json::to_string(&objects)?;
    let expected = match name {
        "defaults" => {
            of_kind("PodDisruptionBudget") == 1
                && of_kind("NetworkPolicy") == 1
                && of_kind("Secret") == 1
                && of_kind("Role") == 1
                && !text.contains("caBundle")
        }
        "certificate of Helm" => of_kind("Role") == 0 && text.contains(r#""caBundle":"LS0t"#),
        "clients of an authority" => text.contains(r#""configMap":{"name":"api-server"}"#),
        "certificate in a Secret" => of_kind("Secret") == 0 && text.contains(r#""secretName":"mine""#),
        "certificate of cert-manager" => {
            of_kind("Certificate") == 2 && of_kind("Issuer") == 2 && !text.contains("caBundle")
        }
        "certificate of an issuer" => of_kind("Certificate") == 1 && of_kind("Issuer") == 0,
        "one replica" => of_kind("PodDisruptionBudget") == 0,
        "no optional kind" => role(&objects).len() == 8,
        "other namespaces" => text.contains(r#"["kube-system","rollgate","delivery","mesh"]"#),
        "not registered" => of_kind("ValidatingWebhookConfiguration") == 0,
        "settings" => {
            text.contains(r#"\"system:serviceaccount:delivery:argo-rollouts\"\n"#)
                && text.contains("smoke-verification: false")
        }
        "monitoring" => of_kind("ServiceMonitor") == 1 && of_kind("PrometheusRule") == 1,
        "another name and image" => {
            text.contains(r#""image":"rollgate@sha256:0123"#)
                && text.contains("--tls-secret=rollgate/guard-managed-tls")
        }
        _ => text.contains(r#""team":"delivery""#),
    };
    ensure!(expected, "{text}");
    Ok(())
}

fn refuses(world: &World, values: &[&str], words: &str) -> anyhow::Result<()> {
    let values: Vec<&str> = std::iter::once(IMAGE).chain(values.iter().copied()).collect();
    let Answer { succeeded, output, errors } =
        world.helm.run(&[&["template", "rollgate", &chart()], &values[..]].concat())?;
    ensure!(!succeeded && errors.contains(words), "{output}{errors}");
    Ok(())
}

/// The API server takes every object, field by field, and warns of none.
fn is_accepted(world: &World, objects: &[Value]) -> anyhow::Result<()> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let arguments = ["create", "--dry-run=server", "--validate=strict", "-f", "-"];
    let Answer { succeeded, output, errors } = world.cluster.kubectl().run(&arguments, &list.to_string())?;
    ensure!(succeeded && errors.is_empty(), "{output}{errors}");
    Ok(())
}

/// Every group and resource in the `ClusterRole`.
fn role(objects: &[Value]) -> BTreeSet<(String, String)> {
    let roles = objects.iter().filter(|object| object["kind"] == "ClusterRole");
    roles.flat_map(|role| items(&role["rules"])).flat_map(allowed).collect()
}

fn allowed(rule: &Value) -> Vec<(String, String)> {
    let texts = |key: &str| items(&rule[key]).iter().filter_map(Value::as_str);
    texts("apiGroups")
        .flat_map(|group| texts("resources").map(move |resource| (group.to_owned(), resource.to_owned())))
        .collect()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Installs the chart, runs its container, and has the API server ask it.
fn works(world: &World) -> anyhow::Result<()> {
    let kubectl = world.cluster.kubectl();
    install_controllers(kubectl)?;
    let helm = world.helm.of_cluster(world.cluster.kubeconfig().to_owned());
    let port = free_port()?;
    let listen = format!("--set=server.listen=127.0.0.1,server.port={port}");
    helm.must(&["install", "rollgate", &chart(), IMAGE, &listen])?;
    may_read_and_no_more(kubectl)?;
    let deployment = kubectl.get(&["deployment", "rollgate", "--namespace", "rollgate"])?;
    let pod = Pod::new(&world.cluster, &world.folder, &deployment)?;
    the_root_is_read_only(&pod)?;
    let running = pod.start(&world.folder, port)?;
    ensure!(running.get("/healthz")? == "ok\n", "/healthz");
    reach(kubectl, port)?;
    is_asked(kubectl, &running)?;
    running.stop()?;
    fails_closed(kubectl)?;
    let certificate = |kubectl: &Kubectl| {
        let secret = kubectl.get(&["secret", "rollgate-managed-tls", "--namespace", "rollgate"])?;
        let registration = kubectl.get(&["validatingwebhookconfiguration", "rollgate"])?;
        anyhow::Ok((secret["data"].clone(), registration["webhooks"][0]["clientConfig"]["caBundle"].clone()))
    };
    let before = certificate(kubectl)?;
    ensure!(before.0["tls.crt"].is_string() && before.1.is_string(), "rollgate has issued nothing");
    let warn = "--set=settings.enforcement=warn";
    helm.must(&["upgrade", "rollgate", &chart(), IMAGE, &listen, warn, "--force-conflicts"])?;
    ensure!(certificate(kubectl)? == before, "an upgrade changed the certificate");
    helm.must(&["uninstall", "rollgate"])?;
    nothing_is_left(kubectl)
}

fn nothing_is_left(kubectl: &Kubectl) -> anyhow::Result<()> {
    let kinds = "all,configmaps,secrets,serviceaccounts,networkpolicies,poddisruptionbudgets,clusterroles,\
                 clusterrolebindings,roles,rolebindings,validatingwebhookconfigurations";
    let selector = "--selector=app.kubernetes.io/name=rollgate";
    let left = kubectl.get(&[kinds, "--namespace", "rollgate", selector])?;
    ensure!(items(&left["items"]).is_empty(), "{left:#}");
    Ok(())
}

/// The service account has the rights to read what rules ask for, and nobody else's.
fn may_read_and_no_more(kubectl: &Kubectl) -> anyhow::Result<()> {
    let account = "system:serviceaccount:rollgate:rollgate";
    let groups = ["system:serviceaccounts", "system:serviceaccounts:rollgate", "system:authenticated"];
    let rollgate = kubectl.impersonating(account, &groups);
    for namespace in ["rollgate", "default", "kube-system"] {
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace}});
        let answer =
            rollgate.must(&["create", "--validate=false", "-o", "json", "-f", "-"], &review.to_string())?;
        let answer: Value = serde_json::from_str(&answer)?;
        let rules = items(&answer["status"]["resourceRules"]);
        // Everybody may ask what they may do.
        let own = rules
            .iter()
            .filter(|rule| !rule["apiGroups"][0].as_str().unwrap_or_default().ends_with("k8s.io"));
        let mut read = BTreeSet::new();
        for rule in own {
            // Its certificate is in one Secret, of its own namespace.
            if namespace == "rollgate" && rule["resources"] == json!(["secrets"]) {
                ensure!(rule["resourceNames"] == json!(["rollgate-managed-tls"]), "{rule}");
                ensure!(rule["verbs"] == json!(["get", "update"]), "{rule}");
                continue;
            }
            ensure!(rule["verbs"] == json!(["get", "list", "watch"]), "{namespace}: {rule}");
            read.extend(allowed(rule));
        }
        ensure!(read == kinds_of_the_policy(kubectl)?, "{namespace}: {read:?}");
    }
    for (verb, resource) in [
        ("get", "secrets"),
        ("get", "secrets/other"),
        ("list", "secrets"),
        ("create", "secrets"),
        ("delete", "secrets/rollgate-managed-tls"),
        ("create", "pods/exec"),
        ("patch", "deployments.apps"),
        ("update", "configmaps"),
        ("patch", "validatingwebhookconfigurations.admissionregistration.k8s.io"),
        ("update", "validatingwebhookconfigurations.admissionregistration.k8s.io/rollgate"),
        ("impersonate", "users"),
    ] {
        let answer = rollgate.run(&["auth", "can-i", verb, resource, "--namespace", "rollgate"], "")?;
        ensure!(answer.output.trim() == "no", "{verb} {resource}: {}{}", answer.output, answer.errors);
    }
    Ok(())
}

/// The resources of the kinds in policy-metadata.yml, as the API server calls them.
fn kinds_of_the_policy(kubectl: &Kubectl) -> anyhow::Result<BTreeSet<(String, String)>> {
    let metadata = std::fs::read_to_string(repository().join("policy-metadata.yml"))?;
    let metadata = documents(&metadata)?;
    let mut resources = BTreeSet::new();
    for kind in items(&metadata.first().context("no metadata")?["contextAwareResources"]) {
        let version = kind["apiVersion"].as_str().context("no version")?;
        let (path, group) = match version.split_once('/') {
            Some((group, _)) => (format!("/apis/{version}"), group),
            None => (format!("/api/{version}"), ""),
        };
        let served: Value = serde_json::from_str(&kubectl.must(&["get", "--raw", &path], "")?)?;
        let resource = items(&served["resources"]).iter().find(|resource| resource["kind"] == kind["kind"]);
        let name =
            resource.and_then(|resource| resource["name"].as_str()).with_context(|| kind.to_string())?;
        resources.insert((group.to_owned(), name.to_owned()));
    }
    Ok(resources)
}

fn the_root_is_read_only(pod: &Pod) -> anyhow::Result<()> {
    let answer = pod.run(&["serve", "--policy=/policy.wasm", "--listen=127.0.0.1:0", "--ca-out=/ca.pem"])?;
    ensure!(
        !answer.succeeded && answer.errors.contains("Read-only file system"),
        "{}{}",
        answer.output,
        answer.errors
    );
    Ok(())
}

/// The API server has no way into a cluster's network here: the Service is a name for this machine.
fn reach(kubectl: &Kubectl, port: u16) -> anyhow::Result<()> {
    let service = json!({"spec": {"type": "ExternalName", "externalName": "localhost", "clusterIP": null,
        "clusterIPs": null}});
    let patch = ["patch", "service", "rollgate", "--namespace", "rollgate", "--type=merge", "-p"];
    kubectl.must(&[&patch[..], &[&service.to_string()]].concat(), "")?;
    let address = json!([{"op": "replace", "path": "/webhooks/0/clientConfig/service/port", "value": port}]);
    let patch = ["patch", "validatingwebhookconfiguration", "rollgate", "--type=json", "-p"];
    kubectl.must(&[&patch[..], &[&address.to_string()]].concat(), "").map(|_| ())
}

/// A workload that nothing governs is refused, what is well governed is not, and both are counted.
fn is_asked(kubectl: &Kubectl, pod: &RunningPod) -> anyhow::Result<()> {
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}))?;
    let answer = kubectl.run(&["create", "-f", "-"], &ungoverned("shop").to_string())?;
    ensure!(!answer.succeeded && answer.errors.contains("no-bypass"), "{}{}", answer.output, answer.errors);
    kubectl.apply(&ungoverned("argo-rollouts"))?;
    let examples = repository().join("delivery/_examples").display().to_string();
    kubectl.must(&["apply", "-f", &examples], "")?;
    let metrics = pod.get("/metrics")?;
    ensure!(
        metrics
            .contains(r#"rollgate_reviews_total{kind="Deployment",operation="create",outcome="rejected"} 1"#),
        "{metrics}"
    );
    ensure!(
        metrics.contains(r#"rollgate_reviews_total{kind="Rollout",operation="create",outcome="accepted"}"#),
        "{metrics}"
    );
    ensure!(pod.log().contains(r#""allowed":false"#), "the log is no JSON:\n{}", pod.log());
    Ok(())
}

/// Without rollgate nothing it guards changes, and everything else does. The API server counts it by the names that the
/// alerts ask for.
fn fails_closed(kubectl: &Kubectl) -> anyhow::Result<()> {
    let answer = kubectl.run(&["create", "-f", "-"], &ungoverned("shop").to_string())?;
    ensure!(
        !answer.succeeded && answer.errors.contains("failed calling webhook"),
        "{}{}",
        answer.output,
        answer.errors
    );
    kubectl.must(&["delete", "deployment", "ungoverned", "--namespace", "argo-rollouts"], "")?;
    let rollout = repository().join("delivery/_examples/canary-rollout.yaml").display().to_string();
    let annotate = ["annotate", "--filename", &rollout, "seen=yes"];
    ensure!(!kubectl.run(&annotate, "")?.succeeded, "a person changes a Rollout");
    let controller = "system:serviceaccount:argo-rollouts:argo-rollouts";
    kubectl.impersonating(controller, &["system:masters"]).must(&annotate, "")?;
    let metrics = kubectl.must(&["get", "--raw", "/metrics"], "")?;
    let counted = |name: &str, labels: &[&str]| {
        let mut lines = metrics.lines().filter(|line| line.starts_with(name));
        lines.any(|line| labels.iter().all(|label| line.contains(label)))
    };
    for (name, labels) in [
        ("apiserver_admission_webhook_rejection_count{", ["error_type=\"no_error\"", NAME]),
        ("apiserver_admission_webhook_rejection_count{", ["error_type=\"calling_webhook_error\"", NAME]),
        ("apiserver_admission_webhook_admission_duration_seconds_bucket{", ["le=\"+Inf\"", NAME]),
    ] {
        ensure!(counted(name, &labels), "{name} {labels:?} is not counted");
    }
    Ok(())
}

/// A workload that nothing governs.
fn ungoverned(namespace: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ungoverned", "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": "ungoverned"}},
            "template": {"metadata": {"labels": {"app": "ungoverned"}},
                "spec": {"containers": [{"name": "ungoverned", "image": "ungoverned:1.0"}]}}}})
}
