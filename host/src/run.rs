//! `rollgate run`: one request through one policy, as `kwctl run` does it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::admission::{AdmissionRequest, AdmissionResponse, Original};
use crate::cluster::{ClusterArgs, DirectCluster, connect};
use crate::registry::FetchArgs;
use crate::runtime::{Callbacks, Capabilities, Grants, Limits, ModuleCache, Policy, PolicyType, Settings};
use crate::session::{Recording, Replay};
use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use serde_json::Value;

use crate::{policy_source, quantity};

/// Arguments of `rollgate run`.
#[derive(clap::Args)]
pub struct Args {
    /// The policy: a .wasm file, or its address: registry://, https:// or file://
    policy: String,
    #[command(flatten)]
    fetch: FetchArgs,
    /// File with an admission review or its request in JSON; - for standard input
    #[arg(short, long, value_name = "PATH")]
    request_path: PathBuf,
    /// File with the policy's settings in YAML or JSON
    #[arg(short, long, value_name = "PATH", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,
    /// The policy's settings in JSON
    #[arg(long, value_name = "JSON")]
    settings_json: Option<String>,
    /// The runtime of the policy
    #[arg(short, long, value_name = "MODE")]
    execution_mode: Option<ExecutionMode>,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Host capabilities the policy may use: *, oci/*, oci/v1/* or an exact name. May be repeated
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    allowed_host_capabilities: Vec<String>,
    /// Session file whose answers stand for the cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cluster_objects", "kubeconfig", "context"])]
    replay_host_capabilities_interactions: Option<PathBuf>,
    /// Session file to write, with what the policy asks and what it is answered
    #[arg(long, value_name = "FILE", conflicts_with = "replay_host_capabilities_interactions")]
    record_host_capabilities_interactions: Option<PathBuf>,
    /// The request is any JSON, not an admission request
    #[arg(long)]
    raw: bool,
    /// Compile the policy even if it was compiled before
    #[arg(long)]
    disable_wasmtime_cache: bool,
    /// Time the evaluation may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = quantity::duration)]
    timeout: Duration,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExecutionMode {
    #[value(alias = "wapc", alias = "kubewarden-wapc")]
    Kubewarden,
    #[value(hide = true)]
    Opa,
    #[value(hide = true)]
    Gatekeeper,
    #[value(hide = true)]
    Wasi,
}

/// A developer's policy under test: roomier than a server's, but not without end.
const MEMORY: usize = 1 << 30;

/// Evaluates the request and prints the response.
/// # Errors
/// When there is nothing to print: an input cannot be read, or the settings are not valid.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(mode @ (ExecutionMode::Opa | ExecutionMode::Gatekeeper | ExecutionMode::Wasi)) =
        args.execution_mode
    {
        let mode = format!("{mode:?}").to_lowercase();
        bail!("the execution mode `{mode}` is not offered; only `kubewarden` (waPC) policies can be run");
    }
    let settings = settings(args)?;
    let request = read_request(&args.request_path)?;
    let limits = Limits { timeout: args.timeout, memory: MEMORY, concurrent: 1, ..Limits::default() };
    let cache = if args.disable_wasmtime_cache { ModuleCache::Disabled } else { ModuleCache::User };
    let policy = policy_source::fetch(&args.policy, &args.fetch)?.load(&limits, &cache)?;
    if args.execution_mode.is_none() {
        policy_source::check_execution_mode(policy.metadata())?;
    }

    let replay = match &args.replay_host_capabilities_interactions {
        Some(path) => Some(Arc::new(Replay::from_file(path)?)),
        None => None,
    };
    let grants = policy_source::grants(
        policy.metadata(),
        args.cluster.allow_context_aware,
        args.allowed_host_capabilities.clone(),
    );
    let capabilities: Arc<dyn Capabilities> = match &replay {
        Some(replay) => Arc::clone(replay) as _,
        None => cluster(&args.cluster, &grants)?,
    };
    let (capabilities, recording) = match &args.record_host_capabilities_interactions {
        Some(path) => {
            let recording = Arc::new(Recording::new(capabilities));
            (Arc::clone(&recording) as Arc<dyn Capabilities>, Some((recording, path)))
        }
        None => (capabilities, None),
    };
    let callbacks = Callbacks::shared(grants, capabilities);

    let raw = args.raw || policy.metadata().is_some_and(|metadata| metadata.policy_type == PolicyType::Raw);
    let response = if raw {
        evaluate_raw(&policy, &request, &settings, &callbacks)?
    } else {
        evaluate(&policy, &request, &settings, &callbacks)?
    };
    if let Some((recording, path)) = recording {
        recording.write(path)?;
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&response)?)
        .context("cannot write the response")?;
    if let Some(left) = replay.map(|replay| replay.remaining()).filter(|&left| left > 0) {
        tracing::warn!(left, "the session holds exchanges the policy did not ask for");
    }
    Ok(ExitCode::SUCCESS)
}

/// The cluster the policy may read; nobody is asked where it was granted nothing.
fn cluster(args: &ClusterArgs, grants: &Grants) -> anyhow::Result<Arc<dyn Capabilities>> {
    if let Some(cluster) = policy_source::cluster_without_connection(args, grants)? {
        return Ok(cluster);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot set up the connection to the cluster")?;
    let client = runtime.block_on(connect(args.kubeconfig.as_deref(), args.context.as_deref()))?;
    let cluster = DirectCluster::new(runtime, client).map_err(|reason| {
        anyhow!(
            "cannot read from the cluster: {reason}. Choose another with --kubeconfig or --context, or give manifests \
             that stand for it with --cluster-objects"
        )
    })?;
    Ok(Arc::new(cluster))
}

fn evaluate(
    policy: &Policy,
    request: &str,
    settings: &Settings,
    callbacks: &Callbacks,
) -> anyhow::Result<AdmissionResponse> {
    let request = AdmissionRequest::from_file(request)?;
    policy_source::check_settings(policy, settings, callbacks)?;
    let original = match (&*request.operation, request.object) {
        ("DELETE", _) | (_, None) => Original::None,
        (_, Some(object)) => Original::Object(object.get()),
    };
    Ok(match policy.validate(&request.to_json()?, settings, callbacks) {
        Ok(verdict) => AdmissionResponse::from_verdict(&request.uid, verdict, original),
        Err(error) => AdmissionResponse::from_error(&request.uid, &error),
    })
}

fn evaluate_raw(
    policy: &Policy,
    request: &str,
    settings: &Settings,
    callbacks: &Callbacks,
) -> anyhow::Result<AdmissionResponse> {
    let value: Value = serde_json::from_str(request).context("cannot parse the request")?;
    policy_source::check_settings(policy, settings, callbacks)?;
    let uid = value.get("uid").and_then(Value::as_str).unwrap_or_default();
    Ok(match policy.validate(request.as_bytes(), settings, callbacks) {
        Ok(verdict) => AdmissionResponse::from_verdict(uid, verdict, Original::Object(request)),
        Err(error) => AdmissionResponse::from_error(uid, &error),
    })
}

fn settings(args: &Args) -> anyhow::Result<Settings> {
    match (&args.settings_path, &args.settings_json) {
        (Some(path), _) => policy_source::settings_from_file(path),
        (None, Some(json)) => {
            let value: Value = serde_json::from_str(json).context("cannot parse --settings-json")?;
            Settings::from_value(&value).context("--settings-json")
        }
        (None, None) => Ok(Settings::default()),
    }
}

fn read_request(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut request = String::new();
        std::io::stdin()
            .read_to_string(&mut request)
            .context("cannot read the request from standard input")?;
        return Ok(request);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read request {}", path.display()))
}
