//! `docs/simulation.md`.

use std::fmt::Write;

use crate::compare::{DELAYS, EARLIER, LATER, describe};
use crate::plan::Plan;
use crate::predict::Outcome;
use crate::release::Release;
use crate::requests::Requests;

/// To how many seconds observed times are rounded: they differ from run to run.
const ROUNDED: f64 = 5.0;

/// Which controllers it was.
pub struct Versions {
    pub kubernetes: String,
    pub argo_rollouts: String,
    pub flagger: String,
}

/// The page, with the outcome observed for each of `releases`.
pub fn write(
    releases: &[Release<'_>],
    observed: &[Outcome],
    versions: &Versions,
    requests: &Requests,
    lowered: &[&str],
) -> String {
    let mut page = head(versions);
    for (title, controller) in [("Argo Rollouts", "argo-"), ("Flagger", "flagger-")] {
        let _ = write!(page, "\n## {title}\n\n| plan | bad in | predicted | observed |\n|---|---|---|---|\n");
        let mut last: Option<&str> = None;
        for (release, observed) in releases.iter().zip(observed) {
            let Plan { name, about, .. } = release.plan;
            if !name.starts_with(controller) {
                continue;
            }
            let plan = if last == Some(name) { "" } else { about };
            last = Some(name);
            let bad = release.bad.name();
            let predicted = describe(&release.prediction.outcome, 1.0);
            let observed = describe(observed, ROUNDED);
            let _ = writeln!(page, "| {plan} | {bad} | {predicted} | {observed} |");
        }
    }
    page.push_str(&tail(requests, lowered));
    page
}

fn head(versions: &Versions) -> String {
    let Versions { kubernetes, argo_rollouts, flagger } = versions;
    format!(
        "\
# What is predicted, and what the controllers do

`cargo xtask e2e --controllers` writes this page. It lets the controllers of Argo Rollouts {argo_rollouts} and Flagger {flagger} carry releases out in front of Kubernetes {kubernetes}, and fails unless every one of them ends as rollgate predicts.

Each release has a namespace of its own. A first version is deployed; then its image is changed, and the new version is bad from its first request on in what the table says. Pods have no node: they are ready as soon as they are there. Metrics come from a Prometheus that answers for the release, and webhooks from a server that knows whether it is bad. What the controllers write is watched, so no weight is missed: the route, the ready pods, or the selector of the active Service.

A prediction holds when the outcome and the largest weight are the same; where a route shows it, every weight on the way, too; and when the time, from the first stage to the end or to where the release waits, is at most {EARLIER} s shorter, or longer by {DELAYS:.0} s and {} % of the interval between measurements. Both controllers keep times in whole seconds, pods take a moment to get ready, and one measurement more or less would be a whole interval. Observed times are rounded to {ROUNDED:.0} s here: they differ from run to run. Promotion is the moment from which the new version is the stable one; the seconds Flagger needs after it to finish are not counted.

Intervals are of seconds, so that it does not take hours. Flagger knows none below 10 s.

A gate that Flagger asks before the first weight (`confirm-rollout`, `confirm-traffic-increase`) is taken as open in a prediction: until somebody opens it no request is exposed, and the release has not begun.
",
        LATER * 100.0
    )
}

fn tail(requests: &Requests, lowered: &[&str]) -> String {
    let (reviewed, sent) = (at_least(requests.reviewed), at_least(requests.sent));
    let lowered = lowered.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(", ");
    format!(
        "
## The webhook meanwhile

Both webhooks of the run fail closed. `deploy/webhook.yaml` as it is reviews what people send: every plan above and every change of an image. Plans that are there to be seen failing break rules, so {lowered} warn in it; every other rule rejects as ever. A second server has the same registration with its condition turned round: it reviews exactly the requests of the controllers, kube-controller-manager's included, which the first one lets pass unseen. It has reviewed more than {reviewed} of them and rejected none, and by the API server's audit log, which has more than {sent} changes by controllers, no webhook refused any.
"
    )
}

/// The first digit of a number and zeros: the rest differs from run to run.
fn at_least(number: u64) -> u64 {
    let magnitude = 10_u64.pow(number.checked_ilog10().unwrap_or(0));
    number / magnitude * magnitude
}
