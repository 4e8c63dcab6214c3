//! `rollgate audit`: what a cluster holds already, against the rules.
//!
//! First everything is read that rules may ask for, cut to the fields they read. Then the judged kinds are gone
//! through page by page: a page is reviewed by all processors, printed, and forgotten.

mod args;
mod context;
mod dump;
mod form;
mod judge;
mod kept;
mod kinds;
mod live;
mod object;
mod report;
mod summary;

use std::io;
use std::process::ExitCode;

use rollgate_policy::cluster::Kind;
use rollgate_policy::settings::Settings;

pub use self::args::Args;
use self::dump::Dump;
use self::form::Printer;
use self::judge::{Judge, Outcome};
use self::live::{Live, Reports};
use self::object::Object;
use self::summary::Summary;
use crate::clock::now;
use crate::manifest::Limits;
use crate::output::{COULD_NOT_RUN, could_not_run, finish};
use crate::parallel;
use crate::progress::Progress;
use crate::settings_file;

/// How many objects of a dump are reviewed before they are printed.
const PAGE: usize = 500;

/// Audits a cluster or a dump: 0 when nothing is denied, 1 when something is, 2 when not everything could be read.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    audit(args).unwrap_or_else(|error| could_not_run(&format!("{error:#}")))
}

fn audit(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = args.settings.as_deref().map_or_else(|| Ok(Settings::default()), settings_file::read)?;
    let mut errors = Vec::new();
    let mut audit =
        Audit { printer: Printer::new(args.output, args.show_accepted), summary: Summary::default() };
    let audited = if args.paths.is_empty() {
        audit.cluster(args, &settings, &mut errors)
    } else {
        audit.dump(args, &settings, &mut errors)
    };
    let printed = match audited.map_err(anyhow::Error::downcast::<io::Error>) {
        Ok(()) => audit.printer.end(&audit.summary, &errors),
        Err(Ok(error)) => Err(error),
        Err(Err(error)) => return Err(error),
    };
    for error in &errors {
        eprintln!("error: {error}");
    }
    let planned = match audit.summary.rejected {
        _ if !errors.is_empty() => ExitCode::from(COULD_NOT_RUN),
        0 => ExitCode::SUCCESS,
        _ if args.exit_zero => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    };
    Ok(finish(printed, planned))
}

/// What is made while objects go by.
struct Audit {
    printer: Printer,
    summary: Summary,
}

impl Audit {
    fn cluster(&mut self, args: &Args, settings: &Settings, errors: &mut Vec<String>) -> anyhow::Result<()> {
        let live = Live::connect(args.kubeconfig.as_deref(), args.context.as_deref())?;
        let mut reports = args.write_reports.map(|family| live.reports(family)).transpose()?;
        let snapshot = live.snapshot(errors)?;
        let kinds: Vec<Kind> = kinds::judged(&settings.scope);
        let judge = Judge { settings, snapshot: &snapshot, now: now() };
        let known = |kind: &Kind| if args.namespace.is_none() { snapshot.count(*kind) } else { 0 };
        let progress = Progress::new("auditing", kinds.iter().map(known).sum());
        for kind in kinds {
            if snapshot.is_unreadable(kind) {
                continue;
            }
            let is_counted = known(&kind) > 0;
            live.pages(kind, args.namespace.as_deref(), errors, |page| {
                if !is_counted {
                    progress.grow(page.len());
                }
                self.page(&page, &judge, &progress, reports.as_mut())
            })?;
        }
        errors.extend(reports.and_then(Reports::trouble));
        Ok(())
    }

    fn dump(&mut self, args: &Args, settings: &Settings, errors: &mut Vec<String>) -> anyhow::Result<()> {
        let kinds = kinds::judged(&settings.scope);
        let limits = Limits::up_to(args.max_file_size);
        let Dump { objects, snapshot } =
            Dump::read(&args.paths, &kinds, args.namespace.as_deref(), limits, errors)?;
        let judge = Judge { settings, snapshot: &snapshot, now: now() };
        let progress = Progress::new("auditing", objects.len());
        objects.chunks(PAGE).try_for_each(|page| self.page(page, &judge, &progress, None))
    }

    fn page(
        &mut self,
        page: &[Object],
        judge: &Judge<'_>,
        progress: &Progress,
        reports: Option<&mut Reports<'_>>,
    ) -> anyhow::Result<()> {
        let outcomes = parallel::map(page, progress, |object| judge.judge(object));
        for outcome in &outcomes {
            self.summary.add(outcome);
        }
        let audited = || {
            outcomes.iter().filter_map(|outcome| match outcome {
                Outcome::Audited(audited) => Some(audited),
                Outcome::Kept | Outcome::Ungoverned => None,
            })
        };
        if let Some(reports) = reports {
            reports.write(audited());
        }
        let audited: Vec<_> = audited().collect();
        Ok(progress.beside(|| self.printer.page(&audited))?)
    }
}
