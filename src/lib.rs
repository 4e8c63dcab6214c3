//! The rollgate policy: what a delivery controller was given is read into one plan, a failing release is played
//! through it, and rules judge what becomes of it.
//!
//! Everything here is pure: no I/O, no clock, no state. The way of a request is [`review`].

// The guest has to export a symbol by name. Wasm for a web page is no guest.
#![cfg_attr(not(target_os = "wasi"), forbid(unsafe_code))]

pub mod admission;
mod case;
mod change;
pub mod cluster;
pub mod condition;
pub mod controllers;
pub mod duration;
mod exemption;
pub mod finding;
mod freeze;
mod glob;
#[cfg(target_os = "wasi")]
mod guest;
mod intervention;
mod json;
mod json_path;
mod kubernetes;
mod label_selector;
pub mod plan;
pub mod protocol;
pub mod query;
mod review;
mod rollback;
pub mod rules;
mod scope;
mod service;
pub mod settings;
mod subject;

use admission::Request;
use case::Case;
use cluster::Cluster;
pub use controllers::read_plan;
use exemption::Exemption;
pub use review::Review;
pub use rules::read_settings;
use settings::Settings;
use subject::{Judged, Place, Reviewed};

/// Judges one admission request.
///
/// The order is fixed: scope, is it a release, the plan, the simulation, the rules with their levels, exemptions, is
/// it a rollback.
/// Any request gets an answer; a governed object that cannot be read is rejected with the reason.
#[must_use]
pub fn review(request: &Request<'_>, settings: &Settings, cluster: &dyn Cluster) -> Review {
    let (Some(target), Some(object)) =
        (scope::target(request, settings), request.object.or(request.old_object))
    else {
        return Review::default();
    };
    let identity = subject::Identity::read(object.get(), request);
    if !subject::is_selected(target.kind, &identity, request, settings) {
        return Review::default();
    }
    let change = change::of(target, request);
    let reviewed = Reviewed { target, object, identity: &identity, request, settings, cluster };
    let mut subjects = subject::interventions(&reviewed);
    let intervenes = !subjects.is_empty();
    if !change.is_nothing() {
        subjects.extend(subject::read(&reviewed));
    }
    if subjects.is_empty() {
        return Review::default();
    }
    let exemption =
        Exemption::read(&identity.metadata.annotations, subject::exemption_terms(request, settings));
    let (mut findings, mut exempted) = (Vec::new(), None);
    for Judged { subject, place } in subjects {
        let (annotations, exemption, starts_release) = match &place {
            Place::Here => (&identity.metadata.annotations, &exemption, change.version),
            Place::Through(referrer) => (&referrer.annotations, &referrer.exemption, false),
        };
        let case = Case {
            subject,
            origin: request.origin,
            settings,
            cluster,
            exemption,
            namespace: &identity.namespace,
            annotations,
            requester: &request.user_info,
            received_at: request.received_at,
            starts_release,
        };
        let mut found = place.of(rules::judge(&case));
        if exemption.apply(&mut found) {
            exempted = Some(exemption.clone());
        }
        findings.extend(found);
    }
    if exemption.apply(&mut findings) {
        exempted = Some(exemption);
    }
    let mut review = Review { governed: true, object: identity.title, findings, exempted, returns_to: None };
    // A rollback is never denied; a way of delivery that is changed along with it would be the next release's, and
    // what keeps a controller from going back is none.
    if !review.accepted() && change.version && !change.delivery && !intervenes {
        review.allow_rollback(rollback::revision(request, &identity.namespace, cluster));
    }
    review
}
