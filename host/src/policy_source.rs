//! What the commands that run a policy have in common.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use crate::cluster::{ClusterArgs, Fields, StaticCluster, cluster_objects};
use crate::registry::{Address, Digest, FetchArgs, Fetched};
use crate::runtime::{
    Callbacks, Capabilities, Grants, Limits, LoadError, Metadata, ModuleCache, NoCluster, Policy, Settings,
};
use anyhow::{Context, anyhow, bail};
use serde_json::Value;

/// A policy, and where it came from.
pub(crate) struct Source {
    pub(crate) wasm: Vec<u8>,
    pub(crate) address: Address,
    /// The digest of its manifest, if it came from a registry.
    pub(crate) digest: Option<Digest>,
}

/// Reads or fetches the policy at an address.
pub(crate) fn fetch(policy: &str, args: &FetchArgs) -> anyhow::Result<Source> {
    let address = Address::parse(policy)?;
    if let Address::File(path) = &address {
        refuse_manifest(path)?;
    }
    let fetcher = args.fetcher()?;
    let Fetched { wasm, digest } = block_on(fetcher.fetch(&address))??;
    if !wasm.starts_with(b"\0asm") {
        return Err(explain(&address, &LoadError::NotWasm));
    }
    Ok(Source { wasm, address, digest })
}

/// Waits for something that speaks to the network.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.context("cannot set up the connection to the network")?.block_on(work))
}

fn refuse_manifest(path: &Path) -> anyhow::Result<()> {
    let extension = path.extension().unwrap_or_default();
    if extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml") {
        bail!(
            "{} is a manifest, not a policy: give the policy's .wasm file, and its settings with --settings-path",
            path.display()
        );
    }
    Ok(())
}

impl Source {
    /// Compiles the policy.
    pub(crate) fn load(&self, limits: &Limits, cache: &ModuleCache) -> anyhow::Result<Policy> {
        Policy::from_bytes(&self.wasm, limits, cache).map_err(|error| explain(&self.address, &error))
    }
}

/// Adds to an error of loading what to do about it.
pub(crate) fn explain(address: &impl Display, error: &LoadError) -> anyhow::Error {
    match error {
        LoadError::Engine(_) => anyhow!("{error}. Allow fewer evaluations at once, or less memory for each"),
        _ => anyhow!("cannot use {address} as a policy: {error}"),
    }
}

/// Reads settings in YAML or JSON; an empty file holds none.
pub(crate) fn settings_from_file(path: &Path) -> anyhow::Result<Settings> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read settings {}", path.display()))?;
    let value: Value = if text.trim().is_empty() {
        Value::Null
    } else {
        serde_saphyr::from_str(&text).with_context(|| format!("cannot parse settings {}", path.display()))?
    };
    Settings::from_value(&value).with_context(|| path.display().to_string())
}

/// Has the policy check its settings.
pub(crate) fn check_settings(
    policy: &Policy,
    settings: &Settings,
    callbacks: &Callbacks,
) -> anyhow::Result<()> {
    let message = match policy.validate_settings(settings, callbacks) {
        Ok(answer) if answer.valid => return Ok(()),
        Ok(answer) => answer.message.unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    bail!("Provided settings are not valid: {message:?}")
}

/// Refuses policies made for another runtime than waPC.
pub(crate) fn check_execution_mode(metadata: Option<&Metadata>) -> anyhow::Result<()> {
    match metadata.and_then(|metadata| metadata.execution_mode.as_deref()) {
        None | Some("kubewarden-wapc") => Ok(()),
        Some(other) => {
            bail!("the policy was made for the execution mode `{other}`; only `kubewarden-wapc` is offered")
        }
    }
}

/// What a policy is granted: of kinds, those its metadata asks for, and only if `context_aware` says so.
pub(crate) fn grants(metadata: Option<&Metadata>, context_aware: bool, capabilities: Vec<String>) -> Grants {
    let asked = metadata.map(|metadata| metadata.context_aware_resources.clone()).unwrap_or_default();
    if !context_aware && !asked.is_empty() {
        tracing::warn!("the policy asks to read from the cluster; --allow-context-aware was not given");
    }
    if context_aware && metadata.is_none() {
        tracing::warn!("the policy has no metadata, so it is granted no kinds");
    }
    Grants::new(capabilities, if context_aware { asked } else { BTreeSet::new() })
}

/// What answers a policy where no API server has to: manifests that stand for the cluster, or nobody where it was
/// granted nothing.
pub(crate) fn cluster_without_connection(
    args: &ClusterArgs,
    grants: &Grants,
) -> anyhow::Result<Option<Arc<dyn Capabilities>>> {
    if !args.cluster_objects.is_empty() {
        let objects = cluster_objects(&args.cluster_objects)?;
        return Ok(Some(Arc::new(StaticCluster::new(objects).context("--cluster-objects")?)));
    }
    Ok(grants.kinds().is_empty().then(|| Arc::new(NoCluster) as _))
}

/// The fields that the policy needs of the kinds it was granted.
pub(crate) fn fields(metadata: Option<&Metadata>, grants: &Grants) -> anyhow::Result<Fields> {
    let annotations = metadata.and_then(|metadata| metadata.annotations.as_ref());
    Fields::new(annotations, grants.kinds()).context("cannot use the policy's metadata")
}
