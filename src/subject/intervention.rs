//! Acts on what is there already.

use serde_json::value::RawValue;

use super::referrer::users;
use super::reviewed::{Judged, Place, Reviewed};
use crate::admission::Origin;
use crate::case::Subject;
use crate::cluster::Kind;
use crate::controllers::{argo, flagger};
use crate::intervention::{Attempt, Intervention};
use crate::json;
use crate::plan::Mistake;
use crate::scope::{Act, Governed};

/// What somebody does to a release under way, or to what releases depend on, if that is what the request does.
pub(crate) fn interventions(reviewed: &Reviewed<'_>) -> Vec<Judged> {
    let Reviewed { target, identity, request, settings, cluster, .. } = *reviewed;
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
        delete_template(reviewed, &mut found);
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
fn delete_template(reviewed: &Reviewed<'_>, found: &mut Intervention) {
    let users = match users(reviewed, reviewed.cluster) {
        Ok(users) => users,
        Err(error) => return found.unasked(&reviewed.identity.title, &error.0),
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
