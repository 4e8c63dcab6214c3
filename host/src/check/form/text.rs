//! The report for people: each finding with its lines, as a compiler shows them.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level as Tone, Origin, Patch, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use rollgate_policy::finding::Level;

use super::sum;
use crate::check::report::{Checked, Excerpt, Located, Report};
use crate::manifest::ReadError;
use crate::parallel;
use crate::progress::Progress;

const RED: Style = AnsiColor::BrightRed.on_default().bold();
const GREEN: Style = AnsiColor::BrightGreen.on_default().bold();

pub(super) fn print(report: &Report) -> io::Result<()> {
    let renderer = Renderer::styled();
    let progress = Progress::new("writing", report.objects.len());
    let texts = parallel::map(&report.objects, &progress, |object| {
        let findings = object.findings.iter().map(|located| render(&renderer, object, located));
        findings.collect::<String>()
    });
    drop(progress);
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    for text in texts {
        out.write_all(text.as_bytes())?;
    }
    for (error, line) in report.errors.iter().zip(&report.error_lines) {
        writeln!(out, "{}\n", unreadable(&renderer, error, line.as_deref()))?;
    }
    let summary = &report.summary;
    let style = if summary.denials + summary.unreadable > 0 { RED } else { GREEN };
    writeln!(out, "{style}{}{style:#}", sum(summary))?;
    if summary.mendable > 0 {
        writeln!(out, "{} can be mended by `rollgate check --fix`", summary.mendable)?;
    }
    out.flush()
}

fn unreadable(renderer: &Renderer, error: &ReadError, line: Option<&str>) -> String {
    let title = Tone::ERROR.primary_title(&error.problem);
    let group = match (error.position, line) {
        (Some(at), Some(line)) => {
            let start = line.char_indices().nth(at.column - 1).map_or(line.len(), |(start, _)| start);
            let annotation = AnnotationKind::Primary.span(start..start);
            title.element(Snippet::source(line).line_start(at.line).path(&error.file).annotation(annotation))
        }
        (Some(at), None) => title.element(Origin::path(&error.file).line(at.line).char_column(at.column)),
        (None, _) => title.element(Origin::path(&error.file)),
    };
    renderer.render(&[group.element(Tone::HELP.message(&error.mend))])
}

fn render(renderer: &Renderer, object: &Checked, located: &Located) -> String {
    let finding = &located.finding;
    let tone = if finding.level == Level::Deny { Tone::ERROR } else { Tone::WARNING };
    let title = tone.primary_title(&finding.message).id(finding.rule);
    let mut main = match &located.excerpt {
        Some(excerpt) => title.element(snippet(object, excerpt)),
        None => title.element(Origin::path(&object.file).line(located.line).char_column(located.column)),
    };
    let place = format!("{} at {} ({})", object.title, finding.path, finding.requirement);
    main = main.element(Tone::NOTE.message(place));
    let mend = located.excerpt.as_ref().and_then(|excerpt| excerpt.mend.as_ref());
    let groups: Vec<Group<'_>> = match mend {
        None => vec![main.element(Tone::HELP.message(&finding.help))],
        Some(mend) => {
            let patch = Patch::new(mend.edit.range.clone(), &mend.edit.text);
            let change = Snippet::source(&mend.text).line_start(mend.first_line).patch(patch);
            vec![main, Tone::HELP.secondary_title(&finding.help).element(change)]
        }
    };
    let mut text = renderer.render(&groups);
    text.push_str("\n\n");
    text
}

fn snippet<'a>(object: &'a Checked, excerpt: &'a Excerpt) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let annotation = AnnotationKind::Primary.span(excerpt.range.clone());
    let annotation = match &excerpt.missing {
        Some(missing) => annotation.label(format!("{missing} is missing here")),
        None => annotation,
    };
    Snippet::source(&excerpt.text).line_start(excerpt.first_line).path(&object.file).annotation(annotation)
}
