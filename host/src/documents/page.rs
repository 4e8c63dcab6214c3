//! The page of one rule.

use std::fmt::Write;
use std::path::PathBuf;

use rollgate_policy::rules::{Document, Rule, can_be_exempted};
use rollgate_policy::settings::Parameter;
use serde::Serialize;
use serde_json::Value;

use super::example::Examples;
use super::manifests::Manifests;
use super::requests::Answered;
use super::value;

/// Everything there is to say about a rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    name: &'static str,
    requirement: &'static str,
    levels: Levels,
    meaning: &'static str,
    why: &'static str,
    mend: &'static str,
    can_be_exempted: bool,
    parameters: Vec<Tuned>,
    pub(super) examples: Examples,
}

#[derive(Serialize)]
struct Levels {
    standard: &'static str,
    strict: &'static str,
}

/// A parameter with its defaults.
#[derive(Serialize)]
struct Tuned {
    name: &'static str,
    meaning: &'static str,
    takes: String,
    standard: Value,
    strict: Value,
    #[serde(skip)]
    defaults: [String; 2],
}

pub(super) fn path(rule: &str) -> PathBuf {
    format!("docs/rules/{rule}.md").into()
}

impl Page {
    pub(crate) fn new(rule: &Rule, document: &Document, examples: Examples) -> Self {
        Self {
            name: rule.name,
            requirement: rule.requirement,
            levels: Levels { standard: rule.levels.standard.name(), strict: rule.levels.strict.name() },
            meaning: document.meaning,
            why: document.why,
            mend: document.mend,
            can_be_exempted: can_be_exempted(rule.name),
            parameters: rule.parameters.iter().map(|parameter| Tuned::new(parameter)).collect(),
            examples,
        }
    }

    pub(crate) fn to_markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { name, requirement, .. } = self;
        let [meaning, why, mend] = [self.meaning, self.why, self.mend].map(prose);
        let Levels { standard, strict } = self.levels;
        writeln!(out, "# {name}\n\n{}.\n", capitalized(&meaning))?;
        writeln!(out, "| requirement | standard | strict |\n|---|---|---|")?;
        writeln!(out, "| {requirement} | {standard} | {strict} |\n")?;
        writeln!(out, "## Why\n\n{why}\n\n## How to mend it\n\n{mend}")?;
        if let Some(manifests) = &self.examples.manifests {
            write_manifests(out, manifests)?;
        }
        for answered in &self.examples.requests {
            write_request(out, answered)?;
        }
        self.write_settings(out)?;
        self.write_exemption(out)?;
        writeln!(
            out,
            "\n## See also\n\nReleases that every rule accepts, under both profiles: \
             [canary](../../delivery/_examples/canary-rollout.yaml), \
             [blue-green](../../delivery/_examples/bluegreen-rollout.yaml), \
             [analysis templates](../../delivery/_examples/analysis-template.yaml), \
             [Flagger](../../delivery/_examples/flagger-canary.yaml). [All rules](README.md)."
        )
    }

    fn write_settings(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Settings\n")?;
        if !self.parameters.is_empty() {
            writeln!(out, "| parameter | takes | standard | strict | meaning |\n|---|---|---|---|---|")?;
            for parameter in &self.parameters {
                let Tuned { name, takes, meaning, defaults: [standard, strict], .. } = parameter;
                writeln!(out, "| `{name}` | {takes} | {standard} | {strict} | {meaning} |")?;
            }
            writeln!(out)?;
        }
        let level = if self.levels.standard == "warn" { "deny" } else { "warn" };
        writeln!(out, "```yaml\nrules:\n  {}:\n    level: {level}    # deny | warn | off", self.name)?;
        for parameter in &self.parameters {
            let default = if parameter.standard.is_null() { &parameter.strict } else { &parameter.standard };
            if !default.is_null() {
                writeln!(out, "    {}: {}", parameter.name, value::yaml(default))?;
            }
        }
        writeln!(out, "```")
    }

    fn write_exemption(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Exempting a release\n")?;
        if !self.can_be_exempted {
            return writeln!(out, "This rule keeps the others honest: no release can be exempted from it.");
        }
        writeln!(
            out,
            "```yaml\nmetadata:\n  annotations:\n    rollgate.dev/exempt: {}\n    \
             rollgate.dev/justification: \"INC-4211: hotfix for the checkout outage\"\n    \
             rollgate.dev/approved-by: release-lead@example.com    # not the requester\n    \
             rollgate.dev/expires: \"2026-12-01T18:00:00Z\"          # soon\n```\n\n\
             [Exemptions](../exemptions.md) says what makes one valid.",
            self.name
        )
    }
}

impl Tuned {
    fn new(parameter: &Parameter) -> Self {
        Self {
            name: parameter.name,
            meaning: parameter.meaning,
            takes: parameter.kind.description(),
            standard: value::json(parameter, parameter.standard),
            strict: value::json(parameter, parameter.strict),
            defaults: [parameter.standard, parameter.strict].map(|default| value::text(parameter, default)),
        }
    }
}

fn write_manifests(out: &mut String, manifests: &Manifests) -> std::fmt::Result {
    let Manifests { rejected, accepted, settings, excerpt, finding, diff } = manifests;
    writeln!(out, "\n## Found\n")?;
    if let Some(settings) = settings {
        writeln!(out, "Under the settings `{}`:\n", value::yaml(settings))?;
    }
    writeln!(out, "```text\n{excerpt}\n{finding}\n```\n")?;
    writeln!(out, "## Mended\n\n```diff\n{diff}```\n")?;
    writeln!(out, "The whole of it: [rejected](../../{rejected}), [accepted](../../{accepted}).")
}

fn write_request(out: &mut String, answered: &Answered) -> std::fmt::Result {
    let Answered { file, command, user, request, message } = answered;
    let verdict = if message.is_some() { "Rejected" } else { "Accepted" };
    writeln!(out, "\n## {verdict}\n\n`{user}` types\n\n```sh\n{command}\n```\n")?;
    if let Some(message) = message {
        writeln!(out, "and reads\n\n```text\n{message}\n```\n")?;
    }
    writeln!(out, "[The request](../../{file}):\n\n```yaml\n{request}```")
}

/// A text as Markdown shows it: what looks like a tag would be hidden.
pub(super) fn prose(text: &str) -> String {
    text.replace('<', "\\<")
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
