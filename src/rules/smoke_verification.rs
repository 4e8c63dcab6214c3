//! The release is exercised before it counts as done.

use super::{DENY, Report, Rule};
use crate::case::{Case, Subject};

pub(super) static RULE: Rule = Rule {
    name: "smoke-verification",
    requirement: "REQ-PD-VER-01",
    levels: DENY,
    meaning: "serving containers have a readiness probe, and a smoke check runs late in the release",
    why: "Numbers about requests say nothing about the routes nobody has called yet; a smoke check calls them. \
          Flagger's post-rollout hooks come too late to stop anything, and its load generator never fails.",
    check,
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Subject::Release(release) = &case.subject else { return };
    if let Some(workload) = &release.plan.workload {
        for container in &workload.unprobed_containers {
            report.find(
                &workload.path,
                format!("container {container} serves without a readiness probe"),
                "add a readinessProbe that asks its health endpoint",
            );
        }
    }
    let Some(release) = case.release_with_analyses() else { return };
    let checked = release.plan.analyses.iter().zip(&release.timeline.analyses).any(|(analysis, run)| {
        analysis.late
            && run.is_some()
            && analysis.metrics.iter().any(|metric| metric.kind.is_smoke_check() && metric.can_fail())
    });
    if !checked {
        report.find(
            &release.plan.path,
            "no smoke check that can fail runs late in the release",
            "add a job or web metric to the last analysis (Argo Rollouts), or a blocking webhook of type pre-rollout or rollout (Flagger)",
        );
    }
}
