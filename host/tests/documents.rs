//! What the repository says about the policy, held against the policy itself.

use std::collections::BTreeSet;
use std::path::Path;

use rollgate::annotate::PolicyMetadata;
use rollgate_policy::cluster::Kind;
use rollgate_policy::rules::{DOCUMENTS, RULES};

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn kinds_in(yaml: &str) -> BTreeSet<(String, String)> {
    let value: serde_json::Value = serde_saphyr::from_str(yaml).expect("YAML");
    let kinds = value["spec"]["contextAwareResources"].as_array().expect("kinds");
    let name = |kind: &serde_json::Value, key: &str| kind[key].as_str().expect("a name").to_owned();
    kinds.iter().map(|kind| (name(kind, "apiVersion"), name(kind, "kind"))).collect()
}

fn kinds_of_the_policy() -> BTreeSet<(String, String)> {
    Kind::ALL.iter().map(|kind| (kind.api_version.to_owned(), kind.kind.to_owned())).collect()
}

#[test]
fn the_metadata_asks_for_the_kinds_that_rules_ask_for() {
    let metadata = PolicyMetadata::parse(&text("policy-metadata.yml")).expect("metadata");
    let asked: BTreeSet<(String, String)> = metadata
        .context_aware_resources
        .into_iter()
        .map(|resource| (resource.api_version, resource.kind))
        .collect();
    assert_eq!(asked, kinds_of_the_policy());
}

#[test]
fn the_metadata_carries_the_version_of_the_policy() {
    let metadata = PolicyMetadata::parse(&text("policy-metadata.yml")).expect("metadata");
    let annotations = metadata.annotations.expect("annotations");
    assert_eq!(annotations["io.kubewarden.policy.version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_kubewarden_manifest_governs_and_reads_what_the_metadata_says() {
    let manifest = text("deploy/kubewarden.yaml");
    assert_eq!(kinds_in(&manifest), kinds_of_the_policy());
    assert_eq!(governed(&manifest, &["spec", "rules"]), governed_by_metadata());
}

#[test]
fn the_webhook_governs_what_the_metadata_says() {
    let manifests = text("deploy/webhook.yaml");
    let webhook = manifests
        .split("\n---\n")
        .find(|manifest| manifest.contains("kind: ValidatingWebhookConfiguration"))
        .expect("a webhook");
    assert_eq!(governed(webhook, &["webhooks", "0", "rules"]), governed_by_metadata());
}

/// Every combination of group, version, resource and operation in a list of rules.
fn combinations(rules: &serde_json::Value) -> BTreeSet<[String; 4]> {
    let texts = |rule: &serde_json::Value, key: &str| -> Vec<String> {
        let texts = rule[key].as_array().expect("a list").iter();
        texts.map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    let mut found = BTreeSet::new();
    for rule in rules.as_array().expect("rules") {
        for group in texts(rule, "apiGroups") {
            for version in texts(rule, "apiVersions") {
                for resource in texts(rule, "resources") {
                    for operation in texts(rule, "operations") {
                        found.insert([group.clone(), version.clone(), resource.clone(), operation]);
                    }
                }
            }
        }
    }
    found
}

fn governed(yaml: &str, path: &[&str]) -> BTreeSet<[String; 4]> {
    let value: serde_json::Value = serde_saphyr::from_str(yaml).expect("YAML");
    let rules = path.iter().fold(&value, |value, key| match key.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => &value[*key],
    });
    combinations(rules)
}

fn governed_by_metadata() -> BTreeSet<[String; 4]> {
    governed(&text("policy-metadata.yml"), &["rules"])
}

#[test]
fn the_table_of_rules_in_the_readme_is_the_catalogue() {
    let expected: Vec<String> = RULES
        .iter()
        .zip(DOCUMENTS)
        .map(|(rule, document)| {
            format!(
                "| `{}` | {} | {} | {} | {} |",
                rule.name,
                rule.requirement,
                rule.levels.standard.name(),
                rule.levels.strict.name(),
                document.meaning
            )
        })
        .collect();
    let readme = text("README.md");
    let table: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| rule |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(table, expected, "the table should read:\n{}", expected.join("\n"));
}

#[test]
fn the_readme_names_only_files_that_exist() {
    let readme = text("README.md");
    for word in readme.split(|c: char| c.is_whitespace() || "()`\"'".contains(c)) {
        let folder =
            ["gallery/", "delivery/", "deploy/", "demo/"].into_iter().any(|folder| word.starts_with(folder));
        if folder || word == "LICENSE" || word == "policy-metadata.yml" {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(word.trim_end_matches(['.', ',']));
            assert!(path.exists(), "{word}");
        }
    }
}
