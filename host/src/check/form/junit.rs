//! `JUnit` XML: a suite for each file, a test for each governed object.

use std::fmt::Write;
use std::io;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use rollgate_policy::finding::Level;

use super::path;
use crate::check::report::{Checked, Report};
use crate::manifest::ReadError;

pub(super) fn document(report: &Report) -> io::Result<String> {
    let mut document = Document::new("rollgate check");
    for objects in report.objects.chunk_by(|one, next| one.file == next.file) {
        let file = path(&objects[0].file);
        let mut suite = TestSuite::new(&*file);
        suite.add_test_cases(objects.iter().map(|object| test(object, &file)));
        document.add_test_suite(suite);
    }
    if !report.errors.is_empty() {
        let mut suite = TestSuite::new("unreadable");
        suite.add_test_cases(report.errors.iter().map(unreadable));
        document.add_test_suite(suite);
    }
    let text = document.to_string().map_err(io::Error::other)?;
    // Schemas count skipped tests in a suite only, and here none ever is.
    Ok(text.replacen(" skipped=\"0\"", "", 1))
}

fn test(object: &Checked, file: &str) -> TestCase {
    let text = |level| {
        let mut text = String::new();
        for located in object.findings.iter().filter(|located| located.finding.level == level) {
            let finding = &located.finding;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{file}:{}:{}: {} ({}) at {}: {}; mend: {}",
                located.line,
                located.column,
                finding.rule,
                finding.requirement,
                finding.path,
                finding.message,
                finding.help
            );
        }
        text
    };
    let denials: Vec<&str> = object
        .findings
        .iter()
        .filter(|located| located.finding.level == Level::Deny)
        .map(|located| located.finding.rule)
        .collect();
    let status = if denials.is_empty() {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("rejected").set_message(denials.join(", ")).set_description(text(Level::Deny));
        status
    };
    let mut case = TestCase::new(&*object.title, status);
    case.set_classname(file);
    let warnings = text(Level::Warn);
    if !warnings.is_empty() {
        case.set_system_out(warnings);
    }
    case
}

fn unreadable(error: &ReadError) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("unreadable").set_message(&*error.problem).set_description(error.to_string());
    let mut test = TestCase::new(path(&error.file), status);
    test.set_classname("unreadable");
    test
}
