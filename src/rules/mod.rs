//! The rules. One file each: what it demands, why, how to mend it, the check, and its tests.

mod allowed_strategy;
mod analysis_coverage;
mod analysis_signals;
mod analysis_thresholds;
mod attended_full_rollout;
mod automatic_rollback;
mod blast_radius;
mod bound;
mod burn_rate;
mod config_versioned;
mod controller_installed;
mod explicit_steps;
mod freeze_window;
mod gradual_exposure;
mod immutable_image;
mod irreversible_change;
mod keep_guardrails;
mod metrics_provider;
mod minimum_hold;
mod no_bypass;
mod no_skip;
mod observability;
mod progress_deadline;
mod resolved_references;
mod rollback_deadline;
mod rollback_notification;
mod rollback_owner;
mod smoke_verification;
mod stable_replicas_kept;
mod stable_traffic_restored;
mod threshold_bounds;
mod valid_exemption;
mod valid_spec;
mod verification_rolls_back;

use crate::admission::UserInfo;
use crate::case::{Case, Subject};
use crate::exemption::NEVER_EXEMPT;
use crate::finding::{Finding, Level, Mend};
use crate::plan::{Mistake, Signal};
use crate::settings::{Context, Levels, Parameter, Settings, SettingsError};
pub use irreversible_change::{APPROVED_BY as IRREVERSIBLE_APPROVED_BY, IRREVERSIBLE};
pub use rollback_owner::ROLLBACK_OWNER;

/// Every rule, in the order of the catalogue.
pub static RULES: [&Rule; 33] = [
    &controller_installed::RULE,
    &metrics_provider::RULE,
    &no_bypass::RULE,
    &no_skip::RULE,
    &keep_guardrails::RULE,
    &allowed_strategy::RULE,
    &explicit_steps::RULE,
    &gradual_exposure::RULE,
    &minimum_hold::RULE,
    &attended_full_rollout::RULE,
    &analysis_signals::RULE,
    &analysis_thresholds::RULE,
    &threshold_bounds::RULE,
    &burn_rate::RULE,
    &analysis_coverage::RULE,
    &automatic_rollback::RULE,
    &rollback_deadline::RULE,
    &blast_radius::RULE,
    &progress_deadline::RULE,
    &stable_replicas_kept::RULE,
    &stable_traffic_restored::RULE,
    &config_versioned::RULE,
    &immutable_image::RULE,
    &rollback_owner::RULE,
    &rollback_notification::RULE,
    &smoke_verification::RULE,
    &observability::RULE,
    &verification_rolls_back::RULE,
    &freeze_window::RULE,
    &irreversible_change::RULE,
    &valid_exemption::RULE,
    &valid_spec::RULE,
    &resolved_references::RULE,
];

/// What each of [`RULES`] has to say, in the same order.
pub static DOCUMENTS: [&Document; RULES.len()] = [
    &controller_installed::DOCUMENT,
    &metrics_provider::DOCUMENT,
    &no_bypass::DOCUMENT,
    &no_skip::DOCUMENT,
    &keep_guardrails::DOCUMENT,
    &allowed_strategy::DOCUMENT,
    &explicit_steps::DOCUMENT,
    &gradual_exposure::DOCUMENT,
    &minimum_hold::DOCUMENT,
    &attended_full_rollout::DOCUMENT,
    &analysis_signals::DOCUMENT,
    &analysis_thresholds::DOCUMENT,
    &threshold_bounds::DOCUMENT,
    &burn_rate::DOCUMENT,
    &analysis_coverage::DOCUMENT,
    &automatic_rollback::DOCUMENT,
    &rollback_deadline::DOCUMENT,
    &blast_radius::DOCUMENT,
    &progress_deadline::DOCUMENT,
    &stable_replicas_kept::DOCUMENT,
    &stable_traffic_restored::DOCUMENT,
    &config_versioned::DOCUMENT,
    &immutable_image::DOCUMENT,
    &rollback_owner::DOCUMENT,
    &rollback_notification::DOCUMENT,
    &smoke_verification::DOCUMENT,
    &observability::DOCUMENT,
    &verification_rolls_back::DOCUMENT,
    &freeze_window::DOCUMENT,
    &irreversible_change::DOCUMENT,
    &valid_exemption::DOCUMENT,
    &valid_spec::DOCUMENT,
    &resolved_references::DOCUMENT,
];

/// One demand on a release.
#[derive(Debug)]
pub struct Rule {
    /// Its only identifier, in settings, messages and documents.
    pub name: &'static str,
    /// The requirement it serves, or the part of `docs/coverage.md` it stands in.
    pub requirement: &'static str,
    /// Its level in each profile.
    pub levels: Levels,
    /// What it lets its users tune.
    pub parameters: &'static [&'static Parameter],
    check: fn(&Case<'_>, &mut Report<'_>),
}

/// What a rule has to say to people. Apart from the rule, so that the guest does not carry it.
#[derive(Debug)]
pub struct Document {
    /// What the rule demands, in one line.
    pub meaning: &'static str,
    /// Why.
    pub why: &'static str,
    /// How to mend what it finds.
    pub mend: &'static str,
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

