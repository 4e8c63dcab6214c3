//! `rollgate check`: manifests against the rules.

mod args;
mod baseline;
mod files;
mod fingerprint;
mod form;
mod judge;
mod live;
mod report;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use rollgate_check::{MendedFile, mend};

pub use self::args::Args;
use self::baseline::Baseline;
use self::files::Set;
use self::judge::Court;
use self::live::Live;
use self::report::Report;
use crate::clock::now;
use crate::manifest::{Limits, Source};
use crate::output::{COULD_NOT_RUN, could_not_run, finish};

/// Checks the manifests and prints the report: 0 when nothing is denied, 1 when something is, 2 when not
/// everything could be checked.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    check(args).unwrap_or_else(|error| could_not_run(&format!("{error:#}")))
}

fn check(args: &Args) -> anyhow::Result<ExitCode> {
    if args.fix && args.paths.iter().any(|path| path == Path::new("-")) {
        bail!("--fix cannot mend standard input: use --diff, or name the file");
    }
    // Read first, so that a mistake in it costs no time.
    let known = match &args.baseline {
        Some(path) if !args.write_baseline => Some(Baseline::read(path)?),
        _ => None,
    };
    let live = match (&args.kubeconfig, &args.context) {
        (None, None) => None,
        (kubeconfig, context) => Some(Live::connect(kubeconfig.as_deref(), context.as_deref())?),
    };
    let limits = Limits::up_to(args.max_file_size);
    let sources: Vec<Source> = args.paths.iter().map(Source::from).collect();
    let set = files::read(&sources, limits);
    let court = Court {
        settings: judge::settings(&set, args.settings.as_deref(), args.isolated)?,
        beyond: live.as_ref().map(|live| live as _),
        only: args.only.as_ref().map(|paths| judge::among(&set, paths)),
        now: now(),
    };
    let reviews = court.judge(&set);
    if args.fix || args.diff {
        let mended = mend(set, reviews, |set| court.judge(set), limits);
        for reason in &mended.refused {
            eprintln!("note: {reason}");
        }
        if args.diff {
            return Ok(show(&mended));
        }
        write(&mended)?;
        return report(args, known, &mended.set, Report::new(&mended.set, mended.reviews.clone(), limits));
    }
    let found = Report::new(&set, reviews, limits);
    report(args, known, &set, found)
}

/// Prints the report, or writes it down as known.
fn report(args: &Args, known: Option<Baseline>, set: &Set, mut report: Report) -> anyhow::Result<ExitCode> {
    if let Some(path) = &args.baseline {
        let base = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Some(known) = known {
            let files: Vec<&str> = set.files.iter().map(|file| &*file.name).collect();
            tell_stale(&known.apply(&mut report, base, &files), path);
        } else {
            let count = baseline::write(&report, path, base)?;
            for error in &report.errors {
                eprintln!("{error}");
            }
            eprintln!("{count} finding(s) are known from now on: {}", path.display());
            let complete = report.errors.is_empty();
            return Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(COULD_NOT_RUN) });
        }
    }
    report.retain(args.output.shows_known());
    let planned = match &report.summary {
        summary if summary.unreadable > 0 => ExitCode::from(COULD_NOT_RUN),
        summary if summary.denials > 0 => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    };
    Ok(finish(form::print(args.output, &report), planned))
}

/// A baseline that knows what is no longer there would hide it when it comes back.
fn tell_stale(stale: &[&baseline::Known], path: &Path) {
    const MOST: usize = 10;
    if stale.is_empty() {
        return;
    }
    eprintln!(
        "note: {} finding(s) of {} are gone; forget them with --write-baseline",
        stale.len(),
        path.display()
    );
    for known in stale.iter().take(MOST) {
        eprintln!("  {known}");
    }
    if stale.len() > MOST {
        eprintln!("  and {} more", stale.len() - MOST);
    }
}

type Mended = rollgate_check::Mended<files::File>;

/// Shows what would change: 1 when something would.
fn show(mended: &Mended) -> ExitCode {
    let mut out = anstream::stdout().lock();
    let mut print = || -> io::Result<()> {
        for MendedFile { before, after, .. } in mended.files.values() {
            form::diff(&mut out, before, after)?;
        }
        out.flush()
    };
    let printed = print();
    let unreadable = !mended.set.errors.is_empty();
    for error in &mended.set.errors {
        eprintln!("{error}");
    }
    if mended.count() > 0 {
        eprintln!("{} finding(s) would be mended in {} file(s)", mended.count(), mended.files.len());
    }
    let planned = match mended.count() {
        _ if unreadable => ExitCode::from(COULD_NOT_RUN),
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    };
    finish(printed, planned)
}

fn write(mended: &Mended) -> anyhow::Result<()> {
    for MendedFile { before, after, .. } in mended.files.values() {
        std::fs::write(&after.file, &after.content)
            .with_context(|| format!("cannot write {}; nothing after it is mended", before.file))?;
    }
    if mended.count() > 0 {
        eprintln!("{} finding(s) mended in {} file(s)", mended.count(), mended.files.len());
    }
    Ok(())
}
