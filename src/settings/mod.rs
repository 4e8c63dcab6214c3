//! The policy's settings: profile, levels, parameters, scope.

mod parameter;
mod reader;
mod scope;
mod written;

use serde_json::Value;

use self::parameter::Given;
pub use self::parameter::{Default as ParameterDefault, Kind as ParameterKind, Parameter};
use self::reader::Reader;
pub use self::scope::{Scope, WORKLOAD_KINDS};
use crate::finding::Level;
use crate::freeze::Window;
use crate::json;

/// Everything a user can set. `{}` is valid and means [`Profile::Standard`].
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The profile the levels and parameters start from.
    pub profile: Profile,
    /// Whether `deny` rejects, or only warns.
    pub enforcement: Enforcement,
    /// Levels of single rules that differ from the profile.
    levels: Vec<(String, Level)>,
    /// Parameters that somebody set.
    given: Vec<(&'static Parameter, Given)>,
    /// What is governed at all.
    pub scope: Scope,
    /// Further service accounts that act as a delivery controller, as full user names.
    pub controllers: Vec<String>,
    /// What an object means that the cluster could not be asked for.
    pub context: Context,
    /// The windows in which no release starts.
    pub freeze: Vec<Window>,
}

/// A set of levels and parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Safe delivery without surprises for teams that start.
    #[default]
    Standard,
    /// Everything the rulebook asks for.
    Strict,
}

/// Whether `deny` rejects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enforcement {
    /// It does.
    #[default]
    Deny,
    /// Every `deny` is lowered to a warning.
    Warn,
}

/// What an object means that the cluster could not be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Context {
    /// A warning.
    #[default]
    Optional,
    /// A rejection.
    Required,
}

/// A rule's level in each profile.
#[derive(Debug, Clone, Copy)]
pub struct Levels {
    /// In [`Profile::Standard`].
    pub standard: Level,
    /// In [`Profile::Strict`].
    pub strict: Level,
}

/// One thing wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct SettingsError {
    /// Path of the setting.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The parameters of the rule of that name; `None` when there is no such rule.
pub type ParametersOf<'a> = &'a dyn Fn(&str) -> Option<&'static [&'static Parameter]>;

