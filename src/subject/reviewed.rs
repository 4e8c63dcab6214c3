//! What is reviewed, what is judged about it, and where the findings belong.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::identity::Identity;
use crate::admission::{Origin, Request};
use crate::case::{Release, Subject};
use crate::cluster::Cluster;
use crate::exemption::{Exemption, Terms};
use crate::finding::Finding;
use crate::plan::DeliveryPlan;
use crate::rules;
use crate::scope::Target;
use crate::settings::Settings;

/// The request under review, and whatever it is held against.
#[derive(Clone, Copy)]
pub(crate) struct Reviewed<'a> {
    /// What it is judged as.
    pub target: Target,
    /// The object as it would be stored; when it is deleted, as it is.
    pub object: &'a RawValue,
    /// Who the object is.
    pub identity: &'a Identity,
    pub request: &'a Request<'a>,
    pub settings: &'a Settings,
    /// Other objects.
    pub cluster: &'a dyn Cluster,
}

/// An object that refers to the reviewed one.
pub(crate) struct Referrer {
    pub(super) title: String,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it is exempted from.
    pub exemption: Exemption,
    /// The rules by which the reviewed object answers for it.
    pub(super) rules: &'static [&'static str],
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
                    // What would mend the release is not a value of this object.
                    finding.mend = None;
                }
                findings
            }
        }
    }
}

/// Plays releases through `plan`, as the settings ask for it.
pub(super) fn play(plan: DeliveryPlan, settings: &Settings) -> Release {
    Release::play(plan, &rules::required_signals(settings), rules::distinct_signals(settings))
}

/// What exemptions are held against.
pub(crate) fn exemption_terms<'a>(request: &'a Request<'_>, settings: &Settings) -> Terms<'a> {
    Terms {
        requester: &request.user_info.username,
        now: request.received_at,
        longest: rules::longest_exemption(settings),
        rules: &rules::NAMES,
        // Neither files nor stored objects say who sends them.
        allowed: request.origin != Origin::ApiServer || rules::may_exempt(settings, &request.user_info),
    }
}
