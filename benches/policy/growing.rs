//! Objects that grow in one direction.

use serde_json::{Value, json};

use crate::material::SUBJECTS;
use crate::material::subjects::Subject;

/// The canonical canary, which stands for all where one is enough.
pub const CANARY_ROLLOUT: &Subject = &SUBJECTS[0];
/// The template whose metrics it is judged by.
pub const ANALYSIS_TEMPLATE: &Subject = &SUBJECTS[3];
/// A workload that nothing governs.
pub const UNGOVERNED_DEPLOYMENT: &Subject = &SUBJECTS[6];
const CANARY: &Subject = &SUBJECTS[2];

/// The canonical canary with `steps` steps before its last analysis: a weight and a pause in turn.
pub fn with_steps(steps: u32) -> Value {
    let mut rollout = CANARY_ROLLOUT.object();
    let weights = steps / 2;
    let canary = &mut rollout["spec"]["strategy"]["canary"];
    let last = canary["steps"].as_array().and_then(|steps| steps.last()).expect("steps").clone();
    let mut grown = Vec::new();
    for number in 0..weights {
        grown.push(json!({"setWeight": 10 + 65 * number / (weights - 1)}));
        grown.push(json!({"pause": {"duration": "10m"}}));
    }
    grown.push(last);
    canary["steps"] = grown.into();
    rollout
}

/// The template of the canonical canary with `metrics` metrics: its own four again and again.
pub fn with_metrics(metrics: usize) -> Value {
    let mut template = ANALYSIS_TEMPLATE.object();
    let own = template["spec"]["metrics"].as_array().expect("metrics").clone();
    let grown = own.iter().cycle().take(metrics).enumerate().map(|(number, metric)| {
        let mut metric = metric.clone();
        metric["name"] = format!("{}-{number}", metric["name"].as_str().expect("a name")).into();
        metric
    });
    template["spec"]["metrics"] = grown.collect();
    template
}

/// `count` templates, ten in a namespace.
pub fn templates(count: usize) -> impl Iterator<Item = Value> {
    let template = ANALYSIS_TEMPLATE.object();
    (0..count).map(move |number| {
        let mut template = template.clone();
        template["metadata"]["name"] = format!("template-{number}").into();
        template["metadata"]["namespace"] = format!("team-{}", number / 10).into();
        template
    })
}

/// `count` Canaries in the namespace of the examples, each with another workload.
pub fn canaries(count: usize) -> impl Iterator<Item = Value> {
    let canary = CANARY.object();
    (0..count).map(move |number| {
        let mut canary = canary.clone();
        let name = format!("workload-{number}");
        canary["spec"]["targetRef"]["name"] = name.clone().into();
        canary["metadata"]["name"] = name.into();
        canary
    })
}
