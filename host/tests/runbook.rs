//! `rollgate runbook`.

mod blessed;

use blessed::{manifests, printed, run, same_as};

#[test]
fn pages_are_what_they_were() {
    for (name, paths) in [
        (
            "canary",
            &["delivery/_examples/canary-rollout.yaml", "delivery/_examples/analysis-template.yaml"][..],
        ),
        ("blue-green", &["delivery/_examples", "--name", "payments-ledger"]),
        ("checks", &["delivery/_examples/flagger-canary.yaml"]),
        ("nothing-said", &["gallery/manual-blue-green.yaml"]),
        ("no-stages", &["tests/fixtures/allowed-strategy/rejected-strategy.yaml"]),
        ("template-missing", &["tests/fixtures/resolved-references/rejected-template.yaml"]),
        ("rollback-hook", &["host/tests/shown/rollback-hook.yaml"]),
    ] {
        let page = printed(&[&["runbook"], paths].concat(), 0);
        same_as(&format!("runbook-{name}.md"), &page);
    }
}

#[test]
fn every_page_has_every_section() {
    let mut pages = 0;
    for manifest in manifests() {
        let output = run(&["runbook", &manifest]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        for page in text.split("# Release plan: ").skip(1) {
            pages += 1;
            for section in [
                "## 1. Strategy",
                "## 2. Success metrics",
                "## 3. Progression",
                "## 4. Rollback trigger",
                "## 5. Rollback action",
                "## 6. Rollback owner",
                "## 7. Rollback deadline",
                "## Checklist",
            ] {
                assert_eq!(page.matches(section).count(), 1, "{manifest}: {section}");
            }
            assert!(page.contains("kubectl "), "{manifest}");
        }
    }
    assert!(pages > 100, "{pages}");
}

#[test]
fn nothing_is_made_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("rollout.yaml");
    let bare = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a}\nspec: {strategy: {canary: {}}}\n";
    std::fs::write(&file, bare).expect("a file");
    let page = printed(&["runbook", file.to_str().expect("UTF-8")], 0);
    for section in [
        "- Strategy: **missing**",
        "- New version: **missing**",
        "## 2. Success metrics\n\n**missing**",
        "## 3. Progression\n\n**missing**",
        "## 4. Rollback trigger\n\n**missing**",
        "## 5. Rollback action\n\n**missing**",
        "**missing**: the manifest names no namespace",
        "- Rolls back: **missing**",
        "- Is told: **missing**",
        "- Slowest rollback predicted: **missing**",
    ] {
        assert!(page.contains(section), "{section} in {page}");
    }
}

#[test]
fn no_release_is_an_error() {
    let output = run(&["runbook", "gallery/bare-deployment.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no Rollout"));
}
