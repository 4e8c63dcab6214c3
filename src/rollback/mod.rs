//! Whether an update returns to an earlier revision.

mod quantity;
mod template;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::admission::Request;
use crate::cluster::{Cluster, Kind, Unreadable};
use crate::json;
use crate::kubernetes::Metadata;
use template::Comparison;

/// What is read of a workload, a `ReplicaSet` or a `ControllerRevision`.
#[derive(Deserialize)]
struct Object<'a> {
    #[serde(default)]
    metadata: Metadata,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    /// The patch a `ControllerRevision` holds.
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    revision: Option<i64>,
}

impl Object<'_> {
    /// The part that holds the template.
    fn spec(&self) -> Value {
        let read = |json: &RawValue| json::from_str::<Value>(json.get()).unwrap_or_default();
        // First, or a workload could be read from data that nothing runs.
        if let Some(spec) = self.spec {
            return read(spec);
        }
        self.data.and_then(|data| read(data).get_mut("spec").map(Value::take)).unwrap_or_default()
    }

    /// Whether the workload's controller made it. A reference without `controller` makes nobody that.
    fn is_revision_of(&self, kind: &str, workload: &Metadata) -> bool {
        self.metadata.controller().is_some_and(|owner| {
            owner.kind == kind
                && owner.name == workload.name
                // Both have one in a cluster; files have none.
                && (owner.uid.is_empty() || workload.uid.is_empty() || owner.uid == workload.uid)
        })
    }

    fn number(&self, kind: &str) -> Option<i64> {
        // Others are copied from the workload, where anybody may have written them.
        let annotation = match kind {
            "Rollout" => "rollout.argoproj.io/revision",
            _ => "deployment.kubernetes.io/revision",
        };
        self.revision.or_else(|| self.metadata.annotations.get(annotation)?.parse().ok())
    }
}

/// Whether two templates of a Rollout with that strategy make the same pods.
pub(crate) fn is_same_template(left: &Value, right: &Value, strategy: &Value) -> bool {
    Comparison { strategy }.same(left, right)
}

/// The earlier revision to which a request returns, as `revision 3`; `None` when it does not, or nobody can tell.
pub(crate) fn revision(request: &Request<'_>, namespace: &str, cluster: &dyn Cluster) -> Option<String> {
    let (old, new) = (request.old_object?, request.object?);
    revision_of(&request.kind.kind, old.get(), new.get(), namespace, cluster).ok().flatten()
}

