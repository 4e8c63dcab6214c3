//! Every manifest of the repository against the verdict in its first line, natively and in Wasm.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use rollgate::documents::fixture::Announced;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Fixtures and gallery, each with the verdict it announces.
fn manifests() -> Vec<(PathBuf, Announced)> {
    let mut files = Vec::new();
    for directory in ["tests/fixtures", "gallery"] {
        collect(&root().join(directory), &mut files);
    }
    assert!(files.len() > 100, "{} manifests found", files.len());
    let announced = |file: &PathBuf| Announced::read(file).unwrap_or_else(|error| panic!("{error:#}"));
    files.into_iter().map(|file| (file.clone(), announced(&file))).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// What `rollgate check` says about some paths.
fn check(paths: &[&Path], settings: Option<&str>) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
    command.arg("check").args(paths).args(["--output", "json"]);
    let directory = tempfile::tempdir().expect("a directory");
    if let Some(settings) = settings {
        let file = directory.path().join("settings.yaml");
        std::fs::write(&file, settings).expect("settings");
        command.arg("--settings").arg(file);
    }
    let output = command.output().expect("rollgate check");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn denied_by(report: &Value) -> BTreeSet<String> {
    let objects = report["objects"].as_array().expect("objects");
    let findings = objects.iter().flat_map(|object| object["findings"].as_array().expect("findings"));
    findings
        .filter(|finding| finding["level"] == "deny")
        .map(|finding| finding["rule"].as_str().expect("a rule").to_owned())
        .collect()
}

#[test]
fn every_manifest_has_the_verdict_it_announces() {
    let mut wrong = Vec::new();
    for (file, expected) in manifests() {
        let report = check(&[&file], Some(&expected.settings.to_string()));
        let denied = denied_by(&report);
        if denied != expected.denied {
            let findings: Vec<String> = report["objects"]
                .as_array()
                .expect("objects")
                .iter()
                .flat_map(|object| object["findings"].as_array().expect("findings"))
                .map(|finding| {
                    format!("\n      {} {}: {}", finding["level"], finding["rule"], finding["message"])
                })
                .collect();
            wrong.push(format!(
                "{}\n    expected {expected:?}\n    denied   {denied:?}{}",
                file.display(),
                findings.concat()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_canonical_examples_are_accepted_under_both_profiles() {
    let examples = root().join("delivery/_examples");
    for profile in ["standard", "strict"] {
        let report = check(&[&examples], Some(&format!("profile: {profile}")));
        assert_eq!(denied_by(&report), BTreeSet::new(), "{profile}");
        assert!(report["summary"]["objects"].as_u64() >= Some(4), "{profile}");
    }
}

/// Every denial of a published manifest, by a part of its text.
const PUBLISHED: [(&str, &[&str]); 3] = [
    (
        "blue-green-rollout.yaml",
        &[
            "bad in error-rate, latency or availability alone stays at 0 % and waits for ever at the promotion by hand",
            "there is no metric",
            "no analysis stands before the switch and none watches after it",
            "bad in every signal stays at 0 % and waits for ever at the promotion by hand",
            "Service my-app-active is not among the manifests",
            "Service my-app-preview is not among the manifests",
            "container app serves without a readiness probe",
            "no smoke check that can fail",
            "it is not declared that logs go to stdout",
            "no scrape of the pods' metrics is declared",
        ],
    ),
    (
        "canary-rollout.yaml",
        &[
            // The template for latency is there, and nothing refers to it.
            "bad in latency alone is promoted after 20m: no metric measures it",
            "metric success-rate of AnalysisTemplate/success-rate is an error when its query returns no data",
            "container app serves without a readiness probe",
            "no smoke check that can fail",
            "it is not declared that logs go to stdout",
            "no scrape of the pods' metrics is declared",
            "metric success-rate is an error when its query returns no data",
            "metric p95-latency is an error when its query returns no data",
        ],
    ),
    (
        "flagger-canary.yaml",
        &[
            "bad in latency alone is promoted after 10m: no metric is known to measure it",
            "metric request-duration-p95 is refused by the controller when it runs: its name is no built-in metric",
            "it is not declared that logs go to stdout",
            "Deployment/payments-api is not among the manifests",
        ],
    ),
];

#[test]
fn published_manifests_are_rejected_for_these_reasons() {
    for (file, reasons) in PUBLISHED {
        let report = check(&[&root().join("tests/fixtures/published").join(file)], None);
        let objects = report["objects"].as_array().expect("objects");
        let findings = objects.iter().flat_map(|object| object["findings"].as_array().expect("findings"));
        let denials = findings.filter(|finding| finding["level"] == "deny");
        let messages: Vec<&str> = denials.map(|finding| finding["message"].as_str().expect("text")).collect();
        assert_eq!(messages.len(), reasons.len(), "{file}: {messages:#?}");
        for (message, reason) in messages.iter().zip(reasons) {
            assert!(message.contains(reason), "{file}: {message}\n  is not: {reason}");
        }
    }
}
