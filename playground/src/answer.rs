//! What there is to say about a text of manifests.

use std::collections::BTreeSet;

use rollgate_policy::finding::Level;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::places::{Place, Problem};

/// Everything there is to say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Why the settings cannot be used; then nothing is judged.
    pub settings: Vec<Problem>,
    /// What cannot be read of the manifests.
    pub problems: Vec<Problem>,
    /// What it comes to.
    pub verdict: Verdict,
    /// The governed objects.
    pub objects: Vec<Judged>,
    /// What is found about them, in the order of the objects and of the places.
    pub findings: Vec<Found>,
    /// What governed objects release, and how.
    pub releases: Vec<Release>,
    /// How many releases are left out, since there are too many.
    pub releases_left_out: usize,
    /// What releases refer to and is not there.
    pub unresolved: BTreeSet<String>,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every governed object is accepted.
    Accepted,
    /// Some object is rejected.
    Rejected,
    /// Nothing could be judged.
    Unread,
    /// No object is governed.
    Nothing,
}

/// A governed object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// Kind.
    pub kind: String,
    /// Group and version.
    pub api_version: String,
    /// Namespace, where it names one.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// The line on which it begins.
    pub line: usize,
    /// Accepted or rejected.
    pub verdict: Verdict,
    /// The exemption that lowered findings, if one did.
    pub exemption: Option<Exemption>,
}

/// An exemption that holds.
#[derive(Debug, Serialize)]
pub struct Exemption {
    /// The rules it names.
    pub rules: Vec<String>,
    /// Reason, approver and expiry in one line.
    pub summary: String,
}

/// A finding and its place.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Name of the rule.
    pub rule: &'static str,
    /// The requirement the rule serves.
    pub requirement: &'static str,
    /// Its weight.
    pub level: Level,
    /// Index of the object.
    pub object: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: String,
    /// JSON path in the object.
    pub path: String,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// What `rollgate check --fix` would do about it, judged again together with all that it would do.
    pub fix: Option<Vec<Edit>>,
}

/// A text in the place of another.
#[derive(Debug, Serialize)]
pub struct Edit {
    /// What goes.
    #[serde(flatten)]
    pub place: Place,
    /// What comes.
    pub text: String,
}

/// What an object releases, and how.
#[derive(Debug, Serialize)]
pub struct Release {
    /// Index of the object.
    pub object: usize,
    /// The plan, as `docs/plan.schema.json` describes it.
    pub plan: Box<RawValue>,
    /// The plan as a drawing.
    pub svg: String,
}

impl Review {
    /// Nothing could be judged, for whatever reason is yet to be filled in.
    pub(crate) fn unread() -> Self {
        Self {
            settings: Vec::new(),
            problems: Vec::new(),
            verdict: Verdict::Unread,
            objects: Vec::new(),
            findings: Vec::new(),
            releases: Vec::new(),
            releases_left_out: 0,
            unresolved: BTreeSet::new(),
        }
    }
}
