//! The answer to a request.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::exemption::Exemption;
use crate::finding::{Finding, Level};

/// The most warnings sent back: API servers cut off what comes to more than 4096 characters.
const MOST_WARNINGS: usize = 12;

/// The most reasons written out: who has more of them mends the first ones first, and the answer stays small.
const MOST_REASONS: usize = 100;

/// The answer to a request.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// Whether the object is one the policy judges, and was judged.
    pub governed: bool,
    /// The object, as `Kind namespace/name`.
    pub object: String,
    /// Everything the rules found, at levels after settings and exemptions.
    pub findings: Vec<Finding>,
    /// The exemption that lowered findings, if one did.
    pub exempted: Option<Exemption>,
    /// The earlier revision the workload returns to, where that is why it is accepted.
    pub returns_to: Option<String>,
}

impl Review {
    /// Lowers every finding to a warning, where the request returns to an earlier revision.
    pub(crate) fn allow_rollback(&mut self, revision: Option<String>) {
        if revision.is_some() {
            for finding in &mut self.findings {
                finding.level = finding.level.min(Level::Warn);
            }
        }
        self.returns_to = revision;
    }

    /// Whether the request is accepted.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.findings.iter().all(|finding| finding.level != Level::Deny)
    }

    /// Why the request is rejected: every reason, with its place and its mend.
    #[must_use]
    pub fn message(&self) -> String {
        let denials: Vec<&Finding> = self.at(Level::Deny).collect();
        let mut text = format!("rollgate rejects {} for {} reason(s):", self.object, denials.len());
        for Finding { rule, requirement, path, message, help, .. } in denials.iter().take(MOST_REASONS) {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n- {rule} ({requirement}) at {path}: {message}; mend: {help}");
        }
        if denials.len() > MOST_REASONS {
            let _ = write!(text, "\n- and {} more", denials.len() - MOST_REASONS);
        }
        text
    }

    /// What is reported without a rejection.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.at(Level::Warn).take(MOST_WARNINGS);
        warnings.map(|Finding { rule, path, message, .. }| format!("{rule} at {path}: {message}")).collect()
    }

    /// What goes to the API server's audit log.
    #[must_use]
    pub fn audit_annotations(&self) -> BTreeMap<String, String> {
        let mut annotations = BTreeMap::new();
        for (key, level) in [("denied-by", Level::Deny), ("warned-by", Level::Warn)] {
            let mut rules: Vec<&str> = self.at(level).map(|finding| finding.rule).collect();
            rules.dedup();
            if !rules.is_empty() {
                annotations.insert(key.to_owned(), rules.join(","));
            }
        }
        if let Some(exemption) = &self.exempted {
            annotations.insert("exempted".to_owned(), exemption.summary.clone());
        }
        if let Some(revision) = &self.returns_to {
            annotations.insert("rollback".to_owned(), revision.clone());
        }
        annotations
    }

    fn at(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.level == level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_an_end() {
        let finding = Finding {
            rule: "no-skip",
            requirement: "",
            level: Level::Deny,
            path: String::new(),
            message: String::new(),
            help: String::new(),
            mend: None,
        };
        let review = |denials| Review { findings: vec![finding.clone(); denials], ..Review::default() };
        let all = review(MOST_REASONS).message();
        assert!(all.lines().count() == 1 + MOST_REASONS && !all.contains("more"), "{all}");
        let message = review(MOST_REASONS + 2).message();
        assert!(
            message.starts_with("rollgate rejects  for 102 reason(s):")
                && message.ends_with("\n- and 2 more")
        );
    }
}
