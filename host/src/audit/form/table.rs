//! The table for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rollgate_policy::finding::Level;

use crate::audit::judge::{Audited, Verdict};
use crate::audit::summary::Summary;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::BrightRed.on_default();
const YELLOW: Style = AnsiColor::BrightYellow.on_default();
const GREEN: Style = AnsiColor::BrightGreen.on_default();

const HEAD: [&str; 5] = ["KIND", "NAMESPACE", "NAME", "VERDICT", "RULES"];

/// Rows in columns, as wide as anything so far has been.
#[derive(Debug)]
pub(in crate::audit) struct Table {
    show_accepted: bool,
    widths: [usize; 4],
    begun: bool,
}

impl Table {
    pub(super) fn new(show_accepted: bool) -> Self {
        Self { show_accepted, widths: [0; 4], begun: false }
    }

    pub(super) fn page(&mut self, page: &[&Audited], out: &mut impl Write) -> io::Result<()> {
        let shown = |audited: &&&Audited| self.show_accepted || audited.verdict != Verdict::Accept;
        let rows: Vec<(Verdict, [String; 5])> =
            page.iter().filter(shown).map(|audited| (audited.verdict, row(audited))).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let mut out = io::BufWriter::new(out);
        let head = HEAD.map(str::to_owned);
        for (column, width) in self.widths.iter_mut().enumerate() {
            let cells = rows.iter().map(|(_, cells)| cells).chain([&head]);
            *width = cells.map(|cells| cells[column].chars().count()).chain([*width]).max().unwrap_or(0);
        }
        if !self.begun {
            self.begun = true;
            self.line(&head, BOLD, BOLD, &mut out)?;
        }
        for (verdict, cells) in &rows {
            self.line(cells, Style::new(), style(*verdict), &mut out)?;
        }
        out.flush()
    }

    fn line(
        &self,
        cells: &[String; 5],
        plain: Style,
        verdict: Style,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let [kind, namespace, name, said, rules] = cells;
        let [wide, wider, widest, short] = self.widths;
        // The last column may be empty, and nothing ends in blanks.
        let said = if rules.is_empty() { said.clone() } else { format!("{said:short$}   ") };
        write!(out, "{plain}{kind:wide$}   {namespace:wider$}   {name:widest$}{plain:#}   ")?;
        writeln!(out, "{verdict}{said}{verdict:#}{plain}{rules}{plain:#}")
    }

    pub(super) fn end(&self, summary: &Summary, errors: usize, out: &mut impl Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        if self.begun {
            writeln!(out)?;
        }
        let width = summary.rules.keys().map(|rule| rule.len()).chain([4]).max().unwrap_or(4);
        if !summary.rules.is_empty() {
            writeln!(out, "{BOLD}{:width$}   {:>7}   {:>8}{BOLD:#}", "RULE", "DENIALS", "WARNINGS")?;
        }
        for (rule, count) in &summary.rules {
            writeln!(out, "{rule:width$}   {:>7}   {:>8}", count.denials, count.warnings)?;
        }
        if !summary.rules.is_empty() {
            writeln!(out)?;
        }
        let Summary { objects, accepted, rejected, kept, ungoverned, .. } = summary;
        let style = if rejected + errors > 0 { RED } else { GREEN };
        write!(out, "{style}{objects} objects audited: {accepted} accepted, {rejected} rejected{style:#}")?;
        for (count, what) in [
            (*kept, "kept by a controller are judged by what they are made from"),
            (*ungoverned, "left out by the settings"),
            (errors, "error(s): not everything was read or written"),
        ] {
            if count > 0 {
                write!(out, "; {count} {what}")?;
            }
        }
        writeln!(out)?;
        out.flush()
    }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Accept => GREEN,
        Verdict::Warn => YELLOW,
        Verdict::Reject => RED,
    }
}

fn row(audited: &Audited) -> [String; 5] {
    let mut rules: Vec<&str> = Vec::new();
    for level in [Level::Deny, Level::Warn] {
        for finding in audited.findings.iter().filter(|finding| finding.level == level) {
            if !rules.contains(&finding.rule) {
                rules.push(finding.rule);
            }
        }
    }
    let namespace = audited.namespace.clone().unwrap_or_else(|| "-".to_owned());
    [
        audited.kind.clone(),
        namespace,
        audited.name.clone(),
        audited.verdict.name().to_owned(),
        rules.join(","),
    ]
}
