//! A conversation with a registry, by the distribution specification of the Open Container Initiative.

use oci_client::Reference;
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use super::challenge::Challenge;
use super::client::{Question, Trust, client};
use super::credentials::Credentials;
use super::limits::SMALL;
use super::retry::persist;
use super::sources::Sources;
use super::{Digest, RegistryError};
use crate::progress::Progress;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Pull,
    Push,
}

/// A repository in a registry that answers and knows who we are.
pub(super) struct Session {
    client: Client,
    trust: Trust,
    host: String,
    repository: String,
    authorization: Option<Authorization>,
}

enum Authorization {
    Basic(Credentials),
    Bearer(String),
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// The header with the digest of what is sent.
const DIGEST: &str = "docker-content-digest";

impl Session {
    /// Finds a way to the registry and says who we are, if it asks.
    pub(super) async fn open(
        reference: &Reference,
        access: Access,
        sources: &Sources,
        credentials: Option<Credentials>,
    ) -> Result<Self, RegistryError> {
        let host = reference.resolve_registry();
        let mut unreached = None;
        for &trust in Trust::ways(host, sources) {
            let client = client(host, trust, sources)?;
            let mut session = Self {
                client,
                trust,
                host: host.to_owned(),
                repository: reference.repository().to_owned(),
                authorization: None,
            };
            match persist(async || session.challenge().await).await {
                Ok(None) => return Ok(session),
                Ok(Some(challenge)) => {
                    session.authorization =
                        persist(async || session.answer(&challenge, access, credentials.as_ref()).await)
                            .await?;
                    return Ok(session);
                }
                Err(error @ (RegistryError::Unreachable { .. } | RegistryError::Cut { .. })) => {
                    tracing::debug!(%host, ?trust, %error, "no way to the registry");
                    unreached = unreached.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        let nowhere =
            || RegistryError::Unreachable { host: host.to_owned(), reason: "there is no way".to_owned() };
        Err(unreached.unwrap_or_else(nowhere))
    }

    /// Asks whether there is a registry at all; how it answers shows whom it speaks to.
    async fn challenge(&self) -> Result<Option<Challenge>, RegistryError> {
        let question = self.question("the registry");
        let url = format!("{}://{}/v2/", self.trust.scheme(), self.host);
        let response = self.client.get(url).send().await.map_err(|error| question.failed(&error))?;
        let challenge = Challenge::read(response.headers());
        match response.status() {
            StatusCode::UNAUTHORIZED => challenge.map(Some).ok_or_else(|| {
                question.unreadable("it asks who is there, but neither for a password nor for a token")
            }),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(question.refused(&response))
            }
            _ => Ok(challenge),
        }
    }

    async fn answer(
        &self,
        challenge: &Challenge,
        access: Access,
        credentials: Option<&Credentials>,
    ) -> Result<Option<Authorization>, RegistryError> {
        let Challenge::Bearer { realm, service } = challenge else {
            return Ok(credentials.cloned().map(Authorization::Basic));
        };
        let question = Question { known: credentials.is_some(), ..self.question("the token") };
        let mut url = Url::parse(realm).map_err(|_| question.unreadable("it wants a token from nowhere"))?;
        if self.trust == Trust::Proven && url.scheme() != "https" {
            return Err(question.unreadable("it wants the password sent to an address without TLS"));
        }
        let actions = if access == Access::Push { "pull,push" } else { "pull" };
        let scope = format!("repository:{}:{actions}", self.repository);
        url.query_pairs_mut().extend_pairs(service.iter().map(|service| ("service", service)));
        url.query_pairs_mut().append_pair("scope", &scope);
        let mut request = self.client.get(url);
        if let Some(Credentials { user, password }) = credentials {
            request = request.basic_auth(user, Some(password));
        }
        let response = question.ask(request).await?;
        let body = question.body(response, SMALL, None).await?;
        let token: Token = serde_json::from_slice(&body).map_err(|_| question.unreadable("its token"))?;
        let token = token.token.or(token.access_token).filter(|token| !token.is_empty());
        Ok(Some(Authorization::Bearer(token.ok_or_else(|| question.unreadable("its token is missing"))?)))
    }

    /// The digest of the manifest behind a tag, if the registry tells it without sending the manifest.
    pub(super) async fn digest(&self, tag: &str) -> Result<Option<Digest>, RegistryError> {
        let path = format!("manifests/{tag}");
        let response = self.get(Method::HEAD, &path, &self.shown(tag)).await?;
        Ok(told(&response))
    }

    /// The manifest behind a tag or a digest.
    pub(super) async fn manifest(&self, name: &str) -> Result<(Vec<u8>, Digest), RegistryError> {
        let what = self.shown(name);
        persist(async || {
            let response = self.get_once(Method::GET, &format!("manifests/{name}"), &what).await?;
            let told = told(&response);
            let body = self.question(&what).body(response, SMALL, None).await?;
            let found = Digest::of(&body);
            match Digest::parse(name).or(told) {
                Some(expected) if expected != found => {
                    Err(RegistryError::Digest { what: what.clone(), expected, found })
                }
                _ => Ok((body, found)),
            }
        })
        .await
    }

    /// The content with a digest.
    pub(super) async fn blob(
        &self,
        digest: &Digest,
        limit: usize,
        progress: Option<&Progress>,
    ) -> Result<Vec<u8>, RegistryError> {
        let what = self.shown(digest.as_str());
        persist(async || {
            let response = self.get_once(Method::GET, &format!("blobs/{digest}"), &what).await?;
            if let Some(progress) = progress {
                progress.begin(response.content_length());
            }
            let body = self.question(&what).body(response, limit, progress).await?;
            let found = Digest::of(&body);
            if found == *digest {
                return Ok(body);
            }
            Err(RegistryError::Digest { what: what.clone(), expected: digest.clone(), found })
        })
        .await
    }

    /// What refers to the manifest with a digest: an index of manifests.
    pub(super) async fn referrers(&self, digest: &Digest) -> Result<Vec<u8>, RegistryError> {
        let what = format!("the list of what refers to {digest}");
        let response = match self.get(Method::GET, &format!("referrers/{digest}"), &what).await {
            // Registries without that list have it behind a tag.
            Err(RegistryError::NotFound { .. }) => {
                self.get(Method::GET, &format!("manifests/sha256-{}", digest.digits()), &what).await?
            }
            answer => answer?,
        };
        self.question(&what).body(response, SMALL, None).await
    }

    /// Uploads content, unless the registry has it.
    pub(super) async fn upload(&self, content: &[u8]) -> Result<(), RegistryError> {
        let digest = Digest::of(content);
        let what = self.shown(digest.as_str());
        match self.get(Method::HEAD, &format!("blobs/{digest}"), &what).await {
            Ok(_) => return Ok(()),
            Err(RegistryError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        persist(async || {
            let question = self.question(&what);
            let begun =
                question.ask(self.request(Method::POST, self.url("blobs/uploads/")?).body("")).await?;
            let mut place = self.place(&begun)?;
            place.query_pairs_mut().append_pair("digest", digest.as_str());
            let upload = self.request(Method::PUT, place).header(CONTENT_TYPE, "application/octet-stream");
            let done = question.ask(upload.body(content.to_vec())).await?;
            if done.status() == StatusCode::CREATED {
                return Ok(());
            }
            Err(question.unreadable("it does not say that the upload is complete"))
        })
        .await
    }

    /// Puts a manifest behind a tag or a digest.
    pub(super) async fn put_manifest(&self, name: &str, manifest: &[u8]) -> Result<(), RegistryError> {
        let what = self.shown(name);
        persist(async || {
            let question = self.question(&what);
            let request = self.request(Method::PUT, self.url(&format!("manifests/{name}"))?);
            let request = request.header(CONTENT_TYPE, OCI_IMAGE_MEDIA_TYPE).body(manifest.to_vec());
            let done = question.ask(request).await?;
            if done.status() == StatusCode::CREATED {
                return Ok(());
            }
            Err(question.unreadable("it does not say that the manifest is there"))
        })
        .await
    }

    /// Where the registry wants an upload.
    fn place(&self, begun: &Response) -> Result<Url, RegistryError> {
        let question = self.question("the upload");
        let place = begun.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let place = place.and_then(|place| begun.url().join(place).ok());
        let place = place.ok_or_else(|| question.unreadable("it does not say where the upload goes"))?;
        if self.trust == Trust::Proven && place.scheme() != "https" {
            return Err(question.unreadable("it wants the upload at an address without TLS"));
        }
        Ok(place)
    }

    async fn get(&self, method: Method, path: &str, what: &str) -> Result<Response, RegistryError> {
        persist(async || self.get_once(method.clone(), path, what).await).await
    }

    async fn get_once(&self, method: Method, path: &str, what: &str) -> Result<Response, RegistryError> {
        const MANIFESTS: [&str; 4] = [
            OCI_IMAGE_MEDIA_TYPE,
            IMAGE_MANIFEST_MEDIA_TYPE,
            OCI_IMAGE_INDEX_MEDIA_TYPE,
            IMAGE_MANIFEST_LIST_MEDIA_TYPE,
        ];
        let mut request = self.request(method, self.url(path)?);
        if path.starts_with("manifests/") {
            request = request.header(ACCEPT, MANIFESTS.join(", "));
        }
        self.question(what).ask(request).await
    }

    /// A request that says who we are, though to nobody but the registry.
    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let ours = super::client::host(&url) == self.host && url.scheme() == self.trust.scheme();
        let request = self.client.request(method, url);
        match &self.authorization {
            Some(Authorization::Basic(Credentials { user, password })) if ours => {
                request.basic_auth(user, Some(password))
            }
            Some(Authorization::Bearer(token)) if ours => request.bearer_auth(token),
            _ => request,
        }
    }

    fn url(&self, path: &str) -> Result<Url, RegistryError> {
        let text = format!("{}://{}/v2/{}/{path}", self.trust.scheme(), self.host, self.repository);
        Url::parse(&text).map_err(|error| self.question(path).unreadable(&error.to_string()))
    }

    fn shown(&self, name: &str) -> String {
        let separator = if name.contains(':') { '@' } else { ':' };
        format!("{}{separator}{name}", self.repository)
    }

    fn question<'a>(&'a self, what: &'a str) -> Question<'a> {
        Question { host: &self.host, what, known: self.authorization.is_some() }
    }
}

/// The digest that an answer says its content has.
fn told(response: &Response) -> Option<Digest> {
    Digest::parse(response.headers().get(DIGEST)?.to_str().ok()?)
}
