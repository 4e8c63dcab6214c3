//! The arguments that say how policies are fetched.

use std::path::PathBuf;

use super::limits::SIZE;
use super::signature::VerificationArgs;
use super::sources::Sources;
use super::store::Store;
use super::{Fetcher, Limits, Pin};
use crate::quantity;

/// How registries are reached.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// File that says which registries have their own authorities, which are without TLS, and which proxies there are
    #[arg(long, value_name = "FILE")]
    pub sources_path: Option<PathBuf>,
    /// Docker's config.json with the users of registries, or the folder it is in; otherwise `DOCKER_CONFIG` or ~/.docker
    #[arg(long, value_name = "PATH")]
    pub docker_config_json_path: Option<PathBuf>,
}

/// How policies are fetched.
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    verification: VerificationArgs,
    /// Refuse to fetch a policy whose address does not end in @sha256:…
    #[arg(long)]
    require_digest: bool,
    /// Largest policy that is fetched
    #[arg(long, value_name = "SIZE", default_value_t = Size(SIZE), value_parser = Size::parse)]
    max_size: Size,
    /// Folder that keeps what was fetched; otherwise `ROLLGATE_STORE` or rollgate/store in the user's cache directory
    #[arg(long, value_name = "FOLDER")]
    store: Option<PathBuf>,
}

/// A number of bytes, shown in mebibytes.
#[derive(Clone, Copy, Debug)]
struct Size(usize);

impl Size {
    fn parse(text: &str) -> Result<Self, String> {
        quantity::bytes(text).map(Self)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}Mi", self.0 >> 20)
    }
}

impl SourceArgs {
    /// What only speaks to registries: nothing is kept and nothing verified.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn fetcher(&self) -> anyhow::Result<Fetcher> {
        Ok(Fetcher {
            sources: self.sources()?,
            docker: self.docker_config_json_path.clone(),
            store: Store::default(),
            limits: Limits::default(),
            pin: Pin::Optional,
            verification: None,
        })
    }

    fn sources(&self) -> anyhow::Result<Sources> {
        Ok(self.sources_path.as_deref().map(Sources::read).transpose()?.unwrap_or_default())
    }
}

impl FetchArgs {
    /// What fetches as the arguments say.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn fetcher(&self) -> anyhow::Result<Fetcher> {
        Ok(Fetcher {
            store: Store::find(self.store.as_deref()),
            limits: Limits { size: self.max_size.0, ..Limits::default() },
            pin: if self.require_digest { Pin::Required } else { Pin::Optional },
            verification: self.verification.read()?,
            ..self.source.fetcher()?
        })
    }
}
