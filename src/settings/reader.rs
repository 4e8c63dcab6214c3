//! Settings as people write them: everything that is wrong with them at once, with its path.

use serde_json::{Map, Value};

use super::{Context, Enforcement, ParametersOf, Profile, Scope, Settings, SettingsError, WORKLOAD_KINDS};
use crate::finding::Level;
use crate::freeze::Window;

/// Reads settings and collects what is wrong on the way.
pub(super) struct Reader<'a> {
    parameters_of: ParametersOf<'a>,
    errors: Vec<SettingsError>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(parameters_of: ParametersOf<'a>) -> Self {
        Self { parameters_of, errors: Vec::new() }
    }

    /// The settings, or everything that is wrong with them.
    pub(super) fn read(mut self, value: &Value) -> Result<Settings, Vec<SettingsError>> {
        let settings = self.settings(value);
        if self.errors.is_empty() { Ok(settings) } else { Err(self.errors) }
    }

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

    fn settings(&mut self, value: &Value) -> Settings {
        let mut settings = Settings::default();
        let Some(object) = self.object("settings", value) else { return settings };
        if let Some(value) = object.get("profile") {
            let choices = [("standard", Profile::Standard), ("strict", Profile::Strict)];
            settings.profile = self.one_of("profile", value, &choices).unwrap_or_default();
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
                "rules" => self.rules(value, &mut settings),
                "scope" => self.scope(value, &mut settings.scope),
                "actors" => self.actors(value, &mut settings),
                "freeze" => self.freeze(value, &mut settings),
                _ => self.error(key, "unknown setting"),
            }
        }
        settings
    }

    fn rules(&mut self, value: &Value, settings: &mut Settings) {
        let Some(object) = self.object("rules", value) else { return };
        for (rule, value) in object {
            let path = format!("rules.{rule}");
            let Some(parameters) = (self.parameters_of)(rule) else {
                self.error(path, "unknown rule");
                continue;
            };
            match value {
                Value::Object(given) => {
                    for (key, value) in given {
                        let path = format!("{path}.{key}");
                        if key == "level" {
                            self.level(&path, rule, value, settings);
                            continue;
                        }
                        match parameters.iter().find(|parameter| parameter.name == key) {
                            None => self.error(path, format!("unknown parameter of rule {rule}")),
                            Some(parameter) => match parameter.kind.read(value) {
                                Ok(given) => settings.given.push((parameter, given)),
                                Err(message) => self.error(path, message),
                            },
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

    fn freeze(&mut self, value: &Value, settings: &mut Settings) {
        let Some(windows) = value.as_array() else {
            return self.error("freeze", format!("must be a list of windows, is {value}"));
        };
        for (index, window) in windows.iter().enumerate() {
            let path = format!("freeze[{index}]");
            let Some(object) = self.object(&path, window) else { continue };
            match Window::read(object) {
                Ok(window) => settings.freeze.push(window),
                Err(errors) => {
                    for (key, message) in errors {
                        self.error(format!("{path}.{key}"), message);
                    }
                }
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

fn is_service_account(user: &str) -> bool {
    let account = user.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':'));
    account.is_some_and(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
}
