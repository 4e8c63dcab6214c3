//! What is found, with its places in the files.

use std::collections::HashMap;
use std::ops::Range;

use rollgate_check::{File as _, Object, place, written};
use rollgate_policy::Review;
use rollgate_policy::finding::{Finding, Level, Mend};
use serde::{Serialize, Serializer};

use super::files::Set;
use super::fingerprint::fingerprint;
use crate::manifest::{Document, Edit, Extent, Limits, Lines, ReadError};
use crate::parallel;
use crate::progress::Progress;

/// Everything found about a set of manifests.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub objects: Vec<Checked>,
    pub summary: Summary,
    #[serde(serialize_with = "as_texts")]
    pub errors: Vec<ReadError>,
    /// The line of each error, where it has one.
    #[serde(skip)]
    pub error_lines: Vec<Option<String>>,
}

fn as_texts<S: Serializer>(errors: &[ReadError], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(errors.iter().map(ToString::to_string))
}

/// One governed object.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    pub file: String,
    pub document: usize,
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
    pub verdict: Verdict,
    pub findings: Vec<Located>,
    /// `Kind namespace/name`.
    #[serde(skip)]
    pub title: String,
}

#[derive(Debug, Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Accept,
    Reject,
}

/// A finding and its place in the file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Located {
    #[serde(flatten)]
    pub finding: Finding,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
    /// The same in every run, wherever the object moves in its file.
    pub fingerprint: String,
    /// Whether a baseline knows it.
    #[serde(skip)]
    pub known: bool,
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// The lines of a file that a finding is about.
#[derive(Debug)]
pub(super) struct Excerpt {
    pub text: String,
    pub first_line: usize,
    /// Bytes of `text` to point at.
    pub range: Range<usize>,
    /// What is missing, if this is only what would hold it.
    pub missing: Option<String>,
    pub mend: Option<Patch>,
}

/// What `--fix` would do.
#[derive(Debug)]
pub(super) struct Patch {
    pub text: String,
    pub first_line: usize,
    /// In bytes of `text`.
    pub edit: Edit,
}

#[derive(Debug, Serialize, Default)]
pub(super) struct Summary {
    pub objects: usize,
    pub accepted: usize,
    pub rejected: usize,
    pub denials: usize,
    pub warnings: usize,
    pub unreadable: usize,
    /// Objects of kinds that are not governed.
    pub ignored: usize,
    /// Files that a search came upon and that hold no objects.
    #[serde(rename = "withoutObjects")]
    pub without_objects: usize,
    /// Findings that a baseline knows.
    pub known: usize,
    /// Findings that have one mend only.
    pub mendable: usize,
}

impl Report {
    /// Finds the places of what the reviews say.
    pub(super) fn new(set: &Set, reviews: Vec<Option<Review>>, limits: Limits) -> Self {
        let governed = reviews.iter().flatten().count();
        let mut by_file: Vec<(usize, Vec<(&Object, Review)>)> = Vec::new();
        for (object, review) in set.objects.iter().zip(reviews) {
            let Some(review) = review else { continue };
            match by_file.last_mut() {
                Some((file, objects)) if *file == object.file => objects.push((object, review)),
                _ => by_file.push((object.file, vec![(object, review)])),
            }
        }
        let progress = Progress::new("locating", by_file.len());
        let objects =
            parallel::map(&by_file, &progress, |(file, objects)| locate(set, *file, objects, limits));
        let ignored = set.passed_over + set.objects.len() - governed;
        let summary = Summary { ignored, without_objects: set.without_objects, ..Summary::default() };
        Self {
            objects: objects.into_iter().flatten().collect(),
            summary,
            errors: set.errors.clone(),
            error_lines: set.errors.iter().map(|error| line_of(error, set, limits)).collect(),
        }
    }

    /// Leaves out findings, and counts what is left.
    pub(super) fn retain(&mut self, keep_known: bool) {
        let summary = &mut self.summary;
        for object in &mut self.objects {
            summary.known += object.findings.iter().filter(|located| located.known).count();
            object.findings.retain(|located| keep_known || !located.known);
            let new = || object.findings.iter().filter(|located| !located.known);
            let denials = new().filter(|located| located.finding.level == Level::Deny).count();
            summary.denials += denials;
            summary.warnings += new().filter(|located| located.finding.level == Level::Warn).count();
            summary.mendable += new().filter(|located| located.finding.mend.is_some()).count();
            object.verdict = if denials == 0 { Verdict::Accept } else { Verdict::Reject };
            match object.verdict {
                Verdict::Accept => summary.accepted += 1,
                Verdict::Reject => summary.rejected += 1,
            }
        }
        summary.objects = self.objects.len();
        summary.unreadable = self.errors.len();
    }
}

