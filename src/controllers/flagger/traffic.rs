//! The two sides of a Canary's traffic, and the route between them (`pkg/router`).

use super::Reader;
use super::spec::CanarySpec;
use crate::kubernetes::{Metadata, texts};
use crate::plan::{Mistake, Reference};

/// A Service carries its name in the first of these labels that the target selects its pods by.
const NAME_LABELS: [&str; 3] = ["app", "name", "app.kubernetes.io/name"];

impl Reader<'_> {
    /// Notes what keeps the primary from getting its traffic back. The controller makes the Services of both sides
    /// itself, from the port; only a Service that is itself released has to be there.
    pub(super) fn sides(&mut self, spec: &CanarySpec) {
        let target = &spec.target_ref;
        if target.kind != "Service" {
            if spec.service["port"].as_f64().unwrap_or(0.0) <= 0.0 {
                self.lose(
                    "spec.service",
                    "no port is declared, so the Services of the two sides are never made",
                    "set spec.service.port",
                );
            }
            self.plan.made_services = made_services(spec);
        } else if !target.api_version.starts_with("serving.knative.dev/") && !target.name.is_empty() {
            let path = "spec.targetRef.name".to_owned();
            self.plan.services.push(Reference { path, name: target.name.clone() });
        }
        let router = spec.router();
        let (named, missing) = match router {
            "nginx" | "skipper" => (!spec.ingress_ref.name.is_empty(), "spec.ingressRef"),
            "apisix" => (!spec.route_ref.name.is_empty(), "spec.routeRef"),
            "gatewayapi" => (
                spec.service["gatewayRefs"].as_array().is_some_and(|refs| !refs.is_empty()),
                "spec.service.gatewayRefs",
            ),
            // The others make their routes themselves.
            _ => return,
        };
        if !named {
            self.lose(
                missing,
                format!("{router} divides traffic on a route that is not named here"),
                "name the route",
            );
        }
    }

    fn lose(&mut self, path: &str, message: impl Into<String>, help: &str) {
        self.plan.unrestored.push(Mistake::new(path, message, help));
    }
}

/// The Services that the controller makes. Which label the target selects by is not asked, so each has all.
fn made_services(spec: &CanarySpec) -> Vec<Metadata> {
    let service = &spec.service;
    let name = service["name"].as_str().filter(|name| !name.is_empty()).unwrap_or(&spec.target_ref.name);
    let sides = [("", "apex"), ("-primary", "primary"), ("-canary", "canary")];
    let made = sides.into_iter().map(|(suffix, declared)| {
        let mut made = Metadata {
            labels: texts(&service[declared]["labels"]),
            annotations: texts(&service[declared]["annotations"]),
            ..Metadata::default()
        };
        made.labels.extend(NAME_LABELS.map(|label| (label.to_owned(), format!("{name}{suffix}"))));
        made
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use crate::cluster::Objects;
    use crate::controllers::flagger::read_canary;

    #[test]
    fn sides_need_a_port_and_some_routers_a_route() {
        let deployment = r#""targetRef":{"kind":"Deployment","name":"p"}"#;
        let with_port = format!(r#"{deployment},"service":{{"port":80}}"#);
        for (spec, paths, services) in [
            (deployment.to_owned(), vec!["spec.service"], 0),
            (with_port.clone(), vec![], 0),
            (format!(r#"{with_port},"provider":"istio""#), vec![], 0),
            (format!(r#"{with_port},"provider":"nginx""#), vec!["spec.ingressRef"], 0),
            (format!(r#"{with_port},"provider":"skipper","ingressRef":null"#), vec!["spec.ingressRef"], 0),
            (format!(r#"{with_port},"provider":"nginx","ingressRef":{{"name":"i"}}"#), vec![], 0),
            (format!(r#"{with_port},"provider":"apisix","ingressRef":{{"name":"i"}}"#), vec!["spec.routeRef"], 0),
            (format!(r#"{with_port},"provider":"gatewayapi:v1""#), vec!["spec.service.gatewayRefs"], 0),
            (
                r#""targetRef":{"kind":"Deployment"},"service":{"port":80,"gatewayRefs":[{"name":"g"}]},"provider":"gatewayapi:v1""#
                    .to_owned(),
                vec![],
                0,
            ),
            (r#""targetRef":{"kind":"Service","name":"p"}"#.to_owned(), vec![], 1),
            (
                r#""targetRef":{"kind":"Service","name":"p","apiVersion":"serving.knative.dev/v1"},"provider":"knative""#
                    .to_owned(),
                vec![],
                0,
            ),
        ] {
            let plan =
                read_canary(&format!(r#"{{"spec":{{{spec}}}}}"#), "shop", &Objects::default()).unwrap();
            let lost: Vec<String> = plan.unrestored.into_iter().map(|mistake| mistake.path).collect();
            assert_eq!((lost, plan.services.len()), (paths.iter().map(|p| (*p).to_owned()).collect(), services), "{spec}");
        }
    }
}
