//! `rollgate annotate`: what it writes and what it refuses.

use std::path::PathBuf;
use std::process::{Command, Output};

use rollgate::runtime::{Metadata, PolicyType};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::guests;

const METADATA: &str = r#"
rules:
  - apiGroups: [""]
    apiVersions: ["v1"]
    resources: ["pods"]
    operations: ["CREATE"]
mutating: false
contextAwareResources:
  - apiVersion: v1
    kind: Namespace
hostCapabilities: [kubernetes/get_resource]
annotations:
  io.kubewarden.policy.title: "a-policy"
"#;

struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn annotate(&self, wasm: &[u8], metadata: &str, args: &[&str]) -> Output {
        std::fs::write(self.path("in.wasm"), wasm).expect("a module");
        std::fs::write(self.path("metadata.yml"), metadata).expect("metadata");
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
        command.current_dir(self.0.path()).args(["annotate", "-m", "metadata.yml", "-o", "out.wasm"]);
        command.args(args).arg("in.wasm").env_remove("RUST_LOG").output().expect("the command")
    }

    #[track_caller]
    fn refuses(&self, wasm: &[u8], metadata: &str, reasons: &[&str]) {
        let output = self.annotate(wasm, metadata, &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        for reason in reasons {
            assert!(stderr.contains(reason), "{reason:?} is missing in {stderr}");
        }
        assert!(!self.path("out.wasm").exists());
    }
}

/// The contents of all metadata sections.
fn sections(wasm: &[u8]) -> Vec<Value> {
    wasmparser::Parser::new(0)
        .parse_all(wasm)
        .filter_map(|payload| match payload.expect("a module") {
            wasmparser::Payload::CustomSection(section) if section.name() == "io.kubewarden.metadata" => {
                Some(serde_json::from_slice(section.data()).expect("JSON"))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn metadata_usage_and_protocol_are_written_and_the_code_is_kept() {
    let bench = Bench::new();
    let wasm = guests::behaviours();
    std::fs::write(bench.path("README.md"), "# How to use it\n").expect("a file");
    let output = bench.annotate(&wasm, METADATA, &["-u", "README.md"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let annotated = std::fs::read(bench.path("out.wasm")).expect("the annotated module");
    assert!(annotated.starts_with(&wasm));
    let expected = json!({
        "rules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
        ],
        "annotations": {
            "io.kubewarden.policy.title": "a-policy",
            "io.kubewarden.policy.usage": "# How to use it\n"
        },
        "mutating": false,
        "backgroundAudit": true,
        "contextAwareResources": [{"apiVersion": "v1", "kind": "Namespace"}],
        "hostCapabilities": ["kubernetes/get_resource"],
        "executionMode": "kubewarden-wapc",
        "policyType": "kubernetes",
        "protocolVersion": "v1"
    });
    assert_eq!(sections(&annotated), [expected]);
    let read = Metadata::read(&annotated).expect("metadata").expect("metadata");
    assert_eq!(read.protocol_version.as_deref(), Some("v1"));
    assert_eq!(read.policy_type, PolicyType::Kubernetes);
}

#[test]
fn a_module_is_annotated_once() {
    let bench = Bench::new();
    bench.refuses(&guests::behaviours_with_metadata(), METADATA, &["has metadata already"]);
    bench.refuses(&guests::annotated(&["no JSON"]), METADATA, &["metadata"]);
}

#[test]
fn what_is_no_policy_is_refused() {
    let bench = Bench::new();
    bench.refuses(b"text", METADATA, &["in.wasm"]);
    bench.refuses(&guests::module("(memory (export \"memory\") 1)", ""), METADATA, &["__guest_call"]);
}

#[test]
fn errors_in_the_metadata_name_the_key() {
    let bench = Bench::new();
    let cases = [
        ("mutating: false", "", "mutating"),
        ("mutating: false", "mutating: perhaps", "metadata.yml"),
        ("mutating: false", "mutating: false\nmutates: true", "mutates"),
        ("mutating: false", "mutating: false\nexecutionMode: opa", "opa"),
        ("mutating: false", "mutating: false\nprotocolVersion: v1", "protocolVersion"),
        (
            "mutating: false",
            "mutating: false\nminimumKubewardenVersion: \"1.36\"",
            "minimumKubewardenVersion",
        ),
        ("[\"pods\"]", "[]", "rules[0].resources: must not be empty"),
        ("[\"pods\"]", "[\"*/*\", \"pods\"]", "rules[0].resources: \"*/*\" must stand alone"),
        ("[\"pods\"]", "[\"*\", \"pods\"]", "rules[0].resources: beside \"*\""),
        ("[\"CREATE\"]", "[\"CREATE\", \"*\"]", "rules[0].operations: \"*\" must stand alone"),
        ("[\"CREATE\"]", "[\"create\"]", "rules[0].operations: \"create\" is none of"),
        ("[\"v1\"]", "[\"\"]", "rules[0].apiVersions: must not hold an empty text"),
        ("kubernetes/get_resource", "get_resource", "hostCapabilities: \"get_resource\""),
        ("\"a-policy\"", "\"A policy\"", "annotations.io.kubewarden.policy.title: \"A policy\""),
        ("kind: Namespace", "kind: \"\"", "contextAwareResources"),
    ];
    for (from, to, reason) in cases {
        assert!(METADATA.contains(from), "{from}");
        bench.refuses(&guests::behaviours(), &METADATA.replace(from, to), &[reason]);
    }
    bench.refuses(&guests::behaviours(), "rules: []\nmutating: false\n", &["rules: at least one is needed"]);
}

#[test]
fn all_errors_come_at_once() {
    let metadata = METADATA.replace("\"pods\"", "").replace("kubernetes/get_resource", "get_resource");
    Bench::new().refuses(&guests::behaviours(), &metadata, &["rules[0].resources", "hostCapabilities"]);
}
