//! What a release refers to is there.

use super::{DENY, Document, Report, Rule};
use crate::admission::Origin;
use crate::case::{Case, Subject};
use crate::plan::{Missing, Unresolved};

pub(super) static RULE: Rule =
    Rule { name: "resolved-references", requirement: "REQ-PD-ANL-01", levels: DENY, parameters: &[], check };

pub(super) static DOCUMENT: Document = Document {
    meaning: "templates and workloads that a release refers to exist and can be read",
    why: "An analysis that cannot be read cannot be judged. Objects may arrive in any order, so one that is only \
          missing from the cluster is a warning: both controllers hold the release until it is there, and then it \
          is judged together with the release.",
    mend: "Apply the template or workload that is referred to, or correct the name.",
};

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let unresolved = match &case.subject {
        Subject::Release(release) => release.plan.unresolved.as_slice(),
        Subject::Users(unresolved) => std::slice::from_ref(unresolved),
        Subject::Workload(_) | Subject::Template(_) | Subject::Intervention(_) | Subject::Unreadable(_) => {
            return;
        }
    };
    for Unresolved { path, object, why, held } in unresolved {
        match why {
            Missing::Malformed(error) => {
                report.find(
                    path,
                    format!("{object} cannot be used: {error}"),
                    "correct it, or refer to another",
                );
            }
            Missing::NotFound if case.origin != Origin::ApiServer => report.find(
                path,
                format!("{object} {}", case.origin.absence()),
                "add it, or correct the reference",
            ),
            Missing::NotFound if *held => report.warn(
                path,
                format!("{object} does not exist yet: the controller lets no release pass until it does"),
                "apply it; it is judged together with this object then",
            ),
            Missing::NotFound => report.find(
                path,
                format!(
                    "{object} does not exist, and the controller only notices in the middle of the release"
                ),
                "apply it first",
            ),
            Missing::Unreadable(error) => report.unasked(
                case,
                path,
                format!("{object} could not be looked up: {error}"),
                "grant the policy access to the resource, or set context",
            ),
        }
    }
}
