//! `rollgate plan` in all its forms.

mod blessed;

use blessed::{manifests, printed, rollgate, root, run, same_as};
use boon::{Compiler, Schemas};
use roxmltree::Document;
use serde_json::Value;

/// Whose pictures are kept: a canary, checks at an interval with gates, a switch by hand, a bad release that is
/// promoted, no stages at all, a person in the midst of the stages.
const KEPT: [(&str, &str); 6] = [
    ("canary", "delivery/_examples/canary-rollout.yaml delivery/_examples/analysis-template.yaml"),
    ("gates", "delivery/_examples/flagger-canary.yaml"),
    ("switch-by-hand", "gallery/manual-blue-green.yaml"),
    ("promoted", "gallery/success-rate-only.yaml"),
    ("no-stages", "tests/fixtures/allowed-strategy/rejected-strategy.yaml"),
    ("person", "tests/fixtures/automatic-rollback/trap-human-with-a-watch.yaml"),
];

fn plan<'a>(paths: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    std::iter::once("plan").chain(paths.split(' ')).chain(more.iter().copied()).collect()
}

fn json(paths: &str) -> Option<Value> {
    let output = run(&plan(paths, &["--output", "json"]));
    serde_json::from_slice(&output.stdout).ok()
}

#[test]
fn every_form_is_what_it_was() {
    for (name, paths) in KEPT {
        for (form, extension) in [("text", "txt"), ("json", "json"), ("svg", "svg"), ("mermaid", "mmd")] {
            let shown = printed(&plan(paths, &["--output", form]), 0);
            same_as(&format!("plan-{name}.{extension}"), &shown);
        }
    }
    same_as("plan-canary-wide.txt", &printed(&plan(KEPT[0].1, &["--width", "120"]), 0));
}

#[test]
fn a_plain_terminal_gets_ascii() {
    for (variable, value) in [("TERM", "dumb"), ("LC_ALL", "C")] {
        let output = rollgate(&plan(KEPT[0].1, &[])).env(variable, value).output().expect("rollgate");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(shown.is_ascii(), "{variable}");
        same_as("plan-canary-ascii.txt", &shown);
    }
}

#[test]
fn json_has_the_shape_that_is_written_down() {
    let schema = std::fs::read_to_string(root().join("docs/plan.schema.json")).expect("a schema");
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.add_resource("plan.json", serde_json::from_str(&schema).expect("JSON")).expect("a resource");
    let schema = compiler.compile("plan.json", &mut schemas).expect("a schema");
    let mut plans = 0;
    for manifest in manifests() {
        let Some(shown) = json(&manifest) else { continue };
        plans += shown["plans"].as_array().map_or(0, Vec::len);
        schemas.validate(&shown, schema).unwrap_or_else(|error| panic!("{manifest}: {error}"));
    }
    assert!(plans > 100, "{plans}");
}

#[test]
fn drawings_hold_what_the_simulation_says() {
    let mut drawn = 0;
    for manifest in manifests() {
        let Some(shown) = json(&manifest) else { continue };
        let Some([plan_of]) = shown["plans"].as_array().map(Vec::as_slice) else { continue };
        let drawing = printed(&plan(&manifest, &["--output", "svg"]), 0);
        let document = Document::parse(&drawing).unwrap_or_else(|error| panic!("{manifest}: {error}"));
        let releases = document.descendants().filter(|node| node.attribute("class") == Some("release"));
        for (node, outcome) in releases.skip(1).zip(plan_of["outcomes"].as_array().expect("outcomes")) {
            let attribute = |name: &str| node.attribute(name).unwrap_or_default().to_owned();
            for (name, key) in [
                ("data-seconds", "seconds"),
                ("data-peak-weight", "peakWeight"),
                ("data-exposure", "exposure"),
            ] {
                let (drawn, told) = (attribute(name).parse::<f64>().ok(), outcome[key].as_f64());
                let (drawn, told) = drawn.zip(told).unwrap_or_else(|| panic!("{manifest}: no {key}"));
                // A number may lose its last digit when it is read.
                assert!((drawn - told).abs() <= 1e-12 * told.abs(), "{manifest}: {key}: {drawn} {told}");
            }
            assert_eq!(attribute("data-end"), outcome["end"].as_str().expect("an end"), "{manifest}");
        }
        drawn += 1;
    }
    assert!(drawn > 100, "{drawn}");
}

#[test]
fn a_drawing_is_of_one_release() {
    let output = run(&["plan", "delivery/_examples", "--output", "svg"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("Rollout shop/payments-ledger") && errors.contains("--name"), "{errors}");
    for name in ["payments-ledger", "shop/payments-ledger"] {
        let drawing = printed(&["plan", "delivery/_examples", "--name", name, "--output", "svg"], 0);
        assert!(drawing.contains("Rollout shop/payments-ledger"));
    }
    let unknown = run(&["plan", "delivery/_examples", "--name", "payment"]);
    let errors = String::from_utf8_lossy(&unknown.stderr);
    assert!(unknown.status.code() == Some(2) && errors.contains("Canary shop/payments-api"), "{errors}");
}

#[test]
fn a_directory_gets_a_file_for_each_release() {
    let directory = tempfile::tempdir().expect("a directory");
    let pictures = directory.path().join("plans");
    let target = format!("{}/", pictures.display());
    printed(&["plan", "delivery/_examples", "--output", "svg", "--output-file", &target], 0);
    let mut names: Vec<String> = std::fs::read_dir(&pictures)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["canary-shop-payments-api.svg", "rollout-shop-payments-ledger.svg", "rollout-shop-payments.svg"]
    );
    let file = directory.path().join("plan.json");
    printed(&plan("delivery/_examples --output json --output-file", &[file.to_str().expect("UTF-8")]), 0);
    let value: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(value["plans"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_cannot_be_planned_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let nothing = file("service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n");
    let broken = file(
        "broken.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a}\nspec: {replicas: {}}\n",
    );
    for form in ["text", "json", "svg", "mermaid"] {
        let output = run(&["plan", &nothing, "--output", form]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && errors.contains("no Rollout"), "{form}: {errors}");
        assert!(output.stdout.is_empty(), "{form}");
    }
    let output = run(&["plan", &broken]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && errors.contains("broken.yaml:4:"), "{errors}");
    let output = run(&["plan", "no/such/file.yaml"]);
    assert_eq!(output.status.code(), Some(2));
}
