//! The rules. One file each: what it demands, why, how to mend it, the check, and its tests.

mod allowed_strategy;
mod analysis_coverage;
mod analysis_signals;
mod analysis_thresholds;
mod automatic_rollback;
mod explicit_steps;
mod gradual_exposure;
mod no_bypass;
mod resolved_references;
mod rollback_deadline;
mod smoke_verification;
mod valid_exemption;
mod valid_spec;

use crate::case::{Case, Subject};
use crate::finding::{Finding, Level};
use crate::settings::{Context, Levels, Settings};

/// Every rule, in the order of the catalogue.
pub static RULES: [&Rule; 13] = [
    &no_bypass::RULE,
    &allowed_strategy::RULE,
    &explicit_steps::RULE,
    &gradual_exposure::RULE,
    &analysis_signals::RULE,
    &analysis_thresholds::RULE,
    &analysis_coverage::RULE,
    &automatic_rollback::RULE,
    &rollback_deadline::RULE,
    &smoke_verification::RULE,
    &resolved_references::RULE,
    &valid_exemption::RULE,
    &valid_spec::RULE,
];

/// One demand on a release.
#[derive(Debug)]
pub struct Rule {
    /// Its only identifier, in settings, messages and documents.
    pub name: &'static str,
    /// The requirement of the rulebook it serves.
    pub requirement: &'static str,
    /// Its level in each profile.
    pub levels: Levels,
    /// What it demands, in one line.
    pub meaning: &'static str,
    /// Why.
    pub why: &'static str,
    check: fn(&Case<'_>, &mut Report<'_>),
}

/// The names of all rules.
pub static NAMES: [&str; RULES.len()] = {
    let mut names = [""; RULES.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = RULES[index].name;
        index += 1;
    }
    names
};

/// Lets every rule look at `case`: all findings, at their levels.
#[must_use]
pub fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        let level = case.settings.level(rule.name, rule.levels);
        if level > Level::Off {
            (rule.check)(case, &mut Report { rule, level, findings: &mut findings });
        }
    }
    findings
}

/// Where one rule leaves its findings.
struct Report<'a> {
    rule: &'static Rule,
    level: Level,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    /// Adds a finding at the rule's level.
    fn find(&mut self, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.add(self.level, path, message, help);
    }

    /// Adds a finding that never rejects.
    fn warn(&mut self, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Level::Warn, path, message, help);
    }

    /// Adds a finding about something the cluster could not be asked for, which weighs what the settings say.
    fn unasked(&mut self, case: &Case<'_>, path: &str, message: String, help: &str) {
        match case.settings.context {
            Context::Required => self.find(path, message, help),
            Context::Optional => self.warn(path, message, help),
        }
    }

    fn add(
        &mut self,
        level: Level,
        path: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings.push(Finding {
            rule: self.rule.name,
            requirement: self.rule.requirement,
            level,
            path: path.into(),
            message: message.into(),
            help: help.into(),
        });
    }
}

/// `deny` in both profiles.
const DENY: Levels = Levels { standard: Level::Deny, strict: Level::Deny };

/// Writes a weight: `25 %`, `33.3 %`.
fn percent(weight: f64) -> String {
    let tenths = (weight * 10.0).round() / 10.0;
    format!("{tenths} %")
}

/// The settings' parameters, shorter.
impl Case<'_> {
    fn parameters(&self) -> &crate::settings::Parameters {
        &self.settings.parameters
    }

    /// The release, if that is what is reviewed.
    fn release(&self) -> Option<&crate::case::Release> {
        match &self.subject {
            Subject::Release(release) => Some(release),
            _ => None,
        }
    }
}

/// Whether `settings` name only rules there are; kept beside the registry so that neither needs the other.
///
/// # Errors
/// Everything wrong with the settings.
pub fn read_settings(json: &str) -> Result<Settings, Vec<crate::settings::SettingsError>> {
    Settings::from_json(json, &NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_says_what_it_wants() {
        for (index, rule) in RULES.iter().enumerate() {
            assert!(RULES[..index].iter().all(|other| other.name != rule.name), "{} twice", rule.name);
            assert!(!rule.meaning.is_empty() && !rule.why.is_empty() && !rule.requirement.is_empty());
            assert_eq!(NAMES[index], rule.name);
        }
    }

    #[test]
    fn weights_are_written_short() {
        assert_eq!(percent(25.0), "25 %");
        assert_eq!(percent(100.0 / 3.0), "33.3 %");
    }
}
