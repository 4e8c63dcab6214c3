//! The Secret and the registration in the cluster.

use std::time::Duration;

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, Error};
use serde_json::Value;

use super::material::Material;
use super::registration::Registration;
use crate::cluster::reason;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Who is named as having made a change.
const MANAGER: &str = "rollgate";

/// Namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Place {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => Err("write it as NAMESPACE/NAME".to_owned()),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Another replica was faster: what it wrote is to be read.
    #[error("somebody else has changed it")]
    Outrun,
    #[error("{0}")]
    Failed(String),
}

pub(super) struct Store {
    secrets: Api<Secret>,
    registrations: Api<ValidatingWebhookConfiguration>,
    place: Place,
    registration: String,
}

impl Store {
    pub(super) fn new(client: Client, place: Place, registration: String) -> Self {
        Self {
            secrets: Api::namespaced(client.clone(), &place.namespace),
            registrations: Api::all(client),
            place,
            registration,
        }
    }

    pub(super) async fn secret(&self) -> Result<Option<Secret>, Trouble> {
        let read = self.secrets.get_opt(&self.place.name);
        bounded(read, || format!("cannot read Secret {}", self.place)).await
    }

    /// Writes what the Secret is to hold, unless it has changed since it was `read`.
    pub(super) async fn write(&self, read: Option<Secret>, material: &Material) -> Result<(), Trouble> {
        let name = &self.place.name;
        let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        let is_new = read.is_none();
        let mut secret = read.unwrap_or_else(|| Secret {
            metadata: ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() },
            type_: Some("kubernetes.io/tls".to_owned()),
            ..Secret::default()
        });
        material.write(secret.data.get_or_insert_default());
        let place = &self.place;
        if is_new {
            let create = self.secrets.create(&params, &secret);
            let what = || format!("cannot create Secret {place}; an empty one would do");
            return bounded(create, what).await.map(drop);
        }
        let what = || format!("cannot write Secret {place}");
        bounded(self.secrets.replace(name, &params, &secret), what).await.map(drop)
    }

    pub(super) async fn registration(&self) -> Result<Registration, Trouble> {
        let read = self.registrations.get_opt(&self.registration);
        let what = || format!("cannot read ValidatingWebhookConfiguration {}", self.registration);
        Ok(Registration::read(bounded(read, what).await?.as_ref()))
    }

    pub(super) async fn change_registration(&self, patch: &Value) -> Result<(), Trouble> {
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Strategic(patch);
        let change = self.registrations.patch(&self.registration, &params, &patch);
        let what =
            || format!("cannot write caBundle of ValidatingWebhookConfiguration {}", self.registration);
        bounded(change, what).await.map(drop)
    }
}

async fn bounded<T>(
    answer: impl Future<Output = Result<T, Error>>,
    what: impl Fn() -> String,
) -> Result<T, Trouble> {
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Error::Api(status))) if status.code == 409 => Err(Trouble::Outrun),
        Ok(Err(error)) => Err(Trouble::Failed(format!("{}: {}", what(), reason(&error)))),
        Err(_) => Err(Trouble::Failed(format!("{}: no answer within {} s", what(), TIMEOUT.as_secs()))),
    }
}
