//! A failing verification has consequences.

use super::analysis_signals::what_happens;
use super::{DENY, Document, Report, Rule};
use crate::case::{Case, Release};
use crate::plan::{End, Metric};

pub(super) static RULE: Rule = Rule {
    name: "verification-rolls-back",
    requirement: "REQ-PD-FAIL-01",
    levels: DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "a release whose verification fails is rolled back",
    why: "A smoke test whose result nobody acts on is a log line. Flagger's post-rollout hooks run when the release \
          is over, and a dry run never fails.",
    mend: "Verify before the promotion, or in a postPromotionAnalysis (Argo Rollouts); use a webhook of type rollout \
           or pre-rollout (Flagger); take the metric out of dryRun.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    if checks(release).any(|metric| !metric.dry_run) {
        if release.unverified.end != End::RolledBack {
            report.find(
                &release.plan.path,
                format!("a release whose verification fails {}", what_happens(&release.unverified)),
                "let the verification fail the analysis it is in",
            );
        }
        return;
    }
    report.find_all(&release.plan.reported_only);
    for metric in checks(release) {
        report.find(
            &metric.path,
            format!("{} is a dry run: its failure has no consequence", metric.title()),
            "take it out of dryRun",
        );
    }
}

/// The smoke checks of the analyses that come late enough.
fn checks(release: &Release) -> impl Iterator<Item = &Metric> {
    let late = release.plan.analyses.iter().filter(|analysis| analysis.late);
    late.flat_map(|analysis| &analysis.metrics)
        .filter(|metric| metric.kind.is_smoke_check() && !metric.stands_in)
}