/// The objects of one file with their findings, each at its place.
fn locate(set: &Set, file: usize, objects: &[(&Object, Review)], limits: Limits) -> Vec<Checked> {
    let name = &set.files[file].name;
    let has_findings = objects.iter().any(|(_, review)| !review.findings.is_empty());
    // What has vanished since is reported all the same, at the head of the file.
    let text = if has_findings { set.files[file].text(limits).ok() } else { None };
    let documents = text.as_ref().map(|text| text.read(limits).documents).unwrap_or_default();
    let lines = text.as_ref().map(|text| Lines::new(text.body()));
    let body = text.as_ref().map_or("", |text| text.body());
    let mut seen = HashMap::new();
    let checked = |(object, review): &(&Object, Review)| {
        let document = documents.get(object.place);
        let identity = &object.identity;
        let title = object.title();
        let located = |finding: &Finding| {
            let extent = place(document, &finding.path);
            let excerpt = document.zip(lines.as_ref());
            let excerpt =
                excerpt.and_then(|(document, lines)| excerpt_of(document, finding, extent, body, lines));
            let print = fingerprint(finding.rule, &object.identity, &finding.path);
            let nth = seen.entry(print.clone()).and_modify(|nth| *nth += 1).or_insert(0);
            Located {
                finding: finding.clone(),
                line: extent.start.line,
                column: extent.start.column,
                end_line: extent.end.line,
                end_column: extent.end.column,
                fingerprint: if *nth == 0 { print } else { format!("{print}-{nth}") },
                known: false,
                excerpt,
            }
        };
        let mut findings: Vec<Located> = review.findings.iter().map(located).collect();
        findings.sort_by_key(|located| (located.line, located.column));
        Checked {
            file: name.clone(),
            document: object.document,
            kind: identity.kind.to_string(),
            namespace: identity.metadata.namespace.as_ref().map(ToString::to_string),
            name: identity.metadata.name.to_string(),
            verdict: if review.accepted() { Verdict::Accept } else { Verdict::Reject },
            findings,
            title,
        }
    };
    objects.iter().map(checked).collect()
}

/// The line in which something cannot be read.
fn line_of(error: &ReadError, set: &Set, limits: Limits) -> Option<String> {
    let position = error.position?;
    let file = set.files.iter().find(|file| file.name == error.file)?;
    let text = file.text(limits).ok()?;
    let line = Lines::new(text.body()).line(position.line).to_owned();
    (line.len() <= LONGEST_LINE).then_some(line)
}

/// Longer lines are not shown: they were not written for people.
const LONGEST_LINE: usize = 1000;

fn excerpt_of(
    document: &Document,
    finding: &Finding,
    extent: Extent<'_>,
    body: &str,
    lines: &Lines<'_>,
) -> Option<Excerpt> {
    let line = lines.line(extent.start.line);
    if line.len() > LONGEST_LINE {
        return None;
    }
    let start = lines.start(extent.start.line);
    let range = lines.offset(extent.start) - start..lines.offset(extent.end).max(start) - start;
    let range = range.start..range.end.clamp(range.start, line.len());
    let mend = finding.mend.and_then(|mend| patch(document, &finding.path, mend, body, lines));
    Some(Excerpt {
        text: line.to_owned(),
        first_line: extent.start.line,
        range,
        missing: extent.missing.map(without_brackets).map(str::to_owned),
        mend,
    })
}

/// A path that is one key in brackets, as that key.
fn without_brackets(path: &str) -> &str {
    path.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(path)
}

/// What a mend does to the text, with the lines around it.
fn patch(document: &Document, path: &str, mend: Mend, body: &str, lines: &Lines<'_>) -> Option<Patch> {
    let Edit { range, text } = document.set(body, path, &written(mend)).ok()?;
    let first_line = body[..range.start].matches('\n').count() + 1;
    let start = lines.start(first_line);
    let shown = lines.line(first_line);
    if shown.len() > LONGEST_LINE {
        return None;
    }
    let edit = Edit { range: range.start - start..range.end - start, text };
    Some(Patch { text: shown.to_owned(), first_line, edit })
}
