//! Every metric has a threshold that a bad release violates.

use super::{DENY, Document, Report, Rule};
use crate::case::{Case, Subject};
use crate::duration::human;
use crate::plan::{Measured, Metric};

pub(super) static RULE: Rule =
    Rule { name: "analysis-thresholds", requirement: "REQ-PD-ANL-02", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "every metric has a concrete threshold that some result violates, within its count",
    why: "A condition that always holds, or a failure limit as high as the count, looks like an analysis and never \
          fails. An empty query result is an error, a success or a failure depending on how the condition is written.",
    mend: "Write a condition that a bad result violates and a good one does not, say what an empty result means, and keep failureLimit below count. A result without data that counts as success is warned of.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    match &case.subject {
        Subject::Template(metrics) => check_metrics(metrics, report),
        Subject::Release(release) => {
            if release.plan.metrics().next().is_none() {
                report.find(
                    &release.plan.path,
                    "no metric has a threshold: there is no metric",
                    "add an analysis with metrics, each with a condition that a bad release violates",
                );
                return;
            }
            for (analysis, run) in release.plan.analyses.iter().zip(&release.timeline.analyses) {
                check_metrics(&analysis.metrics, report);
                if analysis.beside_from.is_some() && !analysis.holds_stage {
                    let time = release.timeline.promoted_at.zip(*run).map(|(end, run)| end - run.start);
                    check_errors(&analysis.metrics, time, report);
                }
                if analysis.metrics.is_empty() {
                    report.find(
                        &analysis.path,
                        "this analysis has no metrics",
                        "add metrics, each with a threshold",
                    );
                }
            }
        }
        Subject::Workload(_) | Subject::Users(_) | Subject::Intervention(_) | Subject::Unreadable(_) => {}
    }
}

/// Whether measurements that all end in an error stop a release in the `time` that they are taken beside it.
fn check_errors(metrics: &[Metric], time: Option<f64>, report: &mut Report<'_>) {
    for metric in metrics.iter().filter(|metric| metric.can_fail() && metric.schedule.ends_on_errors()) {
        let needed = metric.schedule.end(0, Measured::Error).at;
        if let Some((time, needed)) = time.zip(needed).filter(|(time, needed)| time <= needed) {
            report.warn(
                &metric.path,
                format!(
                    "{} needs {} to find its provider away, and the release is promoted after {}",
                    metric.title(),
                    human(needed),
                    human(time)
                ),
                "hold the stages longer, or lower consecutiveErrorLimit",
            );
        }
    }
}

fn check_metrics(metrics: &[Metric], report: &mut Report<'_>) {
    for metric in metrics {
        for defect in metric.defects() {
            report.find(&metric.path, format!("{} {}", metric.title(), defect.message), defect.help);
        }
        for doubt in metric.doubts() {
            report.warn(&metric.path, format!("{} {}", metric.title(), doubt.message), doubt.help);
        }
    }
}
