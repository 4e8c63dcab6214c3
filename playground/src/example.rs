//! Manifests to begin with.

use serde::Serialize;

use crate::Verdict;

/// An example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// What it belongs to: `Canonical`, `Gallery` or `Rules`.
    pub group: &'static str,
    /// By what it is known.
    pub name: &'static str,
    /// What it is about, in one line.
    pub title: String,
    /// The manifests.
    pub manifests: String,
    /// The settings to judge them by, in YAML; empty for the defaults.
    pub settings: String,
    /// What it comes to.
    pub verdict: Verdict,
}

/// An example as it stands in the repository.
struct Source {
    group: &'static str,
    name: &'static str,
    texts: &'static [&'static str],
}

/// Every example.
static SOURCES: &[Source] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Every example, in the order in which they are offered.
pub fn examples() -> Vec<Example> {
    SOURCES.iter().map(Source::example).collect()
}

impl Source {
    /// What the first lines say is taken out of them: the verdict that tests hold the example to, and settings.
    fn example(&self) -> Example {
        let (mut settings, mut verdict) = ("", Verdict::Accepted);
        let mut texts = Vec::new();
        for text in self.texts {
            let mut rest = *text;
            while let Some((line, after)) = rest.split_once('\n').filter(|(line, _)| is_announcement(line)) {
                settings = line.strip_prefix(SETTINGS).unwrap_or(settings);
                verdict = if line.starts_with(REJECTED) { Verdict::Rejected } else { verdict };
                rest = after;
            }
            texts.push(rest);
        }
        let manifests = texts.join("---\n");
        let title = manifests.lines().next().and_then(|line| line.strip_prefix("# "));
        Example {
            group: self.group,
            name: self.name,
            title: title.unwrap_or(self.name).to_owned(),
            settings: if settings.is_empty() { String::new() } else { format!("{settings}\n") },
            manifests,
            verdict,
        }
    }
}

const REJECTED: &str = "# rejected: ";
const SETTINGS: &str = "# settings: ";

fn is_announcement(line: &str) -> bool {
    line == "# accepted" || line.starts_with(REJECTED) || line.starts_with(SETTINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_lines_announce_is_taken_out() {
        let source = Source {
            group: "Rules",
            name: "a/b",
            texts: &["# rejected: a\n# settings: {profile: strict}\n# Why.\nkind: X\n", "kind: Y\n"],
        };
        assert_eq!(
            source.example(),
            Example {
                group: "Rules",
                name: "a/b",
                title: "Why.".to_owned(),
                manifests: "# Why.\nkind: X\n---\nkind: Y\n".to_owned(),
                settings: "{profile: strict}\n".to_owned(),
                verdict: Verdict::Rejected,
            }
        );
    }
}
