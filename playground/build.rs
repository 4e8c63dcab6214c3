//! Gathers the examples that the page offers from all over the repository.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Which fixtures show a rule.
const OF_RULES: &str = "host/src/documents/examples.json";

/// Releases that every rule accepts, and the templates that they refer to.
const CANONICAL: [(&str, &[&str]); 3] = [
    (
        "canary-rollout",
        &["delivery/_examples/canary-rollout.yaml", "delivery/_examples/analysis-template.yaml"],
    ),
    (
        "bluegreen-rollout",
        &["delivery/_examples/bluegreen-rollout.yaml", "delivery/_examples/analysis-template.yaml"],
    ),
    ("flagger-canary", &["delivery/_examples/flagger-canary.yaml"]),
];

/// Releases that look safe and are not.
const GALLERY: &str = "gallery";

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo says where this is")).join("..");
    let root = root.canonicalize().expect("the repository is there");
    println!("cargo::rerun-if-changed={}", root.join(OF_RULES).display());
    println!("cargo::rerun-if-changed={}", root.join(GALLERY).display());
    let mut code = "&[\n".to_owned();
    let mut add = |group: &str, name: &str, files: &[PathBuf]| {
        let texts = files.iter().map(|file| format!("include_str!({:?})", file.display().to_string()));
        let texts = texts.collect::<Vec<_>>().join(", ");
        writeln!(code, "    Source {{ group: {group:?}, name: {name:?}, texts: &[{texts}] }},")
            .expect("a text takes what is written");
    };
    for (name, files) in CANONICAL {
        add("Canonical", name, &files.iter().map(|file| root.join(file)).collect::<Vec<_>>());
    }
    for file in files_of(&root.join(GALLERY)) {
        add("Gallery", &stem(&file), &[file]);
    }
    for (rule, file) in fixtures_of_rules(&root.join(OF_RULES)) {
        let file = root.join(file);
        add("Rules", &format!("{rule}/{}", stem(&file)), &[file]);
    }
    code.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo says where to write")).join("examples.rs");
    fs::write(out, code).expect("cargo's folder can be written to");
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the gallery is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    files
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A rejected and an accepted one of each rule that is about manifests.
///
/// The index is generated with a line for each. A reader of JSON among the build dependencies would be one more to
/// compile for everybody.
fn fixtures_of_rules(index: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(index).expect("`cargo xtask docs` has written the index");
    let fixture = |line: &str| {
        let (key, value) = line.trim().trim_end_matches(',').split_once(": ")?;
        let file = value.trim_matches('"');
        let is_fixture = matches!(key, "\"rejected\"" | "\"accepted\"");
        let rule = file.strip_prefix("tests/fixtures/").filter(|_| is_fixture)?.split('/').next()?;
        Some((rule.to_owned(), file.to_owned()))
    };
    text.lines().filter_map(fixture).collect()
}
