//! `--fix` mends what has one mend only, and leaves everything else as it is.

use std::path::{Path, PathBuf};

use rollgate::documents::fixture::Announced;
use serde_json::Value;

use crate::command::{check, command, directory, finish, root, write};

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

/// Findings by their rule and path, and how many of them can be mended.
fn findings(report: &Value) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let mut mendable = 0;
    for object in report["objects"].as_array().expect("objects") {
        for finding in object["findings"].as_array().expect("findings") {
            found.push(format!("{} {} {}", object["name"], finding["rule"], finding["path"]));
            mendable += usize::from(finding.get("mend").is_some());
        }
    }
    (found, mendable)
}

#[test]
fn every_fixture_is_mended_and_only_that() {
    let mut all = Vec::new();
    for folder in ["tests/fixtures", "gallery"] {
        files(&root().join(folder), &mut all);
    }
    let (mut mended, mut left) = (Vec::new(), Vec::new());
    for file in all {
        let text = std::fs::read_to_string(&file).expect("a manifest");
        let settings = Announced::read(&file).expect("a fixture").settings.to_string();
        let directory = directory(&[("manifest.yaml", &text), ("settings.json", &settings)]);
        let run = |arguments: &[&str]| {
            let common = ["--settings", "settings.json", "--output", "json", "manifest.yaml"];
            check(directory.path(), &[arguments, &common].concat())
        };
        let (before, mendable) = findings(&run(&[]).json());
        if mendable == 0 {
            continue;
        }
        let shown = run(&["--diff"]);
        let (after, remaining) = findings(&run(&["--fix"]).json());
        let now = std::fs::read_to_string(directory.path().join("manifest.yaml")).expect("a manifest");
        let name = file.strip_prefix(root()).expect("below the root").display().to_string();
        assert_eq!(shown.code, i32::from(now != text), "{name}");
        if remaining > 0 {
            assert_eq!(now, text, "{name}");
            left.push(name);
            continue;
        }
        assert!(after.iter().all(|finding| before.contains(finding)), "{name}: {after:?}");
        assert!(before.len() - after.len() >= mendable, "{name}");
        // All lines but those that were mended are still there, in their order.
        let changed = text.lines().filter(|line| !now.lines().any(|other| other == *line)).count();
        assert!(changed <= mendable, "{name}: {changed} lines changed");
        assert!(now.lines().count() - text.lines().count() <= mendable, "{name}");
        let comments = |text: &str| text.matches('#').count();
        assert_eq!(comments(&now), comments(&text), "{name}");
        run(&["--fix"]);
        let again = std::fs::read_to_string(directory.path().join("manifest.yaml")).expect("a manifest");
        assert_eq!(again, now, "{name}");
        mended.push(name);
    }
    for rule in ["stable-replicas-kept", "progress-deadline"] {
        assert!(mended.iter().any(|name| name.contains(rule)), "{rule}: {mended:?}");
    }
    assert!(mended.len() >= 8, "{mended:?}");
    println!("left to people: {left:?}");
}

const CANARY: &str = "\
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: a}
spec:
  skipAnalysis: true
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: a}
  service: {port: 80}
  analysis: {interval: 1m, threshold: 2, iterations: 5}
";

#[test]
fn what_would_bring_up_something_else_is_left_alone() {
    let directory = directory(&[("canary.yaml", CANARY)]);
    let report = check(directory.path(), &["--fix", "canary.yaml"]);
    let now = std::fs::read_to_string(directory.path().join("canary.yaml")).expect("a manifest");
    let mended = now.contains("skipAnalysis: false");
    assert!(mended || report.err.contains("other findings come up"), "{report:?}\n{now}");
    assert!(mended || now == CANARY);
    assert_eq!(report.code, 1);
}

/// A blue-green release whose old pods are gone at once, in several notations.
fn release(body: &str) -> String {
    format!("# head\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: a}}\n{body}")
}

