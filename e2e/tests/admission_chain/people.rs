//! Who writes to the cluster, and what each of them may.

use serde_json::{Value, json};

/// A user and the groups it is in.
#[derive(Clone, Copy)]
pub struct Person {
    pub user: &'static str,
    pub groups: &'static [&'static str],
}

pub const DEVELOPER: Person = Person { user: "dev@example.com", groups: &["developers"] };
pub const RELEASE_ENGINEER: Person = Person { user: "release@example.com", groups: &["release-engineers"] };
pub const SRE: Person = Person { user: "sre@example.com", groups: &["sres"] };
pub const ARGO_ROLLOUTS: Person = service_account("system:serviceaccount:argo-rollouts:argo-rollouts");
pub const FLAGGER: Person = service_account("system:serviceaccount:flagger-system:flagger");
pub const DASHBOARD: Person = service_account("system:serviceaccount:argo-rollouts:argo-rollouts-dashboard");
/// Kubernetes itself gives it its permissions.
pub const AUTOSCALER: Person = service_account("system:serviceaccount:kube-system:horizontal-pod-autoscaler");
/// The same.
pub const DEPLOYMENT_CONTROLLER: Person =
    service_account("system:serviceaccount:kube-system:deployment-controller");

const fn service_account(user: &'static str) -> Person {
    // The API server adds the groups of service accounts.
    Person { user, groups: &[] }
}

/// Roles and their bindings.
pub fn permissions() -> Vec<Value> {
    let writes = json!(["get", "list", "watch", "create", "update", "patch"]);
    let everything = json!(["*"]);
    let developer = json!([
        {"apiGroups": ["argoproj.io"], "resources": ["rollouts", "analysistemplates"], "verbs": writes},
        {"apiGroups": ["flagger.app"], "resources": ["canaries", "metrictemplates"], "verbs": writes},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": writes},
        {"apiGroups": ["networking.istio.io"], "resources": ["virtualservices"], "verbs": writes},
        {"apiGroups": [""], "resources": ["services", "configmaps", "pods"], "verbs": writes},
    ]);
    let release_engineer = json!([
        {"apiGroups": ["argoproj.io", "flagger.app"], "resources": ["*"], "verbs": writes},
        {"apiGroups": ["apps", "networking.istio.io"], "resources": ["*"], "verbs": writes},
        {"apiGroups": [""], "resources": ["services", "configmaps", "pods"], "verbs": writes},
    ]);
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": everything}]);
    let argo_rollouts = json!([
        {"apiGroups": ["argoproj.io"], "resources": ["*"], "verbs": everything},
        {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": everything},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "watch", "patch"]},
    ]);
    let flagger = json!([
        {"apiGroups": ["flagger.app"], "resources": ["*"], "verbs": everything},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": everything},
    ]);
    let dashboard = json!([
        {"apiGroups": ["argoproj.io"], "resources": ["rollouts", "rollouts/status"],
            "verbs": ["get", "list", "watch", "update", "patch"]},
    ]);
    [
        ("developer", developer, DEVELOPER),
        ("release-engineer", release_engineer, RELEASE_ENGINEER),
        ("sre", all, SRE),
        ("argo-rollouts", argo_rollouts, ARGO_ROLLOUTS),
        ("flagger", flagger, FLAGGER),
        ("argo-rollouts-dashboard", dashboard, DASHBOARD),
    ]
    .into_iter()
    .flat_map(|(role, rules, person)| permission(role, &rules, person))
    .collect()
}

fn permission(role: &str, rules: &Value, person: Person) -> [Value; 2] {
    let subject = match person.groups.first() {
        Some(group) => json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}),
        None => json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": person.user}),
    };
    [
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": role}, "rules": rules}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": role}, "subjects": [subject],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}}),
    ]
}
