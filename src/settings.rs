//! The policy's settings: profile, levels, parameters, scope.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::duration;
use crate::finding::Level;
use crate::json;
use crate::plan::Signal;

/// Everything a user can set. `{}` is valid and means [`Profile::Standard`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// The profile the levels and parameters start from.
    pub profile: Profile,
    /// Whether `deny` rejects, or only warns.
    pub enforcement: Enforcement,
    /// Levels of single rules that differ from the profile.
    levels: Vec<(String, Level)>,
    /// Parameters of the rules.
    pub parameters: Parameters,
    /// What is governed at all.
    pub scope: Scope,
    /// Further service accounts that act as a delivery controller, as full user names.
    pub controllers: Vec<String>,
    /// What an object means that the cluster could not be asked for.
    pub context: Context,
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

/// The parameters of all rules. Weights in percent, times in seconds.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// `gradual-exposure`: the largest first weight.
    pub max_first_weight: f64,
    /// `gradual-exposure`: the largest rise from one stage to the next.
    pub max_increase: f64,
    /// `analysis-signals`: the signals that must each be able to roll a release back.
    pub required_signals: Vec<Signal>,
    /// `analysis-signals`: error-rate and availability need different metrics.
    pub distinct_signals: bool,
    /// `analysis-coverage`: the largest weight that needs no analysis.
    pub max_unwatched_weight: f64,
    /// `analysis-coverage`: a blue-green switch needs an analysis before and after it.
    pub both_sides: bool,
    /// `rollback-deadline`: the longest time from the first failing measurement to the rollback.
    pub deadline: f64,
    /// `valid-exemption`: the longest time an exemption may run.
    pub max_exemption: f64,
}

/// What is governed at all.
#[derive(Debug, Clone)]
pub struct Scope {
    include_namespaces: Vec<String>,
    exclude_namespaces: Vec<String>,
    kinds: Vec<String>,
    match_labels: BTreeMap<String, String>,
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

/// Workload kinds that may be governed; Pods only on demand, since a webhook on Pods endangers the cluster.
const WORKLOAD_KINDS: [&str; 6] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod"];

impl Parameters {
    fn of(profile: Profile) -> Self {
        let strict = profile == Profile::Strict;
        let pick = |standard, in_strict| if strict { in_strict } else { standard };
        Self {
            max_first_weight: pick(25.0, 10.0),
            max_increase: pick(50.0, 25.0),
            required_signals: Signal::ALL.to_vec(),
            distinct_signals: false,
            max_unwatched_weight: pick(25.0, 0.0),
            both_sides: strict,
            deadline: 300.0,
            max_exemption: pick(72.0, 24.0) * 3600.0,
        }
    }

    /// Sets one parameter; the error says what it takes.
    fn set(&mut self, rule: &str, key: &str, value: &Value) -> Result<(), String> {
        match (rule, key) {
            ("gradual-exposure", "maxFirstWeight") => self.max_first_weight = percent(value)?,
            ("gradual-exposure", "maxIncrease") => self.max_increase = percent(value)?,
            ("analysis-signals", "requiredSignals") => self.required_signals = signals(value)?,
            ("analysis-signals", "distinctSignals") => self.distinct_signals = boolean(value)?,
            ("analysis-coverage", "maxUnwatchedWeight") => self.max_unwatched_weight = percent(value)?,
            ("analysis-coverage", "bothSides") => self.both_sides = boolean(value)?,
            ("rollback-deadline", "deadline") => self.deadline = seconds(value)?,
            ("valid-exemption", "maxExemption") => self.max_exemption = seconds(value)?,
            _ => return Err(format!("unknown parameter of rule {rule}")),
        }
        Ok(())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            enforcement: Enforcement::default(),
            levels: Vec::new(),
            parameters: Parameters::of(Profile::default()),
            scope: Scope {
                include_namespaces: vec!["*".to_owned()],
                exclude_namespaces: vec!["kube-*".to_owned()],
                kinds: WORKLOAD_KINDS[..5].iter().map(|kind| (*kind).to_owned()).collect(),
                match_labels: BTreeMap::new(),
            },
            controllers: Vec::new(),
            context: Context::default(),
        }
    }
}

