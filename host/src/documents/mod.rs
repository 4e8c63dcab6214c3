//! What rollgate says about its rules and settings, generated from the code: pages, schema, questions.

mod acceptance;
mod chart;
pub mod example;
pub mod fixture;
mod index;
mod kubewarden;
mod manifests;
mod page;
mod questions;
pub mod requests;
mod schema;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rollgate_policy::rules::{DOCUMENTS, RULES};

use self::example::Examples;
pub(crate) use self::page::Page;

/// The file of all examples, which `rollgate explain` carries.
const EXAMPLES: &str = "host/src/documents/examples.json";

/// Every generated file of the repository at `root`, by its path there.
///
/// # Errors
/// When an example cannot be read or is not judged as it says, or a rule has none.
pub fn generate(root: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    let mut all = BTreeMap::new();
    for (rule, document) in RULES.iter().zip(DOCUMENTS) {
        let examples = Examples::of(root, rule.name)?;
        if examples.is_empty() {
            bail!(
                "{0} has no example: tests/fixtures/{0} needs rejected-X.yaml and accepted-X.yaml with the same X, or \
                 tests/requests/{0} the same",
                rule.name
            );
        }
        let page = Page::new(rule, document, examples);
        files.insert(page::path(rule.name), page.to_markdown());
        all.insert(rule.name, page.examples);
    }
    files.insert(index::PATH.into(), index::markdown());
    files.insert(schema::PATH.into(), format!("{:#}\n", schema::settings()));
    files.insert(questions::PATH.into(), questions::yaml());
    files.extend(chart::files());
    files.extend(kubewarden::files(root)?);
    files.extend(acceptance::files(root)?);
    files.insert(EXAMPLES.into(), format!("{}\n", serde_json::to_string_pretty(&all)?));
    Ok(files)
}
