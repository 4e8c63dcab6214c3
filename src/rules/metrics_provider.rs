//! Every metric comes from a provider that can be asked.

use super::{DENY, Document, Report, Rule};
use crate::case::{Case, Subject};
use crate::plan::{Metric, Reach};
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "metrics-provider",
    requirement: "REQ-PD-PREREQ-02",
    levels: DENY,
    parameters: &[&ALLOWED_PROVIDERS, &CONTROLLER_ADDRESS],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "every metric names a provider that can be reached by what is declared, and that is allowed",
    why: "A provider without an address, or with one that is no URL, answers nothing: the controller fails every \
          release after a few errors, the good ones too, and people learn to skip the analysis.",
    mend: "Write the provider's address as an http or https URL, with the Secret or region its kind needs. Where the \
           controller is started with an address of its own (ARGO_ROLLOUTS_PROMETHEUS_ADDRESS), set controllerAddress.",
};

static ALLOWED_PROVIDERS: Parameter = Parameter::texts(
    "allowedProviders",
    &[],
    &[],
    "the kinds of provider that signals may be measured by, such as prometheus; none for any",
);

static CONTROLLER_ADDRESS: Parameter = Parameter::switch(
    "controllerAddress",
    false,
    false,
    "the controller was started with a metrics address of its own, so metrics need none",
);

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    match &case.subject {
        Subject::Template(metrics) => check_metrics(metrics.iter(), case, report),
        Subject::Release(release) => {
            check_metrics(release.plan.metrics(), case, report);
            report.find_all(&release.plan.unreachable);
        }
        Subject::Workload(_) | Subject::Users(_) | Subject::Intervention(_) | Subject::Unreadable(_) => {}
    }
}

fn check_metrics<'a>(metrics: impl Iterator<Item = &'a Metric>, case: &Case<'_>, report: &mut Report<'_>) {
    let allowed = case.settings.texts(&ALLOWED_PROVIDERS);
    let by_controller = case.settings.switch(&CONTROLLER_ADDRESS);
    // What the controller refuses to run asks nobody, and a dry run decides nothing.
    for metric in metrics.filter(|metric| !metric.stands_in && !metric.dry_run && metric.refused.is_none()) {
        let name = metric.provider.name;
        let unreachable = match &metric.provider.reach {
            Reach::Declared => None,
            Reach::ByController if by_controller => None,
            Reach::ByController => Some("names no address"),
            Reach::Not { why } => Some(why.as_str()),
        };
        if let Some(why) = unreachable {
            report.find(
                &metric.path,
                format!("the provider of {} {why}", metric.title()),
                "write its address as a URL, with what else its kind needs",
            );
        }
        // A smoke check asks the release itself.
        let measures = !metric.kind.is_smoke_check() || !metric.signals(false).is_empty();
        if measures
            && !name.is_empty()
            && !allowed.is_empty()
            && !allowed.iter().any(|one| one.eq_ignore_ascii_case(name))
        {
            report.find(
                &metric.path,
                format!("{} comes from {name}, allowed are {}", metric.title(), allowed.join(", ")),
                "measure it with an allowed provider",
            );
        }
    }
}
