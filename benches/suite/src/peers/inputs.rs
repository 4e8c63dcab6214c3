//! The requests that every engine judges.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::files;

/// A request, and what the core of the rules says to it.
pub struct Input {
    /// What it is called on the page.
    pub name: &'static str,
    /// The admission request.
    pub request: String,
    /// The verdict.
    pub accepted: bool,
}

/// The requests, made from the typical ones in `folder`.
///
/// # Errors
/// When a file cannot be read.
pub fn inputs(folder: &Path) -> anyhow::Result<Vec<Input>> {
    let typical = |kind: &str| files::request(folder, &format!("{kind}, typical"));
    let (rollout, template) = (typical("Rollout, canary")?, typical("AnalysisTemplate")?);
    let mut unwatched = rollout.clone();
    let canary = unwatched.pointer_mut("/object/spec/strategy/canary").and_then(Value::as_object_mut);
    let canary = canary.context("the Rollout has no canary")?;
    canary.remove("analysis");
    if let Some(steps) = canary.get_mut("steps").and_then(Value::as_array_mut) {
        steps.retain(|step| step.get("analysis").is_none());
    }
    let mut unbounded = template.clone();
    let metric = unbounded.pointer_mut("/object/spec/metrics/3").and_then(Value::as_object_mut);
    metric.context("the template has no fourth metric")?.remove("successCondition");
    let input = |name, request: &Value, accepted| Input { name, request: request.to_string(), accepted };
    Ok(vec![
        input("Rollout, canary", &rollout, true),
        input("Rollout without analysis", &unwatched, false),
        input("Rollout, blue-green", &typical("Rollout, blue-green")?, true),
        input("AnalysisTemplate", &template, true),
        input("AnalysisTemplate without a condition", &unbounded, false),
        input("Deployment of a Canary", &typical("Deployment of a Canary")?, true),
        input("Deployment of nobody", &typical("Deployment of nobody")?, false),
    ])
}
