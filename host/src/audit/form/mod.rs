//! The output in its forms, written while the audit goes on.

mod json;
mod table;

use std::io;

use self::json::{List, Objects};
use self::table::Table;
use super::args::Form;
use super::judge::Audited;
use super::report::{Family, report};
use super::summary::Summary;

/// Prints audited objects, a page at a time.
pub(super) enum Printer {
    Table(Table),
    Json(Objects),
    Reports(Family, List),
}

impl Printer {
    pub(super) fn new(form: Form, show_accepted: bool) -> Self {
        match form {
            Form::Table => Self::Table(Table::new(show_accepted)),
            Form::Json => Self::Json(Objects::default()),
            Form::Wgpolicy => Self::Reports(Family::WgPolicy, List::default()),
            Form::Openreports => Self::Reports(Family::OpenReports, List::default()),
        }
    }

    pub(super) fn page(&mut self, page: &[&Audited]) -> io::Result<()> {
        match self {
            Self::Table(table) => table.page(page, &mut anstream::stdout().lock()),
            Self::Json(objects) => objects.page(page, &mut io::stdout().lock()),
            Self::Reports(family, list) => {
                let reports = page.iter().map(|audited| report(*family, audited));
                list.page(reports, &mut io::stdout().lock())
            }
        }
    }

    /// Prints what comes after the last page.
    pub(super) fn end(&mut self, summary: &Summary, errors: &[String]) -> io::Result<()> {
        match self {
            Self::Table(table) => table.end(summary, errors.len(), &mut anstream::stdout().lock()),
            Self::Json(objects) => objects.end(summary, errors, &mut io::stdout().lock()),
            Self::Reports(_, list) => list.end(&mut io::stdout().lock()),
        }
    }
}
