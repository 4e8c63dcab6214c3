//! `rollgate rules`: the catalogue.

use std::io::{self, Write};
use std::process::ExitCode;

use rollgate_policy::rules::{DOCUMENTS, RULES};
use serde::Serialize;

use crate::output::{Output, finish, print_json};

/// What `--help` teaches.
const EXAMPLES: &str = "\
Examples:
  rollgate rules                        name, requirement, level in each profile, meaning
  rollgate rules | grep REQ-PD-ANL      the rules that serve a requirement
  rollgate rules --output json | jq '.rules[] | select(.levels.strict == \"deny\") | .name'
  rollgate explain \"$(rollgate rules --output json | jq -r '.rules[0].name')\"";

/// Arguments of `rollgate rules`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Form of the list
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Output::Text)]
    output: Output,
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
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let rules: Vec<Rule> = RULES
        .iter()
        .zip(DOCUMENTS)
        .map(|(rule, document)| Rule {
            name: rule.name,
            requirement: rule.requirement,
            levels: Levels { standard: rule.levels.standard.name(), strict: rule.levels.strict.name() },
            meaning: document.meaning,
        })
        .collect();
    let printed = match args.output {
        Output::Text => print(&rules),
        Output::Json => print_json(&Catalogue { rules }),
    };
    finish(printed, ExitCode::SUCCESS)
}

fn print(rules: &[Rule]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for rule in rules {
        let Levels { standard, strict } = rule.levels;
        writeln!(
            out,
            "{:<24} {:<18} {standard:<5} {strict:<5} {}",
            rule.name, rule.requirement, rule.meaning
        )?;
    }
    Ok(())
}
