//! What a review has to say.

use serde::Serialize;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not reported.
    Off,
    /// Reported, and the request accepted.
    Warn,
    /// The request is rejected.
    Deny,
}

impl Level {
    /// The name used in settings, messages and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// The value to set where a finding is, when that is the one way to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Mend {
    /// `true` or `false`.
    Switch(bool),
    /// A whole number.
    Number(i64),
}

/// One thing wrong with an object: where, what, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Name of the rule.
    pub rule: &'static str,
    /// The requirement the rule serves.
    pub requirement: &'static str,
    /// Its weight, after settings and exemptions.
    pub level: Level,
    /// JSON path in the reviewed object.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// The value to set at `path`; `None` where somebody has to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<Mend>,
}
