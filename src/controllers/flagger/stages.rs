//! The stages of a Canary (`pkg/controller/scheduler.go`).

use super::Reader;
use super::spec::{Analysis, CanarySpec, Webhook};
use crate::controllers::{Meant, is_http_url, meant, named_signal};
use crate::plan::{self, Metric, MetricKind, Mistake, Position, Provider, Schedule, Stage, Strategy, Wait};
use crate::query::Measure;

const PATH: &str = "spec.analysis";

/// Iterations the controller takes with the provider `kubernetes` when none are given.
const DEFAULT_ITERATIONS: f64 = 10.0;

/// Routers that only send matching requests to the new version; the others ignore the match and send all.
const MATCHING_ROUTERS: [&str; 6] = ["istio", "gatewayapi", "nginx", "contour", "gloo", "appmesh"];

impl Reader<'_> {
    pub(super) fn stages(&mut self, spec: &CanarySpec, analysis: &Analysis, interval: f64) {
        PATH.clone_into(&mut self.plan.path);
        let on_kubernetes = spec.provider == "kubernetes";
        let iterations = whole(analysis.iterations);
        if on_kubernetes && iterations < 1.0 {
            self.plan.undeclared.push(Mistake {
                path: PATH.to_owned(),
                message: format!("no iterations are declared; with the provider kubernetes the controller takes {DEFAULT_ITERATIONS}"),
                help: "set iterations".to_owned(),
                mend: None,
            });
        }
        self.addresses(analysis);
        self.pre_rollout(analysis, interval);
        let first = Position { stage: self.plan.stages.len(), wait: 0 };
        if on_kubernetes || (iterations >= 1.0 && analysis.matches.is_empty()) {
            let iterations = if iterations < 1.0 { DEFAULT_ITERATIONS } else { iterations };
            self.blue_green(analysis, iterations * interval, interval, on_kubernetes);
        } else if iterations >= 1.0 {
            self.a_b_test(spec, analysis, iterations * interval);
        } else {
            self.weights(spec, analysis, interval);
        }
        // Where no request ever reaches the new version, and none is mirrored, nothing is checked.
        let stuck = self.plan.stages.get(first.stage).is_none_or(|stage| {
            stage.effective_weight <= 0.0 && matches!(stage.waits.first(), Some(Wait::Never { .. }))
        });
        self.check(analysis, interval, if stuck { Position::NEVER } else { first });
    }

    /// Notes the webhooks that nobody can be reached by.
    fn addresses(&mut self, analysis: &Analysis) {
        for (index, webhook) in analysis.webhooks.iter().enumerate() {
            if !is_http_url(&webhook.url) {
                self.plan.unreachable.push(Mistake::new(
                    format!("{PATH}.webhooks[{index}].url"),
                    format!(
                        "webhook {} is called at {:?}, which is no http or https URL",
                        webhook.name, webhook.url
                    ),
                    "write the URL with its scheme and host",
                ));
            }
        }
    }

    /// The check that is made at every interval beside all stages.
    fn check(&mut self, analysis: &Analysis, interval: f64, from: Position) {
        let schedule = Schedule { initial_delay: interval, ..at_every(interval, analysis) };
        let mut metrics = Vec::new();
        for (index, metric) in analysis.metrics.iter().enumerate() {
            metrics.extend(self.metrics(metric, &format!("{PATH}.metrics[{index}]"), &schedule));
        }
        for (index, webhook) in analysis.webhooks.iter().enumerate() {
            if matches!(webhook.kind.as_str(), "" | "rollout") && can_fail(webhook) {
                metrics.push(self.webhook_metric(webhook, index, schedule.clone()));
            }
        }
        self.plan.analyses.push(plan::Analysis {
            path: PATH.to_owned(),
            metrics,
            beside_from: Some(from),
            holds_stage: true,
            reaction: interval,
            needs_exposure: false,
            late: true,
        });
    }

    /// The checks before the first request goes to the new version: made at every interval until they pass, or as many
    /// have failed as of the others.
    fn pre_rollout(&mut self, analysis: &Analysis, interval: f64) {
        let schedule = Schedule { consecutive_success_limit: 1, ..at_every(interval, analysis) };
        let hooks = analysis.webhooks.iter().enumerate();
        let metrics: Vec<Metric> = hooks
            .filter(|(_, webhook)| webhook.kind == "pre-rollout" && can_fail(webhook))
            .map(|(index, webhook)| self.webhook_metric(webhook, index, schedule.clone()))
            .collect();
        if metrics.is_empty() {
            return;
        }
        let path = format!("{PATH}.webhooks");
        let waits = vec![Wait::Analyses { runs: vec![self.plan.analyses.len()], limit: None }];
        self.plan.stages.push(Stage { path: path.clone(), waits, ..Stage::default() });
        self.plan.analyses.push(plan::Analysis {
            path,
            metrics,
            reaction: interval,
            late: true,
            ..plan::Analysis::default()
        });
    }

    /// A webhook that fails counts as a failed check of what the Canary declares it to measure, if it does.
    fn webhook_metric(&self, webhook: &Webhook, index: usize, schedule: Schedule) -> Metric {
        let signal = named_signal(self.signals, &webhook.name);
        let Meant { measure, evidence } = meant(Some(Measure::Unknown), signal, &webhook.name);
        Metric {
            name: webhook.name.clone(),
            kind: MetricKind::Webhook,
            provider: Provider { name: "webhook", ..Provider::default() },
            measure,
            evidence,
            stands_in: false,
            ..Metric::stand_in("", &format!("{PATH}.webhooks[{index}]"), schedule)
        }
    }

    /// What stands between the last check and the promotion: a gate that holds, and so checks nothing.
    fn confirm_promotion(analysis: &Analysis) -> Option<Wait> {
        let gated = analysis.webhooks.iter().any(|hook| hook.kind == "confirm-promotion" && can_fail(hook));
        gated.then(|| Wait::Human { path: format!("{PATH}.webhooks"), what: "a confirm-promotion gate" })
    }

    fn blue_green(&mut self, analysis: &Analysis, seconds: f64, interval: f64, on_kubernetes: bool) {
        self.plan.strategy = Strategy::BlueGreen;
        let mut waits = vec![Wait::Time { seconds }];
        waits.extend(Self::confirm_promotion(analysis));
        // After the iterations comes one more check, for which all live requests go to the new version where there is
        // a router.
        let last = Wait::Time { seconds: interval };
        let path = format!("{PATH}.iterations");
        if on_kubernetes {
            waits.push(last);
            self.plan.stages.push(Stage { path, waits, ..Stage::default() });
        } else {
            self.plan.stages.push(Stage { path: path.clone(), waits, ..Stage::default() });
            self.plan.stages.push(Stage {
                path,
                weight: 100.0,
                effective_weight: 100.0,
                waits: vec![last],
                ..Stage::default()
            });
        }
    }

    fn a_b_test(&mut self, spec: &CanarySpec, analysis: &Analysis, seconds: f64) {
        self.plan.strategy = Strategy::AbTest;
        let router = spec.router();
        let matching = router.is_empty() || MATCHING_ROUTERS.contains(&router);
        let mut waits = vec![Wait::Time { seconds }];
        waits.extend(Self::confirm_promotion(analysis));
        self.plan.stages.push(Stage {
            path: format!("{PATH}.match"),
            weight: 100.0,
            effective_weight: if matching { 0.0 } else { 100.0 },
            matching,
            waits,
            ..Stage::default()
        });
    }

    fn weights(&mut self, spec: &CanarySpec, analysis: &Analysis, interval: f64) {
        self.plan.strategy = Strategy::Canary;
        let never = |why| Wait::Never { path: PATH.to_owned(), why };
        if analysis.mirror {
            let mut waits = vec![Wait::Time { seconds: interval }];
            if !matches!(spec.provider.as_str(), "" | "istio") {
                waits = vec![never("a canary with mirroring on a router that cannot mirror")];
            }
            self.plan.stages.push(Stage { path: format!("{PATH}.mirror"), waits, ..Stage::default() });
        }
        let Progression { weights, stuck } = Progression::of(analysis);
        if weights.is_empty() {
            self.plan.strategy = Strategy::None;
            self.plan.undeclared.push(Mistake {
                path: PATH.to_owned(),
                message:
                    "neither iterations nor a step weight above zero is declared, so the release never moves"
                        .to_owned(),
                help: "set stepWeight and maxWeight, stepWeights, or iterations".to_owned(),
                mend: None,
            });
            let waits = vec![never("an analysis without steps")];
            self.plan.stages.push(Stage { path: PATH.to_owned(), waits, ..Stage::default() });
            return;
        }
        let gated =
            analysis.webhooks.iter().any(|hook| hook.kind == "confirm-traffic-increase" && can_fail(hook));
        let last = weights.len() - 1;
        for (index, (field, weight)) in weights.into_iter().enumerate() {
            let mut waits = vec![Wait::Time { seconds: interval }];
            if gated {
                let path = format!("{PATH}.webhooks");
                waits.push(Wait::Human { path, what: "a confirm-traffic-increase gate" });
            }
            if index == last {
                waits.extend(stuck.map(never));
                waits.extend(Self::confirm_promotion(analysis));
            }
            self.plan.stages.push(Stage {
                path: format!("{PATH}.{field}"),
                weight,
                effective_weight: weight,
                waits,
                ..Stage::default()
            });
        }
    }
}

