//! How to go back: what the controller does by itself, and the commands that work.

mod argo;
mod flagger;

use rollgate_policy::duration::human;
use rollgate_policy::plan::End;
use serde_json::Value;

use super::markdown::{block, list, missing};
use crate::release::Release;

/// What a person can do.
struct ByHand {
    /// Lines for a shell.
    commands: Vec<String>,
    /// What to know about them, as Markdown.
    notes: Vec<String>,
}

/// The section of the rollback action.
pub(super) fn write(release: &Release<'_>) -> String {
    let object: Value = serde_json::from_str(release.object.json.get()).unwrap_or_default();
    let ByHand { commands, mut notes } = match release.picture.subject.kind.as_str() {
        "Rollout" => argo::by_hand(release, &object),
        _ => flagger::by_hand(release, &object),
    };
    if release.picture.subject.namespace.is_none() {
        notes.push(missing("the manifest names no namespace"));
    }
    notes.push(
        "Whatever applies the manifest (Argo CD, Flux, a pipeline) has to go back too, or it sends the bad version again."
            .to_owned(),
    );
    notes.push(missing("when these commands were last tried in staging"));
    format!("{}\n\nBy hand:\n\n{}\n{}", by_itself(release), block("sh", &commands.join("\n")), list(&notes))
}

fn by_itself(release: &Release<'_>) -> String {
    let controller = release.plan.controller.name;
    match release.picture.bad.first().filter(|story| story.end == End::RolledBack) {
        Some(story) => format!(
            "By itself: {controller} sends all traffic back to the stable version when an analysis fails, {} after the first stage when everything is bad.",
            human(story.seconds)
        ),
        None => missing(&format!("{controller} does not roll a bad release back by itself")),
    }
}

/// The option that names the namespace.
fn namespace(release: &Release<'_>) -> String {
    let namespace = release.picture.subject.namespace.as_deref();
    format!("-n {}", namespace.map_or_else(|| "NAMESPACE".to_owned(), quoted))
}

/// The name of the release.
fn name(release: &Release<'_>) -> String {
    match release.picture.subject.name.as_str() {
        "" => "NAME".to_owned(),
        name => quoted(name),
    }
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-._/:".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_gets_one_word() {
        assert_eq!(quoted("payments-api"), "payments-api");
        assert_eq!(quoted("a b'c;d"), r"'a b'\''c;d'");
        assert_eq!(quoted(""), "''");
    }
}
