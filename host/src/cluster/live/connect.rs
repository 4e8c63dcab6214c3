//! Finding the cluster, as kubectl does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::api::reason;

/// How long the API server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why it is not known how to reach a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file that should say so does not.
    #[error(
        "cannot use {file}: {reason}. Give another file with --kubeconfig, or a context of it with --context"
    )]
    Kubeconfig {
        /// The file, or where its name comes from.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing says so.
    #[error(
        "no cluster to read from: there is no kubeconfig and no service account ({0}). Give a file with --kubeconfig, \
         or manifests that stand for the cluster with --cluster-objects"
    )]
    Nowhere(String),
}

/// A client for the cluster of `kubeconfig`; without it for that of `KUBECONFIG`, `~/.kube/config` or the pod's service
/// account. Nothing is sent yet. Must be called in a runtime.
///
/// # Errors
/// When none of them says how to reach a cluster.
pub async fn connect(kubeconfig: Option<&Path>, context: Option<&str>) -> Result<Client, ConnectError> {
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let named = std::env::var_os("KUBECONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
    let file = match (kubeconfig, &named) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(path)) => format!("KUBECONFIG={}", path.display()),
        (None, None) => "~/.kube/config".to_owned(),
    };
    let unusable = |reason: String| ConnectError::Kubeconfig { file: file.clone(), reason };
    let config = match kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path).map_err(|error| unusable(reason(&error)))?;
            Config::from_custom_kubeconfig(kubeconfig, &options).await
        }
        // What is asked for must be there; only without it the next place is looked at.
        None if named.is_some() || context.is_some() => Config::from_kubeconfig(&options).await,
        None => Ok(Config::infer().await.map_err(|error| ConnectError::Nowhere(reason(&error)))?),
    };
    let mut config = match config {
        Ok(config) => config,
        Err(error) => return Err(unusable(reason(&error))),
    };
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // Whoever calls knows when to try again.
    config.default_retry = false;
    Client::try_from(config).map_err(|error| unusable(reason(&error)))
}
