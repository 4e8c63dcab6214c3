//! The release is exercised before it counts as done.

use super::{DENY, Document, Report, Rule};
use crate::case::Case;
use crate::plan::Metric;

pub(super) static RULE: Rule =
    Rule { name: "smoke-verification", requirement: "REQ-PD-VER-01", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "serving containers have a readiness probe, and a smoke check runs late in the release",
    why: "Numbers about requests say nothing about the routes nobody has called yet; a smoke check calls them. \
          Flagger's post-rollout hooks come too late to stop anything, and its load generator never fails.",
    mend: "Add a readiness probe to every container that serves, and a job or web metric to the last analysis; in Flagger a blocking webhook of type pre-rollout or rollout.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    if let Some(workload) = &release.plan.workload {
        for container in workload.template.spec.unprobed_containers() {
            report.find(
                workload.path("spec.containers"),
                format!("container {container} serves without a readiness probe"),
                "add a readinessProbe that asks its health endpoint",
            );
        }
    }
    let checked = release.plan.analyses.iter().zip(&release.timeline.analyses).any(|(analysis, run)| {
        let lasts = |metric: &Metric| analysis.beside_from.is_none() || metric.schedule.goes_on();
        analysis.late
            && run.is_some()
            && analysis
                .metrics
                .iter()
                .any(|metric| metric.kind.is_smoke_check() && metric.can_fail() && lasts(metric))
    });
    if !checked {
        report.find(
            &release.plan.path,
            "no smoke check that can fail runs late in the release",
            "add a job or web metric to the last analysis (Argo Rollouts), or a blocking webhook of type pre-rollout or rollout (Flagger)",
        );
    }
}
