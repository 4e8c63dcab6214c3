//! What the page shows beside a review: rules, examples, settings.

use rollgate_policy::rules::{DOCUMENTS, Document, RULES, Rule, can_be_exempted};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::example::{Example, examples};

/// What there is beside a review.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    /// The version of rollgate.
    pub version: &'static str,
    /// The rules.
    pub rules: Vec<RuleEntry>,
    /// Manifests to begin with.
    pub examples: Vec<Example>,
    /// The JSON Schema of settings.
    pub settings_schema: Option<Box<RawValue>>,
}

/// A rule.
#[derive(Debug, Serialize)]
pub struct RuleEntry {
    /// Name.
    pub name: &'static str,
    /// The requirement it serves.
    pub requirement: &'static str,
    /// What it demands, in one line.
    pub summary: &'static str,
    /// Its level under the profile `standard`.
    pub standard: &'static str,
    /// Its level under the profile `strict`.
    pub strict: &'static str,
    /// Its parameters.
    pub parameters: Vec<ParameterEntry>,
    /// Why.
    pub why: &'static str,
    /// How to mend what it finds.
    pub mend: &'static str,
    /// Whether a release can be exempted from it.
    pub exemptible: bool,
    /// Index of an example that it rejects; none where it is about requests and not about manifests.
    pub bad: Option<usize>,
    /// Index of that example, mended.
    pub good: Option<usize>,
}

/// A parameter of a rule.
#[derive(Debug, Serialize)]
pub struct ParameterEntry {
    /// Name.
    pub name: &'static str,
    /// What it takes, in words.
    pub takes: String,
    /// What it is under the profile `standard`, as settings would give it.
    pub standard: Value,
    /// What it is under the profile `strict`, as settings would give it.
    pub strict: Value,
    /// What it says.
    pub meaning: &'static str,
}

/// Everything the page can look up.
#[must_use]
pub fn catalogue() -> Catalogue {
    let examples = examples();
    let rules = RULES.iter().zip(DOCUMENTS).map(|(rule, document)| entry(rule, document, &examples));
    Catalogue {
        version: env!("CARGO_PKG_VERSION"),
        rules: rules.collect(),
        settings_schema: serde_json::from_str(include_str!("../../docs/settings.schema.json")).ok(),
        examples,
    }
}

fn entry(rule: &Rule, document: &Document, examples: &[Example]) -> RuleEntry {
    let example = |verdict: &str| {
        let is_it = |example: &Example| {
            let (of, fixture) = example.name.split_once('/').unwrap_or_default();
            of == rule.name && fixture.starts_with(verdict)
        };
        examples.iter().position(is_it)
    };
    let parameters = rule.parameters.iter().map(|parameter| ParameterEntry {
        name: parameter.name,
        takes: parameter.kind.description(),
        standard: parameter.written(parameter.standard),
        strict: parameter.written(parameter.strict),
        meaning: parameter.meaning,
    });
    RuleEntry {
        name: rule.name,
        requirement: rule.requirement,
        summary: document.meaning,
        standard: rule.levels.standard.name(),
        strict: rule.levels.strict.name(),
        parameters: parameters.collect(),
        why: document.why,
        mend: document.mend,
        exemptible: can_be_exempted(rule.name),
        bad: example("rejected-"),
        good: example("accepted-"),
    }
}
