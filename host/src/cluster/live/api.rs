//! What is asked of the API server.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, TryStreamExt};
use kube::api::{
    ApiResource, DynamicObject, GetParams, ListParams, Patch, PatchParams, Request, ValidationDirective,
    WatchEvent, WatchParams,
};
use kube::core::GroupVersionKind;
use kube::discovery::{ApiCapabilities, Scope, pinned_kind};
use kube::error::DiscoveryError;
use kube::{Client, Resource};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// How long one answer may take, that of a page included.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Under which the API server knows the fields that rollgate applied.
const MANAGER: &str = "rollgate";
/// Objects on one page of a list.
const PAGE: u32 = 500;
/// How long the API server keeps a watch open, in seconds. It bounds how long a connection that died silently goes
/// unnoticed.
const WATCH: u32 = 30;
/// How much longer than that a watch may stay silent.
const SLACK: Duration = Duration::from_secs(5);

/// Why the API server gives no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the API server does not serve it")]
    NotServed,
    /// A position in the history of changes that it has forgotten.
    #[error("{reason}")]
    Expired {
        reason: String,
        /// What asks for the rest of a list as it is now, instead of as it was when it began.
        resume: Option<String>,
    },
    #[error("{0}")]
    Failed(String),
}

impl Trouble {
    fn new(error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 404 => Self::NotServed,
            kube::Error::Discovery(DiscoveryError::MissingKind(_)) => Self::NotServed,
            kube::Error::Api(status) if status.code == 410 => {
                let resume = status.metadata.as_ref().and_then(|list| list.continue_.clone());
                Self::Expired { reason: reason(error), resume: resume.filter(|token| !token.is_empty()) }
            }
            _ => Self::Failed(reason(error)),
        }
    }
}

/// What an error says, and the errors behind it, once each.
pub(crate) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(kube::Error::Api(status)) = error.downcast_ref::<kube::Error>() {
        let text = if status.message.is_empty() { &status.reason } else { &status.message };
        return format!("{text} ({})", status.code);
    }
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        behind = error.source();
    }
    text
}

/// A kind that is served: its place in the API, and whether its objects are in namespaces.
#[derive(Clone, Debug)]
pub(super) struct Served {
    resource: ApiResource,
    pub(super) namespaced: bool,
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page<T = Value> {
    #[serde(default)]
    pub(super) metadata: PageMetadata,
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<T>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageMetadata {
    pub(super) resource_version: String,
    r#continue: String,
}

impl PageMetadata {
    /// What asks for the next page, if there is one.
    pub(super) fn next(self) -> Option<String> {
        Some(self.r#continue).filter(|token| !token.is_empty())
    }
}

pub(super) type Events = Pin<Box<dyn Stream<Item = Result<WatchEvent<Value>, kube::Error>> + Send>>;

/// The API server, with a bound on each answer.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
}

impl Api {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Asks for nothing but an answer.
    pub(super) async fn greet(&self) -> Result<(), Trouble> {
        bounded(self.client.apiserver_version()).await.map(drop)
    }

    /// Where a kind is served.
    pub(super) async fn discover(&self, api_version: &str, kind: &str) -> Result<Served, Trouble> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = GroupVersionKind::gvk(group, version, kind);
        let (resource, ApiCapabilities { scope, .. }) = bounded(pinned_kind(&self.client, &kind)).await?;
        Ok(Served { resource, namespaced: scope == Scope::Namespaced })
    }

    /// One object.
    pub(super) async fn get(
        &self,
        served: &Served,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Value, Trouble> {
        let request = Request::new(path(served, namespace)).get(name, &GetParams::default());
        let request = request.map_err(|error| Trouble::Failed(reason(&error)))?;
        bounded(self.client.request(request)).await
    }

    /// A page of a list; the first without a token.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        served: &Served,
        namespace: Option<&str>,
        token: Option<&str>,
    ) -> Result<Page<T>, Trouble> {
        let mut params = ListParams::default().limit(PAGE);
        params.continue_token = token.map(str::to_owned);
        let request = Request::new(path(served, namespace)).list(&params);
        let request = request.map_err(|error| Trouble::Failed(reason(&error)))?;
        bounded(self.client.request(request)).await
    }

    /// Creates or changes an object, so that it has these fields; those that were applied before and are not given
    /// any more are removed.
    pub(super) async fn apply(&self, served: &Served, object: &Value) -> Result<(), Trouble> {
        let text = |name: &str| object["metadata"][name].as_str();
        let params = PatchParams {
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::apply(MANAGER)
        };
        let place = path(served, text("namespace").filter(|_| served.namespaced));
        let name = text("name").unwrap_or_default();
        let request = Request::new(place).patch(name, &params.force(), &Patch::Apply(object));
        let request = request.map_err(|error| Trouble::Failed(reason(&error)))?;
        bounded(self.client.request::<IgnoredAny>(request)).await.map(drop)
    }

    /// The changes after `version`, for a while.
    pub(super) async fn watch(&self, served: &Served, version: &str) -> Result<Events, Trouble> {
        let params = WatchParams::default().timeout(WATCH);
        let request = Request::new(path(served, None)).watch(&params, version);
        let request = request.map_err(|error| Trouble::Failed(reason(&error)))?;
        Ok(Box::pin(bounded(self.client.request_events::<Value>(request)).await?))
    }
}

/// The next change; `None` when the API server has ended the watch.
pub(super) async fn next(events: &mut Events) -> Result<Option<WatchEvent<Value>>, Trouble> {
    let silence = Duration::from_secs(WATCH.into()) + SLACK;
    match tokio::time::timeout(silence, events.try_next()).await {
        Ok(Ok(Some(WatchEvent::Error(status)))) => Err(Trouble::new(&kube::Error::Api(status))),
        Ok(event) => event.map_err(|error| Trouble::new(&error)),
        Err(_) => Err(Trouble::Failed(format!("the watch was silent for {} s", silence.as_secs()))),
    }
}

fn path(served: &Served, namespace: Option<&str>) -> String {
    DynamicObject::url_path(&served.resource, namespace)
}

async fn bounded<T>(answer: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Trouble> {
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(|error| Trouble::new(&error)),
        Err(_) => Err(Trouble::Failed(format!("no answer within {} s", TIMEOUT.as_secs()))),
    }
}
