//! What a fixture says about itself: its first lines announce the verdict.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// The verdict a fixture announces.
///
/// The first line is `# accepted`, or `# rejected:` with exactly the rules that deny it. The second line may choose
/// what it is judged under: `# settings:` with settings in YAML.
#[derive(Debug, PartialEq, Eq)]
pub struct Announced {
    /// The rules that deny it; none when it is accepted.
    pub denied: BTreeSet<String>,
    /// What it is judged under.
    pub settings: Value,
}

impl Announced {
    /// Reads the first lines of a file.
    ///
    /// # Errors
    /// When the file cannot be read or announces nothing.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let denied = match first.strip_prefix("# rejected: ") {
            Some(rules) => rules.split(", ").map(str::to_owned).collect(),
            None if first == "# accepted" => BTreeSet::new(),
            None => bail!("the first line announces no verdict: {first:?}"),
        };
        let second = lines.next().unwrap_or_default();
        let settings = match second.strip_prefix("# settings: ") {
            Some(settings) => serde_saphyr::from_str(settings)?,
            None => json!({}),
        };
        Ok(Self { denied, settings })
    }
}

/// What follows `prefix` in the names of a folder's files, in order; none without the folder.
pub(super) fn names(folder: &Path, prefix: &str) -> anyhow::Result<Vec<String>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_prefix(prefix).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_announce_rules_and_settings() {
        let announced =
            Announced::parse("# rejected: one, two\n# settings: {profile: strict}\nkind: Rollout").unwrap();
        assert_eq!(announced.denied, BTreeSet::from(["one".to_owned(), "two".to_owned()]));
        assert_eq!(announced.settings, json!({"profile": "strict"}));
        let announced = Announced::parse("# accepted\n# settings: {rules: {one: deny}}").unwrap();
        assert_eq!(announced.settings, json!({"rules": {"one": "deny"}}));
        assert_eq!(Announced::parse("# accepted\nkind: Rollout").unwrap().settings, json!({}));
        for text in ["", "kind: Rollout", "# fine", "# accepted\n# settings: {"] {
            assert!(Announced::parse(text).is_err(), "{text:?}");
        }
    }
}
