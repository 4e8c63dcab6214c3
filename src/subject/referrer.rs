//! Releases that refer to the reviewed object, and are judged with it.

use super::identity::Identified;
use super::identity::Identity;
use super::reviewed::{Judged, Place, Referrer, Reviewed, exemption_terms, play};
use super::workload::replicas;
use crate::admission::{Origin, Request};
use crate::case::Subject;
use crate::cluster::{Cluster, Kind, Overlay, Unreadable};
use crate::controllers::{argo, flagger, read_plan};
use crate::exemption::Exemption;
use crate::json;
use crate::kubernetes::Metadata;
use crate::plan::{Controller, DeliveryPlan, Missing, Unresolved, template_key};
use crate::rules;
use crate::scope::{Governed, Target};
use crate::settings::Settings;

/// Rules about an analysis, which a template is judged by together with the objects that refer to it.
const ANALYSIS_RULES: [&str; 9] = [
    "metrics-provider",
    "analysis-signals",
    "analysis-thresholds",
    "threshold-bounds",
    "burn-rate",
    "analysis-coverage",
    "automatic-rollback",
    "rollback-deadline",
    "smoke-verification",
];

/// A release that refers to a template, or takes its pods from a workload.
pub(super) struct User {
    pub title: String,
    metadata: Metadata,
    plan: DeliveryPlan,
    /// It has, or may have, pods.
    pub live: bool,
}

/// The governed releases that refer to the template, or take their pods from the workload, of a request.
pub(super) fn users(reviewed: &Reviewed<'_>, cluster: &dyn Cluster) -> Result<Vec<User>, Unreadable> {
    let Reviewed { target: Target { kind, .. }, identity, request, settings, .. } = *reviewed;
    let template = template_key(&request.kind.kind, &identity.namespace, &identity.metadata.name);
    let own = Some(identity.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let (user_kinds, namespace): (&[Kind], _) = match kind {
        // A Canary may refer to a template of another namespace.
        Governed::MetricTemplate => (&[Kind::CANARY], None),
        Governed::Workload => (&[Kind::CANARY, Kind::ROLLOUT], own),
        _ => (&[Kind::ROLLOUT], own),
    };
    let mut users = Vec::new();
    for &user_kind in user_kinds {
        for json in cluster.list(user_kind, namespace)? {
            let metadata = json::from_str::<Identified>(json.get()).unwrap_or_default().metadata;
            let namespace = metadata.namespace.as_deref().unwrap_or("default");
            if metadata.deletion_timestamp.is_some()
                || !settings.scope.includes_namespace(namespace)
                || !settings.scope.includes_labels(&metadata.labels)
                || kind == Governed::Workload && !governs(user_kind, json.get(), identity, request)
            {
                continue;
            }
            let Some(Ok(plan)) = read_plan(user_kind.kind, json.get(), namespace, cluster) else { continue };
            if kind == Governed::Workload || plan.templates.contains(&template) {
                let title = format!("{} {namespace}/{}", user_kind.kind, metadata.name);
                let scaled_to_0 = replicas(json.get()).is_ok_and(|replicas| replicas == Some(0));
                users.push(User { title, metadata, plan, live: !scaled_to_0 });
            }
        }
    }
    Ok(users)
}

/// Whether a Canary or a Rollout releases the workload of a request.
fn governs(user_kind: Kind, user: &str, identity: &Identity, request: &Request<'_>) -> bool {
    let released = |kind: &str, name: &str| kind == request.kind.kind && name == identity.metadata.name;
    if user_kind == Kind::CANARY {
        let canary = json::from_str::<flagger::Governor>(user);
        canary.is_ok_and(|canary| released(&canary.target_ref().kind, &canary.target_ref().name))
    } else {
        let rollout = json::from_str::<argo::Governor>(user);
        let reference = rollout.as_ref().ok().and_then(argo::Governor::workload_ref);
        reference.is_some_and(|reference| released(&reference.kind, &reference.name))
    }
}

/// The releases that refer to the template, or take their pods from the workload, of a request, as they would be with
/// `object` in its place.
///
/// Where all objects are judged, each is judged by itself, with all others in place.
pub(super) fn judged_with(reviewed: &Reviewed<'_>) -> Vec<Judged> {
    let Reviewed { target: Target { kind, .. }, object, identity, request, settings, cluster } = *reviewed;
    if request.origin != Origin::ApiServer {
        return Vec::new();
    }
    let Ok(overlay) = Overlay::new(cluster, object.to_owned()) else { return Vec::new() };
    match users(reviewed, &overlay) {
        Ok(users) => users.into_iter().map(|user| judge_user(kind, user, request, settings)).collect(),
        // Who releases a workload is a question of no-bypass.
        Err(_) if kind == Governed::Workload => Vec::new(),
        Err(error) => {
            let users = format!("what refers to {}", identity.title);
            let unresolved = Unresolved::new("metadata.name", users, Missing::Unreadable(error.0));
            vec![Judged { subject: Subject::Users(unresolved), place: Place::Here }]
        }
    }
}

fn judge_user(kind: Governed, user: User, request: &Request<'_>, settings: &Settings) -> Judged {
    let User { title, metadata, mut plan, .. } = user;
    let rules: &[&str] = if kind == Governed::Workload {
        // Other pods are a release, and that is judged whole.
        &rules::NAMES
    } else {
        // Its pods are not the template's business, nor is what carries its traffic, or carries it out.
        plan.workload = None;
        plan.services.clear();
        plan.controller = Controller::default();
        &ANALYSIS_RULES
    };
    let exemption = Exemption::read(&metadata.annotations, exemption_terms(request, settings));
    let referrer = Referrer { title, annotations: metadata.annotations, exemption, rules };
    Judged {
        subject: Subject::Release(Box::new(play(plan, settings))),
        place: Place::Through(Box::new(referrer)),
    }
}