impl Settings {
    /// Reads settings from JSON; `parameters_of` knows the rules.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn from_json(json: &str, parameters_of: ParametersOf<'_>) -> Result<Self, Vec<SettingsError>> {
        if matches!(json.trim(), "" | "{}" | "null") {
            return Ok(Self::default());
        }
        let value: Value = json::from_str(json).map_err(|error| {
            vec![SettingsError { path: "settings".to_owned(), message: error.to_string() }]
        })?;
        Reader::new(parameters_of).read(&value)
    }

    /// The level of a rule, from its profile levels and the settings.
    #[must_use]
    pub fn level(&self, rule: &str, levels: Levels) -> Level {
        let level = self.levels.iter().find(|(set, _)| set == rule).map(|(_, level)| *level);
        let level = level.unwrap_or(match self.profile {
            Profile::Standard => levels.standard,
            Profile::Strict => levels.strict,
        });
        match self.enforcement {
            Enforcement::Deny => level,
            Enforcement::Warn => level.min(Level::Warn),
        }
    }

    /// The value of a parameter that is a number; `None` where nothing is bounded.
    #[must_use]
    pub fn number(&self, parameter: &'static Parameter) -> Option<f64> {
        match (self.given(parameter), self.default_of(parameter)) {
            (Some(Given::Number(number)), _) => Some(*number),
            (_, ParameterDefault::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// The value of a parameter that is a switch.
    #[must_use]
    pub fn switch(&self, parameter: &'static Parameter) -> bool {
        match (self.given(parameter), self.default_of(parameter)) {
            (Some(Given::Switch(on)), _) => *on,
            (_, ParameterDefault::Switch(on)) => on,
            _ => false,
        }
    }

    /// The value of a parameter that is a list.
    #[must_use]
    pub fn texts(&self, parameter: &'static Parameter) -> Vec<&str> {
        match (self.given(parameter), self.default_of(parameter)) {
            (Some(Given::Texts(texts)), _) => texts.iter().map(String::as_str).collect(),
            (_, ParameterDefault::Texts(texts)) => texts.to_vec(),
            _ => Vec::new(),
        }
    }

    fn given(&self, parameter: &'static Parameter) -> Option<&Given> {
        self.given.iter().find(|(set, _)| std::ptr::eq(*set, parameter)).map(|(_, given)| given)
    }

    fn default_of(&self, parameter: &'static Parameter) -> ParameterDefault {
        match self.profile {
            Profile::Standard => parameter.standard,
            Profile::Strict => parameter.strict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: Levels = Levels { standard: Level::Warn, strict: Level::Deny };
    static FIRST: Parameter = Parameter::percent("maxFirstWeight", 25.0, 10.0, "");
    static INCREASE: Parameter = Parameter::percent("maxIncrease", 50.0, 25.0, "");
    static DEADLINE: Parameter = Parameter::duration("deadline", 300.0, 300.0, "");
    static SIGNALS: Parameter = Parameter::texts("requiredSignals", &["latency"], &["latency"], "");
    static BOUND: Parameter = Parameter::strict_bound("bound", ParameterKind::Ratio, 0.5, "");

    fn parameters_of(rule: &str) -> Option<&'static [&'static Parameter]> {
        match rule {
            "gradual-exposure" => Some(const { &[&FIRST, &INCREASE] }),
            "rollback-deadline" => Some(const { &[&DEADLINE, &BOUND] }),
            "analysis-signals" => Some(const { &[&SIGNALS] }),
            _ => None,
        }
    }

    fn read(json: &str) -> Result<Settings, Vec<String>> {
        Settings::from_json(json, &parameters_of)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn nothing_set_is_the_standard_profile() {
        for json in ["{}", "null", "", r#"{"profile":"standard"}"#] {
            let settings = read(json).unwrap();
            assert_eq!(settings.profile, Profile::Standard);
            assert_eq!(settings.level("gradual-exposure", LEVELS), Level::Warn);
        }
    }

    #[test]
    fn a_level_alone_or_with_parameters() {
        let settings = read(
            r#"{"profile":"strict","rules":{"gradual-exposure":{"level":"warn","maxFirstWeight":20},
                "rollback-deadline":{"deadline":"3m"},"analysis-signals":"off"}}"#,
        )
        .unwrap();
        assert_eq!(settings.level("gradual-exposure", LEVELS), Level::Warn);
        assert_eq!(settings.level("analysis-signals", LEVELS), Level::Off);
        assert_eq!(settings.level("rollback-deadline", LEVELS), Level::Deny);
        assert_eq!(settings.number(&FIRST), Some(20.0));
        assert_eq!(settings.number(&INCREASE), Some(25.0));
        assert_eq!(settings.number(&DEADLINE), Some(180.0));
        assert_eq!(settings.texts(&SIGNALS), ["latency"]);
    }

    #[test]
    fn a_bound_may_be_set_in_one_profile_only() {
        assert_eq!(read("{}").unwrap().number(&BOUND), None);
        assert_eq!(read(r#"{"profile":"strict"}"#).unwrap().number(&BOUND), Some(0.5));
    }

    #[test]
    fn warn_enforcement_lowers_every_denial() {
        let settings = read(r#"{"profile":"strict","enforcement":"warn"}"#).unwrap();
        assert_eq!(settings.level("gradual-exposure", LEVELS), Level::Warn);
    }

    #[test]
    fn all_errors_come_at_once_with_their_paths() {
        let errors = read(
            r#"{"profil":"strict","enforcement":"maybe","rules":{"no-such-rule":"deny","gradual-exposure":
                {"level":"loud","maxFirstWeight":200,"maxSpeed":1},"rollback-deadline":{"deadline":"5 minutes"},
                "analysis-signals":{"requiredSignals":["errors"]}},"scope":{"kinds":["Deploy"],"namespaces":
                {"only":[]}},"actors":{"controllers":"argo"},"context":1}"#,
        )
        .unwrap_err();
        let mut paths: Vec<&str> = errors.iter().map(|error| error.split(':').next().unwrap()).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "actors.controllers",
                "context",
                "enforcement",
                "profil",
                "rules.analysis-signals.requiredSignals",
                "rules.gradual-exposure.level",
                "rules.gradual-exposure.maxFirstWeight",
                "rules.gradual-exposure.maxSpeed",
                "rules.no-such-rule",
                "rules.rollback-deadline.deadline",
                "scope.kinds",
                "scope.namespaces.only",
            ]
        );
    }
}
