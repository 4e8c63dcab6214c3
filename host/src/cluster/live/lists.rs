//! Whole lists of a live cluster, page by page, and objects written to it.

use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::api::{Api, Page, Served, Trouble};

/// A live cluster of which everything is read once.
#[derive(Clone)]
pub(crate) struct Lists {
    api: Api,
}

/// Where the objects of a kind are.
#[derive(Clone, Debug)]
pub(crate) struct Place(Served);

/// A list that is being read.
///
/// When that takes so long that the API server has forgotten how the list was when it began, the rest of it comes as
/// it is now: nothing comes twice, and only what was created or deleted meanwhile may be missed or outdated.
pub(crate) struct Listing {
    api: Api,
    place: Place,
    namespace: Option<String>,
    token: Option<String>,
    ended: bool,
}

impl Lists {
    /// Asks through `client`.
    ///
    /// # Errors
    /// When the API server does not answer; here and below the text says why.
    pub(crate) async fn new(client: Client) -> Result<Self, String> {
        let api = Api::new(client);
        api.greet().await.map_err(text)?;
        Ok(Self { api })
    }

    /// Where the objects of a kind are; `None` when the API server does not serve it.
    pub(crate) async fn find(&self, api_version: &str, kind: &str) -> Result<Option<Place>, String> {
        match self.api.discover(api_version, kind).await {
            Ok(served) => Ok(Some(Place(served))),
            Err(Trouble::NotServed) => Ok(None),
            Err(trouble) => Err(text(trouble)),
        }
    }

    /// The objects at a place, of one namespace or all.
    pub(crate) fn list(&self, place: Place, namespace: Option<&str>) -> Listing {
        let namespace = namespace.filter(|_| place.0.namespaced).map(str::to_owned);
        Listing { api: self.api.clone(), place, namespace, token: None, ended: false }
    }

    /// Creates an object, or changes it to be like this.
    pub(crate) async fn apply(&self, place: &Place, object: &Value) -> Result<(), String> {
        self.api.apply(&place.0, object).await.map_err(text)
    }
}

impl Place {
    /// Whether the objects are in namespaces.
    pub(crate) fn namespaced(&self) -> bool {
        self.0.namespaced
    }
}

impl Listing {
    /// The next page; `None` after the last.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Vec<T>>, String> {
        if self.ended {
            return Ok(None);
        }
        let page = match self.page().await {
            Err(Trouble::Expired { resume: Some(token), .. }) => {
                self.token = Some(token);
                self.page().await
            }
            page => page,
        };
        match page {
            Ok(Page { metadata, items }) => {
                self.token = metadata.next();
                self.ended = self.token.is_none();
                Ok(Some(items))
            }
            // Its definition was deleted meanwhile.
            Err(Trouble::NotServed) => {
                self.ended = true;
                Ok(None)
            }
            Err(trouble) => Err(text(trouble)),
        }
    }

    async fn page<T: DeserializeOwned>(&self) -> Result<Page<T>, Trouble> {
        self.api.page(&self.place.0, self.namespace.as_deref(), self.token.as_deref()).await
    }
}

#[expect(clippy::needless_pass_by_value, reason = "ends the trouble")]
fn text(trouble: Trouble) -> String {
    trouble.to_string()
}