/// The earlier revision to which an update of a workload from `old` to `new` returns, as `revision 3`.
///
/// `None` when the pod template stays the same, or is none the workload has had: that is a release. A revision need
/// not have been promoted; a version that failed and is tried again is an earlier one too. Revisions are what the
/// workload's controller keeps: `ReplicaSet`s of a Rollout and a Deployment, `ControllerRevision`s of a `StatefulSet`
/// and a `DaemonSet`. They prove as much as the right to write them, which `no-bypass` guards for `ReplicaSet`s.
///
/// # Errors
/// [`Unreadable`] when nobody can tell which revisions there are. Nobody is asked before the template has changed.
fn revision_of(
    kind: &str,
    old: &str,
    new: &str,
    namespace: &str,
    cluster: &dyn Cluster,
) -> Result<Option<String>, Unreadable> {
    let kept_as = match kind {
        "Rollout" | "Deployment" => Kind::REPLICA_SET,
        "StatefulSet" | "DaemonSet" => Kind::CONTROLLER_REVISION,
        _ => return Ok(None),
    };
    let (Ok(workload), Ok(new)) = (json::from_str::<Object>(old), json::from_str::<Object>(new)) else {
        return Ok(None);
    };
    let (old, new) = (workload.spec(), new.spec());
    let (before, after) = (&old["template"], &new["template"]);
    let comparison = Comparison { strategy: &old["strategy"] };
    if !before.is_object() || !after.is_object() || comparison.same(before, after) {
        return Ok(None);
    }
    let mut latest = None;
    for listed in cluster.list(kept_as, Some(namespace))? {
        let Ok(revision) = json::from_str::<Object>(listed.get()) else { continue };
        if revision.is_revision_of(kind, &workload.metadata)
            && comparison.same(&revision.spec()["template"], after)
        {
            latest = latest.max(Some((revision.number(kind), revision.metadata.name)));
        }
    }
    Ok(latest.map(|(number, name)| match number {
        Some(number) => format!("revision {number}"),
        None => format!("revision {name}"),
    }))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::Objects;

    /// A set of objects that counts how often it is asked.
    #[derive(Default)]
    struct Live {
        objects: Objects,
        listed: Cell<usize>,
    }

    impl Live {
        fn of(objects: impl IntoIterator<Item = Value>) -> Self {
            let mut live = Self::default();
            for object in objects {
                live.objects.insert(raw(&object)).expect("an object");
            }
            live
        }
    }

    impl Cluster for Live {
        fn get(&self, _: Kind, _: Option<&str>, _: &str) -> Result<Option<String>, Unreadable> {
            panic!("revisions are listed")
        }

        fn list(&self, kind: Kind, namespace: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
            self.listed.set(self.listed.get() + 1);
            self.objects.list(kind, namespace)
        }

        fn list_labelled(&self, _: Kind, _: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
            panic!("revisions have labels of their own")
        }
    }

    struct Down;

    impl Cluster for Down {
        fn get(&self, _: Kind, _: Option<&str>, _: &str) -> Result<Option<String>, Unreadable> {
            Err(Unreadable("down".to_owned()))
        }

        fn list(&self, _: Kind, _: Option<&str>) -> Result<Vec<Box<RawValue>>, Unreadable> {
            Err(Unreadable("down".to_owned()))
        }

        fn list_labelled(&self, _: Kind, _: &str) -> Result<Vec<Box<RawValue>>, Unreadable> {
            Err(Unreadable("down".to_owned()))
        }
    }

    fn raw(value: &Value) -> Box<RawValue> {
        RawValue::from_string(value.to_string()).expect("JSON")
    }

    /// What an author writes.
    fn authored(image: &str) -> Value {
        json!({
            "metadata": {"labels": {"app": "payments"}},
            "spec": {"containers": [{
                "name": "app",
                "image": image,
                "ports": [{"containerPort": 8080}],
                "env": [{"name": "MODE", "value": "on"}],
                "readinessProbe": {"httpGet": {"port": 8080}},
                "resources": {"requests": {"cpu": 0.5}},
            }]},
        })
    }

    /// What the API server makes of it in a `ReplicaSet`.
    fn defaulted(image: &str) -> Value {
        json!({
            "metadata": {
                "creationTimestamp": null,
                "labels": {"app": "payments", "rollouts-pod-template-hash": "5f7d"},
            },
            "spec": {
                "containers": [{
                    "name": "app",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                    "env": [{"name": "MODE", "value": "on"}],
                    "readinessProbe": {
                        "httpGet": {"port": 8080, "path": "/", "scheme": "HTTP"},
                        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
                    },
                    "resources": {"requests": {"cpu": "500m"}},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }],
                "restartPolicy": "Always",
                "terminationGracePeriodSeconds": 30,
                "dnsPolicy": "ClusterFirst",
                "securityContext": {},
                "schedulerName": "default-scheduler",
            },
        })
    }

    fn workload(kind: &str, template: &Value) -> Value {
        json!({
            "kind": kind,
            "metadata": {"name": "payments", "namespace": "shop", "uid": "u-1"},
            "spec": {"replicas": 3, "template": template},
        })
    }

    fn replica_set(kind: &str, number: u8, template: &Value) -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": format!("payments-{number}"),
                "namespace": "shop",
                "annotations": {
                    "rollout.argoproj.io/revision": number.to_string(),
                    "deployment.kubernetes.io/revision": number.to_string(),
                },
                "ownerReferences": [{"kind": kind, "name": "payments", "uid": "u-1", "controller": true}],
            },
            "spec": {"template": template},
        })
    }

    fn ask(kind: &str, old: &Value, new: &Value, cluster: &dyn Cluster) -> Option<String> {
        let (old, new) = (workload(kind, old).to_string(), workload(kind, new).to_string());
        revision_of(kind, &old, &new, "shop", cluster).expect("readable")
    }

    /// A Rollout that came from version 1 to version 2, and is updated to `new`.
    fn update_to(new: &Value) -> Option<String> {
        let live = Live::of([
            replica_set("Rollout", 1, &defaulted("shop/app:1")),
            replica_set("Rollout", 2, &defaulted("shop/app:2")),
        ]);
        ask("Rollout", &authored("shop/app:2"), new, &live)
    }

    /// What becomes of an update to version 1 where `edit` has been made to its only revision.
    fn with_revision(edit: impl FnOnce(&mut Value)) -> Option<String> {
        let mut revision = replica_set("Rollout", 1, &defaulted("shop/app:1"));
        edit(&mut revision);
        ask("Rollout", &authored("shop/app:2"), &authored("shop/app:1"), &Live::of([revision]))
    }

    #[test]
    fn undo_sends_what_is_stored_without_the_hash() {
        let mut stored = defaulted("shop/app:1");
        stored["metadata"]["labels"].as_object_mut().expect("labels").remove("rollouts-pod-template-hash");
        assert_eq!(update_to(&stored), Some("revision 1".to_owned()));
    }

    #[test]
    fn a_revert_sends_what_its_author_wrote() {
        assert_eq!(update_to(&authored("shop/app:1")), Some("revision 1".to_owned()));
    }

    #[test]
    fn a_new_image_is_a_release() {
        assert_eq!(update_to(&authored("shop/app:3")), None);
        assert_eq!(update_to(&authored("shop/app:1@sha256:00")), None);
    }

    #[test]
    fn a_template_that_nothing_runs_does_not_count() {
        let mut new = workload("Rollout", &authored("shop/app:3"));
        new["data"] = json!({"spec": {"template": authored("shop/app:1")}});
        let old = workload("Rollout", &authored("shop/app:2")).to_string();
        let live = Live::of([replica_set("Rollout", 1, &defaulted("shop/app:1"))]);
        assert_eq!(revision_of("Rollout", &old, &new.to_string(), "shop", &live), Ok(None));
    }

    #[test]
    fn every_field_that_is_dropped_or_added_is_a_release() {
        let reverted = authored("shop/app:1");
        for path in ["/env", "/readinessProbe", "/ports", "/resources", "/readinessProbe/httpGet", "/name"] {
            let mut new = reverted.clone();
            let (parent, field) = path.rsplit_once('/').expect("a path");
            let parent = new.pointer_mut(&format!("/spec/containers/0{parent}")).expect("a parent");
            parent.as_object_mut().expect("fields").remove(field).expect("a field");
            assert_eq!(update_to(&new), None, "{path}");
        }
        let mut no_label = reverted.clone();
        no_label["metadata"] = json!({});
        assert_eq!(update_to(&no_label), None);
        let mut no_container = reverted.clone();
        no_container["spec"]["containers"] = json!([]);
        assert_eq!(update_to(&no_container), None);
        let mut sidecar = reverted;
        sidecar["spec"]["containers"].as_array_mut().expect("containers").push(json!({"name": "b"}));
        assert_eq!(update_to(&sidecar), None);
    }

    #[test]
    fn what_stays_is_no_rollback_and_asks_nobody() {
        let live = Live::of([replica_set("Rollout", 2, &defaulted("shop/app:2"))]);
        let current = authored("shop/app:2");
        assert_eq!(ask("Rollout", &current, &current, &live), None);
        assert_eq!(ask("Rollout", &current, &defaulted("shop/app:2"), &live), None);
        let workload_ref = json!({"metadata": {"name": "payments"}, "spec": {"workloadRef": {}}}).to_string();
        assert_eq!(revision_of("Rollout", &workload_ref, &workload_ref, "shop", &live), Ok(None));
        let inlined = workload("Rollout", &current).to_string();
        assert_eq!(revision_of("Rollout", &workload_ref, &inlined, "shop", &live), Ok(None));
        assert_eq!(ask("ReplicaSet", &current, &authored("shop/app:1"), &live), None);
        assert_eq!(live.listed.get(), 0);
        ask("Rollout", &current, &authored("shop/app:1"), &live);
        assert_eq!(live.listed.get(), 1);
    }

    #[test]
    fn only_revisions_of_the_workload_count() {
        assert_eq!(with_revision(|_| {}), Some("revision 1".to_owned()));
        for (field, value) in [
            ("name", json!("orders")),
            ("kind", json!("Deployment")),
            ("kind", json!("Experiment")),
            ("uid", json!("u-0")),
            ("controller", json!(false)),
            ("controller", Value::Null),
        ] {
            let found = with_revision(|revision| {
                if value.is_null() {
                    revision["metadata"]["ownerReferences"][0].as_object_mut().expect("owner").remove(field);
                } else {
                    revision["metadata"]["ownerReferences"][0][field] = value.clone();
                }
            });
            assert_eq!(found, None, "{field} {value}");
        }
        let orphan = |revision: &mut Value| revision["metadata"]["ownerReferences"] = json!([]);
        assert_eq!(with_revision(orphan), None);
        let elsewhere = |revision: &mut Value| revision["metadata"]["namespace"] = json!("other");
        assert_eq!(with_revision(elsewhere), None);
    }

    #[test]
    fn without_uids_names_have_to_do() {
        let unstored = |revision: &mut Value| {
            revision["metadata"]["ownerReferences"][0].as_object_mut().expect("owner").remove("uid");
        };
        assert_eq!(with_revision(unstored), Some("revision 1".to_owned()));
    }

    #[test]
    fn malformed_revisions_are_skipped() {
        assert_eq!(with_revision(|revision| revision["spec"] = json!(["template"])), None);
        assert_eq!(with_revision(|revision| revision["spec"]["template"] = json!("x")), None);
        assert_eq!(with_revision(|revision| revision["metadata"]["annotations"] = json!(1)), None);
        let mut malformed = replica_set("Rollout", 9, &defaulted("shop/app:1"));
        malformed["spec"] = json!(7);
        let live = Live::of([malformed, replica_set("Rollout", 1, &defaulted("shop/app:1"))]);
        let found = ask("Rollout", &authored("shop/app:2"), &authored("shop/app:1"), &live);
        assert_eq!(found, Some("revision 1".to_owned()));
    }

    #[test]
    fn a_revision_without_a_number_has_a_name() {
        let unnumbered = |revision: &mut Value| {
            revision["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "8"});
        };
        assert_eq!(with_revision(unnumbered).as_deref(), Some("revision payments-1"));
    }

    #[test]
    fn the_latest_of_equal_revisions_is_named() {
        let live = Live::of([9, 10, 2].map(|number| replica_set("Rollout", number, &authored("shop/app:1"))));
        let found = ask("Rollout", &authored("shop/app:2"), &authored("shop/app:1"), &live);
        assert_eq!(found, Some("revision 10".to_owned()));
    }

    #[test]
    fn an_unreadable_cluster_is_an_error_once_it_matters() {
        let (old, new) = (workload("Rollout", &authored("a:2")), workload("Rollout", &authored("a:1")));
        let error = revision_of("Rollout", &old.to_string(), &new.to_string(), "shop", &Down);
        assert_eq!(error, Err(Unreadable("down".to_owned())));
        assert_eq!(revision_of("Rollout", &old.to_string(), &old.to_string(), "shop", &Down), Ok(None));
        assert_eq!(revision_of("Rollout", "[]", &new.to_string(), "shop", &Down), Ok(None));
    }

    #[test]
    fn a_deployment_has_replica_sets_too() {
        let live = Live::of([replica_set("Deployment", 4, &defaulted("shop/app:1"))]);
        let found = ask("Deployment", &defaulted("shop/app:2"), &defaulted("shop/app:1"), &live);
        assert_eq!(found, Some("revision 4".to_owned()));
    }

    #[test]
    fn stateful_and_daemon_sets_have_controller_revisions() {
        for kind in ["StatefulSet", "DaemonSet"] {
            let mut template = defaulted("shop/app:1");
            template["$patch"] = json!("replace");
            let mut revision = replica_set(kind, 1, &json!({}));
            revision["kind"] = json!("ControllerRevision");
            revision["revision"] = json!(6);
            revision["data"] = json!({"spec": {"template": template}});
            revision.as_object_mut().expect("fields").remove("spec");
            let live = Live::of([revision]);
            let update = |image: &str| ask(kind, &defaulted("shop/app:2"), &defaulted(image), &live);
            assert_eq!(update("shop/app:1").as_deref(), Some("revision 6"), "{kind}");
            assert_eq!(update("shop/app:3"), None, "{kind}");
        }
    }

    #[test]
    fn what_the_controller_injected_is_not_the_authors() {
        let mut stored = defaulted("shop/app:1");
        stored["metadata"]["labels"]["role"] = json!("stable");
        stored["spec"]["affinity"] = json!({"podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": {
                "labelSelector": {"matchExpressions": [
                    {"key": "rollouts-pod-template-hash", "operator": "In", "values": ["77"]},
                ]},
                "topologyKey": "kubernetes.io/hostname",
            }}],
        }});
        let live = Live::of([replica_set("Rollout", 1, &stored)]);
        let update = |role: &str, new: &Value| {
            let mut old = workload("Rollout", &authored("shop/app:2"));
            old["spec"]["strategy"] = json!({"canary": {"stableMetadata": {"labels": {"role": role}}}});
            let new = workload("Rollout", new).to_string();
            revision_of("Rollout", &old.to_string(), &new, "shop", &live).expect("readable")
        };
        assert_eq!(update("stable", &authored("shop/app:1")), Some("revision 1".to_owned()));
        // What `undo` sends still has it.
        assert_eq!(update("stable", &stored), Some("revision 1".to_owned()));
        // A label of the author's own may not be dropped.
        assert_eq!(update("other", &authored("shop/app:1")), None);
    }

    #[test]
    fn a_rule_of_the_authors_own_may_not_be_dropped() {
        let mut stored = defaulted("shop/app:1");
        stored["spec"]["affinity"] = json!({"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}, "topologyKey": "z"},
            ],
        }});
        let live = Live::of([replica_set("Rollout", 1, &stored)]);
        assert_eq!(ask("Rollout", &authored("shop/app:2"), &authored("shop/app:1"), &live), None);
        assert_eq!(ask("Rollout", &authored("shop/app:2"), &stored, &live), Some("revision 1".to_owned()));
    }
}
