//! The core of the same rules in other languages, each held against rollgate on the same requests.
//!
//! The core: a Deployment that no Canary and no Rollout releases is rejected; so is a Rollout without an analysis, and
//! a template of an analysis with a metric that has no condition, or with no metric at all. Everything else is accepted.

mod cel;
mod inputs;
mod rego;
mod rollgate;

use serde_json::Value;

pub use cel::Cel;
pub use inputs::{Input, inputs};
pub use rego::Rego;
pub use rollgate::{Rollgate, Rules};

/// A policy that was made ready, and judges one request after the other.
pub trait Engine {
    /// What it is called on the page.
    fn name(&self) -> String;

    /// Reads an admission request and says whether it is accepted.
    ///
    /// # Errors
    /// When there is no verdict.
    fn judge(&mut self, request: &str) -> anyhow::Result<bool>;

    /// Keeps a request in the engine's own form, for [`Engine::judge_prepared`].
    ///
    /// # Errors
    /// When the request cannot be read.
    fn prepare(&mut self, request: &str) -> anyhow::Result<()>;

    /// Judges the request that was kept.
    ///
    /// # Errors
    /// When there is no verdict.
    fn judge_prepared(&mut self) -> anyhow::Result<bool>;
}

/// Every engine, over the same objects of a cluster.
///
/// # Errors
/// When a policy cannot be made ready.
pub fn engines(cluster: &[Value]) -> anyhow::Result<Vec<Box<dyn Engine>>> {
    Ok(vec![
        Box::new(Rollgate::new(Rules::All, cluster)?),
        Box::new(Rollgate::new(Rules::Core, cluster)?),
        Box::new(Rego::new(cluster)?),
        Box::new(Cel::new(cluster)?),
    ])
}

/// The Canaries and the Rollouts of a cluster: what the core looks up.
fn governors(cluster: &[Value]) -> Value {
    let of_kind =
        |kind: &str| cluster.iter().filter(|object| object["kind"] == kind).cloned().collect::<Value>();
    serde_json::json!({"canaries": of_kind("Canary"), "rollouts": of_kind("Rollout")})
}