    /// Adds what a front end noted about the manifest.
    fn find_all(&mut self, mistakes: &[Mistake]) {
        for Mistake { path, message, help, mend } in mistakes {
            self.find(path, message, help);
            self.mended_by(*mend);
        }
    }

    /// Says which value mends the finding just added.
    fn mended_by(&mut self, mend: Option<Mend>) {
        if let Some(finding) = self.findings.last_mut() {
            finding.mend = mend;
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
            mend: None,
        });
    }
}

/// `deny` in both profiles.
const DENY: Levels = Levels { standard: Level::Deny, strict: Level::Deny };
/// `warn`, and `deny` in the profile `strict`.
const WARN_THEN_DENY: Levels = Levels { standard: Level::Warn, strict: Level::Deny };
/// `off`, and `deny` in the profile `strict`.
const OFF_THEN_DENY: Levels = Levels { standard: Level::Off, strict: Level::Deny };
/// `off`, and `warn` in the profile `strict`.
const OFF_THEN_WARN: Levels = Levels { standard: Level::Off, strict: Level::Warn };

/// Writes a weight: `25 %`, `33.3 %`.
fn percent(weight: f64) -> String {
    let tenths = (weight * 10.0).round() / 10.0;
    format!("{tenths} %")
}

impl Case<'_> {
    /// The most that a parameter allows.
    fn most(&self, parameter: &'static Parameter) -> f64 {
        self.settings.number(parameter).unwrap_or(f64::INFINITY)
    }

    /// What an annotation of the object says, if it says anything.
    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The release, if that is what is reviewed.
    fn release(&self) -> Option<&crate::case::Release> {
        match &self.subject {
            Subject::Release(release) => Some(release),
            _ => None,
        }
    }
}

/// Reads settings; kept beside the registry so that neither needs the other.
///
/// # Errors
/// Everything wrong with the settings.
pub fn read_settings(json: &str) -> Result<Settings, Vec<SettingsError>> {
    Settings::from_json(json, &|name| RULES.iter().find(|rule| rule.name == name).map(|rule| rule.parameters))
}

/// The signals that must each be able to roll a release back.
#[must_use]
pub fn required_signals(settings: &Settings) -> Vec<Signal> {
    let names = settings.texts(&analysis_signals::REQUIRED_SIGNALS);
    names.into_iter().filter_map(Signal::from_name).collect()
}

/// Whether error-rate and availability need different metrics.
#[must_use]
pub fn distinct_signals(settings: &Settings) -> bool {
    settings.switch(&analysis_signals::DISTINCT_SIGNALS)
}

/// The longest time from the first failing measurement to the rollback, in seconds; `None` where nothing is bounded.
#[must_use]
pub fn rollback_deadline(settings: &Settings) -> Option<f64> {
    settings.number(&rollback_deadline::DEADLINE)
}

/// Whether a release can be exempted from the rule of that name.
#[must_use]
pub fn can_be_exempted(rule: &str) -> bool {
    !NEVER_EXEMPT.contains(&rule)
}

/// Whether a user may set rules aside.
pub(crate) fn may_exempt(settings: &Settings, user: &UserInfo<'_>) -> bool {
    let users = settings.texts(&valid_exemption::ALLOWED_USERS);
    let groups = settings.texts(&valid_exemption::ALLOWED_GROUPS);
    (users.is_empty() && groups.is_empty())
        || users.contains(&&*user.username)
        || user.groups.iter().any(|group| groups.contains(&&**group))
}

/// The longest time an exemption may run, in seconds.
pub(crate) fn longest_exemption(settings: &Settings) -> f64 {
    settings.number(&valid_exemption::MAX_EXEMPTION).unwrap_or(f64::INFINITY)
}

/// What a rule finds in a manifest that is all there is.
#[cfg(test)]
fn findings_in(manifest: &serde_json::Value, rule: &str, settings: &str) -> Vec<Finding> {
    let manifest = serde_json::value::to_raw_value(manifest).unwrap();
    let identity: crate::admission::Manifest<'_> = serde_json::from_str(manifest.get()).unwrap();
    let request = crate::admission::Request::of_manifest(&manifest, &identity, 0);
    let settings = read_settings(settings).unwrap();
    let review = crate::review(&request, &settings, &crate::cluster::Objects::default());
    review.findings.into_iter().filter(|finding| finding.rule == rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_says_what_it_wants() {
        for (index, (rule, document)) in RULES.iter().zip(DOCUMENTS).enumerate() {
            assert!(RULES[..index].iter().all(|other| other.name != rule.name), "{} twice", rule.name);
            assert!(!rule.requirement.is_empty() && !document.meaning.is_empty());
            assert!(document.why.ends_with('.') && document.mend.ends_with('.'), "{}", rule.name);
            assert_eq!(NAMES[index], rule.name);
        }
    }

    #[test]
    fn weights_are_written_short() {
        assert_eq!(percent(25.0), "25 %");
        assert_eq!(percent(100.0 / 3.0), "33.3 %");
    }
}