impl Settings {
    /// Reads settings from JSON. `rules` are the names of the rules there are.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn from_json(json: &str, rules: &[&str]) -> Result<Self, Vec<SettingsError>> {
        if matches!(json.trim(), "" | "{}" | "null") {
            return Ok(Self::default());
        }
        let value: Value = json::from_str(json).map_err(|error| {
            vec![SettingsError { path: "settings".to_owned(), message: error.to_string() }]
        })?;
        let mut reader = Reader { errors: Vec::new() };
        let settings = reader.settings(&value, rules);
        if reader.errors.is_empty() { Ok(settings) } else { Err(reader.errors) }
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
}

impl Scope {
    /// Whether objects of a namespace are governed.
    #[must_use]
    pub fn includes_namespace(&self, namespace: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches_glob(pattern, namespace));
        any(&self.include_namespaces) && !any(&self.exclude_namespaces)
    }

    /// Whether a workload kind is governed by `no-bypass`.
    #[must_use]
    pub fn includes_kind(&self, kind: &str) -> bool {
        self.kinds.iter().any(|included| included == kind)
    }

    /// Whether an object with these labels is governed.
    #[must_use]
    pub fn includes_labels(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any number of characters.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    match last {
        Some(suffix) => rest.ends_with(suffix),
        None => rest.is_empty(),
    }
}

fn is_service_account(user: &str) -> bool {
    let account = user.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'));
    account.is_some_and(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
}

fn percent(value: &Value) -> Result<f64, String> {
    value
        .as_f64()
        .filter(|number| (0.0..=100.0).contains(number))
        .ok_or_else(|| format!("must be a percentage from 0 to 100, is {value}"))
}

fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("must be true or false, is {value}"))
}

fn seconds(value: &Value) -> Result<f64, String> {
    value
        .as_str()
        .and_then(duration::parse_go)
        .filter(|seconds| *seconds > 0.0)
        .ok_or_else(|| format!("must be a duration such as 5m or 1h30m, is {value}"))
}

fn signals(value: &Value) -> Result<Vec<Signal>, String> {
    let names = Signal::ALL.map(Signal::name).join(", ");
    let error = || format!("must be a list of {names}, is {value}");
    value
        .as_array()
        .ok_or_else(error)?
        .iter()
        .map(|name| name.as_str().and_then(Signal::from_name).ok_or_else(error))
        .collect()
}

/// Reads settings and collects what is wrong on the way.
struct Reader {
    errors: Vec<SettingsError>,
}

