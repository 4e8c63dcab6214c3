//! The page says what the command line says, about every manifest there is.

use std::path::{Path, PathBuf};
use std::process::Command;

use rollgate::documents::fixture::Announced;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

/// Every manifest with the settings it is to be judged under.
fn manifests() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["tests/fixtures", "gallery", "delivery/_examples"] {
        files(&root().join(folder), &mut found);
    }
    let with_settings = found.into_iter().map(|file| {
        let settings = Announced::read(&file).map_or_else(|_| json!({}), |announced| announced.settings);
        (file, settings.to_string())
    });
    with_settings.collect()
}

fn page(text: &str, settings: &str) -> Value {
    let now = std::time::UNIX_EPOCH.elapsed().expect("a clock that is right").as_secs_f64();
    serde_json::from_str(&rollgate_playground::review_as_json(text, settings, now)).expect("JSON")
}

/// What the command prints as JSON in a directory that holds `manifest.yaml` and `settings.json`.
fn printed(directory: &Path, arguments: &[&str]) -> Option<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
    command.args(arguments).args(["--settings", "settings.json", "--output", "json", "manifest.yaml"]);
    let output = command.current_dir(directory).output().expect("rollgate");
    serde_json::from_slice(&output.stdout).ok()
}

/// A directory with the manifest and its settings.
fn directory(text: &str, settings: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, content) in [("manifest.yaml", text), ("settings.json", settings)] {
        std::fs::write(directory.path().join(name), content).expect("a file");
    }
    directory
}

/// A column in characters as one in UTF-16 code units.
fn column(text: &str, line: &Value, column: &Value) -> usize {
    let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("a small one");
    let line = text.lines().nth(number(line) - 1).unwrap_or_default();
    line.chars().take(number(column) - 1).map(char::len_utf16).sum::<usize>() + 1
}

/// What `rollgate check` reports, as the page reports it.
fn as_page(report: &Value, text: &str) -> (Vec<Value>, Vec<Value>) {
    let (mut objects, mut findings) = (Vec::new(), Vec::new());
    for (index, object) in report["objects"].as_array().expect("objects").iter().enumerate() {
        let verdict = if object["verdict"] == "accept" { "accepted" } else { "rejected" };
        objects.push(json!([object["kind"], object["namespace"], object["name"], verdict]));
        for found in object["findings"].as_array().expect("findings") {
            let from = column(text, &found["line"], &found["column"]);
            let to = column(text, &found["endLine"], &found["endColumn"]);
            findings.push(json!([
                index,
                found["rule"],
                found["requirement"],
                found["level"],
                found["path"],
                found["message"],
                found["help"],
                found["line"],
                from,
                found["endLine"],
                to,
            ]));
        }
    }
    (objects, findings)
}

fn told(review: &Value) -> (Vec<Value>, Vec<Value>) {
    let rows = |list: &str, fields: &[&str]| {
        let row = |item: &Value| fields.iter().map(|field| item[field].clone()).collect();
        review[list].as_array().expect("a list").iter().map(row).collect()
    };
    let finding = [
        "object",
        "rule",
        "requirement",
        "level",
        "path",
        "message",
        "mend",
        "line",
        "column",
        "endLine",
        "endColumn",
    ];
    (rows("objects", &["kind", "namespace", "name", "verdict"]), rows("findings", &finding))
}

#[test]
fn verdicts_findings_and_plans_are_those_of_the_command_line() {
    let (mut rejected, mut plans) = (0, 0);
    for (file, settings) in manifests() {
        let name = file.display();
        let text = std::fs::read_to_string(&file).expect("a manifest");
        let directory = directory(&text, &settings);
        let review = page(&text, &settings);
        assert_eq!(review["settings"], json!([]), "{name}");
        assert_eq!(review["problems"], json!([]), "{name}");
        let report = printed(directory.path(), &["check"]).expect("a report");
        let expected = as_page(&report, &text);
        assert_eq!(told(&review), expected, "{name}");
        let is_rejected = expected.0.iter().any(|object| object[3] == "rejected");
        let verdict = match &expected.0[..] {
            [] => "nothing",
            _ if is_rejected => "rejected",
            _ => "accepted",
        };
        assert_eq!(review["verdict"], verdict, "{name}");
        rejected += usize::from(is_rejected);

        let shown: Vec<&Value> =
            review["releases"].as_array().expect("releases").iter().map(|release| &release["plan"]).collect();
        if let Some(planned) = printed(directory.path(), &["plan"]) {
            let planned: Vec<&Value> = planned["plans"].as_array().expect("plans").iter().collect();
            assert_eq!(shown, planned, "{name}");
            plans += planned.len();
        } else {
            assert!(shown.is_empty(), "{name}");
        }
    }
    assert!(rejected > 100 && plans > 200, "{rejected} {plans}");
}

