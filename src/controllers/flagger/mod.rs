//! Flagger: Canary and `MetricTemplate`.

mod intervention;
mod metric;
mod provider;
mod rollback;
mod spec;
mod stages;
mod traffic;
mod validation;

use serde::Deserialize;

pub(crate) use self::intervention::intervene;
pub(crate) use self::spec::TargetRef;
use self::spec::{Canary, CanarySpec};
use super::{
    Malformed, Named, OBJECTIVE_ANNOTATION, Referent, SIGNALS_ANNOTATION, misdeclared, parse,
    resolve_workload,
};
use crate::cluster::{Cluster, Kind};
use crate::duration::parse_go;
use crate::finding::Mend;
use crate::plan::{Controller, DeliveryPlan, Missing, Mistake, Position, Stage, Unresolved, Wait, Workload};

/// What an interval comes to that cannot be read, in seconds.
const DEFAULT_INTERVAL: f64 = 60.0;
/// The least any interval comes to, in seconds.
const LEAST_INTERVAL: f64 = 10.0;

/// The labels of the Helm chart, which gives its Prometheus the same name, and of the manifests.
const CONTROLLER: Controller = Controller {
    name: "Flagger",
    labels: &["app.kubernetes.io/name=flagger", "app=flagger"],
    companion: "-prometheus",
};

/// Keeps a `ConfigMap` or a Secret from being tracked (`pkg/canary/config_tracker.go`).
const UNTRACKED: &str = "flagger.app/config-tracking";

/// Reads a Canary, with the templates and the workload it refers to.
///
/// # Errors
/// [`Malformed`] when a field does not have the shape the controller reads.
pub fn read_canary(json: &str, namespace: &str, cluster: &dyn Cluster) -> Result<DeliveryPlan, Malformed> {
    let canary: Canary = parse(json)?;
    let spec = &canary.spec;
    let mut reader = Reader {
        cluster,
        namespace,
        target: &spec.target_ref.name,
        metrics_server: &spec.metrics_server,
        signals: canary.metadata.annotations.get(SIGNALS_ANNOTATION),
        plan: DeliveryPlan {
            path: "spec".to_owned(),
            objective: canary.metadata.annotations.get(OBJECTIVE_ANNOTATION).cloned(),
            controller: CONTROLLER,
            ..DeliveryPlan::default()
        },
    };
    if let Some(analysis) = &spec.analysis {
        let metrics = analysis.metrics.iter().map(|metric| metric.name.as_str());
        let names: Vec<&str> =
            metrics.chain(analysis.webhooks.iter().map(|webhook| webhook.name.as_str())).collect();
        let path = format!("metadata.annotations[{SIGNALS_ANNOTATION}]");
        reader.plan.misdeclared = misdeclared(reader.signals, &names, "the Canary", &path);
        let interval = parse_go(&analysis.interval).unwrap_or(DEFAULT_INTERVAL).max(LEAST_INTERVAL);
        reader.stages(spec, analysis, interval);
    }
    reader.sides(spec);
    let mut plan = reader.plan;
    if let Some(analysis) = &spec.analysis {
        rollback::read(analysis, &mut plan);
    }
    plan.refused.extend(validation::mistakes(spec));
    if spec.skip_analysis {
        // Ready pods are promoted in one go, gates and checks unasked.
        let path = "spec.skipAnalysis".to_owned();
        plan.path.clone_from(&path);
        plan.skipped.push(
            Mistake::new(
                path.clone(),
                "pods that are ready are promoted at once, with no check and no gate",
                "leave skipAnalysis out",
            )
            .mended_by(Mend::Switch(false)),
        );
        plan.stages = vec![Stage { path, weight: 100.0, effective_weight: 100.0, ..Stage::default() }];
        for analysis in &mut plan.analyses {
            analysis.beside_from = Some(Position::NEVER);
        }
    }
    if spec.suspend {
        // Nothing happens until somebody ends it, a rollback neither.
        let path = "spec.suspend".to_owned();
        let waits = vec![Wait::Human { path: path.clone(), what: "a suspended Canary" }];
        plan.stages.insert(0, Stage { path, waits, ..Stage::default() });
        for position in plan.analyses.iter_mut().filter_map(|analysis| analysis.beside_from.as_mut()) {
            position.stage = position.stage.saturating_add(1);
        }
    }
    match workload(spec, namespace, cluster) {
        Ok(workload) => plan.workload = workload,
        Err(unresolved) => plan.unresolved.push(unresolved),
    }
    Ok(plan)
}

fn workload(
    spec: &CanarySpec,
    namespace: &str,
    cluster: &dyn Cluster,
) -> Result<Option<Workload>, Unresolved> {
    let path = "spec.targetRef";
    let kind = match spec.target_ref.kind.as_str() {
        "Deployment" => Kind::DEPLOYMENT,
        "DaemonSet" => Kind::DAEMON_SET,
        // Its pods are somebody else's.
        "Service" => return Ok(None),
        other => {
            let name = &spec.target_ref.name;
            let named = !(other.is_empty() && name.is_empty());
            let object = if named { format!("{other}/{name}") } else { "an empty targetRef".to_owned() };
            let why =
                Missing::Malformed("a Canary releases a Deployment, a DaemonSet or a Service".to_owned());
            return Err(Unresolved::new(format!("{path}.kind"), object, why));
        }
    };
    let workload =
        resolve_workload(cluster, Referent { kind, namespace, name: &spec.target_ref.name, path })?;
    Ok(Some(Workload { configuration_tracked: Some(UNTRACKED), ..workload }))
}

/// A Canary, as far as the workload it releases needs to know it.
#[derive(Debug, Deserialize)]
pub(crate) struct Governor {
    #[serde(default)]
    spec: GovernorSpec,
    /// The Canary's name.
    pub metadata: Named,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GovernorSpec {
    target_ref: TargetRef,
    skip_analysis: bool,
    suspend: bool,
}

impl Governor {
    /// The workload it releases.
    pub(crate) fn target_ref(&self) -> &TargetRef {
        &self.spec.target_ref
    }

    /// Why it analyses nothing at present, if it does not.
    pub(crate) fn idle(&self) -> Option<&'static str> {
        match &self.spec {
            GovernorSpec { suspend: true, .. } => Some("is suspended"),
            GovernorSpec { skip_analysis: true, .. } => Some("skips its analysis"),
            _ => None,
        }
    }
}

/// Reads a Canary into a plan.
struct Reader<'a> {
    cluster: &'a dyn Cluster,
    namespace: &'a str,
    target: &'a str,
    /// Where it has its metrics from; empty for the controller's own server.
    metrics_server: &'a str,
    /// What its author says that its metrics measure.
    signals: Option<&'a String>,
    plan: DeliveryPlan,
}
