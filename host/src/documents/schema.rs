//! The settings as a JSON Schema, for editors and for whoever writes settings by a program.
//!
//! It says what can be said in a schema; the policy itself also knows time zones and compares times.

use rollgate_policy::rules::{DOCUMENTS, Document, RULES, Rule};
use rollgate_policy::settings::{Parameter, ParameterKind, WORKLOAD_KINDS};
use serde_json::{Map, Value, json};

use super::value;

pub(super) const PATH: &str = "docs/settings.schema.json";

/// A duration in Go's syntax.
const DURATION: &str = r"^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$";
/// RFC 3339, or a part of it.
const TIME: &str = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?)?\s*$";
/// The name of a place in the IANA database, or an offset.
const ZONE: &str = r"^\s*([A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*|[+-][0-9]{2}:[0-9]{2})\s*$";
const SERVICE_ACCOUNT: &str = "^system:serviceaccount:[^:]+:.+$";

pub(super) fn settings() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of the rollgate policy",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "profile": choice("the levels and parameters that rules start from", &["standard", "strict"]),
            "enforcement": choice("warn lowers every deny to a warning", &["deny", "warn"]),
            "context": choice(
                "what an object means that the cluster could not be asked for: required denies",
                &["optional", "required"],
            ),
            "rules": object("levels and parameters of single rules", &rules()),
            "scope": object("what is governed at all", &json!({
                "namespaces": object("globs of namespaces", &json!({
                    "include": texts(&["*"]),
                    "exclude": texts(&["kube-*"]),
                })),
                "kinds": {
                    "description": "workload kinds that need a Rollout or a Canary; Pod is not among the defaults",
                    "type": "array",
                    "items": {"enum": WORKLOAD_KINDS},
                    "default": &WORKLOAD_KINDS[..5],
                },
                "workloads": {
                    "description": "labels; what does not carry them is out of scope",
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "default": {},
                },
            })),
            "actors": object("who is no person", &json!({
                "controllers": {
                    "description": "further service accounts that act as a delivery controller",
                    "type": "array",
                    "items": {"type": "string", "pattern": SERVICE_ACCOUNT},
                    "default": [],
                },
            })),
            "freeze": {
                "description": "windows in which no release starts",
                "type": "array",
                "items": window(),
                "default": [],
            },
        },
    })
}

/// A text out of a few; the first is the default.
fn choice(description: &str, choices: &[&str]) -> Value {
    json!({"description": description, "enum": choices, "default": choices[0]})
}

fn object(description: &str, properties: &Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn texts(default: &[&str]) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "default": default})
}

fn rules() -> Value {
    let rules = RULES.iter().zip(DOCUMENTS);
    rules
        .map(|(rule, document)| (rule.name.to_owned(), one_rule(rule, document)))
        .collect::<Map<_, _>>()
        .into()
}

/// A level alone, or an object of level and parameters.
fn one_rule(rule: &Rule, document: &Document) -> Value {
    let level = json!({
        "description": format!("standard: {}, strict: {}", rule.levels.standard.name(), rule.levels.strict.name()),
        // YAML reads a bare `off` as false.
        "enum": ["deny", "warn", "off", false],
        "default": rule.levels.standard.name(),
    });
    let mut properties = Map::new();
    properties.insert("level".to_owned(), level.clone());
    properties.extend(rule.parameters.iter().map(|parameter| (parameter.name.to_owned(), tuned(parameter))));
    json!({
        "description": document.meaning,
        "anyOf": [
            level,
            {"type": "object", "additionalProperties": false, "properties": properties},
        ],
    })
}

fn tuned(parameter: &Parameter) -> Value {
    let mut schema = match parameter.kind {
        ParameterKind::Percent => json!({"type": "number", "minimum": 0, "maximum": 100}),
        ParameterKind::Ratio => json!({"type": "number", "minimum": 0, "maximum": 1}),
        ParameterKind::PercentMinutes => json!({"type": "number", "minimum": 0}),
        ParameterKind::Duration => {
            json!({"type": "string", "allOf": [{"pattern": DURATION}, {"pattern": "[1-9]"}]})
        }
        ParameterKind::Switch => json!({"type": "boolean"}),
        ParameterKind::Texts([]) => json!({"type": "array", "items": {"type": "string"}}),
        ParameterKind::Texts(choices) => json!({"type": "array", "items": {"enum": choices}}),
    };
    schema["description"] = format!(
        "{}: {}; standard: {}, strict: {}",
        parameter.meaning,
        parameter.kind.description(),
        value::text(parameter, parameter.standard),
        value::text(parameter, parameter.strict)
    )
    .into();
    let default = value::json(parameter, parameter.standard);
    if !default.is_null() {
        schema["default"] = default;
    }
    schema
}

fn window() -> Value {
    let days = [
        ("[Mm][Oo][Nn]", "[Dd][Aa][Yy]"),
        ("[Tt][Uu][Ee]", "[Ss][Dd][Aa][Yy]"),
        ("[Ww][Ee][Dd]", "[Nn][Ee][Ss][Dd][Aa][Yy]"),
        ("[Tt][Hh][Uu]", "[Rr][Ss][Dd][Aa][Yy]"),
        ("[Ff][Rr][Ii]", "[Dd][Aa][Yy]"),
        ("[Ss][Aa][Tt]", "[Uu][Rr][Dd][Aa][Yy]"),
        ("[Ss][Uu][Nn]", "[Dd][Aa][Yy]"),
    ];
    let days = days.map(|(short, rest)| format!("{short}({rest})?")).join("|");
    let edge = format!(r"\s*({days}) ([01][0-9]|2[0-3]):[0-5][0-9]\s*");
    let name = json!({"description": "why releases are frozen", "type": "string", "pattern": r"\S"});
    let zone = json!({
        "description": "an IANA name or an offset",
        "type": "string",
        "pattern": ZONE,
        "default": "UTC",
    });
    let time = |description: &str| json!({"description": description, "type": "string", "pattern": TIME});
    json!({"oneOf": [
        {
            "description": "once",
            "type": "object",
            "additionalProperties": false,
            "required": ["name", "from", "to"],
            "properties": {
                "name": name,
                "from": time("the first moment; a day from its start"),
                "to": time("the first moment after it; a day to its end"),
                "timezone": zone,
            },
        },
        {
            "description": "every week",
            "type": "object",
            "additionalProperties": false,
            "required": ["name", "weekly"],
            "properties": {
                "name": name,
                "weekly": {
                    "description": "two different times of the week, such as Fri 16:00-Mon 08:00",
                    "type": "string",
                    "pattern": format!("^{edge}-{edge}$"),
                },
                "timezone": zone,
            },
        },
    ]})
}
