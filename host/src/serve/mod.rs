//! `rollgate serve`: a policy as a validating webhook.

mod body;
mod certificate_metrics;
mod cluster_metrics;
mod connections;
mod deadline;
mod decision;
mod descriptors;
mod evaluator;
mod metrics;
mod review;
mod routes;
mod second_look;
mod tls;
mod traces;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use axum_server::Handle;
use hyper_util::rt::TokioTimer;

use crate::cluster::{ClusterArgs, LiveCluster, Pace, connect};
use crate::policy_source::Source;
use crate::registry::{Digest, FetchArgs};
use crate::runtime::{Callbacks, Capabilities, Grants, Limits, Metadata, ModuleCache, Settings};
use crate::{policy_source, quantity};
use body::Bodies;
use connections::{Connections, Door, IDLE};
use evaluator::Evaluator;
use routes::Server;
use second_look::SecondLook;
use tls::{Tls, TlsArgs};
use traces::Traces;

/// Arguments of `rollgate serve`.
#[derive(clap::Args)]
pub struct Args {
    /// The policy: a .wasm file, or its address: registry://, https:// or file://
    #[arg(long, value_name = "FILE|ADDRESS")]
    policy: String,
    #[command(flatten)]
    fetch: FetchArgs,
    /// File with the policy's settings in YAML or JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:8443")]
    listen: SocketAddr,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Host capabilities the policy may use: *, oci/*, oci/v1/* or an exact name. May be repeated
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    allowed_host_capabilities: Vec<String>,
    /// Evaluations at once; as many as there are processors unless given
    #[arg(long, value_name = "N")]
    max_concurrent: Option<NonZeroU32>,
    /// Requests that may wait for an evaluation; more are answered with 503 at once
    #[arg(long, value_name = "N", default_value = "256")]
    max_queued: u32,
    /// Time one evaluation may take; never more than the API server waits
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = quantity::duration)]
    timeout: Duration,
    /// How far the watches of a cluster may be behind: a review that rejects, or looks for something in vain, waits so
    /// long and is made again if anything has arrived
    #[arg(long, value_name = "DURATION", default_value = "100ms", value_parser = quantity::duration)]
    watch_lag: Duration,
    /// Memory one evaluation may take
    #[arg(long, value_name = "SIZE", default_value = "64Mi", value_parser = quantity::bytes)]
    memory_limit: usize,
    /// Largest request body
    #[arg(long, value_name = "SIZE", default_value = "7Mi", value_parser = quantity::bytes)]
    body_limit: usize,
    /// Memory that the bodies of all requests may take together; what does not fit is answered with 503 at once
    #[arg(long, value_name = "SIZE", default_value = "64Mi", value_parser = quantity::bytes)]
    body_memory: usize,
    /// Connections at once; one more closes the one that has been silent longest
    #[arg(long, value_name = "N", default_value = "512")]
    max_connections: NonZeroU32,
    /// Time in which the server, told to stop, goes on taking requests while /readyz already says no
    #[arg(long, value_name = "DURATION", value_parser = quantity::duration)]
    drain_delay: Option<Duration>,
    /// Address of an OpenTelemetry collector for traces, over HTTP without TLS, such as `http://collector:4318`
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Of the reviews that belong to no trace yet, the part that begins one, from 0 to 1
    #[arg(long, value_name = "RATIO", default_value = "1", requires = "otlp_endpoint")]
    trace_ratio: f64,
    /// Compile the policy even if it was compiled before
    #[arg(long)]
    disable_wasmtime_cache: bool,
}

/// How long requests in flight may take to end once the server has stopped taking new ones.
const GRACE: Duration = Duration::from_secs(30);

/// Serves until the process is told to stop.
///
/// # Errors
/// When the server cannot start: each error names the file or address and what to do.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.body_memory < args.body_limit {
        bail!("--body-memory is less than --body-limit: not even one such body would fit");
    }
    let source = policy_source::fetch(&args.policy, &args.fetch)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    // The cluster is watched as soon as it is known which kinds.
    let (evaluator, live) = runtime.block_on(evaluator(args, &source))?;
    let tls = runtime.block_on(Tls::open(&args.tls, &args.cluster))?;
    let listener = TcpListener::bind(args.listen).map_err(|error| {
        anyhow!("cannot listen on {}: {error}. Choose another address or port with --listen", args.listen)
    })?;
    listener.set_nonblocking(true).context("cannot set up the listening socket")?;
    let connections = Connections::new(descriptors::room_for(args.max_connections.get()), IDLE);
    let bodies = Bodies::new(args.body_limit, args.body_memory);
    let traces = match &args.otlp_endpoint {
        Some(endpoint) => Some(Traces::to(endpoint, args.trace_ratio, runtime.handle().clone())?),
        None => None,
    };
    let server = Arc::new(Server::new(evaluator, live, tls.endpoint(), connections, bodies, traces));
    runtime.block_on(serve(args, &source, listener, tls, Arc::clone(&server)))?;
    if let Some(traces) = &server.traces {
        traces.finish();
    }
    Ok(ExitCode::SUCCESS)
}

async fn evaluator(args: &Args, source: &Source) -> anyhow::Result<(Evaluator, Option<Arc<LiveCluster>>)> {
    let available =
        || std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    let limits = Limits {
        timeout: args.timeout,
        memory: args.memory_limit,
        concurrent: args.max_concurrent.map_or_else(available, NonZeroU32::get),
        ..Limits::default()
    };
    let cache = if args.disable_wasmtime_cache { ModuleCache::Disabled } else { ModuleCache::User };
    let (policy, address) = (source.load(&limits, &cache)?, &source.address);
    policy_source::check_execution_mode(policy.metadata()).with_context(|| address.to_string())?;
    match policy.protocol_version().as_deref() {
        Ok("v1") => {}
        Ok(other) => bail!("{address} speaks protocol {other:?}; only \"v1\" is offered"),
        Err(error) => bail!("{address} is not a Kubewarden policy: {error}"),
    }
    let grants = policy_source::grants(
        policy.metadata(),
        args.cluster.allow_context_aware,
        args.allowed_host_capabilities.clone(),
    );
    let (capabilities, live) = cluster(&args.cluster, policy.metadata(), &grants).await?;
    let callbacks = Callbacks::shared(grants, capabilities);
    let settings = match &args.settings {
        Some(path) => policy_source::settings_from_file(path)?,
        None => Settings::default(),
    };
    policy_source::check_settings(&policy, &settings, &callbacks).with_context(|| match &args.settings {
        Some(path) => path.display().to_string(),
        None => "the policy does not run without settings: give them with --settings".to_owned(),
    })?;
    let second_look = live.clone().map(|live| SecondLook::new(live, args.watch_lag));
    Ok((Evaluator::new(policy, settings, callbacks, second_look, args.max_queued), live))
}

/// The cluster the policy may read, and that same one if it is a live one. Nothing is watched that was not granted.
async fn cluster(
    args: &ClusterArgs,
    metadata: Option<&Metadata>,
    grants: &Grants,
) -> anyhow::Result<(Arc<dyn Capabilities>, Option<Arc<LiveCluster>>)> {
    if let Some(cluster) = policy_source::cluster_without_connection(args, grants)? {
        return Ok((cluster, None));
    }
    let fields = policy_source::fields(metadata, grants)?;
    let client = connect(args.kubeconfig.as_deref(), args.context.as_deref()).await?;
    let live =
        Arc::new(LiveCluster::watch(&client, grants.kinds().iter().cloned(), &fields, Pace::default()));
    Ok((Arc::clone(&live) as _, Some(live)))
}

async fn serve(
    args: &Args,
    source: &Source,
    listener: TcpListener,
    tls: Tls,
    server: Arc<Server>,
) -> anyhow::Result<()> {
    let stop = stop_signal().context("cannot listen for signals")?;
    let address = listener.local_addr().context("cannot read the bound address")?;
    let handle = Handle::new();
    let app = routes::router(Arc::clone(&server));
    let door = tls.acceptor(Door(Arc::clone(&server.connections)));
    let mut https =
        axum_server::from_tcp(listener).context("cannot set up the listening socket")?.acceptor(door);
    // In HTTP/1 the wait for the next request counts as reading its head.
    https.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
    let serving = https.handle(handle.clone()).serve(app.into_make_service());
    tls.keep_current();
    eprintln!("rollgate listens on https://{address}");
    tracing::info!(%address, policy = %source.address, digest = source.digest.as_ref().map(Digest::as_str), "serving");

    let drain_delay = args.drain_delay;
    let stopping = async move {
        stop.await;
        tracing::info!("stopping: requests in flight are answered first");
        server.draining.store(true, Ordering::Relaxed);
        if let Some(delay) = drain_delay {
            tokio::time::sleep(delay).await;
        }
        handle.graceful_shutdown(Some(GRACE));
    };
    tokio::spawn(stopping);
    serving.await.context("the server failed")
}

/// Completes when the process is told to stop. Set up before the address is printed, so that no signal is lost.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for the signal to stop: stopping");
        }
    })
}
