//! The two sides of a canary's traffic, and the route between them (`pkg/apis/rollouts/validation/validation.go`,
//! `validation_references.go`).

use super::Reader;
use super::spec::{Canary, Router};
use crate::plan::{Mistake, Reference};

const PATH: &str = "spec.strategy.canary";

impl Reader<'_> {
    /// Notes the Services of the sides, and what keeps the stable one from getting its traffic back.
    pub(super) fn sides(&mut self, spec: &Canary) {
        let (stable, canary) = (&spec.stable_service, &spec.canary_service);
        self.services(&[("canary.stableService", stable), ("canary.canaryService", canary)]);
        if let Some(turns) = &spec.ping_pong {
            self.services(&[
                ("canary.pingPong.pingService", &turns.ping_service),
                ("canary.pingPong.pongService", &turns.pong_service),
            ]);
            if turns.ping_service.is_empty() || turns.pong_service.is_empty() {
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
        let needs_services = |field, router: &Router| match field {
            "alb" => spec.ping_pong.is_none(),
            // With a DestinationRule the sides are subsets of one host.
            "istio" => spec.ping_pong.is_none() && router.destination_rule.is_none(),
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
    pub(super) fn services(&mut self, sides: &[(&str, &String); 2]) {
        for (field, name) in sides.iter().filter(|(_, name)| !name.is_empty()) {
            let path = format!("spec.strategy.{field}");
            self.plan.services.push(Reference { path, name: (*name).clone() });
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
fn missing_route(field: &str, router: &Router) -> Option<&'static str> {
    let any = |names: &[String]| names.iter().any(|name| !name.is_empty());
    let virtual_services = router.virtual_service.iter().chain(&router.virtual_services);
    let has_virtual_service = virtual_services.into_iter().any(|named| !named.name.is_empty());
    let (named, missing) = match field {
        "alb" => (!router.ingress.is_empty() || any(&router.ingresses), "ingress"),
        "ambassador" => (any(&router.mappings), "mappings"),
        "apisix" => (router.route.as_ref().is_some_and(|route| !route.name.is_empty()), "route"),
        "istio" | "appMesh" => (has_virtual_service, "virtualService"),
        "nginx" => (!router.stable_ingress.is_empty() || any(&router.stable_ingresses), "stableIngress"),
        "traefik" => (!router.weighted_traefik_service_name.is_empty(), "weightedTraefikServiceName"),
        // A TrafficSplit gets the Rollout's name by itself.
        _ => (true, ""),
    };
    (!named).then_some(missing)
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