impl Reader {
    fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push(SettingsError { path: path.into(), message: message.into() });
    }

    fn object<'v>(&mut self, path: &str, value: &'v Value) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.error(path, format!("must be an object, is {value}"));
        }
        object
    }

    fn one_of<T: Copy>(&mut self, path: &str, value: &Value, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(name, _)| value.as_str() == Some(name)).map(|(_, choice)| *choice);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.error(path, format!("must be one of {}, is {value}", names.join(", ")));
        }
        found
    }

    fn strings(&mut self, path: &str, value: &Value) -> Vec<String> {
        let list: Option<Vec<String>> = value
            .as_array()
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        if list.is_none() {
            self.error(path, format!("must be a list of strings, is {value}"));
        }
        list.unwrap_or_default()
    }

    fn settings(&mut self, value: &Value, rules: &[&str]) -> Settings {
        let mut settings = Settings::default();
        let Some(object) = self.object("settings", value) else { return settings };
        if let Some(value) = object.get("profile") {
            let choices = [("standard", Profile::Standard), ("strict", Profile::Strict)];
            settings.profile = self.one_of("profile", value, &choices).unwrap_or_default();
            settings.parameters = Parameters::of(settings.profile);
        }
        for (key, value) in object {
            match key.as_str() {
                "profile" => {}
                "enforcement" => {
                    let choices = [("deny", Enforcement::Deny), ("warn", Enforcement::Warn)];
                    settings.enforcement = self.one_of(key, value, &choices).unwrap_or_default();
                }
                "context" => {
                    let choices = [("optional", Context::Optional), ("required", Context::Required)];
                    settings.context = self.one_of(key, value, &choices).unwrap_or_default();
                }
                "rules" => self.rules(value, rules, &mut settings),
                "scope" => self.scope(value, &mut settings.scope),
                "actors" => self.actors(value, &mut settings),
                "freeze" if value.as_array().is_some_and(Vec::is_empty) => {}
                "freeze" => {
                    self.error(key, "freeze windows are not supported by this version: leave it empty");
                }
                _ => self.error(key, "unknown setting"),
            }
        }
        settings
    }

    fn rules(&mut self, value: &Value, rules: &[&str], settings: &mut Settings) {
        let Some(object) = self.object("rules", value) else { return };
        for (rule, value) in object {
            let path = format!("rules.{rule}");
            if !rules.contains(&rule.as_str()) {
                self.error(path, "unknown rule");
                continue;
            }
            match value {
                Value::Object(parameters) => {
                    for (key, value) in parameters {
                        let path = format!("{path}.{key}");
                        if key == "level" {
                            self.level(&path, rule, value, settings);
                        } else if let Err(message) = settings.parameters.set(rule, key, value) {
                            self.error(path, message);
                        }
                    }
                }
                _ => self.level(&path, rule, value, settings),
            }
        }
    }

    fn level(&mut self, path: &str, rule: &str, value: &Value, settings: &mut Settings) {
        let choices = [Level::Deny, Level::Warn, Level::Off].map(|level| (level.name(), level));
        // YAML reads a bare `off` as false.
        let off = Value::from(Level::Off.name());
        let value = if *value == Value::Bool(false) { &off } else { value };
        if let Some(level) = self.one_of(path, value, &choices) {
            settings.levels.push((rule.to_owned(), level));
        }
    }

    fn scope(&mut self, value: &Value, scope: &mut Scope) {
        let Some(object) = self.object("scope", value) else { return };
        for (key, value) in object {
            let path = format!("scope.{key}");
            match key.as_str() {
                "namespaces" => {
                    let Some(namespaces) = self.object(&path, value) else { continue };
                    for (key, value) in namespaces {
                        let path = format!("{path}.{key}");
                        match key.as_str() {
                            "include" => scope.include_namespaces = self.strings(&path, value),
                            "exclude" => scope.exclude_namespaces = self.strings(&path, value),
                            _ => self.error(path, "unknown setting"),
                        }
                    }
                }
                "kinds" => {
                    scope.kinds = self.strings(&path, value);
                    for kind in &scope.kinds {
                        if !WORKLOAD_KINDS.contains(&kind.as_str()) {
                            self.error(&path, format!("{kind} is not one of {}", WORKLOAD_KINDS.join(", ")));
                        }
                    }
                }
                "workloads" => {
                    let Some(labels) = self.object(&path, value) else { continue };
                    for (key, value) in labels {
                        match value.as_str() {
                            Some(value) => {
                                scope.match_labels.insert(key.clone(), value.to_owned());
                            }
                            None => {
                                self.error(format!("{path}.{key}"), "must be a string: the label's value");
                            }
                        }
                    }
                }
                _ => self.error(path, "unknown setting"),
            }
        }
    }

    fn actors(&mut self, value: &Value, settings: &mut Settings) {
        let Some(object) = self.object("actors", value) else { return };
        for (key, value) in object {
            let path = format!("actors.{key}");
            if key == "controllers" {
                settings.controllers = self.strings(&path, value);
                for account in settings.controllers.iter().filter(|account| !is_service_account(account)) {
                    self.error(
                        &path,
                        format!("{account:?} is not of the form system:serviceaccount:<namespace>:<name>"),
                    );
                }
            } else {
                self.error(path, "unknown setting");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 3] = ["gradual-exposure", "analysis-signals", "rollback-deadline"];
    const LEVELS: Levels = Levels { standard: Level::Warn, strict: Level::Deny };

    fn read(json: &str) -> Result<Settings, Vec<String>> {
        Settings::from_json(json, &RULES).map_err(|errors| errors.iter().map(ToString::to_string).collect())
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
        assert_eq!(
            (
                settings.parameters.max_first_weight,
                settings.parameters.max_increase,
                settings.parameters.deadline
            ),
            (20.0, 25.0, 180.0)
        );
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

    #[test]
    fn namespaces_match_by_glob() {
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("kube-*", "kube-system", true),
            ("kube-*", "kube", false),
            ("*-prod", "shop-prod", true),
            ("shop", "shop", true),
            ("shop", "shop-2", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("", "", true),
        ] {
            assert_eq!(matches_glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
