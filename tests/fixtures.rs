//! Every fixture and every piece of the gallery gets the verdict its first lines announce.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use rollgate_policy::admission::{Manifest, Request};
use rollgate_policy::cluster::Objects;
use rollgate_policy::finding::{Finding, Level};
use rollgate_policy::settings::Settings;
use rollgate_policy::{read_settings, review};
use serde_json::Value;
use serde_json::value::RawValue;

/// A moment at which the exemptions in the fixtures are in force: 2026-12-01T12:00:00Z.
const NOW: i64 = 1_796_126_400;

fn files(below: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(below).expect("a directory");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect();
    found.sort();
    found
}

/// What a file announces: the settings to judge it with, and the rules that deny it.
fn announced(text: &str) -> (Settings, BTreeSet<&str>) {
    let mut lines = text.lines();
    let verdict = lines.next().unwrap_or_default();
    let settings = lines.next().and_then(|line| line.strip_prefix("# settings: ")).unwrap_or("{}");
    let settings: Value = serde_saphyr::from_str(settings).expect("YAML");
    let rules = verdict.strip_prefix("# rejected: ").map(|rules| rules.split(", ").collect());
    (read_settings(&settings.to_string()).expect("settings"), rules.unwrap_or_default())
}

/// The objects of a file.
fn objects(text: &str) -> Vec<Box<RawValue>> {
    let documents = text.split("\n---\n").map(|yaml| serde_saphyr::from_str::<Value>(yaml).expect("YAML"));
    documents.map(|object| RawValue::from_string(object.to_string()).expect("JSON")).collect()
}

/// What is found about the objects of a file, with the settings it asks for.
fn findings(text: &str, settings: &Settings) -> Vec<Finding> {
    let objects = objects(text);
    let mut cluster = Objects::default();
    for object in &objects {
        cluster.insert(object.clone()).expect("an object");
    }
    let reviews = objects.iter().map(|object| {
        let identity: Manifest<'_> = serde_json::from_str(object.get()).expect("an object");
        review(&Request::of_manifest(object, &identity, NOW), settings, &cluster)
    });
    reviews.flat_map(|review| review.findings).collect()
}

/// The manifests of the repository that announce a verdict, each with its path there.
fn manifests() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["tests/fixtures", "gallery"].iter().flat_map(|folder| files(&root.join(folder)));
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).expect("a file");
        (file.strip_prefix(root).expect("below the root").display().to_string(), text)
    };
    files.map(read).collect()
}

#[test]
fn every_file_gets_the_verdict_it_announces() {
    let manifests = manifests();
    assert!(manifests.len() > 250);
    let mut wrong = Vec::new();
    for (file, text) in manifests {
        let (settings, rules) = announced(&text);
        let findings = findings(&text, &settings);
        let denials = findings.iter().filter(|finding| finding.level == Level::Deny);
        let denied: BTreeSet<&str> = denials.clone().map(|finding| finding.rule).collect();
        if denied != rules {
            let mut report = format!("{file}\n    announced {rules:?}\n    denied    {denied:?}");
            for finding in denials {
                let _ = write!(report, "\n      {} at {}: {}", finding.rule, finding.path, finding.message);
            }
            wrong.push(report);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where each finding is, and in which words: `tests/findings.txt` is rewritten with BLESS=1 in the environment.
#[test]
fn every_finding_is_where_it_was_and_says_what_it_said() {
    let mut found = String::new();
    for (file, text) in manifests() {
        let (settings, _) = announced(&text);
        let _ = writeln!(found, "{file}");
        for Finding { rule, level, path, message, help, .. } in findings(&text, &settings) {
            let _ = writeln!(found, "  {} {rule} at {path}: {message}; mend: {help}", level.name());
        }
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/findings.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &found).expect("a file that can be written");
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    let changed: Vec<String> = found
        .lines()
        .zip(expected.lines().chain(std::iter::repeat("")))
        .filter(|(found, expected)| found != expected)
        .take(5)
        .map(|(found, expected)| format!("  was: {expected}\n  is:  {found}"))
        .collect();
    assert!(
        found == expected,
        "findings differ; when they should, run BLESS=1 cargo test --test fixtures:\n{}",
        changed.join("\n")
    );
}
