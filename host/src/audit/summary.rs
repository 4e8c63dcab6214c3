//! What an audit comes to.

use std::collections::BTreeMap;

use rollgate_policy::finding::Level;
use serde::Serialize;

use super::judge::{Outcome, Verdict};

#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    /// Objects that were judged.
    pub objects: usize,
    pub accepted: usize,
    pub rejected: usize,
    pub denials: usize,
    pub warnings: usize,
    /// Objects that others answer for.
    pub kept: usize,
    /// Objects that the settings leave out.
    pub ungoverned: usize,
    /// Findings by rule.
    pub rules: BTreeMap<&'static str, Count>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Count {
    pub denials: usize,
    pub warnings: usize,
}

impl Summary {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let audited = match outcome {
            Outcome::Audited(audited) => audited,
            Outcome::Kept => return self.kept += 1,
            Outcome::Ungoverned => return self.ungoverned += 1,
        };
        self.objects += 1;
        match audited.verdict {
            Verdict::Reject => self.rejected += 1,
            Verdict::Accept | Verdict::Warn => self.accepted += 1,
        }
        for finding in &audited.findings {
            let count = self.rules.entry(finding.rule).or_default();
            match finding.level {
                Level::Deny => {
                    self.denials += 1;
                    count.denials += 1;
                }
                Level::Warn => {
                    self.warnings += 1;
                    count.warnings += 1;
                }
                Level::Off => {}
            }
        }
    }
}
