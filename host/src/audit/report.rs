//! Audited objects as the report objects that policy dashboards read.

use clap::ValueEnum;
use rollgate_policy::finding::{Finding, Level};
use serde_json::{Map, Value, json};

use super::judge::Audited;

/// Who says so: the source and the policy of every result.
const ROLLGATE: &str = "rollgate";

/// An API group with kinds for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Family {
    /// `PolicyReport` and `ClusterPolicyReport` in version v1alpha2.
    #[value(name = "wgpolicyk8s.io")]
    WgPolicy,
    /// `Report` and `ClusterReport` in version v1alpha1.
    #[value(name = "openreports.io")]
    OpenReports,
}

impl Family {
    pub(super) fn api_version(self) -> &'static str {
        match self {
            Self::WgPolicy => "wgpolicyk8s.io/v1alpha2",
            Self::OpenReports => "openreports.io/v1alpha1",
        }
    }

    /// The kind of reports on objects that are in a namespace, or in none.
    pub(super) fn kind(self, namespaced: bool) -> &'static str {
        match (self, namespaced) {
            (Self::WgPolicy, true) => "PolicyReport",
            (Self::WgPolicy, false) => "ClusterPolicyReport",
            (Self::OpenReports, true) => "Report",
            (Self::OpenReports, false) => "ClusterReport",
        }
    }
}

/// The report on one object. It says nothing about when, so that the same result is the same report.
pub(super) fn report(family: Family, audited: &Audited) -> Value {
    let of_level = |level| audited.findings.iter().filter(|finding| finding.level == level).count();
    let (fail, warn) = (of_level(Level::Deny), of_level(Level::Warn));
    let results: Vec<Value> = match fail + warn {
        0 => vec![passed(audited)],
        _ => audited.findings.iter().filter_map(result).collect(),
    };
    let mut metadata = Map::from_iter([
        ("name".to_owned(), name(audited).into()),
        ("labels".to_owned(), json!({"app.kubernetes.io/managed-by": ROLLGATE})),
    ]);
    let mut scope = Map::from_iter([
        ("apiVersion".to_owned(), (&*audited.api_version).into()),
        ("kind".to_owned(), (&*audited.kind).into()),
        ("name".to_owned(), (&*audited.name).into()),
    ]);
    if let Some(uid) = &audited.uid {
        // With the object its report goes.
        let mut owner = scope.clone();
        owner.insert("uid".to_owned(), (&**uid).into());
        metadata.insert("ownerReferences".to_owned(), json!([owner]));
        scope.insert("uid".to_owned(), (&**uid).into());
    }
    if let Some(namespace) = &audited.namespace {
        metadata.insert("namespace".to_owned(), (&**namespace).into());
        scope.insert("namespace".to_owned(), (&**namespace).into());
    }
    let mut report = json!({
        "apiVersion": family.api_version(),
        "kind": family.kind(audited.namespace.is_some()),
        "metadata": metadata,
        "scope": scope,
        "summary": {"pass": usize::from(fail + warn == 0), "fail": fail, "warn": warn, "error": 0, "skip": 0},
        "results": results,
    });
    if family == Family::OpenReports {
        report["source"] = ROLLGATE.into();
    }
    report
}

/// By the object's identity, which no later one of the same name has. Other tools name theirs so too, hence the prefix.
fn name(audited: &Audited) -> String {
    match &audited.uid {
        Some(uid) => format!("{ROLLGATE}-{uid}"),
        None => format!("{ROLLGATE}-{}-{}", audited.kind.to_lowercase(), audited.name),
    }
}

fn passed(audited: &Audited) -> Value {
    let mut result = json!({"source": ROLLGATE, "policy": ROLLGATE, "result": "pass", "scored": true,
        "message": "no rule finds anything"});
    if let Some(exemption) = &audited.exempted {
        result["properties"] = json!({"exemption": exemption});
    }
    result
}

fn result(finding: &Finding) -> Option<Value> {
    let (result, severity) = match finding.level {
        Level::Deny => ("fail", "high"),
        Level::Warn => ("warn", "medium"),
        Level::Off => return None,
    };
    Some(json!({
        "source": ROLLGATE,
        "policy": ROLLGATE,
        "rule": finding.rule,
        "category": "Progressive delivery",
        "result": result,
        "severity": severity,
        "scored": true,
        "message": finding.message,
        "properties": {"path": finding.path, "requirement": finding.requirement, "mend": finding.help},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::judge::Verdict;

    fn audited(levels: &[Level]) -> Audited {
        let finding = |level: &Level| Finding {
            rule: "no-bypass",
            requirement: "BAN-PD-STR-01",
            level: *level,
            path: "kind".to_owned(),
            message: "it bypasses".to_owned(),
            help: "release it".to_owned(),
            mend: None,
        };
        Audited {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "web".to_owned(),
            uid: Some("u-1".to_owned()),
            verdict: Verdict::Reject,
            findings: levels.iter().map(finding).collect(),
            exempted: None,
        }
    }

    #[test]
    fn a_report_belongs_to_its_object_and_has_a_result_for_each_finding() {
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u-1"});
        let mut scope = object.clone();
        scope["namespace"] = "shop".into();
        let result = |result: &str, severity: &str| {
            json!({"source": "rollgate", "policy": "rollgate", "rule": "no-bypass", "result": result,
                "category": "Progressive delivery", "severity": severity, "scored": true, "message": "it bypasses",
                "properties": {"path": "kind", "requirement": "BAN-PD-STR-01", "mend": "release it"}})
        };
        let expected = json!({
            "apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport",
            "metadata": {"name": "rollgate-u-1", "namespace": "shop", "ownerReferences": [object],
                "labels": {"app.kubernetes.io/managed-by": "rollgate"}},
            "scope": scope,
            "summary": {"pass": 0, "fail": 1, "warn": 1, "error": 0, "skip": 0},
            "results": [result("fail", "high"), result("warn", "medium")],
        });
        assert_eq!(report(Family::WgPolicy, &audited(&[Level::Deny, Level::Warn])), expected);
    }

    #[test]
    fn what_is_accepted_passes_and_what_has_no_namespace_has_a_kind_of_its_own() {
        let template = Audited { namespace: None, uid: None, ..audited(&[]) };
        let report = report(Family::OpenReports, &template);
        assert_eq!(report["kind"], "ClusterReport");
        assert_eq!(report["source"], "rollgate");
        assert_eq!(report["metadata"]["name"], "rollgate-deployment-web");
        assert_eq!(report["metadata"].get("ownerReferences"), None);
        assert_eq!(report["summary"]["pass"], 1);
        assert_eq!(report["results"][0]["result"], "pass");
    }
}
