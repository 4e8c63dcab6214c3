//! Label and field selectors, as far as equality goes.

use serde_json::Value;

/// A list of requirements that must all hold.
#[derive(Debug, Default)]
pub(super) struct Selector<'a>(Vec<(&'a str, Requirement<'a>)>);

#[derive(Debug)]
enum Requirement<'a> {
    Is(&'a str),
    IsNot(&'a str),
    Exists,
    IsMissing,
}

impl Requirement<'_> {
    fn holds(&self, found: Option<&str>) -> bool {
        match self {
            Self::Is(value) => found == Some(value),
            Self::IsNot(value) => found != Some(value),
            Self::Exists => found.is_some(),
            Self::IsMissing => found.is_none(),
        }
    }
}

impl<'a> Selector<'a> {
    pub(super) fn parse(text: Option<&'a str>) -> Result<Self, String> {
        let text = text.unwrap_or_default();
        if text.contains(['(', ')']) {
            return Err(format!(
                "cannot read selector `{text}`: only =, ==, != and (non-)existence are offered"
            ));
        }
        let terms = text.split(',').map(str::trim).filter(|term| !term.is_empty());
        Ok(Self(terms.map(parse_term).collect()))
    }

    /// Whether it asks for nothing, and so takes everything.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value that it asks of a key.
    pub(super) fn value_of(&self, key: &str) -> Option<&'a str> {
        self.values().find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// A key that must have a value, and the value.
    pub(super) fn first_value(&self) -> Option<(&'a str, &'a str)> {
        self.values().next()
    }

    fn values(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(|(key, requirement)| match requirement {
            Requirement::Is(value) => Some((*key, *value)),
            _ => None,
        })
    }

    pub(super) fn matches_labels(&self, object: &Value) -> bool {
        let labels = object.pointer("/metadata/labels");
        self.0.iter().all(|(key, requirement)| {
            requirement.holds(labels.and_then(|labels| labels.get(key)).and_then(Value::as_str))
        })
    }

    pub(super) fn matches_fields(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, requirement)| {
            let field = path.split('.').try_fold(object, |value, name| value.get(name));
            match field {
                Some(Value::String(text)) => requirement.holds(Some(text)),
                Some(Value::Null) | None => requirement.holds(None),
                Some(other) => requirement.holds(Some(&other.to_string())),
            }
        })
    }
}

fn parse_term(term: &str) -> (&str, Requirement<'_>) {
    if let Some((key, value)) = term.split_once("!=") {
        (key.trim(), Requirement::IsNot(value.trim()))
    } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (key.trim(), Requirement::Is(value.trim()))
    } else if let Some(key) = term.strip_prefix('!') {
        (key.trim(), Requirement::IsMissing)
    } else {
        (term, Requirement::Exists)
    }
}
