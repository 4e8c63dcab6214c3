//! Somebody is there to carry the plan out.

use serde::Deserialize;

use super::{DENY, Document, Report, Rule};
use crate::admission::Origin;
use crate::case::Case;
use crate::cluster::{Kind, Unreadable};
use crate::json;
use crate::kubernetes::Metadata;
use crate::plan::Controller;
use crate::settings::Context;

pub(super) static RULE: Rule = Rule {
    name: "controller-installed",
    requirement: "REQ-PD-PREREQ-01",
    levels: DENY,
    parameters: &[],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "the controller that carries a release out runs in the cluster",
    why: "Without its controller a Rollout or Canary is stored and nothing happens: no release, no analysis, no \
          rollback. That its API is served needs no question, since the API server only asks about kinds it serves. \
          A set of files is no cluster, so `rollgate check` says nothing unless `context: required` is set.",
    mend: "Install the controller, or wait until its Deployment has an available replica. It is found by the labels of \
           its manifests and of its Helm chart.",
};

#[derive(Deserialize)]
struct Deployment {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    available_replicas: i64,
}

/// What is known of a controller.
enum Found {
    Available,
    /// Its Deployment is there, under this name.
    Unavailable(String),
    Nothing,
}

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(release) = case.release() else { return };
    let controller = release.plan.controller;
    if case.origin == Origin::Manifests {
        if case.settings.context == Context::Required {
            report.find(
                "kind",
                format!("whether {} runs cannot be seen in a set of files", controller.name),
                "leave context optional where files are checked",
            );
        }
        return;
    }
    match find(case, controller) {
        Ok(Found::Available) => {}
        Ok(Found::Unavailable(name)) => report.find(
            "kind",
            format!("{} is installed, and Deployment {name} has no available replica", controller.name),
            "wait until it is available again",
        ),
        Ok(Found::Nothing) => report.find(
            "kind",
            format!(
                "no Deployment of {} is in the cluster: none has the label {}",
                controller.name,
                controller.labels.join(" or ")
            ),
            format!("install {}", controller.name),
        ),
        Err(Unreadable(error)) => report.unasked(
            case,
            "kind",
            format!("it could not be found out whether {} runs: {error}", controller.name),
            "grant the policy access to Deployments, or set context",
        ),
    }
}

fn find(case: &Case<'_>, controller: Controller) -> Result<Found, Unreadable> {
    // A plan without a controller of its own asks for none.
    let mut found = if controller.labels.is_empty() { Found::Available } else { Found::Nothing };
    for label in controller.labels {
        for json in case.cluster.list_labelled(Kind::DEPLOYMENT, label)? {
            let Ok(Deployment { metadata, status }) = json::from_str(json.get()) else { continue };
            if metadata.name.ends_with(controller.companion) {
                continue;
            }
            if status.available_replicas > 0 {
                return Ok(Found::Available);
            }
            let namespace = metadata.namespace.unwrap_or_default();
            found = Found::Unavailable(format!("{namespace}/{}", metadata.name));
        }
    }
    Ok(found)
}
