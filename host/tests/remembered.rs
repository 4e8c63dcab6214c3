//! The fields that the policy's metadata names are all that its rules read: with the rest of every other object left
//! out, as a live cluster is remembered, each request has the same answer.

use std::path::{Path, PathBuf};

use rollgate::annotate::PolicyMetadata;
use rollgate::cluster::Fields;
use rollgate::documents::fixture::Announced;
use rollgate::manifest::{Source, read};
use rollgate_policy::cluster::Objects;
use rollgate_policy::protocol;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn fields() -> Fields {
    let text = std::fs::read_to_string(root().join("policy-metadata.yml")).expect("the metadata");
    let metadata = PolicyMetadata::parse(&text).expect("metadata");
    Fields::new(metadata.annotations.as_ref(), &metadata.context_aware_resources).expect("fields")
}

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

fn values(path: &Path) -> Vec<Value> {
    let documents = read(&[Source::Path(path.to_owned())]).expect("manifests");
    documents.iter().map(|document| serde_json::from_str(&document.json).expect("JSON")).collect()
}

/// Sets of objects with the settings they are judged under.
fn worlds() -> Vec<(PathBuf, Vec<Value>, Value)> {
    let mut paths = Vec::new();
    for folder in ["tests/fixtures", "gallery", "delivery/_examples"] {
        files(&root().join(folder), &mut paths);
    }
    paths.push(root().join("host/tests/remembered.yaml"));
    let announced =
        |path: &Path| Announced::read(path).map_or_else(|_| json!({}), |announced| announced.settings);
    let mut worlds: Vec<_> =
        paths.into_iter().map(|path| (path.clone(), values(&path), announced(&path))).collect();
    // In mid-release, with the revisions that the controllers keep.
    let stored = root().join("tests/requests/objects.json");
    let text = std::fs::read_to_string(&stored).expect("objects");
    worlds.push((stored, serde_json::from_str(&text).expect("JSON"), json!({})));
    worlds
}

fn cluster<'a>(values: impl IntoIterator<Item = &'a Value>, keep: impl Fn(Value) -> Value) -> Objects {
    let mut objects = Objects::default();
    for value in values {
        let json = RawValue::from_string(keep(value.clone()).to_string()).expect("JSON");
        objects.insert(json).expect("an object");
    }
    objects
}

/// Requests that create an object, change it from something else, change it to an earlier revision, and delete it.
fn requests(object: &Value, world: &[Value]) -> Vec<Value> {
    let api_version = object["apiVersion"].as_str().expect("an apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let request = |operation: &str, old: &Value, new: &Value| {
        json!({
            "uid": "0", "operation": operation, "name": object["metadata"]["name"],
            "namespace": object["metadata"]["namespace"],
            "kind": {"group": group, "version": version, "kind": object["kind"]},
            "resource": {"group": group, "version": version, "resource": "any"},
            "userInfo": {"username": "dev@example.com"}, "oldObject": old, "object": new,
        })
    };
    let mut old = object.clone();
    old["spec"] = json!({});
    let mut requests = vec![
        request("CREATE", &Value::Null, object),
        request("UPDATE", &old, object),
        request("DELETE", object, &Value::Null),
    ];
    for revision in world {
        for template in [&revision["spec"]["template"], &revision["data"]["spec"]["template"]] {
            if template.is_object() && object["spec"]["template"].is_object() {
                let mut new = object.clone();
                new["spec"]["template"] = template.clone();
                requests.push(request("UPDATE", object, &new));
            }
        }
    }
    requests
}

#[test]
fn what_is_not_remembered_changes_no_answer() {
    let fields = fields();
    let controllers = values(&root().join("demo/cluster.yaml"));
    let (mut compared, mut rejected, mut differ) = (0, 0, Vec::new());
    for (path, world, announced) in worlds() {
        let whole = cluster(world.iter().chain(&controllers), |object| object);
        let remembered = cluster(world.iter().chain(&controllers), |object| fields.kept(object));
        for settings in [announced, json!({"profile": "strict"})] {
            for request in world.iter().flat_map(|object| requests(object, &world)) {
                let payload = json!({"request": request, "settings": settings}).to_string();
                let answer = |cluster| {
                    let answer = protocol::validate(payload.as_bytes(), 0, cluster);
                    String::from_utf8(answer).expect("text")
                };
                let (expected, found) = (answer(&whole), answer(&remembered));
                if expected != found {
                    let object = format!("{} {} {}", path.display(), request["operation"], request["kind"]);
                    differ.push(format!("{object}\n  whole:      {expected}\n  remembered: {found}"));
                }
                compared += 1;
                rejected += usize::from(expected.starts_with(r#"{"accepted":false"#));
            }
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ[..differ.len().min(3)].join("\n"));
    assert!(compared > 2000 && rejected > 500, "{compared} compared, {rejected} rejected");
}
