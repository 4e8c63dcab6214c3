//! Argo Rollouts: Rollout, `AnalysisTemplate` and `ClusterAnalysisTemplate`.

mod arguments;
mod blue_green;
mod canary;
mod intervention;
mod metric;
mod provider;
mod rollback;
mod spec;
mod status;
mod templates;
mod traffic;
mod validation;
mod weights;

use serde::Deserialize;

use self::arguments::Arguments;
pub(crate) use self::intervention::intervene;
use self::metric::Origin;
pub(crate) use self::spec::WorkloadRef;
use self::spec::{AnalysisReference, Rollout};
use self::templates::{Resolver, is_dry_run};
use super::{Malformed, Named, OBJECTIVE_ANNOTATION, Referent, SIGNALS_ANNOTATION, parse, resolve_workload};
use crate::cluster::{Cluster, Kind};
use crate::plan::{
    Analysis, Controller, DeliveryPlan, Metric, Missing, Mistake, Schedule, Threshold, Unresolved, Workload,
};

/// Keeps objects from every controller that was not started with the same value.
const INSTANCE_LABEL: &str = "argo-rollouts.argoproj.io/controller-instance-id";

/// The labels of the manifests and of the Helm chart, whose component can be renamed. The chart gives its dashboard
/// the same name.
const CONTROLLER: Controller = Controller {
    name: "Argo Rollouts",
    labels: &["app.kubernetes.io/component=rollouts-controller", "app.kubernetes.io/name=argo-rollouts"],
    companion: "-dashboard",
};

/// More metrics in one Rollout than anyone measures; beyond it the reading stops with a finding.
const MOST_METRICS: usize = 1000;

/// Reads a Rollout, with the templates and the workload it refers to.
///
/// # Errors
/// [`Malformed`] when a field does not have the shape the controller reads.
pub fn read_rollout(json: &str, namespace: &str, cluster: &dyn Cluster) -> Result<DeliveryPlan, Malformed> {
    let rollout: Rollout = parse(json)?;
    let mut reader = Reader {
        resolver: Resolver { cluster, namespace, rollout: json },
        instance: rollout.metadata.labels.get(INSTANCE_LABEL),
        plan: DeliveryPlan {
            path: "spec.strategy".to_owned(),
            objective: rollout.metadata.annotations.get(OBJECTIVE_ANNOTATION).cloned(),
            controller: CONTROLLER,
            ..DeliveryPlan::default()
        },
        metrics_read: 0,
    };
    match (&rollout.spec.strategy.canary, &rollout.spec.strategy.blue_green) {
        (Some(canary), None) => {
            reader.canary(canary, rollout.spec.replicas);
            reader.sides(canary);
        }
        (None, Some(blue_green)) => reader.blue_green(blue_green),
        (Some(_), Some(_)) => {
            reader.refuse("spec.strategy", "both canary and blueGreen are declared", "keep one");
        }
        (None, None) => {}
    }
    let mut plan = reader.plan;
    rollback::read(&rollout, &mut plan);
    plan.refused.extend(validation::mistakes(&rollout.spec));
    match workload(&rollout, namespace, cluster) {
        Ok(workload) => plan.workload = Some(workload),
        Err(unresolved) => plan.unresolved.push(unresolved),
    }
    Ok(plan)
}

fn workload(rollout: &Rollout, namespace: &str, cluster: &dyn Cluster) -> Result<Workload, Unresolved> {
    let Some(reference) = &rollout.spec.workload_ref else {
        let template = rollout.spec.template.clone().unwrap_or_default();
        return Ok(Workload { template, ..Workload::default() });
    };
    let path = "spec.workloadRef";
    let kind = match reference.kind.as_str() {
        "Deployment" => Kind::DEPLOYMENT,
        "ReplicaSet" => Kind::REPLICA_SET,
        "PodTemplate" => Kind::POD_TEMPLATE,
        other => {
            let why = Missing::Malformed(
                "a Rollout takes its pods from a Deployment, ReplicaSet or PodTemplate".into(),
            );
            return Err(Unresolved::new(format!("{path}.kind"), format!("{other}/{}", reference.name), why));
        }
    };
    resolve_workload(cluster, Referent { kind, namespace, name: &reference.name, path })
}

