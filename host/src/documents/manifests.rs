//! A bad manifest and the nearest good one, out of the fixtures.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use rollgate_policy::admission::Request;
use rollgate_policy::finding::{Finding, Level};
use rollgate_policy::read_settings;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use similar::TextDiff;

use super::fixture::{Announced, names};
use crate::manifest::Position;
use crate::manifest_set::ManifestSet;

/// How many lines are shown around a finding, and around a change.
const CONTEXT: usize = 3;

/// A bad manifest, what is said about it, and the nearest good one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifests {
    /// The bad manifest's path in the repository.
    pub rejected: String,
    /// The good one's.
    pub accepted: String,
    /// The settings they are judged under, where these are not the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
    /// The bad manifest around the finding, with line numbers.
    pub excerpt: String,
    /// The finding, as it is reported.
    pub finding: String,
    /// What makes the good manifest of the bad one, as a unified diff.
    pub diff: String,
}

/// The nearest pair of `rejected-X.yaml` and `accepted-X.yaml` that is judged under the same settings, if there is one.
pub(super) fn of(root: &Path, rule: &str) -> anyhow::Result<Option<Manifests>> {
    let folder = format!("tests/fixtures/{rule}");
    let mut pairs = Vec::new();
    for name in names(&root.join(&folder), "rejected-")? {
        let (rejected, accepted) = (format!("{folder}/rejected-{name}"), format!("{folder}/accepted-{name}"));
        if root.join(&accepted).exists() && announced(root, &rejected)? == announced(root, &accepted)? {
            let diff = diff(&manifest(root, &rejected)?, &manifest(root, &accepted)?);
            pairs.push((diff.lines().count(), rejected, accepted, diff));
        }
    }
    let Some((_, rejected, accepted, diff)) = pairs.into_iter().min() else { return Ok(None) };
    let settings = announced(root, &rejected)?;
    let (finding, at) = finding(root, &rejected, rule, &settings)?;
    let Finding { requirement, path, message, help, .. } = finding;
    Ok(Some(Manifests {
        excerpt: excerpt(&std::fs::read_to_string(root.join(&rejected))?, at),
        finding: format!("{rejected}:{at}: {rule} ({requirement})\n    {path}: {message}\n    mend: {help}"),
        settings: (settings != json!({})).then_some(settings),
        rejected,
        accepted,
        diff,
    }))
}

fn announced(root: &Path, file: &str) -> anyhow::Result<Value> {
    Ok(Announced::read(&root.join(file))?.settings)
}

/// A fixture without the lines in which it speaks about itself.
fn manifest(root: &Path, file: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
    let lines = text.lines().skip_while(|line| line.starts_with('#'));
    Ok(lines.fold(String::new(), |text, line| text + line + "\n"))
}

fn diff(old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().context_radius(CONTEXT).to_string()
}

/// The rule's first finding about a file that weighs most, and its place.
fn finding(root: &Path, file: &str, rule: &str, settings: &Value) -> anyhow::Result<(Finding, Position)> {
    let read = read_settings(&settings.to_string()).map_err(|errors| anyhow!("{file}: {errors:?}"))?;
    let manifests = ManifestSet::read(&[root.join(file)]);
    if let Some(error) = manifests.errors.first() {
        bail!("{error}");
    }
    let mut found: Vec<(Finding, Position)> = Vec::new();
    for object in &manifests.objects {
        // A fixture whose verdict depends on the time would not be one.
        let request = Request::of_manifest(&object.json, &object.identity, 0);
        let review = rollgate_policy::review(&request, &read, &manifests.cluster);
        let about = review.findings.into_iter().filter(|finding| finding.rule == rule);
        found.extend(about.map(|finding| {
            let place = object.document.locate(&finding.path);
            (finding, place)
        }));
    }
    let worst = found.iter().map(|(finding, _)| finding.level).max().unwrap_or(Level::Off);
    found
        .into_iter()
        .find(|(finding, _)| finding.level == worst)
        .with_context(|| format!("{file}: {rule} finds nothing under {settings}"))
}

fn excerpt(text: &str, at: Position) -> String {
    let (from, to) = (at.line.saturating_sub(CONTEXT).max(1), at.line + CONTEXT);
    let width = to.to_string().len();
    let mut excerpt = String::new();
    for (index, line) in text.lines().enumerate().take(to).skip(from - 1) {
        let mark = if index + 1 == at.line { ">" } else { " " };
        // Writing to a String cannot fail.
        let _ = writeln!(excerpt, "{mark} {:>width$} | {line}", index + 1);
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_marks_its_line_and_stays_in_the_file() {
        let text = "a\nb\nc\nd\ne\n";
        assert_eq!(
            excerpt(text, Position { line: 2, column: 1 }),
            "  1 | a\n> 2 | b\n  3 | c\n  4 | d\n  5 | e\n"
        );
        assert_eq!(excerpt(text, Position { line: 5, column: 1 }), "  2 | b\n  3 | c\n  4 | d\n> 5 | e\n");
    }

    #[test]
    fn a_diff_leaves_the_file_names_out() {
        assert_eq!(diff("a\nb\n", "a\nc\n"), "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
    }
}
