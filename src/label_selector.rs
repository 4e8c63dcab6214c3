//! Label selectors, as Kubernetes' own types write them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::kubernetes::or_default;

/// Labels that an object has to carry; an empty one selects everything.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LabelSelector {
    #[serde(deserialize_with = "or_default")]
    match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    match_expressions: Vec<Expression>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expression {
    key: String,
    operator: String,
    #[serde(deserialize_with = "or_default")]
    values: Vec<String>,
}

impl LabelSelector {
    /// Whether it selects an object with these labels.
    pub(crate) fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|expression| expression.holds(labels.get(&expression.key)))
    }
}

impl Expression {
    fn holds(&self, carried: Option<&String>) -> bool {
        let listed = || carried.is_some_and(|value| self.values.contains(value));
        match self.operator.as_str() {
            "In" => listed(),
            // A label that is not there has none of the values.
            "NotIn" => !listed(),
            "Exists" => carried.is_some(),
            "DoesNotExist" => carried.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn every_operator_is_known() {
        let labels = BTreeMap::from([("app".to_owned(), "pay".to_owned())]);
        for (selector, selects) in [
            ("{}", true),
            (r#"{"matchLabels":{"app":"pay"},"matchExpressions":null}"#, true),
            (r#"{"matchLabels":{"app":"pay","tier":"1"}}"#, false),
            (r#"{"matchExpressions":[{"key":"app","operator":"In","values":["a","pay"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"app","operator":"In"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"app","operator":"NotIn","values":["pay"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"tier","operator":"NotIn","values":["pay"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"app","operator":"Exists"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"tier","operator":"Exists"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]}"#, true),
            (
                r#"{"matchLabels":{"app":"pay"},"matchExpressions":[{"key":"app","operator":"DoesNotExist"}]}"#,
                false,
            ),
            (r#"{"matchExpressions":[{"key":"app","operator":"Near"}]}"#, false),
        ] {
            let read: LabelSelector = json::from_str(selector).unwrap();
            assert_eq!(read.selects(&labels), selects, "{selector}");
        }
    }
}
