//! The settings, their schema and the questions about them say the same.

use std::path::Path;

use boon::{Compiler, Schemas};
use rollgate_policy::read_settings;
use serde_json::{Map, Value, json};

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the schema and what the policy think of settings.
struct Judges {
    schemas: Schemas,
    schema: boon::SchemaIndex,
}

impl Judges {
    fn new() -> Self {
        let schema: Value = serde_json::from_str(&text("docs/settings.schema.json")).expect("JSON");
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("settings.json", schema).expect("a resource");
        let schema = compiler.compile("settings.json", &mut schemas).expect("a schema");
        Self { schemas, schema }
    }

    #[track_caller]
    fn accept(&self, settings: &Value) {
        if let Err(error) = self.schemas.validate(settings, self.schema) {
            panic!("the schema refuses {settings}: {error}");
        }
        if let Err(errors) = read_settings(&settings.to_string()) {
            panic!("the policy refuses {settings}: {errors:?}");
        }
    }

    #[track_caller]
    fn refuse(&self, settings: &Value) {
        assert!(self.schemas.validate(settings, self.schema).is_err(), "the schema accepts {settings}");
        assert!(read_settings(&settings.to_string()).is_err(), "the policy accepts {settings}");
    }
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The blocks of a Markdown file that are settings.
fn examples(markdown: &str) -> Vec<Value> {
    let blocks = markdown.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let is_settings = |text: &&str| text.starts_with("profile:") || text.starts_with("rules:");
    blocks.filter(is_settings).map(yaml).collect()
}

#[test]
fn every_example_of_settings_is_valid() {
    let judges = Judges::new();
    let in_readme = examples(&text("README.md"));
    assert!(!in_readme.is_empty());
    for settings in &in_readme {
        judges.accept(settings);
    }
    for settings in examples(&text("docs/settings.md")) {
        judges.accept(&settings);
    }
    for rule in rollgate_policy::rules::NAMES {
        let on_page = examples(&text(&format!("docs/rules/{rule}.md")));
        assert!(!on_page.is_empty(), "{rule}");
        for settings in &on_page {
            judges.accept(settings);
        }
    }
    for profile in ["", "-strict", "-monitor"] {
        let policy = yaml(&text(&format!("deploy/kubewarden/cluster-admission-policy{profile}.yaml")));
        judges.accept(&policy["spec"]["settings"]);
    }
    judges.accept(&yaml(&text("deploy/kubewarden/admission-policy.yaml"))["spec"]["settings"]);
}

#[test]
fn good_settings_are_good_to_both() {
    let judges = Judges::new();
    for settings in [
        json!({}),
        json!({"profile": "strict", "enforcement": "warn", "context": "required"}),
        json!({"rules": {"no-bypass": false, "no-skip": "off"}}),
        json!({"rules": {"gradual-exposure": {"maxFirstWeight": 2.5}, "rollback-deadline": {"deadline": "1h30m"}}}),
        json!({"rules": {"rollback-deadline": {"level": "warn", "deadline": "+.5m"}}}),
        json!({"rules": {"analysis-signals": {"requiredSignals": ["latency"], "distinctSignals": true}}}),
        json!({"scope": {"kinds": ["Pod"], "workloads": {"tier": "web"}, "namespaces": {"include": ["shop-*"]}}}),
        json!({"actors": {"controllers": ["system:serviceaccount:cd:argo-rollouts"]}}),
        json!({"freeze": [{"name": "turn of the year", "from": "2026-12-20", "to": "2027-01-02T08:00"}]}),
        json!({"freeze": [{"name": "n", "from": "2026-12-20T18:00:00+01:00", "to": "2026-12-24T18:00:00Z"}]}),
        json!({"freeze": [{"name": "n", "weekly": "friday 16:00 - MONDAY 08:00", "timezone": "Europe/Berlin"}]}),
        json!({"freeze": [{"name": "n", "weekly": "Wed 12:00-Wed 11:00", "timezone": "-02:30"}]}),
        json!({"freeze": [{"name": "n", "weekly": "Sat 00:00-Sun 23:59", "timezone": "Etc/GMT+12"}]}),
    ] {
        judges.accept(&settings);
    }
}

#[test]
fn bad_settings_are_refused_by_both() {
    let judges = Judges::new();
    for settings in [
        json!([]),
        json!({"profil": "strict"}),
        json!({"profile": "lax"}),
        json!({"profile": null}),
        json!({"enforcement": "off"}),
        json!({"context": true}),
        json!({"rules": []}),
        json!({"rules": {"no-such-rule": "deny"}}),
        json!({"rules": {"no-bypass": "loud"}}),
        json!({"rules": {"no-bypass": true}}),
        json!({"rules": {"no-bypass": {"level": "Deny"}}}),
        json!({"rules": {"no-bypass": {"maxFirstWeight": 1}}}),
        json!({"rules": {"gradual-exposure": {"maxFirstWeight": 101}}}),
        json!({"rules": {"gradual-exposure": {"maxFirstWeight": -1}}}),
        json!({"rules": {"gradual-exposure": {"maxFirstWeight": "25"}}}),
        json!({"rules": {"blast-radius": {"maxExposure": -0.5}}}),
        json!({"rules": {"rollback-deadline": {"deadline": 300}}}),
        json!({"rules": {"rollback-deadline": {"deadline": "5 minutes"}}}),
        json!({"rules": {"rollback-deadline": {"deadline": "0s"}}}),
        json!({"rules": {"rollback-deadline": {"deadline": "-5m"}}}),
        json!({"rules": {"rollback-deadline": {"deadline": "1d"}}}),
        json!({"rules": {"analysis-signals": {"requiredSignals": ["errors"]}}}),
        json!({"rules": {"analysis-signals": {"requiredSignals": "latency"}}}),
        json!({"rules": {"analysis-signals": {"distinctSignals": "yes"}}}),
        json!({"rules": {"valid-exemption": {"allowedUsers": [1]}}}),
        json!({"scope": {"namespaces": {"only": []}}}),
        json!({"scope": {"namespaces": {"include": "*"}}}),
        json!({"scope": {"kinds": ["Deploy"]}}),
        json!({"scope": {"workloads": []}}),
        json!({"scope": {"names": []}}),
        json!({"actors": {"controllers": "system:serviceaccount:a:b"}}),
        json!({"actors": {"controllers": ["argo-rollouts"]}}),
        json!({"actors": {"people": []}}),
        json!({"freeze": {}}),
        json!({"freeze": ["weekend"]}),
        json!({"freeze": [{"weekly": "Fri 16:00-Mon 08:00"}]}),
        json!({"freeze": [{"name": " ", "weekly": "Fri 16:00-Mon 08:00"}]}),
        json!({"freeze": [{"name": "n"}]}),
        json!({"freeze": [{"name": "n", "weekly": "Fri-Mon"}]}),
        json!({"freeze": [{"name": "n", "weekly": "Fri 16:00-Mon 24:00"}]}),
        json!({"freeze": [{"name": "n", "from": "2026-12-20"}]}),
        json!({"freeze": [{"name": "n", "from": "tomorrow", "to": "2026-12-24"}]}),
        json!({"freeze": [{"name": "n", "from": "2026-12-20T18", "to": "2026-12-24"}]}),
        json!({"freeze": [{"name": "n", "weekly": "Fri 16:00-Mon 08:00", "from": "2026-12-20", "to": "2026-12-24"}]}),
        json!({"freeze": [{"name": "n", "weekly": "Fri 16:00-Mon 08:00", "timezone": "+2"}]}),
        json!({"freeze": [{"name": "n", "weekly": "Fri 16:00-Mon 08:00", "why": "rest"}]}),
    ] {
        judges.refuse(&settings);
    }
}

/// Sets `a.b.c` in nested objects.
fn set(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => {
            object.insert((*key).to_owned(), value);
        }
        [key, rest @ ..] => {
            let below = object.entry(*key).or_insert_with(|| json!({}));
            set(below.as_object_mut().expect("an object"), rest, value);
        }
    }
}

#[test]
fn whatever_is_answered_to_the_questions_is_valid() {
    let judges = Judges::new();
    let questions = yaml(&text("questions-ui.yml"));
    let questions = questions["questions"].as_array().expect("questions");
    let asked = questions.iter().filter(|question| question["hide_input"] != true);
    let mut defaults = Map::new();
    for question in asked {
        let path: Vec<&str> = question["variable"].as_str().expect("a variable").split('.').collect();
        let default = question.get("default").cloned();
        let options = question.get("options").and_then(Value::as_array).cloned().unwrap_or_default();
        let some = match question["type"].as_str() {
            Some("float") => Some(json!(0.5)),
            Some("boolean") => Some(json!(true)),
            Some("string") => Some(json!("5m")),
            _ => None,
        };
        for answer in options.into_iter().chain(some).chain(default.clone()) {
            let mut settings = Map::new();
            set(&mut settings, &path, answer);
            judges.accept(&settings.into());
        }
        if let Some(default) = default {
            set(&mut defaults, &path, default);
        }
    }
    judges.accept(&defaults.into());
}
