//! The review of one object.

use rollgate_policy::Review;
use rollgate_policy::admission::Request;
use rollgate_policy::cluster::Cluster;
use rollgate_policy::settings::Settings;

use crate::Object;

/// The review of an object as if it were applied at `now`, in seconds since 1970-01-01 UTC; `None` when it is not
/// governed.
#[must_use]
pub fn review(object: &Object, settings: &Settings, cluster: &dyn Cluster, now: i64) -> Option<Review> {
    let request = Request::of_manifest(&object.json, &object.identity, now);
    let review = rollgate_policy::review(&request, settings, cluster);
    review.governed.then_some(review)
}
