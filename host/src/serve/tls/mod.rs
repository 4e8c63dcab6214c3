//! The server's certificate: from files, issued for one run, or managed together with the other replicas. And clients
//! that prove who they are.

mod certificate;
mod client;
mod endpoint;
mod files;
mod issue;
mod managed;
mod pair;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum_server::tls_rustls::RustlsAcceptor;

use crate::cluster::{ClusterArgs, connect};
use crate::quantity;
pub(super) use client::{Acceptor, Client};
pub(super) use endpoint::Endpoint;
use files::{Files, Renewal};
use managed::{Manager, Place, Plan};
use pair::Pair;

/// Arguments that say who the server is, and who may ask it.
#[derive(clap::Args)]
pub(super) struct TlsArgs {
    /// Certificate chain in PEM; without it one is issued for this run. Read again when it changes
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Private key of the certificate in PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Secret in which all replicas keep their certificate and its authority: they issue them, and renew them in time
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        requires = "webhook_configuration",
        conflicts_with = "cert",
        group = "asks_the_cluster"
    )]
    tls_secret: Option<Place>,
    /// `ValidatingWebhookConfiguration` whose caBundle is to hold that authority
    #[arg(long, value_name = "NAME", requires = "tls_secret")]
    webhook_configuration: Option<String>,
    /// How long a certificate in --tls-secret is good for; it is renewed when two thirds of that have passed. Its
    /// authority lives four times as long
    #[arg(long, value_name = "DURATION", default_value = "2160h", value_parser = quantity::duration, requires = "tls_secret")]
    certificate_lifetime: Duration,
    /// How often the files of the certificate, --tls-secret and --client-ca are looked at
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = quantity::duration)]
    reload_interval: Duration,
    /// Name or address the issued certificate is good for, beside localhost. May be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "cert")]
    tls_san: Vec<String>,
    /// Where to write the authority of the issued certificate in PEM
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "tls_secret"])]
    ca_out: Option<PathBuf>,
    /// Authorities in PEM: reviews are taken from clients with a certificate of one of them alone. Read again when it
    /// changes
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
}

/// How the server's certificate is kept current.
pub(super) struct Tls {
    endpoint: Arc<Endpoint>,
    interval: Duration,
    renewal: Option<Renewal>,
    manager: Option<Manager>,
    clients: Option<client::Authorities>,
}

impl Tls {
    /// Reads or issues what the server shows at its start.
    pub(super) async fn open(args: &TlsArgs, cluster: &ClusterArgs) -> anyhow::Result<Self> {
        let (clients, verifier) = match &args.client_ca {
            Some(path) => {
                client::Authorities::read(path).map(|(file, verifier)| (Some(file), Some(verifier)))?
            }
            None => (None, None),
        };
        let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let names: Vec<String> = own.into_iter().chain(args.tls_san.iter().cloned()).collect();
        let files = args.cert.as_deref().zip(args.key.as_deref()).map(|(cert, key)| Files::new(cert, key));
        let pair = match &files {
            Some(files) => files.load()?,
            // With a Secret: until that was read, for whoever does not look at it, such as a kubelet.
            None => for_one_run(&names, args.ca_out.as_deref())?,
        };
        let endpoint = Arc::new(Endpoint::new(pair, verifier)?);
        let manager = match (&args.tls_secret, &args.webhook_configuration) {
            (Some(secret), Some(registration)) => {
                let client = connect(cluster.kubeconfig.as_deref(), cluster.context.as_deref()).await?;
                let plan = Plan {
                    secret: secret.clone(),
                    registration: registration.clone(),
                    names,
                    interval: args.reload_interval,
                    lifetime: args.certificate_lifetime,
                };
                Some(Manager::new(client, plan, Arc::clone(&endpoint)))
            }
            _ => None,
        };
        let renewal = files.map(|files| Renewal::new(files, Arc::clone(&endpoint)));
        Ok(Self { endpoint, interval: args.reload_interval, renewal, manager, clients })
    }

    pub(super) fn endpoint(&self) -> Arc<Endpoint> {
        Arc::clone(&self.endpoint)
    }

    /// Shows the certificate to whoever `door` lets in, and says of each request what is known of its client.
    pub(super) fn acceptor<A>(&self, door: A) -> Acceptor<A> {
        let inner = RustlsAcceptor::new(self.endpoint.config()).acceptor(door);
        Acceptor::new(inner, self.clients.is_some())
    }

    /// Keeps the certificate current for as long as the runtime lives that this is called in.
    pub(super) fn keep_current(self) {
        let Self { endpoint, interval, mut renewal, manager, mut clients } = self;
        if let Some(manager) = manager {
            tokio::spawn(manager.run());
        }
        if renewal.is_some() || clients.is_some() {
            tokio::spawn(again(interval, move || {
                if let Some(renewal) = &mut renewal {
                    renewal.look();
                }
                if let Some(clients) = &mut clients {
                    clients.look(&endpoint);
                }
            }));
        }
    }
}

/// Looks at files for as long as the server runs. Mounted secrets change by renaming, which is not worth a watcher.
async fn again(interval: Duration, mut look: impl FnMut() + Send + 'static) {
    loop {
        tokio::time::sleep(interval).await;
        let looking = tokio::task::spawn_blocking(move || {
            look();
            look
        });
        match looking.await {
            Ok(looked) => look = looked,
            Err(error) => return tracing::error!(%error, "renewed certificates are no longer looked for"),
        }
    }
}

/// Issues a certificate by an authority whose key is then forgotten.
fn for_one_run(names: &[String], ca_out: Option<&Path>) -> anyhow::Result<Pair> {
    let authority = issue::authority("rollgate, for one run", None)?;
    let issued = issue::server(&authority, names, None);
    let issued = issued.context("--tls-san is no DNS name and no address")?;
    if let Some(path) = ca_out {
        std::fs::write(path, authority.certificate)
            .with_context(|| format!("cannot write the authority's certificate to {}", path.display()))?;
        eprintln!("rollgate wrote the authority of its certificate to {}", path.display());
    }
    Pair::from_pem(issued.certificate.as_bytes(), issued.key.as_bytes()).map_err(|error| anyhow!(error))
}
