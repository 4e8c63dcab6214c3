//! From a governed object to what the rules look at.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::admission::{Origin, Request};
use crate::case::{Release, Subject, WorkloadObject};
use crate::cluster::{Cluster, Kind, Overlay, Unreadable};
use crate::controllers::{Malformed, argo, flagger, parse};
use crate::exemption::{Exemption, Terms};
use crate::finding::Finding;
use crate::intervention::{Attempt, Intervention};
use crate::json;
use crate::kubernetes::Metadata;
use crate::plan::{Controller, DeliveryPlan, Missing, Mistake, Unresolved, template_key};
use crate::rules;
use crate::scope::{Act, Governed, Target};
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

/// Who an object is.
pub(crate) struct Identity {
    pub metadata: Metadata,
    /// `Kind namespace/name`.
    pub title: String,
    /// Empty for kinds without one.
    pub namespace: String,
    /// Why the metadata makes no sense; it is empty then.
    malformed: Option<Malformed>,
}

#[derive(Default, Deserialize)]
struct Identified {
    #[serde(default)]
    metadata: Metadata,
}

impl Identity {
    /// Reads the metadata; where that makes no sense, what the request says has to do.
    pub(crate) fn read(json: &str, request: &Request<'_>) -> Self {
        let (metadata, malformed) = match parse::<Identified>(json) {
            Ok(identified) => (identified.metadata, None),
            Err(malformed) => (Metadata::default(), Some(malformed)),
        };
        let named = metadata.display_name();
        let name = if named.is_empty() { request.name.as_deref().unwrap_or("(unnamed)") } else { named };
        let kind = &request.kind.kind;
        if kind == Kind::CLUSTER_ANALYSIS_TEMPLATE.kind {
            return Self { title: format!("{kind} {name}"), namespace: String::new(), metadata, malformed };
        }
        let namespace =
            request.namespace.as_deref().or(metadata.namespace.as_deref()).unwrap_or("default").to_owned();
        Self { title: format!("{kind} {namespace}/{name}"), namespace, metadata, malformed }
    }
}

/// Something to judge, and how its findings are reported.
pub(crate) struct Judged {
    pub subject: Subject,
    pub place: Place,
}

/// Where findings belong.
pub(crate) enum Place {
    /// To the reviewed object.
    Here,
    /// To an object that refers to the reviewed one.
    Through(Box<Referrer>),
}

/// An object that refers to the reviewed one.
pub(crate) struct Referrer {
    title: String,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it is exempted from.
    pub exemption: Exemption,
    /// The rules by which the reviewed object answers for it.
    rules: &'static [&'static str],
}

impl Place {
    /// The findings, as findings about the reviewed object.
    pub(crate) fn of(&self, findings: Vec<Finding>) -> Vec<Finding> {
        match self {
            Self::Here => findings,
            Self::Through(referrer) => {
                let Referrer { title, rules, .. } = &**referrer;
                let mut findings: Vec<Finding> =
                    findings.into_iter().filter(|finding| rules.contains(&finding.rule)).collect();
                for finding in &mut findings {
                    finding.message = format!("with it, {title} at {}: {}", finding.path, finding.message);
                    "spec".clone_into(&mut finding.path);
                }
                findings
            }
        }
    }
}

/// Whether the workload selector of the settings picks the object, as it is or as it was: dropping a label is no
/// way out. What serves a release, and what a Canary makes of its target, carries no labels of its own.
pub(crate) fn is_selected(
    kind: Governed,
    identity: &Identity,
    request: &Request<'_>,
    settings: &Settings,
) -> bool {
    let was_selected = || {
        let old = request.old_object.and_then(|old| json::from_str::<Identified>(old.get()).ok());
        old.is_some_and(|old| settings.scope.includes_labels(&old.metadata.labels))
    };
    !matches!(kind, Governed::Rollout | Governed::Canary | Governed::Workload)
        || identity.metadata.name.ends_with("-primary")
        || settings.scope.includes_labels(&identity.metadata.labels)
        || was_selected()
}

/// What somebody does to a release under way, or to what releases depend on, if that is what the request does.
pub(crate) fn interventions(
    target: Target,
    identity: &Identity,
    request: &Request<'_>,
    settings: &Settings,
    cluster: &dyn Cluster,
) -> Vec<Judged> {
    // What is new changes nothing, but for a run that stands in for another one. Files do not say who made it.
    let run_created = target.kind == Governed::Run && request.origin == Origin::ApiServer;
    if request.old_object.is_none() && !run_created {
        return Vec::new();
    }
    let template = matches!(target.kind, Governed::AnalysisTemplate | Governed::MetricTemplate);
    // Controllers make those from other objects.
    let made = request.kind.kind == Kind::REPLICA_SET.kind || identity.metadata.name.ends_with("-primary");
    if target.act != Act::Delete && (template || target.kind == Governed::Workload && !made) {
        return Vec::new();
    }
    // What cannot be read has nothing in it; a new object like that is judged for it elsewhere.
    let read = |object: &RawValue| json::from_str(object.get()).unwrap_or_default();
    let mut found = Intervention::default();
    if template {
        delete_template(target.kind, identity, request, settings, cluster, &mut found);
    } else {
        let attempt = Attempt {
            target,
            kind: &request.kind.kind,
            name: &identity.metadata.name,
            namespace: &identity.namespace,
            old: request.old_object.map(read).unwrap_or_default(),
            new: request.object.map(read).unwrap_or_default(),
            scope: &settings.scope,
            cluster,
        };
        argo::intervene(&attempt, &mut found);
        flagger::intervene(&attempt, &mut found);
    }
    if found.is_empty() {
        return Vec::new();
    }
    vec![Judged { subject: Subject::Intervention(found), place: Place::Here }]
}

