//! The table of all rules, with links to their pages.

use rollgate_policy::rules::{DOCUMENTS, RULES};

use super::page::prose;

pub(super) const PATH: &str = "docs/rules/README.md";

pub(super) fn markdown() -> String {
    let rows = RULES.iter().zip(DOCUMENTS).map(|(rule, document)| {
        format!(
            "| [`{0}`]({0}.md) | {1} | {2} | {3} | {4} |\n",
            rule.name,
            rule.requirement,
            rule.levels.standard.name(),
            rule.levels.strict.name(),
            prose(document.meaning)
        )
    });
    format!(
        "# Rules\n\n`standard` and `strict` are profiles. What each rule rests on, and what none can see, is in \
         [coverage](../coverage.md).\n\n| rule | requirement | standard | strict | meaning |\n|---|---|---|---|---|\n{}",
        rows.collect::<String>()
    )
}
