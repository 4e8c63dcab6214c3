//! The comparison for people: colours only on a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rollgate_policy::duration::human;

use super::compare::{Bad, Broken, Change, Compared, Good, ReleaseChange, Report, Verdict};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const PLAIN: Style = Style::new();

pub(super) fn print(report: &Report) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    for object in &report.objects {
        if is_worth_telling(object) {
            print_object(&mut out, object)?;
        }
    }
    for error in &report.errors {
        writeln!(out, "{RED}unreadable{RED:#} {error}")?;
    }
    let count = |verdict| {
        report.objects.iter().filter(|object| object.verdict == verdict && object.on == "both").count()
    };
    let on = |side| report.objects.iter().filter(|object| object.on == side).count();
    writeln!(
        out,
        "{} riskier, {} safer, {} the same; {} only in the old manifests, {} only in the new",
        count(Verdict::Riskier),
        count(Verdict::Safer),
        count(Verdict::Same),
        on("old"),
        on("new")
    )
}

/// Most objects of a set are what they were.
fn is_worth_telling(object: &Compared) -> bool {
    let good = object.good.as_ref().is_some_and(|good| good.old != good.new);
    object.on != "both" || object.verdict != Verdict::Same || good
}

fn print_object(out: &mut impl Write, object: &Compared) -> io::Result<()> {
    let Compared { kind, namespace, name, .. } = object;
    let (style, verdict) = match (object.on, object.verdict) {
        ("old", _) => (DIM, "only in the old manifests"),
        ("new", _) => (DIM, "only in the new manifests"),
        (_, Verdict::Riskier) => (RED.bold(), "riskier"),
        (_, Verdict::Safer) => (GREEN, "safer"),
        (_, Verdict::Same) => (PLAIN, "as risky as before"),
    };
    writeln!(out, "{BOLD}{kind} {namespace}/{name}{BOLD:#}: {style}{verdict}{style:#}")?;
    if let Some(good) = &object.good {
        print_good(out, good)?;
    }
    for release in &object.releases {
        print_release(out, release)?;
    }
    for signal in &object.signals_lost {
        writeln!(out, "  {RED}no longer watched{RED:#}: a release bad in {signal} alone was rolled back")?;
    }
    for signal in &object.signals_gained {
        writeln!(
            out,
            "  {GREEN}watched from now on{GREEN:#}: a release bad in {signal} alone is rolled back"
        )?;
    }
    print_rules(out, RED, "breaks", &object.rules_broken)?;
    print_rules(out, GREEN, "no longer breaks", &object.rules_mended)
}

fn print_rules(out: &mut impl Write, style: Style, what: &str, rules: &[Broken]) -> io::Result<()> {
    for Broken { rule, level, message } in rules {
        writeln!(out, "  {style}{what} {rule}{style:#} ({}): {message}", level.name())?;
    }
    Ok(())
}

fn print_good(out: &mut impl Write, good: &Change<Good>) -> io::Result<()> {
    let describe = |good: &Good| {
        let people = match good.people {
            0 => String::new(),
            1 => " plus a wait for a person".to_owned(),
            waits => format!(" plus {waits} waits for a person"),
        };
        format!("{} after {}{people}", good.end, human(good.seconds))
    };
    print_change(out, PLAIN, "good release", good, describe)
}

fn print_release(out: &mut impl Write, release: &ReleaseChange) -> io::Result<()> {
    let style = match release.verdict {
        Verdict::Riskier => RED,
        Verdict::Safer => GREEN,
        Verdict::Same => PLAIN,
    };
    let bad = if release.bad.len() > 1 {
        "bad in everything".to_owned()
    } else {
        format!("bad in {} alone", release.bad.concat())
    };
    let describe = |bad: &Bad| {
        let end = bad.end.replace('-', " ");
        let after = if end == "waits" { "from" } else { "after" };
        let tenths = |number: f64| (number * 10.0).round() / 10.0;
        format!(
            "{end} {after} {}, at most {} %, {} percent-minutes",
            human(bad.seconds),
            tenths(bad.peak_weight),
            tenths(bad.exposure)
        )
    };
    print_change(out, style, &bad, &release.change, describe)
}

/// One line where nothing changed, the old one above the new one otherwise.
fn print_change<T: PartialEq>(
    out: &mut impl Write,
    style: Style,
    what: &str,
    change: &Change<T>,
    describe: impl Fn(&T) -> String,
) -> io::Result<()> {
    match (&change.old, &change.new) {
        (Some(old), Some(new)) if old != new => {
            writeln!(out, "  {what}: was: {DIM}{}{DIM:#}", describe(old))?;
            writeln!(out, "  {:width$}  now: {style}{}{style:#}", "", describe(new), width = what.len())
        }
        (Some(one), _) | (None, Some(one)) => writeln!(out, "  {what}: {}", describe(one)),
        (None, None) => Ok(()),
    }
}