/// A template that is gone stops the releases that refer to it.
fn delete_template(
    kind: Governed,
    identity: &Identity,
    request: &Request<'_>,
    settings: &Settings,
    cluster: &dyn Cluster,
    found: &mut Intervention,
) {
    let users = match users(kind, identity, request, settings, cluster) {
        Ok(users) => users,
        Err(error) => return found.unasked(&identity.title, &error.0),
    };
    let live: Vec<String> = users.into_iter().filter(|user| user.live).map(|user| user.title).collect();
    if !live.is_empty() {
        let live = live.join(", ");
        found.weakens.push(Mistake::new(
            "metadata.name",
            format!("{live} refers to it, and can neither go on nor be rolled back without it"),
            format!("let {live} do without it first"),
        ));
    }
}

/// Everything that is to be judged about `object`.
pub(crate) fn read(
    kind: Governed,
    object: &RawValue,
    identity: &Identity,
    request: &Request<'_>,
    settings: &Settings,
    cluster: &dyn Cluster,
) -> Vec<Judged> {
    let here = |subject: Result<Subject, Malformed>| Judged {
        subject: subject.unwrap_or_else(Subject::Unreadable),
        place: Place::Here,
    };
    let json = object.get();
    // Labels and annotations decide too, so an object whose metadata makes no sense makes none.
    if let Some(malformed) = &identity.malformed {
        return vec![here(Err(malformed.clone()))];
    }
    let plan = match kind {
        Governed::Rollout => argo::read_rollout(json, &identity.namespace, cluster),
        Governed::Canary => flagger::read_canary(json, &identity.namespace, cluster),
        Governed::Workload => {
            let mut judged = vec![here(workload(json, identity, request))];
            judged.extend(judged_with(kind, object, identity, request, settings, cluster));
            return judged;
        }
        Governed::AnalysisTemplate => {
            let mut judged = vec![here(argo::read_template(json).map(Subject::Template))];
            judged.extend(judged_with(kind, object, identity, request, settings, cluster));
            return judged;
        }
        Governed::MetricTemplate => return judged_with(kind, object, identity, request, settings, cluster),
        Governed::Run | Governed::Service | Governed::Route => return Vec::new(),
    };
    vec![here(plan.map(|plan| Subject::Release(Box::new(play(plan, settings)))))]
}

/// The plan of a Rollout or a Canary; `None` for any other kind.
///
/// # Errors
/// [`Malformed`] when a field does not have the shape its controller reads.
pub fn read_plan(
    kind: &str,
    json: &str,
    namespace: &str,
    cluster: &dyn Cluster,
) -> Option<Result<DeliveryPlan, Malformed>> {
    match kind {
        "Rollout" => Some(argo::read_rollout(json, namespace, cluster)),
        "Canary" => Some(flagger::read_canary(json, namespace, cluster)),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Workload {
    #[serde(default)]
    spec: WorkloadSpec,
}

#[derive(Default, Deserialize)]
struct WorkloadSpec {
    replicas: Option<i64>,
}

fn workload(json: &str, identity: &Identity, request: &Request<'_>) -> Result<Subject, Malformed> {
    let Workload { spec } = parse(json)?;
    Ok(Subject::Workload(WorkloadObject {
        kind: request.kind.kind.clone().into_owned(),
        namespace: identity.namespace.clone(),
        metadata: identity.metadata.clone(),
        replicas: spec.replicas,
        created: &*request.operation == "CREATE",
    }))
}

/// A release that refers to a template, or takes its pods from a workload.
struct User {
    title: String,
    metadata: Metadata,
    plan: DeliveryPlan,
    /// It has, or may have, pods.
    live: bool,
}

/// The governed releases that refer to the template, or take their pods from the workload, of a request.
fn users(
    kind: Governed,
    identity: &Identity,
    request: &Request<'_>,
    settings: &Settings,
    cluster: &dyn Cluster,
) -> Result<Vec<User>, Unreadable> {
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
                let scaled_to_0 =
                    json::from_str::<Workload>(json.get()).is_ok_and(|user| user.spec.replicas == Some(0));
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
/// Offline every object of the set is judged by itself, with all others in place.
fn judged_with(
    kind: Governed,
    object: &RawValue,
    identity: &Identity,
    request: &Request<'_>,
    settings: &Settings,
    cluster: &dyn Cluster,
) -> Vec<Judged> {
    if request.origin == Origin::Manifests {
        return Vec::new();
    }
    let Ok(overlay) = Overlay::new(cluster, object.to_owned()) else { return Vec::new() };
    match users(kind, identity, request, settings, &overlay) {
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

fn play(plan: DeliveryPlan, settings: &Settings) -> Release {
    Release::play(plan, &rules::required_signals(settings), rules::distinct_signals(settings))
}

/// What exemptions are held against.
pub(crate) fn exemption_terms<'a>(request: &'a Request<'_>, settings: &Settings) -> Terms<'a> {
    Terms {
        requester: &request.user_info.username,
        now: request.received_at,
        longest: rules::longest_exemption(settings),
        rules: &rules::NAMES,
        // Files do not say who will send them.
        allowed: request.origin == Origin::Manifests || rules::may_exempt(settings, &request.user_info),
    }
}
