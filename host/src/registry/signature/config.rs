//! What the signatures of a policy must be: the verification file, as Kubewarden's tools read it.

use std::collections::BTreeMap;
use std::iter;

use serde::Deserialize;
use sigstore_verify::types::DerPublicKey;

use super::identity;

/// The signatures that a policy needs: all of the first, and enough of the others.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Requirements {
    api_version: String,
    pub(super) all_of: Vec<Requirement>,
    pub(super) any_of: Option<AnyOf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AnyOf {
    #[serde(default = "one")]
    pub(super) minimum_matches: usize,
    pub(super) signatures: Vec<Requirement>,
}

/// One signature.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", deny_unknown_fields)]
pub(super) enum Requirement {
    /// By the owner of a key.
    PubKey {
        /// A name for people.
        owner: Option<String>,
        /// The public key in PEM.
        key: String,
        #[serde(default)]
        annotations: Option<BTreeMap<String, String>>,
    },
    /// By somebody whom an identity provider knows.
    GenericIssuer {
        issuer: String,
        subject: Subject,
        #[serde(default)]
        annotations: Option<BTreeMap<String, String>>,
    },
    /// By a workflow of GitHub.
    GithubAction {
        owner: String,
        repo: Option<String>,
        #[serde(default)]
        annotations: Option<BTreeMap<String, String>>,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Subject {
    Equal(String),
    UrlPrefix(String),
}

/// What is wrong with a verification file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidConfig(String);

const VERSION: &str = "v1";

fn one() -> usize {
    1
}

impl Requirements {
    /// All of these.
    pub(super) fn all(all_of: Vec<Requirement>) -> Self {
        Self { api_version: VERSION.to_owned(), all_of, any_of: None }
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// When it says something else than it may, or asks for nothing: that would be satisfied by anything.
    pub fn parse(yaml: &str) -> Result<Self, InvalidConfig> {
        let this: Self = serde_saphyr::from_str(yaml).map_err(|error| InvalidConfig(error.to_string()))?;
        if this.api_version != VERSION {
            return Err(InvalidConfig(format!("apiVersion: must be {VERSION}")));
        }
        if this.all_of.is_empty() && this.any_of.is_none() {
            return Err(InvalidConfig("allOf or anyOf: at least one signature must be asked for".to_owned()));
        }
        let any_of = this.any_of.iter().flat_map(|any_of| &any_of.signatures);
        if let Some(problem) = this.all_of.iter().chain(any_of).find_map(Requirement::problem) {
            return Err(InvalidConfig(problem));
        }
        if let Some(AnyOf { minimum_matches, signatures }) = &this.any_of
            && !(1..=signatures.len()).contains(minimum_matches)
        {
            return Err(InvalidConfig(format!(
                "anyOf.minimumMatches: must be between 1 and the number of signatures, {}",
                signatures.len()
            )));
        }
        Ok(this)
    }
}

impl Requirement {
    /// Why nothing could ever satisfy it, or more than it seems.
    fn problem(&self) -> Option<String> {
        match self {
            Self::PubKey { key, .. } => {
                DerPublicKey::from_pem(key).err().map(|error| format!("key: no public key in PEM: {error}"))
            }
            Self::GenericIssuer { .. } => None,
            Self::GithubAction { owner, repo, .. } => {
                let mut names = iter::once(owner).chain(repo);
                names.find_map(|name| identity::check_name(name).err()).map(|error| error.to_string())
            }
        }
    }

    pub(super) fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        let (Self::PubKey { annotations, .. }
        | Self::GenericIssuer { annotations, .. }
        | Self::GithubAction { annotations, .. }) = self;
        annotations.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PubKey { owner: Some(owner), .. } => write!(formatter, "the key of {owner}"),
            Self::PubKey { owner: None, .. } => write!(formatter, "a key"),
            Self::GenericIssuer { issuer, subject: Subject::Equal(subject), .. } => {
                write!(formatter, "{subject} ({issuer})")
            }
            Self::GenericIssuer { issuer, subject: Subject::UrlPrefix(prefix), .. } => {
                write!(formatter, "{prefix}… ({issuer})")
            }
            Self::GithubAction { owner, repo, .. } => {
                write!(formatter, "a GitHub workflow of {owner}/{}", repo.as_deref().unwrap_or("*"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_kubewarden_writes_it_is_read() {
        let yaml = "apiVersion: v1\nallOf:\n  - {kind: githubAction, owner: kubewarden, repo: a}\nanyOf:\n  \
                    minimumMatches: 2\n  signatures:\n    - {kind: githubAction, owner: me, annotations: {env: \
                    prod}}\n    - kind: genericIssuer\n      issuer: https://host\n      subject: {urlPrefix: \
                    https://host/a}\n";
        let read = Requirements::parse(yaml).expect("requirements");
        assert_eq!((read.all_of.len(), read.any_of.expect("more").minimum_matches), (1, 2));
    }

    #[test]
    fn what_asks_for_nothing_is_refused() {
        for (yaml, reason) in [
            ("apiVersion: v1", "at least one"),
            ("{apiVersion: v1, allOf: []}", "at least one"),
            ("{apiVersion: v1, anyOf: {signatures: []}}", "minimumMatches"),
            (
                "{apiVersion: v1, anyOf: {minimumMatches: 0, signatures: [{kind: githubAction, owner: a}]}}",
                "between 1",
            ),
            ("{apiVersion: v2, allOf: [{kind: githubAction, owner: a}]}", "apiVersion"),
            ("{apiVersion: v1, allOf: [{kind: githubAction}]}", "owner"),
            ("{apiVersion: v1, allOf: [{kind: githubAction, owner: a/b}]}", "a/b"),
            ("{apiVersion: v1, allOf: [{kind: pubKey, key: PEM}]}", "no public key"),
            ("{apiVersion: v1, allof: []}", "allof"),
        ] {
            let error = Requirements::parse(yaml).expect_err(yaml).to_string();
            assert!(error.contains(reason), "{yaml}: {error}");
        }
    }
}
