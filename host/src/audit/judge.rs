//! The review of stored objects.

use rollgate_policy::Review;
use rollgate_policy::admission::Request;
use rollgate_policy::finding::{Finding, Level};
use rollgate_policy::settings::Settings;
use serde::Serialize;

use super::kept::is_kept;
use super::object::Object;
use crate::cluster::Snapshot;

/// What objects are judged by.
pub(super) struct Judge<'a> {
    pub settings: &'a Settings,
    pub snapshot: &'a Snapshot,
    /// Seconds since 1970-01-01 UTC.
    pub now: i64,
}

/// What comes of an object.
#[derive(Debug)]
pub(super) enum Outcome {
    Audited(Audited),
    /// Another object answers for it.
    Kept,
    /// The settings leave it out.
    Ungoverned,
}

/// An object and what the rules found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Audited {
    pub api_version: String,
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
    /// The exemption that lowered findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempted: Option<String>,
}

/// What would become of the object if it were sent today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Accept,
    /// Accepted, with warnings.
    Warn,
    Reject,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }
}

impl Judge<'_> {
    pub(super) fn judge(&self, object: &Object) -> Outcome {
        if is_kept(object, self.snapshot) {
            return Outcome::Kept;
        }
        let request = Request::of_stored(&object.json, &object.identity, self.now);
        let review = rollgate_policy::review(&request, self.settings, self.snapshot);
        if review.governed { Outcome::Audited(audited(object, review)) } else { Outcome::Ungoverned }
    }
}

fn audited(object: &Object, review: Review) -> Audited {
    let verdict = match () {
        () if !review.accepted() => Verdict::Reject,
        () if review.findings.iter().any(|finding| finding.level == Level::Warn) => Verdict::Warn,
        () => Verdict::Accept,
    };
    Audited {
        api_version: object.identity.api_version.to_string(),
        kind: object.identity.kind.to_string(),
        namespace: object.namespace().map(str::to_owned),
        name: object.name().to_owned(),
        uid: object.uid.clone(),
        verdict,
        findings: review.findings,
        exempted: review.exempted.map(|exemption| exemption.summary),
    }
}
