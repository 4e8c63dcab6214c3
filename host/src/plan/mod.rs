//! `rollgate plan`: what a release goes through, and what becomes of a bad one.

mod destination;
mod terminal;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::ValueEnum;
use rollgate_picture::{Picture, json, mermaid, svg, text};
use serde::Serialize;

use self::destination::Destination;
use crate::output::{could_not_run, finish, tell_unreadable};
use crate::release::{ReleaseArgs, Releases};

/// Arguments of `plan`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    given: ReleaseArgs,
    /// Form of the plan
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Form::Text)]
    output: Form,
    /// Write to this file; in a directory, each release gets a file of its own
    #[arg(long, value_name = "PATH")]
    output_file: Option<PathBuf>,
    /// Columns of the text; those of the terminal, or 80, unless given
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  Who watches a release, and what becomes of it:
    rollgate plan rollout.yaml analysis.yaml
  The same for what a cluster would get:
    kustomize build overlays/prod | rollgate plan -
  One release as a drawing, or as a chart for Markdown:
    rollgate plan k8s/ --name shop/payments -o svg > payments.svg
    rollgate plan k8s/ --name payments -o mermaid
  A drawing of every release:
    rollgate plan k8s/ -o svg --output-file plans/
  How much each bad release exposes:
    rollgate plan k8s/ -o json | jq '.plans[].outcomes[] | {bad, end, exposure}'

A release bad in everything is played first, then one bad in each required
signal alone. Exits with 2 when something could not be read, or when there is no
release.";

/// The form of a plan.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// A drawing for light and dark pages.
    Svg,
    /// A Gantt chart for Markdown.
    Mermaid,
}

impl Form {
    fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Svg => "svg",
            Self::Mermaid => "mmd",
        }
    }
}

#[derive(Serialize)]
struct Plans<'a> {
    plans: Vec<json::Plan<'a>>,
    errors: &'a [String],
}

/// Writes the plans: 0 when all could be read, 2 otherwise.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let errors = match write(args) {
        Ok(errors) => errors,
        Err(error) => return could_not_run(&format!("{error:#}")),
    };
    tell_unreadable(&errors)
}

/// Writes the plans; what could not be read.
fn write(args: &Args) -> anyhow::Result<Vec<String>> {
    let (manifests, settings) = args.given.read()?;
    let Releases { releases, errors } = args.given.releases(&manifests, &settings)?;
    let pictures: Vec<&Picture> = releases.iter().map(|release| &release.picture).collect();
    match Destination::of(args.output_file.as_deref()) {
        Destination::Directory(directory) => {
            let texts = pictures.iter().map(|picture| {
                let name = destination::file_name(&picture.subject, args.output.extension());
                Ok((name, render(args, &[picture], &[])?))
            });
            destination::write_all(directory, texts.collect::<anyhow::Result<_>>()?)?;
        }
        Destination::File(path) => {
            let text = render(args, &pictures, &errors)?;
            std::fs::write(path, anstream::adapter::strip_str(&text).to_string())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Destination::Stdout => {
            let text = render(args, &pictures, &errors)?;
            let written = anstream::stdout().lock().write_all(text.as_bytes());
            let _ = finish(written, ExitCode::SUCCESS);
        }
    }
    Ok(errors)
}

fn render(args: &Args, pictures: &[&Picture], errors: &[String]) -> anyhow::Result<String> {
    Ok(match args.output {
        Form::Text => {
            let terminal = terminal::terminal(args.width);
            let texts: Vec<String> = pictures.iter().map(|picture| text::draw(picture, terminal)).collect();
            texts.join("\n")
        }
        Form::Json => {
            let plans = pictures.iter().map(|picture| json::Plan::of(picture)).collect();
            serde_json::to_string_pretty(&Plans { plans, errors })? + "\n"
        }
        Form::Svg => svg::draw(one(pictures)?),
        Form::Mermaid => mermaid::draw(one(pictures)?),
    })
}

/// A drawing holds one release.
fn one<'a>(pictures: &[&'a Picture]) -> anyhow::Result<&'a Picture> {
    match pictures {
        [picture] => Ok(picture),
        [] => bail!("there is no release to draw"),
        several => {
            let names: Vec<String> = several.iter().map(|picture| picture.title()).collect();
            bail!(
                "a drawing holds one release, and there are {}: {}. Choose one with --name, or name a directory with --output-file",
                several.len(),
                names.join(", ")
            )
        }
    }
}
