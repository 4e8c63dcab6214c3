//! A rollback finds its way back to the old version.

use super::{DENY, Document, Report, Rule};
use crate::admission::Origin;
use crate::case::Case;
use crate::cluster::{Kind, Unreadable};
use crate::json;
use crate::plan::Reference;
use crate::service::Service;

pub(super) static RULE: Rule = Rule {
    name: "stable-traffic-restored",
    requirement: "REQ-PD-RBK-02",
    levels: DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "stable and canary traffic are two different sides that exist and select the release's pods, and the \
              route between them is named",
    why: "A rollback sends all requests to the stable side. Where both sides are one Service, or no route divides \
          them, nothing can be sent back. A Service may be applied after the release that names it; the controller \
          holds the release until it is there.",
    mend: "Name two Services, and the route that the router divides: a VirtualService, an Ingress, mappings. Apply them \
           with the release.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    report.find_all(&release.plan.unrestored);
    for Reference { path, name } in &release.plan.services {
        match case.cluster.get(Kind::SERVICE, Some(case.namespace), name) {
            Ok(Some(service)) => selected(case, path, &service, report),
            Ok(None) if case.origin != Origin::ApiServer => report.find(
                path,
                format!("Service {name} {}", case.origin.absence()),
                "add it, or correct the name",
            ),
            Ok(None) => report.warn(
                path,
                format!("Service {name} does not exist yet: the controller holds the release until it does"),
                "apply it",
            ),
            Err(Unreadable(error)) => report.unasked(
                case,
                path,
                format!("Service {name} could not be looked up: {error}"),
                "grant the policy access to Services, or set context",
            ),
        }
    }
}

/// A side whose Service asks for labels that the release's pods do not carry gets no request. The controller refuses
/// such a release once it is stored, and the Service may be corrected after it.
fn selected(case: &Case<'_>, path: &str, service: &str, report: &mut Report<'_>) {
    let Some(workload) = case.release().and_then(|release| release.plan.workload.as_ref()) else { return };
    let Ok(service) = json::from_str::<Service>(service) else { return };
    let labels = &workload.template.metadata.labels;
    // Pods without any label are a mistake of their own.
    let Some((key, value)) = service.missed(labels).filter(|_| !labels.is_empty()) else { return };
    let message = format!(
        "Service {} selects pods with the label {key}: {value}, and the release's do not carry it",
        service.metadata.name
    );
    let help = "let it select by labels that the pods carry";
    match case.origin {
        Origin::Manifests | Origin::Stored => report.find(path, message, help),
        Origin::ApiServer => report.warn(path, message, help),
    }
}
