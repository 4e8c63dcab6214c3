//! `rollgate playground`: the page in which manifests are judged while they are written, from this very program.

mod page;
mod routes;

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, bail};
use tokio::net::TcpListener;

pub use self::page::Files;
use self::page::Page;

/// What `--help` teaches.
const EXAMPLES: &str = "\
Examples:
  rollgate playground                            open http://127.0.0.1:8080 in a browser
  rollgate playground --listen 127.0.0.1:0       on any free port

What is typed there stays in the browser: the page judges it itself and asks nobody.";

/// Arguments of `rollgate playground`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where to listen. Beyond this machine, the page is there for everyone who reaches it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// Serves a page until the process is told to stop.
///
/// # Errors
/// When this program was built without the page, or cannot listen there.
pub fn run(args: &Args, files: Files) -> anyhow::Result<ExitCode> {
    if files.is_empty() {
        bail!(
            "this rollgate was built without the page. With it: `cargo xtask playground`, which needs Node"
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot set up the server")?;
    runtime.block_on(serve(args.listen, Page::new(files)))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(address: SocketAddr, page: Page) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another with --listen"))?;
    let address = listener.local_addr().context("cannot read the bound address")?;
    let stop = tokio::signal::ctrl_c();
    let server = axum::serve(listener, routes::router(page, address));
    eprintln!("the playground is at http://{address}/");
    tokio::select! {
        outcome = async { server.await } => outcome.context("the server failed"),
        outcome = stop => outcome.context("cannot wait for the signal to stop"),
    }
}
