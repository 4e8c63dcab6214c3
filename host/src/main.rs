//! The `rollgate` command.

#![forbid(unsafe_code)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use rollgate::{
    annotate, audit, check, diff, digest, explain, inspect, output, plan, playground, pull, push, rules, run,
    runbook, serve, verify,
};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Keeps releases from reaching everyone untested.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    /// Log more to standard error. The variable `RUST_LOG`, where set, decides instead
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Write the log as JSON, one object a line
    #[arg(long, global = true)]
    log_json: bool,
    /// Write without colours
    #[arg(long, global = true)]
    no_color: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check manifests against the rules
    Check(check::Args),
    /// Judge what a cluster, or a dump of one, holds already
    Audit(audit::Args),
    /// Show the delivery plan of Rollouts and Canaries, and what becomes of bad releases
    Plan(plan::Args),
    /// Write the release plan of Rollouts and Canaries on one page, with a checklist
    Runbook(runbook::Args),
    /// Say whether a change of manifests makes releases riskier
    Diff(diff::Args),
    /// List the rules
    Rules(rules::Args),
    /// Explain a rule: why it is there, what it rejects, how to mend that
    Explain(explain::Args),
    /// Judge manifests in a web page, while they are written
    Playground(playground::Args),
    /// Evaluate one admission request with a policy
    Run(Box<run::Args>),
    /// Serve a policy as a validating webhook
    Serve(Box<serve::Args>),
    /// Write a policy's metadata into its module
    Annotate(annotate::Args),
    /// Show what a policy says about itself
    Inspect(Box<inspect::Args>),
    /// Put a policy into a registry
    Push(push::Args),
    /// Fetch a policy
    Pull(Box<pull::Args>),
    /// Print the digest of a policy in a registry
    Digest(digest::Args),
    /// Say whether a policy in a registry is signed as it should be
    Verify(Box<verify::Args>),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one for each command
    #[command(hide = true)]
    Man {
        /// The directory they go to, which is made if need be
        directory: PathBuf,
    },
}

/// The page of `rollgate playground`, which `cargo xtask playground` builds first.
#[cfg(embedded_page)]
const PAGE: playground::Files = include!("../../playground/embedded.rs");
#[cfg(not(embedded_page))]
const PAGE: playground::Files = &[];

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    start_log(&cli);
    let outcome = match &cli.command {
        Command::Check(args) => Ok(check::run(args)),
        Command::Audit(args) => Ok(audit::run(args)),
        Command::Plan(args) => Ok(plan::run(args)),
        Command::Runbook(args) => Ok(runbook::run(args)),
        Command::Diff(args) => Ok(diff::run(args)),
        Command::Rules(args) => Ok(rules::run(args)),
        Command::Explain(args) => Ok(explain::run(args)),
        Command::Playground(args) => playground::run(args, PAGE),
        Command::Run(args) => run::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Annotate(args) => annotate::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Push(args) => push::run(args),
        Command::Pull(args) => pull::run(args),
        Command::Digest(args) => digest::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "rollgate", &mut script);
            Ok(output::finish(std::io::stdout().write_all(&script), ExitCode::SUCCESS))
        }
        Command::Man { directory } => write_manual(directory).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("Error: {error:#}");
        ExitCode::FAILURE
    })
}

fn write_manual(directory: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .with_context(|| format!("cannot write the manual pages to {}", directory.display()))
}

fn start_log(cli: &Cli) {
    let level = if cli.verbose { LevelFilter::DEBUG } else { LevelFilter::INFO };
    // Libraries are heard from when something is wrong; `policy` is what guests log.
    let ours = [("rollgate", level), ("policy", level)];
    let by_flag = || Targets::new().with_default(LevelFilter::WARN).with_targets(ours);
    let filter =
        std::env::var("RUST_LOG").ok().and_then(|filter| filter.parse().ok()).unwrap_or_else(by_flag);
    let text = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if cli.log_json {
        tracing_subscriber::registry().with(text.json().flatten_event(true)).with(filter).init();
    } else {
        tracing_subscriber::registry().with(text).with(filter).init();
    }
}