/// The text with every fix of the page in place.
fn fixed(text: &str, review: &Value) -> String {
    let offset = |line: &Value, column: &Value| {
        let (line, column) = (line.as_u64().expect("a line"), column.as_u64().expect("a column"));
        let start: usize =
            text.split_inclusive('\n').take(usize::try_from(line).unwrap() - 1).map(str::len).sum();
        let mut units = 1;
        let within = text[start..].char_indices().find(|(_, character)| {
            let found = units >= column;
            units += character.len_utf16() as u64;
            found
        });
        start + within.map_or(text.len() - start, |(at, _)| at)
    };
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for fix in
        review["findings"].as_array().expect("findings").iter().filter_map(|found| found["fix"].as_array())
    {
        for edit in fix {
            let (from, to) =
                (offset(&edit["line"], &edit["column"]), offset(&edit["endLine"], &edit["endColumn"]));
            let edit = (from, to, edit["text"].as_str().expect("a text").to_owned());
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    edits.sort_by_key(|edit| edit.0);
    let mut fixed = text.to_owned();
    for (from, to, text) in edits.iter().rev() {
        fixed.replace_range(from..to, text);
    }
    fixed
}

#[test]
fn fixes_are_those_of_the_command_line() {
    let mut changed = 0;
    for (file, settings) in manifests() {
        let text = std::fs::read_to_string(&file).expect("a manifest");
        let review = page(&text, &settings);
        let mendable =
            review["findings"].as_array().expect("findings").iter().any(|found| !found["fix"].is_null());
        let directory = directory(&text, &settings);
        printed(directory.path(), &["check", "--fix"]).expect("a report");
        let after = std::fs::read_to_string(directory.path().join("manifest.yaml")).expect("a manifest");
        assert_eq!(fixed(&text, &review), after, "{}", file.display());
        assert_eq!(mendable, after != text, "{}", file.display());
        changed += usize::from(mendable);
    }
    assert!(changed > 5, "{changed}");
}

#[test]
fn every_example_is_what_it_says() {
    let catalogue: Value = serde_json::from_str(&rollgate_playground::catalogue_as_json()).expect("JSON");
    let examples = catalogue["examples"].as_array().expect("examples");
    for example in examples {
        let text = |field: &str| example[field].as_str().expect("a text");
        let review = page(text("manifests"), text("settings"));
        assert_eq!(review["verdict"], example["verdict"], "{}: {review:#}", example["name"]);
        if example["group"] == "Canonical" {
            assert_eq!(review["findings"], json!([]), "{}", example["name"]);
        }
        assert!(!text("title").is_empty() && !text("title").starts_with('#'), "{}", example["name"]);
    }
    let rules = catalogue["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), rollgate_policy::rules::RULES.len());
    for rule in rules {
        let name = rule["name"].as_str().expect("a name");
        let has_fixtures = root().join("tests/fixtures").join(name).exists();
        for (which, verdict) in [("bad", "rejected"), ("good", "accepted")] {
            let index = rule[which].as_u64().and_then(|index| usize::try_from(index).ok());
            assert_eq!(index.is_some(), has_fixtures, "{name}");
            if let Some(index) = index {
                assert_eq!(examples[index]["verdict"], verdict, "{name}");
            }
        }
    }
    assert!(catalogue["settingsSchema"]["properties"]["rules"].is_object());
}
