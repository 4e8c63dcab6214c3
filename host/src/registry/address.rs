//! Where policies are.

use std::fmt;
use std::path::{Path, PathBuf};

use oci_client::Reference;
use reqwest::Url;

use super::Digest;

/// Where a policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// In a registry.
    Registry(Reference),
    /// On a web server.
    Web(Url),
    /// On this machine.
    File(PathBuf),
}

/// Why a text is no address of a policy. It does not repeat what may be a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The scheme is none that is known.
    #[error(
        "cannot fetch from {0}://: write registry://host/path:tag, https://host/path, file:///path, or the path of \
         a .wasm file"
    )]
    Scheme(String),
    /// What follows the scheme is no name in a registry.
    #[error(
        "{address} is no address of a policy: {reason}. Write registry://host/path:tag or \
         registry://host/path@sha256:…"
    )]
    Reference {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A digest of another kind.
    #[error("{0}: of digests, only sha256 with 64 digits is known")]
    Digest(String),
    /// What follows the scheme is no address of a web server.
    #[error("the address of the policy is no URL: {0}")]
    Url(String),
    /// A user or a password is in the address.
    #[error(
        "an address holds no user and no password: put them in the Docker configuration with `docker login`"
    )]
    Secret,
    /// Neither a file nor anything that names a host.
    #[error(
        "{0}: there is no such file. Give the path of the policy's .wasm file, or its address: \
         registry://host/path:tag"
    )]
    Nowhere(String),
}

impl Address {
    /// Reads an address. A text without a scheme is a path if there is such a file or if it looks like one, and a name
    /// in a registry otherwise.
    ///
    /// # Errors
    /// When it is neither; each error says what to write.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match text.split_once("://") {
            Some(("registry", name)) => registry(text, name),
            Some(("https" | "http", _)) => web(text),
            Some(("file", path)) => Ok(Self::File(path.into())),
            Some((scheme, _)) => Err(AddressError::Scheme(scheme.to_owned())),
            None if is_path(text) => Ok(Self::File(text.into())),
            None if text.contains('/') => registry(text, text),
            None => Err(AddressError::Nowhere(text.to_owned())),
        }
    }

    /// The digest that the address names, which is that of a manifest.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Registry(reference) => reference.digest().and_then(Digest::parse),
            Self::Web(_) | Self::File(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => write!(formatter, "registry://{reference}"),
            Self::Web(url) => write!(formatter, "{url}"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}

fn is_path(text: &str) -> bool {
    let path = Path::new(text);
    let written_as_path = text.starts_with(['/', '.', '~']);
    let named_as_file = path.extension().is_some_and(|extension| {
        ["wasm", "yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    path.exists() || written_as_path || named_as_file
}

fn registry(text: &str, name: &str) -> Result<Address, AddressError> {
    // What follows an @ is a digest, and nothing else has a place there.
    if name.split_once('@').is_some_and(|(_, digest)| !digest.starts_with("sha")) {
        return Err(AddressError::Secret);
    }
    let reference = Reference::try_from(name)
        .map_err(|error| AddressError::Reference { address: text.to_owned(), reason: error.to_string() })?;
    if reference.digest().is_some_and(|digest| Digest::parse(digest).is_none()) {
        return Err(AddressError::Digest(text.to_owned()));
    }
    Ok(Address::Registry(reference))
}

fn web(text: &str) -> Result<Address, AddressError> {
    let url = Url::parse(text).map_err(|error| AddressError::Url(error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Secret);
    }
    Ok(Address::Web(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Address::parse(text).map_or_else(|error| error.to_string(), |address| address.to_string())
    }

    #[test]
    fn names_in_registries_may_leave_out_scheme_and_tag() {
        assert_eq!(shown("registry://localhost:5000/a/b:v1"), "registry://localhost:5000/a/b:v1");
        assert_eq!(shown("example.com/a/b"), "registry://example.com/a/b:latest");
        let digest = format!("sha256:{}", "0a".repeat(32));
        let pinned = Address::parse(&format!("registry://[::1]:5000/a@{digest}"));
        let pinned = pinned.or_else(|_| Address::parse(&format!("registry://host:5000/a:v1@{digest}")));
        assert_eq!(pinned.expect("an address").digest(), Digest::parse(&digest));
    }

    #[test]
    fn files_are_told_by_their_looks() {
        for text in ["/srv/policy.wasm", "./policy", "policy.wasm", "a/b.WASM", "file:///srv/policy"] {
            assert!(matches!(Address::parse(text), Ok(Address::File(_))), "{text}");
        }
        assert!(matches!(Address::parse("http://host/policy.wasm"), Ok(Address::Web(_))));
    }

    #[test]
    fn errors_say_what_to_write_and_keep_secrets() {
        assert!(shown("ftp://host/a").contains("registry://host/path:tag"));
        assert!(shown("policy").contains("no such file"));
        assert!(shown("registry://HOST/Upper Case").contains("Upper Case"));
        assert!(shown("registry://host/a@sha256:12").contains("sha256"));
        for text in ["registry://me:hunter2@host/a", "https://me:hunter2@host/a", "me:hunter2@host/a"] {
            assert!(!shown(text).contains("hunter2") && shown(text).contains("docker login"), "{text}");
        }
    }
}
