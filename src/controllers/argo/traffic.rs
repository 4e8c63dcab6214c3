//! The two sides of a canary's traffic, and the route between them (`pkg/apis/rollouts/validation/validation.go`,
//! `validation_references.go`).

use super::Reader;
use serde_json::Value;

use super::spec::{Canary, text};
use crate::plan::{Mistake, Reference};

const PATH: &str = "spec.strategy.canary";

impl Reader<'_> {
    /// Notes the Services of the sides, and what keeps the stable one from getting its traffic back.
    pub(super) fn sides(&mut self, spec: &Canary) {
        let (stable, canary) = (&spec.stable_service, &spec.canary_service);
        self.services(&[("canary.stableService", stable), ("canary.canaryService", canary)]);
        if let Some(turns) = &spec.ping_pong {
            let (first, second) = (text(turns, "pingService"), text(turns, "pongService"));
            self.services(&[("canary.pingPong.pingService", first), ("canary.pingPong.pongService", second)]);
            if first.is_empty() || second.is_empty() {
                self.lose(format!("{PATH}.pingPong"), "one of the two Services is not named", "name both");
            }
        }
        // Without a router the sides are the pods themselves.
        let Some(routing) = &spec.traffic_routing else { return };
        let path = format!("{PATH}.trafficRouting");
        if !routing.has_provider() {
            self.lose(path, "no router is named, so no traffic is ever moved back", "name a router");
            return;
        }
        let needs_services = |field, router: &Value| match field {
            "alb" => spec.ping_pong.is_none(),
            // With a DestinationRule the sides are subsets of one host.
            "istio" => spec.ping_pong.is_none() && router["destinationRule"].is_null(),
            _ => true,
        };
        let unnamed = stable.is_empty() || canary.is_empty();
        if let Some((field, _)) =
            routing.routers().find(|(field, router)| unnamed && needs_services(*field, router))
        {
            self.lose(
                PATH,
                format!(
                    "{field} divides traffic between stableService and canaryService, and not both are named"
                ),
                "name two Services",
            );
        }
        for (field, router) in routing.routers() {
            if let Some(missing) = missing_route(field, router) {
                self.lose(
                    format!("{path}.{field}"),
                    format!("no route is named in {missing}, so there is none to move traffic back on"),
                    "name the route",
                );
            }
        }
    }

    /// Notes the Services of two sides, by their fields below the strategy.
    pub(super) fn services(&mut self, sides: &[(&str, &str); 2]) {
        for (field, name) in sides.iter().filter(|(_, name)| !name.is_empty()) {
            let path = format!("spec.strategy.{field}");
            self.plan.services.push(Reference { path, name: (*name).to_owned() });
        }
        let [(_, one), (field, other)] = sides;
        if !other.is_empty() && one == other {
            let message =
                format!("both sides are the Service {other}, so traffic cannot be sent back to one");
            self.lose(format!("spec.strategy.{field}"), message, "name two Services");
        }
    }

    fn lose(&mut self, path: impl Into<String>, message: impl Into<String>, help: &str) {
        self.plan.unrestored.push(Mistake::new(path, message, help));
    }
}

/// The field in which the router's route should be named, and is not.
fn missing_route(field: &str, router: &Value) -> Option<&'static str> {
    let one = |field: &str| !text(router, field).is_empty();
    let named = |field: &str| !text(&router[field], "name").is_empty();
    let any = |field: &str, is_named: fn(&Value) -> bool| {
        router[field].as_array().is_some_and(|list| list.iter().any(is_named))
    };
    let is_text = |name: &Value| name.as_str().is_some_and(|name| !name.is_empty());
    let has_name = |object: &Value| !text(object, "name").is_empty();
    let (found, missing) = match field {
        "alb" => (one("ingress") || any("ingresses", is_text), "ingress"),
        "ambassador" => (any("mappings", is_text), "mappings"),
        "apisix" => (named("route"), "route"),
        "istio" | "appMesh" => {
            (named("virtualService") || any("virtualServices", has_name), "virtualService")
        }
        "nginx" => (one("stableIngress") || any("stableIngresses", is_text), "stableIngress"),
        "traefik" => (one("weightedTraefikServiceName"), "weightedTraefikServiceName"),
        // A TrafficSplit gets the Rollout's name by itself.
        _ => (true, ""),
    };
    (!found).then_some(missing)
}