/// A check at every interval, which ends the release when as many have failed as `threshold` says.
fn at_every(interval: f64, analysis: &Analysis) -> Schedule {
    // Nothing, or less, means one.
    let threshold = u64::try_from(analysis.threshold).unwrap_or(1).max(1);
    Schedule {
        interval: Some(interval),
        count: None,
        failure_limit: Some(threshold - 1),
        ..Schedule::default()
    }
}

/// The weights a release goes through, each with the field that sets it.
pub(super) struct Progression {
    pub weights: Vec<(String, f64)>,
    /// Why it stays at the last of them for ever.
    pub stuck: Option<&'static str>,
}

impl Progression {
    pub(super) fn of(analysis: &Analysis) -> Self {
        let by_list = analysis.step_weights.last().map(|last| whole(*last).min(100.0));
        let largest = by_list.unwrap_or(match analysis.max_weight {
            ..=0 => 100.0,
            max => whole(max),
        });
        let step = whole(analysis.step_weight);
        let mut progression = Self { weights: Vec::new(), stuck: None };
        let mut weight = 0.0;
        // stepWeight sets the pace even where stepWeights sets the end.
        if step > 0.0 {
            while weight < largest {
                if weight >= 100.0 {
                    progression.stuck = Some("a maxWeight above 100, which is never reached");
                    break;
                }
                weight = (weight + step).min(100.0);
                progression.weights.push(("stepWeight".to_owned(), weight));
            }
            return progression;
        }
        for (index, next) in analysis.step_weights.iter().map(|next| whole(*next).min(100.0)).enumerate() {
            // At 100 the list is over, whatever follows; below, the next step counts before the end does.
            if weight >= 100.0 {
                break;
            }
            if next <= weight {
                progression.stuck = Some("stepWeights that do not increase");
                break;
            }
            if weight >= largest {
                break;
            }
            weight = next;
            progression.weights.push((format!("stepWeights[{index}]"), weight));
        }
        progression
    }
}

/// Whether a webhook can ever say no (`pkg/loadtester`): of the load tester's tasks only some are waited for, the
/// others are queued and answered at once; and some of its gates are always open.
fn can_fail(webhook: &Webhook) -> bool {
    const AWAITED: [&str; 5] = ["bash", "helm", "helmv3", "kubectl", "concord"];
    let task = webhook.metadata.get("type").map_or("", String::as_str);
    let queued = match task {
        "" => webhook.metadata.contains_key("cmd"),
        task => !AWAITED.contains(&task),
    };
    let path = webhook.url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    !queued && !["/gate/approve", "/gate/open"].iter().any(|gate| path.ends_with(gate))
}

/// A whole number as it is reckoned with.
#[expect(clippy::cast_precision_loss, reason = "percentages and counts")]
fn whole(number: i64) -> f64 {
    number as f64
}
