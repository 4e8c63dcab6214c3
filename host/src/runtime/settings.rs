//! Settings of a policy.

use serde_json::Value;

/// The settings of a policy: always a JSON object, since the protocol knows no other form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(String);

/// Settings that are not an object.
#[derive(Debug, thiserror::Error)]
#[error("settings must be an object with one member per setting, not {0}")]
pub struct NotAnObject(&'static str);

impl Default for Settings {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

impl Settings {
    /// Takes an object; null stands for no settings.
    ///
    /// # Errors
    /// When the value is neither an object nor null.
    pub fn from_value(value: &Value) -> Result<Self, NotAnObject> {
        match value {
            Value::Object(_) => Ok(Self(value.to_string())),
            Value::Null => Ok(Self::default()),
            Value::Bool(_) => Err(NotAnObject("a boolean")),
            Value::Number(_) => Err(NotAnObject("a number")),
            Value::String(_) => Err(NotAnObject("a string")),
            Value::Array(_) => Err(NotAnObject("a list")),
        }
    }

    /// The object as compact JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}