#[cfg(test)]
mod tests {
    use crate::cluster::Objects;
    use crate::controllers::argo::read_rollout;

    /// What a canary's traffic loses, by its paths below `canary`, and how many Services it names.
    fn lost(canary: &str) -> (Vec<String>, usize) {
        let json = format!(r#"{{"spec":{{"strategy":{{"canary":{canary}}}}}}}"#);
        let plan = read_rollout(&json, "shop", &Objects::default()).unwrap();
        let paths = plan.unrestored.into_iter().map(|mistake| {
            mistake.path.strip_prefix("spec.strategy.canary").unwrap().trim_start_matches('.').to_owned()
        });
        (paths.collect(), plan.services.len())
    }

    #[test]
    fn sides_are_two_services_where_the_router_needs_them() {
        let two = r#""stableService":"s","canaryService":"c""#;
        for (canary, paths, services) in [
            ("{}".to_owned(), vec![], 0),
            (format!("{{{two}}}"), vec![], 2),
            (r#"{"stableService":"s","canaryService":"s"}"#.to_owned(), vec!["canaryService"], 2),
            (format!(r#"{{{two},"trafficRouting":{{}}}}"#), vec!["trafficRouting"], 2),
            (format!(r#"{{{two},"trafficRouting":{{"smi":{{}}}}}}"#), vec![], 2),
            (r#"{"stableService":"s","trafficRouting":{"smi":{}}}"#.to_owned(), vec![""], 1),
            (r#"{"trafficRouting":{"plugins":{"argoproj/gateway":{}}}}"#.to_owned(), vec![], 0),
            (
                r#"{"trafficRouting":{"istio":{"virtualService":{"name":"v"},"destinationRule":{"name":"d"}}}}"#
                    .to_owned(),
                vec![],
                0,
            ),
            (
                r#"{"pingPong":{"pingService":"a","pongService":"b"},"trafficRouting":{"alb":{"ingress":"i"}}}"#
                    .to_owned(),
                vec![],
                2,
            ),
            (
                r#"{"pingPong":{"pingService":"a"},"trafficRouting":{"alb":{"ingress":"i"}}}"#.to_owned(),
                vec!["pingPong"],
                1,
            ),
            (
                r#"{"pingPong":{"pingService":"a","pongService":"b"},"trafficRouting":{"nginx":{"stableIngress":"i"}}}"#
                    .to_owned(),
                vec![""],
                2,
            ),
        ] {
            let (lost, named) = lost(&canary);
            assert_eq!((lost, named), (paths.into_iter().map(str::to_owned).collect(), services), "{canary}");
        }
    }

    #[test]
    fn a_route_is_named_in_the_field_of_its_router() {
        for (router, named) in [
            (r#"{"istio":{}}"#, false),
            (r#"{"istio":{"virtualService":{"name":""}}}"#, false),
            (r#"{"istio":{"virtualServices":[{"name":"v"}]}}"#, true),
            (r#"{"nginx":{"ingress":"i"}}"#, false),
            (r#"{"nginx":{"stableIngresses":["i"]}}"#, true),
            (r#"{"alb":{"stableIngress":"i"}}"#, false),
            (r#"{"alb":{"ingresses":["i"]}}"#, true),
            (r#"{"ambassador":{"mappings":[]}}"#, false),
            (r#"{"ambassador":{"mappings":["m"]}}"#, true),
            (r#"{"traefik":{}}"#, false),
            (r#"{"traefik":{"weightedTraefikServiceName":"t"}}"#, true),
            (r#"{"apisix":{"route":{"rules":["r"]}}}"#, false),
            (r#"{"apisix":{"route":{"name":"r"}}}"#, true),
            (r#"{"appMesh":{}}"#, false),
            (r#"{"appMesh":{"virtualService":{"name":"v"}}}"#, true),
        ] {
            let canary = format!(r#"{{"stableService":"s","canaryService":"c","trafficRouting":{router}}}"#);
            assert_eq!(lost(&canary).0.is_empty(), named, "{router}");
        }
    }
}
