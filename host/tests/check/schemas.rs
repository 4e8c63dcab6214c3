//! The forms for other programs against the schemas in `tests/schemas`.

use std::collections::BTreeMap;
use std::path::Path;

use boon::{Compiler, Schemas};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

use crate::command::{Outcome, check, root};

fn schema(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reports on everything that is rejected, on what cannot be read, and on nothing.
fn reports(form: &str) -> [Outcome; 3] {
    let manifests = ["host/tests/check/manifests", "gallery", "tests/fixtures"];
    let broken = ["host/tests/check/manifests/tabs.yaml", "nowhere.yaml"];
    [&manifests[..], &broken[..], &["delivery/_examples"][..]].map(|paths| {
        let mut arguments = vec!["--isolated", "--output", form];
        arguments.extend(paths);
        check(&root(), &arguments)
    })
}

/// What is wrong with a value by a JSON schema.
fn complaint(schema_name: &str, value: &Value) -> Option<String> {
    let schema: Value = serde_json::from_str(&schema(schema_name)).expect("JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let address = "file:///schema.json";
    compiler.add_resource(address, schema).expect("a resource");
    let schema = compiler.compile(address, &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    schemas.validate(value, schema).err().map(|error| format!("{error:#}"))
}

#[test]
fn sarif_keeps_to_its_schema() {
    for report in reports("sarif") {
        assert_eq!(complaint("sarif-2.1.0.json", &report.json()), None);
    }
    let mut log = reports("sarif")[0].json();
    log["runs"][0]["results"][0]["level"] = "severe".into();
    assert!(complaint("sarif-2.1.0.json", &log).is_some());
}

#[test]
fn code_quality_keeps_to_its_schema() {
    for report in reports("gitlab") {
        assert_eq!(complaint("gitlab-code-quality.json", &report.json()), None);
    }
    let mut issues = reports("gitlab")[0].json();
    issues[0]["severity"] = "deny".into();
    assert!(complaint("gitlab-code-quality.json", &issues).is_some());
}

#[test]
fn junit_keeps_to_its_schema() {
    let schema = Declarations::read(&schema("junit.xsd"));
    assert!(schema.0.contains_key("testcase") && schema.0["testcase"].required.contains(&"name".to_owned()));
    for report in reports("junit") {
        assert_eq!(schema.complaints(&report.out), Vec::<String>::new());
    }
    for wrong in [
        "<testsuites><testcase name=\"a\"/></testsuites>",
        "<testsuites skipped=\"0\"/>",
        "<testsuites><testsuite name=\"a\"/></testsuites>",
        "<testsuites><testsuite name=\"a\" tests=\"1\"><case/></testsuite></testsuites>",
    ] {
        assert!(!schema.complaints(wrong).is_empty(), "{wrong}");
    }
}

/// What an XML schema declares, as far as the one of `JUnit` goes: of each element its attributes and which elements
/// may be in it. In which order, and how many, is not held against it.
struct Declarations(BTreeMap<String, Element>);

#[derive(Default)]
struct Element {
    attributes: Vec<String>,
    required: Vec<String>,
    children: Vec<String>,
}

impl Declarations {
    fn read(schema: &str) -> Self {
        let mut declared = BTreeMap::<String, Element>::new();
        let mut current = String::new();
        events(schema, |tag, _| {
            let attributes = attributes(tag);
            match tag.local_name().as_ref() {
                b"element" if attributes.contains_key("ref") => {
                    let element = declared.entry(current.clone()).or_default();
                    element.children.push(attributes["ref"].clone());
                }
                b"element" => {
                    current.clone_from(&attributes["name"]);
                    declared.entry(current.clone()).or_default();
                }
                b"attribute" => {
                    let element = declared.entry(current.clone()).or_default();
                    element.attributes.push(attributes["name"].clone());
                    if attributes.get("use").is_some_and(|text| text == "required") {
                        element.required.push(attributes["name"].clone());
                    }
                }
                _ => {}
            }
        });
        Self(declared)
    }

    fn complaints(&self, document: &str) -> Vec<String> {
        let mut found = Vec::new();
        events(document, |tag, parent| {
            let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
            let Some(element) = self.0.get(&name) else {
                return found.push(format!("unknown element {name}"));
            };
            let allowed = parent.map_or(name == "testsuites", |parent| {
                self.0.get(parent).is_some_and(|parent| parent.children.contains(&name))
            });
            if !allowed {
                found.push(format!("{name} in {parent:?}"));
            }
            let attributes = attributes(tag);
            for attribute in attributes.keys().filter(|given| !element.attributes.contains(given)) {
                found.push(format!("unknown attribute {attribute} of {name}"));
            }
            for attribute in element.required.iter().filter(|required| !attributes.contains_key(*required)) {
                found.push(format!("no attribute {attribute} of {name}"));
            }
        });
        found
    }
}

/// Every element with the name of the one around it.
fn events(document: &str, mut each: impl FnMut(&BytesStart<'_>, Option<&str>)) {
    let mut reader = Reader::from_str(document);
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(tag) => {
                each(&tag, open.last().map(String::as_str));
                open.push(String::from_utf8_lossy(tag.name().as_ref()).into_owned());
            }
            Event::Empty(tag) => each(&tag, open.last().map(String::as_str)),
            Event::End(_) => drop(open.pop()),
            Event::Eof => return,
            _ => {}
        }
    }
}

fn attributes(tag: &BytesStart<'_>) -> BTreeMap<String, String> {
    tag.attributes()
        .map(|attribute| {
            let attribute = attribute.expect("an attribute");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(attribute.key.as_ref()), text(&attribute.value))
        })
        .collect()
}
