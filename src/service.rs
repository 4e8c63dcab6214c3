//! Services, as far as rules ask which pods they send requests to.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::kubernetes::{Metadata, POD_HASH, or_default};

#[derive(Deserialize)]
pub(crate) struct Service {
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    spec: ServiceSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServiceSpec {
    #[serde(deserialize_with = "or_default")]
    selector: BTreeMap<String, String>,
}

impl Service {
    /// Whether it sends requests to pods with these labels; without a selector it sends them elsewhere.
    pub(crate) fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.asked().next().is_some() && self.missed(labels).is_none()
    }

    /// The first label it asks for that is not among these.
    pub(crate) fn missed(&self, labels: &BTreeMap<String, String>) -> Option<(&str, &str)> {
        self.asked()
            .find(|(key, value)| labels.get(*key) != Some(*value))
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    fn asked(&self) -> impl Iterator<Item = (&String, &String)> {
        // Added by the controller to the selector of a side's Service, and to the pods.
        self.spec.selector.iter().filter(|(key, _)| *key != POD_HASH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn it_selects_by_all_labels_but_the_hash() {
        let labels = BTreeMap::from([("app".to_owned(), "pay".to_owned())]);
        for (selector, selects, missed) in [
            (r#"{"app":"pay","rollouts-pod-template-hash":"6b8f"}"#, true, None),
            (r#"{"app":"pay","tier":"1"}"#, false, Some(("tier", "1"))),
            (r#"{"app":"other"}"#, false, Some(("app", "other"))),
            ("{}", false, None),
            ("null", false, None),
        ] {
            let service: Service =
                json::from_str(&format!(r#"{{"spec":{{"selector":{selector}}}}}"#)).unwrap();
            assert_eq!(service.selects(&labels), selects, "{selector}");
            assert_eq!(service.missed(&labels), missed, "{selector}");
        }
    }
}
