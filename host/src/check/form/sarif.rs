//! SARIF 2.1.0, as code scanning services read it.

use std::collections::BTreeMap;
use std::fmt::Write;

use rollgate_policy::finding::Level;
use rollgate_policy::rules::{DOCUMENTS, NAMES, RULES};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString, Notification,
    PhysicalLocation, PropertyBag, Region, ReportingConfiguration, ReportingDescriptor, Result as Outcome,
    ResultLevel, Run, SCHEMA_URL, Sarif, Tool, ToolComponent,
};

use super::path;
use crate::check::report::{Checked, Located, Report};
use crate::manifest::{Position, ReadError};

/// The name of our fingerprint, and its version: another way to make it gets another.
const FINGERPRINT: &str = "rollgate/v1";

pub(super) fn log(report: &Report) -> Sarif {
    let driver = ToolComponent::builder()
        .name("rollgate")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules())
        .build();
    let results: Vec<Outcome> = report
        .objects
        .iter()
        .flat_map(|object| object.findings.iter().map(move |located| result(object, located)))
        .collect();
    let invocation = Invocation::builder()
        .execution_successful(report.errors.is_empty())
        .tool_execution_notifications(report.errors.iter().map(notification).collect::<Vec<_>>())
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .column_kind(json!("unicodeCodePoints"))
        .invocations(vec![invocation])
        .results(results)
        .build();
    Sarif::builder().schema(SCHEMA_URL).version(json!("2.1.0")).runs(vec![run]).build()
}

fn rules() -> Vec<ReportingDescriptor> {
    let text = |text: &str| MultiformatMessageString::builder().text(text).build();
    let rule = |(rule, document): (&&rollgate_policy::rules::Rule, &rollgate_policy::rules::Document)| {
        let level = match rule.levels.standard {
            Level::Deny => "error",
            Level::Warn => "warning",
            Level::Off => "none",
        };
        let configuration = ReportingConfiguration::builder()
            .enabled(rule.levels.standard > Level::Off)
            .level(Value::from(level))
            .build();
        let tags = PropertyBag::builder().tags(vec![rule.requirement.to_owned()]).build();
        ReportingDescriptor::builder()
            .id(rule.name)
            .short_description(text(document.meaning))
            .full_description(text(document.why))
            .help(text(document.mend))
            .default_configuration(configuration)
            .properties(tags)
            .build()
    };
    RULES.iter().zip(DOCUMENTS).map(rule).collect()
}

fn result(object: &Checked, located: &Located) -> Outcome {
    let finding = &located.finding;
    let region = Region::builder()
        .start_line(number(located.line))
        .start_column(number(located.column))
        .end_line(number(located.end_line))
        .end_column(number(located.end_column))
        .build();
    let logical = LogicalLocation::builder()
        .fully_qualified_name(format!("{} {}", object.title, finding.path))
        .kind("member")
        .build();
    let location = Location::builder()
        .physical_location(physical(&object.file, Some(region)))
        .logical_locations(vec![logical])
        .build();
    let level = if finding.level == Level::Deny { ResultLevel::Error } else { ResultLevel::Warning };
    let rule = NAMES.iter().position(|name| *name == finding.rule).unwrap_or_default();
    Outcome::builder()
        .rule_id(finding.rule)
        .rule_index(number(rule))
        .level(level)
        .message(message(&format!("{}: {}; mend: {}", object.title, finding.message, finding.help)))
        .locations(vec![location])
        .partial_fingerprints(BTreeMap::from([(FINGERPRINT.to_owned(), located.fingerprint.clone())]))
        .baseline_state(json!(if located.known { "unchanged" } else { "new" }))
        .build()
}

/// What could not be read is not a result, but says that results may be missing.
fn notification(error: &ReadError) -> Notification {
    let region = error.position.map(|Position { line, column }| {
        Region::builder().start_line(number(line)).start_column(number(column)).build()
    });
    let location = Location::builder().physical_location(physical(&error.file, region)).build();
    Notification::builder()
        .level(json!("error"))
        .message(message(&format!("{}; {}", error.problem, error.mend)))
        .locations(vec![location])
        .build()
}

fn physical(file: &str, region: Option<Region>) -> PhysicalLocation {
    let artifact = ArtifactLocation::builder().uri(uri(&path(file))).build();
    match region {
        Some(region) => PhysicalLocation::builder().artifact_location(artifact).region(region).build(),
        None => PhysicalLocation::builder().artifact_location(artifact).build(),
    }
}

fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A path as a reference: everything but letters, digits and a few marks is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
