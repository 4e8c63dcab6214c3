//! The authorities by which the API server knows rollgate.

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use serde_json::{Value, json};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::super::pair::certificates;
use super::decision::add;
use super::material::{Certificate, pem};

/// A `ValidatingWebhookConfiguration`, as far as trust goes.
pub(super) enum Registration {
    /// Nobody asks, so nobody has to trust.
    Absent,
    /// Who is trusted for each webhook, by its name.
    Present { version: String, webhooks: Vec<(String, Vec<Certificate>)> },
}

impl Registration {
    pub(super) fn read(configuration: Option<&ValidatingWebhookConfiguration>) -> Self {
        let Some(configuration) = configuration else { return Self::Absent };
        let webhooks = configuration.webhooks.iter().flatten().map(|webhook| {
            let bundle = webhook.client_config.ca_bundle.as_ref();
            let trusted = bundle.and_then(|bundle| certificates(&bundle.0).ok()).unwrap_or_default();
            (webhook.name.clone(), trusted)
        });
        let version = configuration.metadata.resource_version.clone().unwrap_or_default();
        Self::Present { version, webhooks: webhooks.collect() }
    }

    /// Whether nothing is asked of a server that it would not believe with a certificate of `authority`.
    pub(super) fn trusts(&self, authority: &Certificate) -> bool {
        match self {
            Self::Absent => true,
            Self::Present { webhooks, .. } => webhooks.iter().all(|(_, trusted)| trusted.contains(authority)),
        }
    }

    /// The strategic merge patch that adds the `needed` authorities where they are not trusted; `None` if they are
    /// everywhere. Whoever is trusted stays so for as long as there is room: another replica may show its certificate.
    pub(super) fn patch(&self, needed: &[Certificate]) -> Option<Value> {
        let Self::Present { version, webhooks } = self else { return None };
        let lacking = webhooks.iter().filter(|(_, trusted)| needed.iter().any(|one| !trusted.contains(one)));
        let changed: Vec<Value> = lacking
            .map(|(name, trusted)| {
                let mut bundle = needed.to_vec();
                add(&mut bundle, trusted);
                json!({"name": name, "clientConfig": {"caBundle": BASE64_STANDARD.encode(pem(&bundle))}})
            })
            .collect();
        if changed.is_empty() {
            return None;
        }
        // Not carried out if somebody else has changed the registration.
        Some(json!({"metadata": {"resourceVersion": version}, "webhooks": changed}))
    }
}

/// Who was trusted at the last two looks.
#[derive(Default)]
pub(super) struct Trust {
    before: Option<Registration>,
    last: Option<Registration>,
}

impl Trust {
    pub(super) fn look(&mut self, registration: Registration) {
        self.before = self.last.replace(registration);
    }

    /// Whether an authority was trusted at the last look.
    pub(super) fn is_there(&self, authority: &Certificate) -> bool {
        self.last.as_ref().is_some_and(|last| last.trusts(authority))
    }

    /// Whether it was at the look before, too: every API server has heard of it in between.
    pub(super) fn is_settled(&self, authority: &Certificate) -> bool {
        self.is_there(authority) && self.before.as_ref().is_some_and(|before| before.trusts(authority))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::tls::issue;

    fn authority(name: &str) -> Certificate {
        let issued = issue::authority(name, None).expect("an authority");
        certificates(issued.certificate.as_bytes()).expect("PEM").remove(0)
    }

    fn registration(webhooks: &[(&str, &[&Certificate])]) -> Registration {
        let webhooks = webhooks.iter().map(|(name, trusted)| {
            let bundle: Vec<Certificate> = trusted.iter().map(|one| (*one).clone()).collect();
            let bundle = (!bundle.is_empty()).then(|| BASE64_STANDARD.encode(pem(&bundle)));
            json!({"name": name, "clientConfig": {"caBundle": bundle}, "admissionReviewVersions": ["v1"],
                "sideEffects": "None"})
        });
        let configuration = json!({"metadata": {"resourceVersion": "7"},
            "webhooks": webhooks.collect::<Vec<_>>()});
        Registration::read(Some(&serde_json::from_value(configuration).expect("a registration")))
    }

    /// The authorities that a patch sets, by webhook.
    fn patched(registration: &Registration, needed: &[&Certificate]) -> Vec<(String, Vec<Certificate>)> {
        let needed: Vec<Certificate> = needed.iter().map(|one| (*one).clone()).collect();
        let patch = registration.patch(&needed).expect("a patch");
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        let webhooks = patch["webhooks"].as_array().expect("webhooks").iter().map(|webhook| {
            let bundle = webhook["clientConfig"]["caBundle"].as_str().expect("a bundle");
            let bundle = certificates(&BASE64_STANDARD.decode(bundle).expect("base64")).expect("PEM");
            (webhook["name"].as_str().expect("a name").to_owned(), bundle)
        });
        webhooks.collect()
    }

    #[test]
    fn what_is_lacking_is_added_and_nothing_else_changes() {
        let [old, new, foreign] = ["old", "new", "foreign"].map(authority);
        let partly = registration(&[("has", &[&old, &new]), ("lacks", &[&foreign]), ("empty", &[])]);
        assert!(!partly.trusts(&new) && !partly.trusts(&foreign));
        let expected = vec![
            ("lacks".to_owned(), vec![new.clone(), foreign.clone()]),
            ("empty".to_owned(), vec![new.clone()]),
        ];
        assert_eq!(patched(&partly, &[&new]), expected);
        let whole = registration(&[("a", &[&foreign, &new]), ("b", &[&new])]);
        assert!(whole.trusts(&new));
        assert_eq!(whole.patch(std::slice::from_ref(&new)), None);
        assert!(Registration::Absent.trusts(&new) && Registration::Absent.patch(&[new]).is_none());
    }

    #[test]
    fn no_more_than_three_are_kept_unless_they_are_needed() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(authority);
        let full = registration(&[("one", &[&a, &b, &c])]);
        assert_eq!(patched(&full, &[&d])[0].1, [d.clone(), a.clone(), b.clone()]);
        assert_eq!(patched(&full, &[&d, &c, &b, &a])[0].1, [d, c, b, a]);
    }

    #[test]
    fn trust_is_settled_when_it_was_seen_twice_in_a_row() {
        let [old, new] = ["old", "new"].map(authority);
        let mut trust = Trust::default();
        assert!(!trust.is_there(&old) && !trust.is_settled(&old));
        let mut look = |trusted: &[&Certificate]| {
            trust.look(registration(&[("one", trusted)]));
            (trust.is_there(&new), trust.is_settled(&new), trust.is_settled(&old))
        };
        assert_eq!(look(&[&old]), (false, false, false));
        assert_eq!(look(&[&old, &new]), (true, false, true));
        assert_eq!(look(&[&old, &new]), (true, true, true));
        assert_eq!(look(&[&old]), (false, false, true), "somebody has taken it out");
        assert_eq!(look(&[&old, &new]), (true, false, true));
    }
}
