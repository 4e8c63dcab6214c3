//! `rollgate diff`.

mod blessed;

use std::io::Write;
use std::process::Stdio;

use blessed::{manifests, printed, rollgate, root, run, same_as};
use boon::{Compiler, Schemas};
use serde_json::Value;

const EXAMPLES: &str = "delivery/_examples";

/// The canonical canary with other weights, in a directory with its templates.
fn changed(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for entry in std::fs::read_dir(root().join(EXAMPLES)).expect("examples") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a manifest");
        std::fs::write(directory.path().join(path.file_name().expect("a name")), change(&text))
            .expect("a file");
    }
    directory
}

fn diff(old: &str, new: &str, code: i32) -> Value {
    serde_json::from_str(&printed(&["diff", old, new, "--output", "json"], code)).expect("JSON")
}

fn path(directory: &tempfile::TempDir) -> &str {
    directory.path().to_str().expect("UTF-8")
}

#[test]
fn nothing_changed_is_the_same() {
    let report = diff(EXAMPLES, EXAMPLES, 0);
    assert_eq!(report["verdict"], "same");
    let objects = report["objects"].as_array().expect("objects");
    assert!(objects.len() >= 6 && objects.iter().all(|object| object["on"] == "both"));
    assert!(objects.iter().all(|object| object["rulesBroken"] == serde_json::json!([])));
}

#[test]
fn a_larger_first_weight_is_riskier_and_a_smaller_one_safer() {
    let larger = changed(|text| text.replace("- setWeight: 10\n", "- setWeight: 20\n"));
    let report = diff(EXAMPLES, path(&larger), 1);
    let object =
        report["objects"].as_array().expect("objects").iter().find(|object| object["verdict"] == "riskier");
    let object = object.expect("an object that is riskier");
    assert_eq!((object["kind"].as_str(), object["name"].as_str()), (Some("Rollout"), Some("payments")));
    assert_eq!(object["releases"][0]["old"]["exposure"], 40.0);
    assert_eq!(object["releases"][0]["new"]["exposure"], 80.0);
    assert_eq!(diff(path(&larger), EXAMPLES, 0)["verdict"], "safer");
    same_as("diff-larger-weight.txt", &printed(&["diff", EXAMPLES, path(&larger)], 1));
}

#[test]
fn a_signal_that_is_no_longer_watched_is_named() {
    let report = diff(
        "tests/fixtures/analysis-signals/accepted-latency.yaml",
        "tests/fixtures/analysis-signals/rejected-latency.yaml",
        1,
    );
    let object =
        &report["objects"].as_array().expect("objects").iter().find(|object| object["kind"] == "Rollout");
    let object = object.expect("a Rollout");
    assert_eq!(object["signalsLost"], serde_json::json!(["latency"]));
    assert_eq!(object["rulesBroken"][0]["rule"], "analysis-signals");
    same_as(
        "diff-signal-lost.txt",
        &printed(
            &[
                "diff",
                "tests/fixtures/analysis-signals/accepted-latency.yaml",
                "tests/fixtures/analysis-signals/rejected-latency.yaml",
            ],
            1,
        ),
    );
}

#[test]
fn a_shorter_good_release_alone_is_no_risk() {
    // The last pause is long after the rollback of every bad release.
    let shorter = changed(|text| {
        text.replace(
            "- setWeight: 75\n        - pause:\n            duration: 10m",
            "- setWeight: 75\n        - pause:\n            duration: 11m",
        )
    });
    let report = diff(EXAMPLES, path(&shorter), 0);
    assert_eq!(report["verdict"], "same");
    let changed = |object: &&Value| object["good"]["old"] != object["good"]["new"];
    assert_eq!(report["objects"].as_array().expect("objects").iter().filter(changed).count(), 1);
}

#[test]
fn what_is_on_one_side_only_is_told_and_no_risk() {
    let report = diff("gallery/manual-blue-green.yaml", "gallery/flagger-skip-analysis.yaml", 0);
    let on = |side: &str| {
        report["objects"].as_array().expect("objects").iter().filter(|object| object["on"] == side).count()
    };
    assert!(on("old") >= 1 && on("new") >= 1 && on("both") == 0, "{report}");
    let shown = printed(&["diff", "gallery/manual-blue-green.yaml", "gallery/flagger-skip-analysis.yaml"], 0);
    assert!(shown.contains("only in the old manifests") && shown.contains("only in the new manifests"));
}

#[test]
fn a_mended_manifest_breaks_no_further_rule() {
    let mut pairs = 0;
    for rejected in manifests() {
        let accepted = rejected.replace("/rejected-", "/accepted-");
        if accepted == rejected || !root().join(&accepted).exists() {
            continue;
        }
        let output = run(&["diff", &rejected, &accepted, "--output", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        if report["errors"] != serde_json::json!([]) {
            continue;
        }
        for object in report["objects"].as_array().expect("objects") {
            let denied = object["rulesBroken"]
                .as_array()
                .expect("rules")
                .iter()
                .filter(|rule| rule["level"] == "deny");
            assert_eq!(denied.count(), 0, "{rejected}: {object}");
        }
        pairs += 1;
    }
    assert!(pairs > 10, "{pairs}");
}

#[test]
fn json_has_the_shape_that_is_written_down() {
    let schema = std::fs::read_to_string(root().join("docs/diff.schema.json")).expect("a schema");
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("diff.json", serde_json::from_str(&schema).expect("JSON")).expect("a resource");
    let schema = compiler.compile("diff.json", &mut schemas).expect("a schema");
    for folder in ["gallery", "tests/fixtures/analysis-signals", "tests/fixtures/no-bypass"] {
        for (old, new) in [(folder, EXAMPLES), (EXAMPLES, folder), (folder, folder)] {
            let output = run(&["diff", old, new, "--output", "json"]);
            let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            schemas.validate(&report, schema).unwrap_or_else(|error| panic!("{old} {new}: {error}"));
        }
    }
}

#[test]
fn one_side_may_be_standard_input() {
    let old = std::fs::read(root().join("gallery/success-rate-only.yaml")).expect("a manifest");
    let mut command = rollgate(&["diff", "-", "gallery/success-rate-only.yaml"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("rollgate");
    child.stdin.take().expect("standard input").write_all(&old).expect("the old side");
    assert_eq!(child.wait_with_output().expect("rollgate").status.code(), Some(0));
    let both = run(&["diff", "-", "-"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&both.stderr).contains("both sides"));
}

#[test]
fn what_cannot_be_read_is_neither_safe_nor_risky() {
    let output = run(&["diff", EXAMPLES, "no/such/folder"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("no/such/folder"));
}
