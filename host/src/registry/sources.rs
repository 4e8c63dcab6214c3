//! The file that says how registries are reached, as Kubewarden's tools read it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use reqwest::{Certificate, NoProxy, Proxy};
use serde::Deserialize;

use super::RegistryError;

/// Which hosts are reached in which way. Hosts are written with their port, where one is in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sources {
    #[serde(rename = "insecure_sources")]
    insecure: BTreeSet<String>,
    #[serde(rename = "source_authorities")]
    authorities: BTreeMap<String, Vec<Authority>>,
    proxies: Option<Proxies>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Authority {
    Path { path: PathBuf },
    Data { data: String },
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Proxies {
    #[serde(rename = "http_proxy")]
    http: Option<String>,
    #[serde(rename = "https_proxy")]
    https: Option<String>,
    #[serde(rename = "no_proxy")]
    none: Option<String>,
}

impl Sources {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or says something else than it may.
    pub fn read(path: &Path) -> Result<Self, RegistryError> {
        let unusable = |reason: String| RegistryError::File { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(&text).map_err(|error| unusable(error.to_string()))
    }

    /// Whether the host may be spoken to without knowing who it is.
    pub(super) fn is_insecure(&self, host: &str) -> bool {
        self.insecure.contains(host)
    }

    /// The authorities that are believed for a host, beside those of the system.
    pub(super) fn authorities(&self, host: &str) -> Result<Vec<Certificate>, RegistryError> {
        let mut all = Vec::new();
        for authority in self.authorities.get(host).into_iter().flatten() {
            all.extend(authority.certificates(host)?);
        }
        Ok(all)
    }

    /// The proxies of the file, or those of the environment when the file has no word on them.
    pub(super) fn proxies(&self) -> Result<Vec<Proxy>, RegistryError> {
        let Proxies { http, https, none } = self.proxies.clone().unwrap_or_else(Proxies::from_environment);
        // The address of a proxy may hold a password.
        let unusable = |_| RegistryError::Protocol {
            host: "the proxy".to_owned(),
            reason: "its address is no URL, such as http://proxy:3128".to_owned(),
        };
        let excepted = none.as_deref().and_then(NoProxy::from_string);
        let http = http.iter().map(Proxy::http);
        let https = https.iter().map(Proxy::https);
        let proxies = http.chain(https).map(|proxy| Ok(proxy.map_err(unusable)?.no_proxy(excepted.clone())));
        proxies.collect()
    }
}

impl Authority {
    fn certificates(&self, host: &str) -> Result<Vec<Certificate>, RegistryError> {
        let (path, content) = match self {
            Self::Path { path } => (path.clone(), std::fs::read(path)),
            Self::Data { data } => {
                (format!("source_authorities of {host}").into(), Ok(data.clone().into_bytes()))
            }
        };
        let unusable = |reason: String| RegistryError::File { path: path.clone(), reason };
        let content = content.map_err(|error| unusable(error.to_string()))?;
        let pem = content.windows(5).any(|window| window == b"-----");
        let certificates = if pem {
            Certificate::from_pem_bundle(&content)
        } else {
            Certificate::from_der(&content).map(|certificate| vec![certificate])
        };
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            _ => Err(unusable("no certificate in PEM or DER is in it".to_owned())),
        }
    }
}

impl Proxies {
    fn from_environment() -> Self {
        let variable = |name: &str| {
            let value = std::env::var(name).or_else(|_| std::env::var(name.to_lowercase()));
            value.ok().filter(|value| !value.is_empty())
        };
        Self { http: variable("HTTP_PROXY"), https: variable("HTTPS_PROXY"), none: variable("NO_PROXY") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_kubewarden_writes_it_is_read() {
        let text = "insecure_sources: [\"localhost:5000\"]\nsource_authorities:\n  \"host\":\n    - type: Path\n      \
                    path: /no/such/file\n    - type: Data\n      data: |\n        no PEM\nproxies:\n  \
                    https_proxy: http://proxy:3128\n  no_proxy: localhost\n";
        let sources: Sources = serde_saphyr::from_str(text).expect("sources");
        assert!(sources.is_insecure("localhost:5000") && !sources.is_insecure("localhost"));
        assert_eq!(sources.proxies().expect("proxies").len(), 1);
        let error = sources.authorities("host").expect_err("no such file").to_string();
        assert!(error.contains("/no/such/file"), "{error}");
    }

    #[test]
    fn the_password_of_a_proxy_is_kept() {
        let text = "proxies: {http_proxy: \"http://me:hunter2@[\"}";
        let sources: Sources = serde_saphyr::from_str(text).expect("sources");
        let error = sources.proxies().expect_err("no URL").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
