//! `rollgate rules`: the catalogue.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use rollgate_policy::rules::RULES;
use serde::Serialize;

/// Arguments of `rollgate rules`.
#[derive(clap::Args)]
pub struct Args {
    /// Form of the list
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Serialize)]
struct Catalogue {
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    name: &'static str,
    requirement: &'static str,
    levels: Levels,
    meaning: &'static str,
}

#[derive(Serialize)]
struct Levels {
    standard: &'static str,
    strict: &'static str,
}

/// Prints the rules.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let rules: Vec<Rule> = RULES
        .iter()
        .map(|rule| Rule {
            name: rule.name,
            requirement: rule.requirement,
            levels: Levels { standard: rule.levels.standard.name(), strict: rule.levels.strict.name() },
            meaning: rule.meaning,
        })
        .collect();
    let mut out = io::stdout().lock();
    match args.output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut out, &Catalogue { rules })?;
            writeln!(out)?;
        }
        Output::Text => {
            for rule in rules {
                let Levels { standard, strict } = rule.levels;
                writeln!(
                    out,
                    "{:<20} {:<18} {standard:<5} {strict:<5} {}",
                    rule.name, rule.requirement, rule.meaning
                )?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
