//! What the repository says about the policy, held against the policy itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use rollgate::annotate::PolicyMetadata;
use rollgate::documents::fixture::Announced;
use rollgate::documents::requests::answer;
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

/// The policies for the whole cluster.
const CLUSTER_WIDE: [&str; 3] = [
    "deploy/kubewarden/cluster-admission-policy.yaml",
    "deploy/kubewarden/cluster-admission-policy-strict.yaml",
    "deploy/kubewarden/cluster-admission-policy-monitor.yaml",
];

#[test]
fn the_policies_of_a_cluster_govern_and_read_what_the_metadata_says() {
    for file in CLUSTER_WIDE {
        let manifest = text(file);
        assert_eq!(kinds_in(&manifest), kinds_of_the_policy(), "{file}");
        assert_eq!(governed(&manifest, &["spec", "rules"]), governed_by_metadata(), "{file}");
    }
}

#[test]
fn the_policy_of_a_namespace_governs_what_is_in_one_and_reads_nothing() {
    let manifest = text("deploy/kubewarden/admission-policy.yaml");
    let mut expected = governed_by_metadata();
    expected.retain(|[_, _, resource, _]| resource != "clusteranalysistemplates");
    assert_eq!(governed(&manifest, &["spec", "rules"]), expected);
    let policy: serde_json::Value = serde_saphyr::from_str(&manifest).expect("YAML");
    assert_eq!(policy["spec"]["contextAwareResources"], serde_json::Value::Null);
    assert_eq!(policy["spec"]["settings"]["context"], "optional");
}

#[test]
fn only_the_policy_that_watches_lets_go_while_its_server_is_away() {
    for file in CLUSTER_WIDE {
        let policy: serde_json::Value = serde_saphyr::from_str(&text(file)).expect("YAML");
        let expected = if file.contains("monitor") { ["monitor", "Ignore"] } else { ["protect", "Fail"] };
        assert_eq!([&policy["spec"]["mode"], &policy["spec"]["failurePolicy"]], expected, "{file}");
    }
}

#[test]
fn the_policy_server_has_the_rights_of_the_webhook() {
    let rights = |file: &str| {
        let documents = documents(file);
        let role = documents.into_iter().find(|document| document["kind"] == "ClusterRole");
        role.expect("a role")["rules"].clone()
    };
    assert_eq!(rights("deploy/kubewarden/policy-server.yaml"), rights("deploy/rollgate.yaml"));
}

#[test]
fn the_package_says_what_the_metadata_says() {
    let package: serde_json::Value = serde_saphyr::from_str(&text("artifacthub-pkg.yml")).expect("YAML");
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    let annotation = |key: &str| package["annotations"][key].as_str().expect("a text");
    assert_eq!(governed(annotation("kubewarden/rules"), &[]), governed_by_metadata());
    assert_eq!(annotation("kubewarden/questions-ui"), text("questions-ui.yml"));
    let kinds = format!(
        "spec: {{contextAwareResources: {}}}",
        one_line(annotation("kubewarden/contextAwareResources"))
    );
    assert_eq!(kinds_in(&kinds), kinds_of_the_policy());
}

/// A document of YAML on one line.
fn one_line(yaml: &str) -> serde_json::Value {
    serde_saphyr::from_str(yaml).expect("YAML")
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

/// The documents of a manifest.
fn documents(name: &str) -> Vec<serde_json::Value> {
    let documents = text(name);
    documents.split("\n---\n").map(|document| serde_saphyr::from_str(document).expect("YAML")).collect()
}

#[test]
fn the_webhook_may_read_what_the_policy_asks_for_and_change_nothing() {
    let documents = documents("deploy/rollgate.yaml");
    let roles: Vec<_> = documents.iter().filter(|document| document["kind"] == "ClusterRole").collect();
    assert_eq!(roles.len(), 1);
    assert!(documents.iter().all(|document| document["kind"] != "Role"), "a role in a namespace");
    let mut allowed = BTreeSet::new();
    for rule in roles[0]["rules"].as_array().expect("rules") {
        assert_eq!(rule["verbs"], serde_json::json!(["get", "list", "watch"]));
        for resource in rule["resources"].as_array().expect("resources") {
            allowed.insert(format!(
                "{}/{}",
                rule["apiGroups"][0].as_str().expect("a group"),
                resource.as_str().expect("a name")
            ));
        }
    }
    let resource = |kind: &Kind| {
        let group = kind.api_version.split_once('/').map_or("", |(group, _)| group);
        let singular = kind.kind.to_lowercase();
        match singular.strip_suffix('y') {
            Some(stem) => format!("{group}/{stem}ies"),
            None => format!("{group}/{singular}s"),
        }
    };
    assert_eq!(allowed, Kind::ALL.iter().map(resource).collect());
}

#[test]
fn the_chart_and_the_image_are_of_this_version() {
    let chart: serde_json::Value =
        serde_saphyr::from_str(&text("deploy/helm/rollgate/Chart.yaml")).expect("YAML");
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    let dockerfile = text("Dockerfile");
    let deployments = documents("deploy/rollgate.yaml");
    let deployment =
        deployments.iter().find(|document| document["kind"] == "Deployment").expect("a Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let account = &pod["securityContext"];
    for line in [
        format!("FROM rust:{}-slim AS build", env!("CARGO_PKG_RUST_VERSION")),
        format!("USER {}:{}", account["runAsUser"], account["runAsGroup"]),
        format!("EXPOSE {}", pod["containers"][0]["ports"][0]["containerPort"]),
    ] {
        assert!(dockerfile.lines().any(|found| found == line), "{line} is not in {dockerfile}");
    }
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
        let folder = ["gallery/", "delivery/", "demo/", "deploy/", "docs/"]
            .into_iter()
            .any(|folder| word.starts_with(folder));
        if folder || word == "LICENSE" || word == "policy-metadata.yml" {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(word.trim_end_matches(['.', ',']));
            assert!(path.exists(), "{word}");
        }
    }
}

#[test]
fn generated_files_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let generated = rollgate::documents::generate(&root).unwrap_or_else(|error| panic!("{error:#}"));
    for (path, text) in &generated {
        let there = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(there == *text, "{} is not current: run cargo xtask docs", path.display());
    }
    for entry in std::fs::read_dir(root.join("docs/rules")).expect("pages") {
        let path = Path::new("docs/rules").join(entry.expect("an entry").file_name());
        assert!(generated.contains_key(&path), "{} is no rule's page any more", path.display());
    }
}

