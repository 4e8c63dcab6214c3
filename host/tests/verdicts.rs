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