/// The metrics of a template by itself, as far as they do not depend on arguments.
///
/// # Errors
/// [`Malformed`] when a field does not have the shape the controller reads.
pub fn read_template(json: &str) -> Result<Vec<Metric>, Malformed> {
    let template: spec::AnalysisTemplate = parse(json)?;
    let arguments = Arguments::open(&template.spec.args);
    let metrics = template.spec.metrics.iter().enumerate().map(|(index, json)| {
        let path = format!("spec.metrics[{index}]");
        let signals = template.metadata.annotations.get(SIGNALS_ANNOTATION);
        let origin = Origin { path: &path, object: "", signals };
        let mut metric = metric::read(json.get(), &arguments, origin);
        metric.dry_run = is_dry_run(&template.spec.dry_run, &metric.name);
        metric
    });
    // What an argument decides is judged with the Rollout that gives it.
    Ok(metrics.filter(|metric| !matches!(metric.threshold, Threshold::Deferred { .. })).collect())
}

/// A Rollout, as far as a workload it takes its pods from needs to know it.
#[derive(Debug, Deserialize)]
pub(crate) struct Governor {
    /// The Rollout's name and annotations.
    pub metadata: Named,
    #[serde(default)]
    spec: GovernorSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GovernorSpec {
    workload_ref: Option<WorkloadRef>,
}

impl Governor {
    /// The reference to the workload, if it has one.
    pub(crate) fn workload_ref(&self) -> Option<&WorkloadRef> {
        self.spec.workload_ref.as_ref()
    }
}

/// Reads a Rollout into a plan, step by step.
struct Reader<'a> {
    resolver: Resolver<'a>,
    instance: Option<&'a String>,
    plan: DeliveryPlan,
    metrics_read: usize,
}

impl Reader<'_> {
    /// Notes what the controller refuses once the Rollout is stored.
    fn refuse(&mut self, path: &str, message: impl Into<String>, help: &str) {
        self.plan.refused.push(Mistake::new(path, message, help));
    }

    /// Adds the analysis that `reference`, at `path`, stands for; its index in the plan.
    fn add_analysis(&mut self, reference: &AnalysisReference, path: &str) -> usize {
        if self.metrics_read > MOST_METRICS {
            // Noted when the limit was passed.
            self.plan.analyses.push(Analysis { path: path.to_owned(), ..Analysis::default() });
            return self.plan.analyses.len() - 1;
        }
        let resolved = self.resolver.resolve(
            &reference.templates,
            &format!("{path}.templates"),
            &reference.args,
            &reference.dry_run,
        );
        let mut metrics = resolved.metrics;
        if let Some(unresolved) = resolved.unresolved.first() {
            metrics.push(Metric::stand_in(&unresolved.object, &unresolved.path, Schedule::default()));
        }
        self.plan.unresolved.extend(resolved.unresolved);
        self.plan.misdeclared.extend(resolved.misdeclared);
        self.metrics_read += metrics.len();
        if self.metrics_read > MOST_METRICS {
            self.refuse(path, format!("more than {MOST_METRICS} metrics in one release"), "measure less");
            metrics.clear();
        }
        for template in resolved.templates {
            if !self.plan.templates.contains(&template) {
                self.plan.templates.push(template);
            }
        }
        let mut analysis =
            Analysis { path: path.to_owned(), metrics, needs_exposure: true, ..Analysis::default() };
        let label = reference.analysis_run_metadata.labels.get(INSTANCE_LABEL);
        if label.is_some() && label != self.instance {
            // The run belongs to another controller, so here it never measures anything.
            for metric in &mut analysis.metrics {
                metric.refused =
                    Some(format!("its label {INSTANCE_LABEL} keeps the controller from running it"));
            }
        }
        self.plan.analyses.push(analysis);
        self.plan.analyses.len() - 1
    }
}
