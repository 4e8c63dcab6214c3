//! `rollgate explain`: the page of a rule.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use rollgate_policy::rules::{DOCUMENTS, NAMES, RULES};

use crate::documents::Page;
use crate::documents::example::Examples;
use crate::output::{Output, finish, print_json};

/// What `--help` teaches.
const EXAMPLES: &str = "\
Examples:
  rollgate explain analysis-signals                why, a rejected and an accepted manifest, parameters
  rollgate explain blast-radius | less
  rollgate explain blast-radius --output json | jq .parameters
  rollgate rules                                   which rules there are";

/// Arguments of `rollgate explain`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The rule, as `rollgate rules` lists it
    #[arg(value_parser = PossibleValuesParser::new(NAMES), value_name = "RULE", hide_possible_values = true)]
    rule: String,
    /// Form of the page
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Output::Text)]
    output: Output,
}

/// Prints the page of a rule.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let rules = RULES.iter().zip(DOCUMENTS);
    let mut pages = rules
        .filter(|(rule, _)| rule.name == args.rule)
        .map(|(rule, document)| Page::new(rule, document, Examples::built_in(rule.name)));
    let printed = pages.try_for_each(|page| print(&page, args.output));
    finish(printed, ExitCode::SUCCESS)
}

fn print(page: &Page, form: Output) -> io::Result<()> {
    match form {
        Output::Text => io::stdout().lock().write_all(page.to_markdown().as_bytes()),
        Output::Json => print_json(page),
    }
}
