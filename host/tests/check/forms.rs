//! What each form of the report looks like: the files in `golden`, rewritten with BLESS=1 in the environment.

use std::path::Path;

use serde_json::Value;

use crate::command::{Outcome, check, command, finish, root};

const MANIFESTS: &str = "host/tests/check/manifests";

fn report(form: &str) -> Outcome {
    check(&root(), &["--isolated", "--output", form, MANIFESTS])
}

fn compare(name: &str, found: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/golden").join(name);
    let version = concat!("\"semanticVersion\": \"", env!("CARGO_PKG_VERSION"), "\"");
    let found = found.replace(version, "\"semanticVersion\": \"…\"");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &found).expect("a file that can be written");
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        found == expected,
        "{name} differs; when it should, run BLESS=1 cargo test --test check:\n{found}"
    );
}

#[test]
fn every_form_is_as_it_was() {
    for form in ["text", "concise", "json", "sarif", "junit", "github", "gitlab"] {
        let report = report(form);
        assert_eq!((report.code, &*report.err), (2, ""), "{form}");
        compare(&format!("{form}.txt"), &report.out);
    }
}

#[test]
fn a_diff_and_the_help_are_as_they_were() {
    let diff = check(&root(), &["--isolated", "--diff", &format!("{MANIFESTS}/shop.yaml")]);
    assert_eq!(diff.code, 1);
    compare("diff.txt", &format!("{}{}", diff.out, diff.err));
    compare("help.txt", &check(&root(), &["--help"]).out);
}

#[test]
fn all_forms_tell_of_the_same_findings() {
    let json = report("json").json();
    let findings: usize = json["objects"]
        .as_array()
        .expect("objects")
        .iter()
        .map(|object| object["findings"].as_array().expect("findings").len())
        .sum();
    assert!(findings > 5, "{json}");
    let text = report("text").out;
    let titles = |text: &str| text.lines().filter(|line| line.contains('[') && line.contains("]: ")).count();
    assert_eq!(titles(&text), findings, "{text}");
    let concise = report("concise").out;
    let lines = concise.lines().filter(|line| line.contains(": deny ") || line.contains(": warn ")).count();
    assert_eq!(lines, findings, "{concise}");
    assert_eq!(report("sarif").json()["runs"][0]["results"].as_array().map(Vec::len), Some(findings));
    let unreadable = json["errors"].as_array().expect("errors").len();
    assert_eq!(report("gitlab").json().as_array().map(Vec::len), Some(findings + unreadable));
    let commands = report("github").out.lines().filter(|line| line.starts_with("::")).count();
    assert_eq!(commands, findings + unreadable);
}

#[test]
fn no_two_findings_share_a_fingerprint() {
    let issues = report("gitlab").json();
    let mut prints: Vec<&Value> =
        issues.as_array().expect("issues").iter().map(|i| &i["fingerprint"]).collect();
    let all = prints.len();
    prints.sort_by_key(ToString::to_string);
    prints.dedup();
    assert_eq!(prints.len(), all);
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    let coloured = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = command(&root());
        command.args(arguments).args(["--isolated", MANIFESTS]);
        command.envs(variables.iter().copied());
        finish(command, "").out.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--no-color"]));
    assert!(!coloured(&[("NO_COLOR", "1")], &[]));
    assert!(!coloured(&[("TERM", "dumb")], &[]));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let many: String =
        (0..3000).map(|number| crate::command::bare(&format!("d{number}")) + "---\n").collect();
    let directory = crate::command::directory(&[("many.yaml", &many)]);
    let mut command = command(directory.path());
    command.arg("many.yaml").stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("rollgate");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn what_a_manifest_says_reaches_the_terminal_as_text_only() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"a\\e[31m\\nb\"}\n";
    let mut command = command(&root());
    command.args(["--isolated", "-"]);
    let report = finish(command, text);
    assert_eq!(report.code, 1);
    assert!(!report.out.contains('\u{1b}'), "{:?}", report.out);
}