#[test]
fn every_request_has_the_answer_it_announces() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut asked = 0;
    for rule in std::fs::read_dir(root.join("tests/requests")).expect("requests") {
        let rule = rule.expect("an entry").file_name().into_string().expect("a name");
        // The requests of a rule are in a folder.
        if rule.contains('.') {
            continue;
        }
        for request in std::fs::read_dir(root.join("tests/requests").join(&rule)).expect("requests") {
            let name = request.expect("an entry").file_name().into_string().expect("a name");
            let file = format!("tests/requests/{rule}/{name}");
            let announced = Announced::read(&root.join(&file)).unwrap_or_else(|error| panic!("{error:#}"));
            let (answered, denied) = answer(&root, &file).unwrap_or_else(|error| panic!("{error:#}"));
            let denied: BTreeSet<String> = denied.into_iter().collect();
            assert_eq!(denied, announced.denied, "{file}: {:?}", answered.message);
            assert_eq!(answered.message.is_some(), !denied.is_empty(), "{file}: {:?}", answered.message);
            asked += 1;
        }
    }
    assert!(asked > 5, "{asked} requests");
}

/// What stands in backquotes on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn the_coverage_names_every_rule_and_nothing_that_is_not_there() {
    let coverage = text("docs/coverage.md");
    let named: BTreeSet<&str> = quoted(&coverage).collect();
    let there: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    for rule in &there {
        assert!(named.contains(rule), "{rule} is not named");
    }
    // The column in which rules are named holds nothing else in backquotes.
    for row in coverage.lines().filter(|line| line.starts_with("| ")) {
        let held_by = row.trim_end_matches('|').rsplit(" | ").nth(1).unwrap_or_default();
        for name in quoted(held_by) {
            assert!(there.contains(name), "{name} is no rule: {row}");
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = ["tests/", "src/", "host/", "delivery/", "gallery/", "docs/", "deploy/"];
    for name in named.iter().filter(|name| files.iter().any(|folder| name.starts_with(folder))) {
        assert!(root.join(name).exists(), "{name} is not there");
    }
}

#[test]
fn links_lead_to_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/rules"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("pages");
        pages.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(page).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let local = !link.is_empty() && !link.contains("://");
            assert!(!local || page.with_file_name(link).exists(), "{}: {link}", page.display());
        }
    }
}

fn explain(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
    command.arg("explain").args(arguments).output().expect("rollgate explain")
}

#[test]
fn a_rule_is_explained_by_its_page() {
    for rule in RULES {
        let output = explain(&[rule.name]);
        assert!(output.status.success(), "{}", rule.name);
        assert_eq!(String::from_utf8_lossy(&output.stdout), text(&format!("docs/rules/{}.md", rule.name)));
    }
}

#[test]
fn the_parts_of_a_page_are_there_for_programs() {
    let output = explain(&["gradual-exposure", "--output", "json"]);
    let page: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(page["levels"]["standard"], "deny");
    assert_eq!(page["parameters"][0]["name"], "maxFirstWeight");
    assert_eq!(page["parameters"][0]["strict"], 10);
    assert!(page["examples"]["manifests"]["diff"].as_str().is_some_and(|diff| diff.starts_with("@@")));
}

#[test]
fn an_unknown_rule_is_answered_with_the_nearest() {
    let output = explain(&["gradual-exposur"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("a similar value exists: 'gradual-exposure'"), "{message}");
}

#[test]
fn a_rule_without_an_example_is_named() {
    let empty = tempfile::tempdir().expect("a directory");
    let error = rollgate::documents::generate(empty.path()).expect_err("no examples");
    let first = rollgate_policy::rules::RULES[0].name;
    assert!(error.to_string().starts_with(&format!("{first} has no example")), "{error}");
}