#[test]
fn notations_stay_as_they_are() {
    for (before, after) in [
        (
            release("spec: # all\n  revisionHistoryLimit: 0 # none\n"),
            release("spec: # all\n  progressDeadlineAbort: true\n  revisionHistoryLimit: 1 # none\n"),
        ),
        (
            release("spec: {revisionHistoryLimit: 0, progressDeadlineAbort: false}\n"),
            release("spec: {revisionHistoryLimit: 1, progressDeadlineAbort: true}\n"),
        ),
        (
            format!("\u{feff}{}", release("spec:\n  revisionHistoryLimit: 0\n").replace('\n', "\r\n")),
            format!(
                "\u{feff}{}",
                release("spec:\n  progressDeadlineAbort: true\n  revisionHistoryLimit: 1\n").replace('\n', "\r\n")
            ),
        ),
        (
            "{\n  \"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"Rollout\", \"metadata\": {\"name\": \"a\"},\n  \
             \"spec\": {\n    \"revisionHistoryLimit\": 0\n  }\n}\n"
                .to_owned(),
            "{\n  \"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"Rollout\", \"metadata\": {\"name\": \"a\"},\n  \
             \"spec\": {\n    \"progressDeadlineAbort\": true,\n    \"revisionHistoryLimit\": 1\n  }\n}\n"
                .to_owned(),
        ),
    ] {
        let directory = directory(&[("rollout.yaml", &before)]);
        let report = check(directory.path(), &["--fix", "rollout.yaml"]);
        assert_eq!(std::fs::read_to_string(directory.path().join("rollout.yaml")).expect("text"), after, "{report:?}");
    }
}

#[test]
fn what_an_anchor_shares_is_left_to_people() {
    let shared = release("spec: &spec\n  revisionHistoryLimit: 0\nother: *spec\n");
    let directory = directory(&[("rollout.yaml", &shared)]);
    let report = check(directory.path(), &["--fix", "rollout.yaml"]);
    assert!(report.err.contains("is left to you: an anchor"), "{report:?}");
    assert_eq!(std::fs::read_to_string(directory.path().join("rollout.yaml")).expect("text"), shared);
}

#[test]
fn a_diff_changes_nothing_and_can_be_applied() {
    let text = release("spec:\n  revisionHistoryLimit: 0");
    let directory = directory(&[("deep/rollout.yaml", &text)]);
    let path = directory.path();
    let diff = check(path, &["--diff", "."]);
    assert_eq!(diff.code, 1);
    assert!(
        diff.out.starts_with("--- a/deep/rollout.yaml\n+++ b/deep/rollout.yaml\n@@ -3,4 +3,5 @@"),
        "{}",
        diff.out
    );
    assert!(diff.out.contains("\\ No newline at end of file"), "{}", diff.out);
    assert_eq!(std::fs::read_to_string(path.join("deep/rollout.yaml")).expect("text"), text);
    check(path, &["--fix", "."]);
    assert_eq!(check(path, &["--diff", "."]).out, "");
    assert_eq!(check(path, &["--diff", "."]).code, 0);
}

#[test]
fn standard_input_can_be_compared_and_not_mended() {
    let text = release("spec:\n  revisionHistoryLimit: 0\n");
    let run = |argument: &str| {
        let mut command = command(&root());
        command.args(["--isolated", argument, "-"]);
        finish(command, &text)
    };
    assert!(run("--diff").out.contains("+  revisionHistoryLimit: 1"));
    let refused = run("--fix");
    assert!(refused.code == 2 && refused.err.contains("--diff"), "{refused:?}");
}

#[test]
fn items_of_a_list_are_mended_in_their_place() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: argoproj.io/v1alpha1\n  kind: Rollout\n  metadata: {name: a}\n  spec:\n    revisionHistoryLimit: 0\n- apiVersion: argoproj.io/v1alpha1\n  kind: Rollout\n  metadata: {name: b}\n  spec:\n    revisionHistoryLimit: 0 # b\n";
    let directory = directory(&[]);
    write(directory.path(), "list.yaml", list);
    check(directory.path(), &["--fix", "list.yaml"]);
    let expected = list.replace(
        "  spec:\n    revisionHistoryLimit: 0",
        "  spec:\n    progressDeadlineAbort: true\n    revisionHistoryLimit: 1",
    );
    assert_eq!(std::fs::read_to_string(directory.path().join("list.yaml")).expect("text"), expected);
}
