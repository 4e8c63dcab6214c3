//! Acts on what carries the traffic of a release: Services and routes.

use serde_json::Value;

use crate::cluster::Kind;
use crate::intervention::{Attempt, Intervention};
use crate::kubernetes::POD_HASH;
use crate::plan::Mistake;
use crate::scope::{Act, Governed};

/// Annotations in which an Ingress keeps the shares of its backends: NGINX, AWS, Skipper.
const SHARE_ANNOTATIONS: [&str; 3] = [
    "nginx.ingress.kubernetes.io/canary",
    "alb.ingress.kubernetes.io/actions.",
    "zalando.org/backend-weights",
];

/// Looks at what is done to a Service or a route; `directs` says whether a release of `kind` directs it.
pub(super) fn judge(
    attempt: &Attempt<'_>,
    kind: Kind,
    directs: fn(&Value, &Attempt<'_>) -> bool,
    found: &mut Intervention,
) {
    let deleted = attempt.target.act == Act::Delete;
    let path = match attempt.target.kind {
        _ if deleted => "metadata.name",
        Governed::Service if attempt.old["spec"]["selector"] != attempt.new["spec"]["selector"] => {
            "spec.selector"
        }
        Governed::Route if shares(&attempt.old) != shares(&attempt.new) => "spec",
        _ => return,
    };
    let releases = attempt.releases(kind, found);
    let Some(release) = releases.iter().find(|release| directs(release, attempt)) else { return };
    let title = attempt.title();
    let owner = format!("{} {}", kind.kind, release["metadata"]["name"].as_str().unwrap_or_default());
    if deleted {
        found.weakens.push(Mistake::new(
            path,
            format!("{owner} directs its traffic through {title}: without it, a release stops where it is, and nothing is rolled back"),
            format!("change or delete {owner} first"),
        ));
    } else {
        found.edits.push(Mistake::new(
            path,
            format!("{owner} says where the traffic of {title} goes; what is sent elsewhere by hand, no analysis has let through"),
            format!("leave it to {owner}"),
        ));
    }
}

/// What divides the traffic of a route: every weight, in order, whose it is, the pods it means, and what an Ingress
/// says in annotations.
fn shares(route: &Value) -> Vec<(&str, &Value)> {
    let mut shares = Vec::new();
    collect("", &route["spec"], false, &mut shares);
    if let Some(annotations) = route["metadata"]["annotations"].as_object() {
        for (key, value) in annotations {
            if SHARE_ANNOTATIONS.iter().any(|prefix| key.starts_with(prefix)) {
                shares.push((key, value));
            }
        }
    }
    shares
}

/// Of what carries a weight in a list, all texts count: some of them name the side it is for.
fn collect<'a>(key: &'a str, value: &'a Value, weighted: bool, shares: &mut Vec<(&'a str, &'a Value)>) {
    match value {
        Value::String(_) if weighted => shares.push((key, value)),
        Value::Array(items) => {
            for item in items {
                collect(key, item, weighted || !item["weight"].is_null(), shares);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "weight" || key == POD_HASH {
                    shares.push((key, value));
                } else {
                    collect(key, value, weighted, shares);
                }
            }
        }
        _ => {}
    }
}
