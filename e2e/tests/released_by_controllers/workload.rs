//! What every plan has, whatever the controller: pods, Services, a route, and metrics.

use rollgate_policy::plan::Signal;
use serde_json::{Value, json};

use crate::plan::Place;

/// The name of every workload.
pub const NAME: &str = "shop";

/// A container of the version: the only thing that a release changes.
pub fn containers(version: u8) -> Value {
    json!([{
        "name": NAME,
        "image": format!("registry.example.com/shop:{version}.0@sha256:{:064x}", version),
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
    }])
}

/// The pods of the first version.
pub fn template() -> Value {
    json!({
        "metadata": {
            "labels": {"app": NAME},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
        },
        "spec": {"containers": containers(1)},
    })
}

pub fn metadata(place: &Place, name: &str) -> Value {
    json!({"name": name, "namespace": place.namespace})
}

pub fn service(place: &Place, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(place, name),
        "spec": {"selector": {"app": NAME}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}})
}

/// A route that a Rollout shifts.
pub fn virtual_service(place: &Place) -> Value {
    let to = |host: &str, weight: u8| json!({"destination": {"host": host}, "weight": weight});
    json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata(place, NAME),
        "spec": {"hosts": [NAME], "http": [{"name": "primary", "route": [to(NAME, 100), to("shop-canary", 0)]}]}})
}

/// What measures a signal, in `PromQL`.
pub fn query(signal: Signal, namespace: &str) -> String {
    let of = format!("namespace=\"{namespace}\"");
    match signal {
        Signal::ErrorRate => format!(
            "sum(rate(http_requests_total{{{of},code=~\"5..\"}}[1m])) / sum(rate(http_requests_total{{{of}}}[1m]))"
        ),
        Signal::Latency => format!(
            "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{{{of}}}[1m])))"
        ),
        Signal::Availability => format!("avg(up{{{of}}})"),
    }
}

/// `object` with the members of `more`, which win.
pub fn with(mut object: Value, more: &Value) -> Value {
    if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
        object.extend(more.clone());
    }
    object
}
