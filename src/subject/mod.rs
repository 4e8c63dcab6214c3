//! From a request to what the rules look at.

mod identity;
mod intervention;
mod referrer;
mod reviewed;
mod workload;

pub(crate) use self::identity::{Identity, is_selected};
pub(crate) use self::intervention::interventions;
use self::referrer::judged_with;
use self::reviewed::play;
pub(crate) use self::reviewed::{Judged, Place, Reviewed, exemption_terms};
use crate::case::Subject;
use crate::controllers::{Malformed, argo, flagger};
use crate::scope::Governed;

/// Everything that is to be judged about the object.
pub(crate) fn read(reviewed: &Reviewed<'_>) -> Vec<Judged> {
    let Reviewed { target, object, identity, request, settings, cluster } = *reviewed;
    let here = |subject: Result<Subject, Malformed>| Judged {
        subject: subject.unwrap_or_else(Subject::Unreadable),
        place: Place::Here,
    };
    let json = object.get();
    // Labels and annotations decide too, so an object whose metadata makes no sense makes none.
    if let Some(malformed) = &identity.malformed {
        return vec![here(Err(malformed.clone()))];
    }
    let plan = match target.kind {
        Governed::Rollout => argo::read_rollout(json, &identity.namespace, cluster),
        Governed::Canary => flagger::read_canary(json, &identity.namespace, cluster),
        Governed::Workload => {
            let mut judged = vec![here(workload::read(json, identity, request))];
            judged.extend(judged_with(reviewed));
            return judged;
        }
        Governed::AnalysisTemplate => {
            let mut judged = vec![here(argo::read_template(json).map(Subject::Template))];
            judged.extend(judged_with(reviewed));
            return judged;
        }
        Governed::MetricTemplate => return judged_with(reviewed),
        Governed::Run | Governed::Service | Governed::Route => return Vec::new(),
    };
    vec![here(plan.map(|plan| Subject::Release(Box::new(play(plan, settings)))))]
}
