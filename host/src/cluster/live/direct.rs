//! A live cluster that is asked each time.

use kube::Client;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::super::objects::{Object, Objects};
use super::super::question::{Question, Unplaced, not_served};
use super::api::{Api, Trouble};
use crate::runtime::{Capabilities, not_offered};

/// A live cluster that is asked anew for each question: for the one request of `rollgate run`.
pub struct DirectCluster {
    runtime: Runtime,
    api: Api,
}

impl DirectCluster {
    /// Asks through `client`, which was made in `runtime`.
    ///
    /// # Errors
    /// When the API server does not answer; the text says why.
    pub fn new(runtime: Runtime, client: Client) -> Result<Self, String> {
        let api = Api::new(client);
        runtime.block_on(api.greet()).map_err(|trouble| trouble.to_string())?;
        Ok(Self { runtime, api })
    }

    async fn objects(&self, question: &Question) -> Result<Objects, Trouble> {
        let (api_version, kind) = question.kind();
        let served = self.api.discover(api_version, kind).await?;
        let mut objects = Objects::default();
        let mut keep = |value| match Object::new(api_version, kind, value, None) {
            Ok(object) => {
                objects.insert(object);
                Ok(())
            }
            Err(error) => Err(Trouble::Failed(error.to_string())),
        };
        match question {
            Question::Get(get) => {
                let namespace = get.namespace.as_deref().filter(|_| served.namespaced);
                // An object in a namespace has no other address.
                if namespace.is_some() || !served.namespaced {
                    match self.api.get(&served, namespace, &get.name).await {
                        Ok(object) => keep(object)?,
                        Err(Trouble::NotServed) => {}
                        Err(trouble) => return Err(trouble),
                    }
                }
            }
            Question::List(list) => {
                let mut token = None;
                loop {
                    let namespace = list.namespace.as_deref().filter(|_| served.namespaced);
                    let page = self.api.page::<Value>(&served, namespace, token.as_deref()).await?;
                    page.items.into_iter().try_for_each(&mut keep)?;
                    token = page.metadata.next();
                    if token.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(objects)
    }
}

impl Capabilities for DirectCluster {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if namespace == "kubernetes"
            && let Some(question) = Question::read(operation, payload)?
        {
            return match self.runtime.block_on(self.objects(&question)) {
                Ok(objects) => question.answer(&objects, Unplaced::Nowhere),
                Err(Trouble::NotServed) => Err(not_served(question.kind())),
                Err(trouble) => Err(trouble.to_string()),
            };
        }
        Err(not_offered(namespace, operation))
    }
}
