//! Whether a metric's provider can be reached by what its template declares (`metricproviders/`).

use super::arguments::is_unknown;
use super::spec::{Endpoint, Provider as Spec};
use crate::controllers::reach;
use crate::plan::{Provider, Reach};

/// The provider that `spec` names.
///
/// Tokens stand in Secrets of the controller's namespace under names of its own, so a provider without an address of
/// its own is taken to be set up.
pub(super) fn read(spec: &Spec) -> Provider {
    let address = |endpoint: &Endpoint| reach_of(endpoint.address.as_deref());
    let (name, reach) = if let Some(prometheus) = &spec.prometheus {
        (
            "prometheus",
            match prometheus.address.as_deref().unwrap_or_default() {
                "" => Reach::ByController,
                address => reach_of(Some(address)),
            },
        )
    } else if let Some(web) = &spec.web {
        ("web", reach_of(web.url.as_deref()))
    } else if let Some(kayenta) = &spec.kayenta {
        ("kayenta", address(kayenta))
    } else if let Some(graphite) = &spec.graphite {
        ("graphite", address(graphite))
    } else if let Some(skywalking) = &spec.skywalking {
        ("skywalking", address(skywalking))
    } else if let Some(wavefront) = &spec.wavefront {
        // A host, by which the token is looked up.
        let named = wavefront.address.as_ref().is_some_and(|address| !address.is_empty());
        ("wavefront", if named { Reach::Declared } else { Reach::not("names no address") })
    } else if let Some(datadog) = &spec.datadog {
        let secret = &datadog.secret_ref;
        let nameless = secret.namespaced && secret.name.is_empty();
        ("datadog", if nameless { Reach::not("names no Secret in its namespace") } else { Reach::Declared })
    } else if spec.new_relic.is_some() {
        ("newrelic", Reach::Declared)
    } else if spec.cloud_watch.is_some() {
        ("cloudwatch", Reach::Declared)
    } else if spec.influxdb.is_some() {
        ("influxdb", Reach::Declared)
    } else if spec.job.is_some() {
        ("job", Reach::Declared)
    } else {
        ("plugin", Reach::Declared)
    };
    Provider { name, reach }
}

fn reach_of(address: Option<&str>) -> Reach {
    let address = address.unwrap_or_default();
    if is_unknown(address) { Reach::Declared } else { reach(address) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn each_provider_needs_something_else() {
        for (spec, name, why) in [
            (r#"{"prometheus":{"address":"http://p:9090","query":"up"}}"#, "prometheus", None),
            (r#"{"prometheus":{"address":"p:9090"}}"#, "prometheus", Some("no http or https URL")),
            (r#"{"prometheus":{"address":"http://rollgate-unknown-value"}}"#, "prometheus", None),
            (r#"{"prometheus":{"address":"rollgate-unknown-value"}}"#, "prometheus", None),
            (r#"{"web":{"url":"http://x/h"}}"#, "web", None),
            (r#"{"web":{"url":"/h"}}"#, "web", Some("no http or https URL")),
            (r#"{"web":{}}"#, "web", Some("no address")),
            (r#"{"kayenta":{"address":"http://k"}}"#, "kayenta", None),
            (r#"{"graphite":{"query":"q"}}"#, "graphite", Some("no address")),
            (r#"{"skywalking":{"address":"http://s"}}"#, "skywalking", None),
            (r#"{"wavefront":{"address":"example.wavefront.com"}}"#, "wavefront", None),
            (r#"{"wavefront":{}}"#, "wavefront", Some("no address")),
            (r#"{"datadog":{"query":"q"}}"#, "datadog", None),
            (r#"{"datadog":{"secretRef":{"namespaced":true}}}"#, "datadog", Some("no Secret")),
            (r#"{"newRelic":{}}"#, "newrelic", None),
            (r#"{"cloudWatch":{}}"#, "cloudwatch", None),
            (r#"{"influxdb":{}}"#, "influxdb", None),
            (r#"{"job":{}}"#, "job", None),
            (r#"{"plugin":{"example/metrics":{}}}"#, "plugin", None),
        ] {
            let provider = read(&json::from_str(spec).unwrap());
            assert_eq!(provider.name, name, "{spec}");
            match (&provider.reach, why) {
                (Reach::Declared, None) => {}
                (Reach::Not { why }, Some(part)) => assert!(why.contains(part), "{spec}: {why}"),
                (reach, _) => panic!("{spec}: {reach:?}"),
            }
        }
        for spec in [r#"{"prometheus":{}}"#, r#"{"prometheus":{"address":""}}"#] {
            assert_eq!(read(&json::from_str(spec).unwrap()).reach, Reach::ByController, "{spec}");
        }
    }
}
