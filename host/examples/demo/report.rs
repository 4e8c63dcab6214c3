//! Verdicts for a person to read.

use std::path::Path;

use anstream::println;
use anstyle::{AnsiColor, Style};
use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

/// What the webhook answered.
#[derive(Deserialize)]
pub struct Verdict {
    allowed: bool,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

/// One line of a rejection, taken apart.
struct Reason<'a> {
    /// The rule, its requirement and the place.
    place: &'a str,
    problem: &'a str,
    mend: Option<&'a str>,
}

/// Prints as it goes, and counts.
pub struct Report {
    requests: usize,
    as_expected: usize,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

impl Verdict {
    /// Reads the answer to a review.
    pub fn read(answer: &Value) -> anyhow::Result<Self> {
        Self::deserialize(&answer["response"]).with_context(|| format!("no verdict in the answer {answer}"))
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.status.message.lines()
    }

    /// Whether a line of the message gives the rule as its reason.
    fn names(&self, rule: &str) -> bool {
        self.lines().filter_map(|line| line.strip_prefix("- ")).any(|line| {
            line.strip_prefix(rule).is_some_and(|rest| rest.starts_with([' ', ':']) || rest.is_empty())
        })
    }

    /// What differs from what was expected, if anything does.
    fn difference(&self, expected: &[String]) -> Option<String> {
        let missing: Vec<&str> =
            expected.iter().map(String::as_str).filter(|rule| !self.names(rule)).collect();
        match (self.allowed, expected) {
            (true, []) => None,
            (false, []) => Some("it should be accepted".to_owned()),
            (true, _) => Some(format!("it should be rejected by {}", expected.join(", "))),
            (false, _) if missing.is_empty() => None,
            (false, _) => Some(format!("{} should be among the reasons", missing.join(", "))),
        }
    }
}

impl<'a> Reason<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (place, rest) = line.strip_prefix("- ")?.split_once(": ")?;
        let (problem, mend) =
            rest.split_once("; mend: ").map_or((rest, None), |(problem, mend)| (problem, Some(mend)));
        Some(Self { place, problem, mend })
    }
}

impl Report {
    /// Nothing has been sent yet.
    pub fn new() -> Self {
        Self { requests: 0, as_expected: 0 }
    }

    /// Heads the verdicts on a file's objects.
    pub fn file(&self, file: &Path, summary: &str) {
        if self.requests > 0 {
            println!();
        }
        println!("{BOLD}{}{BOLD:#}", file.display());
        if !summary.is_empty() {
            println!("{summary}");
        }
    }

    /// Prints one verdict.
    pub fn verdict(&mut self, object: &str, verdict: &Verdict, expected: &[String]) {
        self.requests += 1;
        if verdict.allowed {
            println!("  {GREEN}✓ accepted{GREEN:#}  {object}");
        } else {
            println!("  {RED}✗ rejected{RED:#}  {object}");
        }
        // The first line repeats what was just printed; a message of one line is its own reason.
        let heading = usize::from(verdict.lines().count() > 1);
        for line in verdict.lines().skip(heading) {
            match Reason::read(line) {
                Some(Reason { place, problem, mend }) => {
                    println!("      {BOLD}{place}{BOLD:#}");
                    println!("        {problem}");
                    if let Some(mend) = mend {
                        println!("        {DIM}mend:{DIM:#} {mend}");
                    }
                }
                None => println!("      {line}"),
            }
        }
        for warning in verdict.warnings.iter().flatten() {
            println!("      {DIM}warning:{DIM:#} {warning}");
        }
        match verdict.difference(expected) {
            None => self.as_expected += 1,
            Some(difference) => println!("      {YELLOW}not as expected: {difference}{YELLOW:#}"),
        }
    }

    /// Prints the sum; whether everything was as expected.
    pub fn finish(&self) -> bool {
        println!("\n{} requests, {} as expected", self.requests, self.as_expected);
        self.requests > 0 && self.requests == self.as_expected
    }
}
