//! Whether a metrics provider can be reached by what is declared (`pkg/metrics/providers/`).

use super::spec::MetricProvider;
use crate::controllers::{has_host, reach};
use crate::plan::{Provider, Reach};

/// Prometheus at the Canary's own `metricsServer`, or at the one the controller always has.
pub(super) fn server(address: &str) -> Provider {
    let reach = if address.is_empty() { Reach::Declared } else { reach(address) };
    Provider { name: "prometheus", reach }
}

/// The provider of a `MetricTemplate`.
pub(super) fn read(spec: &MetricProvider) -> Provider {
    let address = spec.address.as_str();
    let (name, reach) = match spec.kind.as_str() {
        "prometheus" => ("prometheus", reach(address)),
        "graphite" => ("graphite", reach(address)),
        "influxdb" => ("influxdb", reach(address)),
        "dynatrace" => ("dynatrace", with_secret(spec, reach(address))),
        "splunk" if has_host(address, &["ws", "wss"]) => ("splunk", with_secret(spec, Reach::Declared)),
        "splunk" => ("splunk", with_secret(spec, reach(address))),
        // These have an address of their own when none is given.
        "datadog" | "newrelic" => {
            let name = if spec.kind == "datadog" { "datadog" } else { "newrelic" };
            (name, with_secret(spec, server(address).reach))
        }
        // The project stands in the Secret.
        "stackdriver" => ("stackdriver", with_secret(spec, Reach::Declared)),
        "cloudwatch" if spec.region.is_empty() => ("cloudwatch", Reach::not("names no region")),
        "cloudwatch" => ("cloudwatch", Reach::Declared),
        "externalmetrics" => ("externalmetrics", Reach::Declared),
        "keptn" => ("keptn", Reach::Declared),
        other => ("", Reach::not(format!("is of type {other:?}, which the controller does not know"))),
    };
    Provider { name, reach }
}

/// What needs credentials that only a Secret can give.
fn with_secret(spec: &MetricProvider, reach: Reach) -> Reach {
    match reach {
        Reach::Declared if spec.secret_ref.is_none() => {
            Reach::not("names no secretRef, and needs credentials")
        }
        reach => reach,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn each_kind_needs_something_else() {
        for (spec, name, why) in [
            (r#"{"type":"prometheus","address":"http://p:9090"}"#, "prometheus", None),
            (r#"{"type":"prometheus"}"#, "prometheus", Some("no address")),
            (r#"{"type":"influxdb","address":"influx:8086"}"#, "influxdb", Some("no http or https URL")),
            (r#"{"type":"graphite","address":"http://g"}"#, "graphite", None),
            (r#"{"type":"datadog","secretRef":{"name":"s"}}"#, "datadog", None),
            (r#"{"type":"datadog"}"#, "datadog", Some("no secretRef")),
            (
                r#"{"type":"newrelic","address":"insights","secretRef":{"name":"s"}}"#,
                "newrelic",
                Some("no http"),
            ),
            (r#"{"type":"dynatrace","address":"https://d","secretRef":{"name":"s"}}"#, "dynatrace", None),
            (r#"{"type":"dynatrace","secretRef":{"name":"s"}}"#, "dynatrace", Some("no address")),
            (r#"{"type":"splunk","address":"wss://stream.x","secretRef":{"name":"s"}}"#, "splunk", None),
            (r#"{"type":"splunk","address":"https://api.x"}"#, "splunk", Some("no secretRef")),
            (r#"{"type":"stackdriver"}"#, "stackdriver", Some("no secretRef")),
            (r#"{"type":"cloudwatch","region":"eu-west-1"}"#, "cloudwatch", None),
            (r#"{"type":"cloudwatch"}"#, "cloudwatch", Some("no region")),
            (r#"{"type":"externalmetrics"}"#, "externalmetrics", None),
            (r#"{"type":"keptn"}"#, "keptn", None),
            (r#"{"type":"promethues","address":"http://p"}"#, "", Some("does not know")),
            ("{}", "", Some("does not know")),
        ] {
            let provider = read(&json::from_str(spec).unwrap());
            assert_eq!(provider.name, name, "{spec}");
            match (&provider.reach, why) {
                (Reach::Declared, None) => {}
                (Reach::Not { why }, Some(part)) => assert!(why.contains(part), "{spec}: {why}"),
                (reach, _) => panic!("{spec}: {reach:?}"),
            }
        }
        assert_eq!(server("").reach, Reach::Declared);
        assert_ne!(server("prometheus:9090").reach, Reach::Declared);
    }
}
