//! rollgate itself, natively.

use anyhow::{Context, bail};
use rollgate_policy::cluster::Objects;
use rollgate_policy::protocol;
use rollgate_policy::rules::NAMES;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Engine;

/// The rules of the core.
const CORE: [&str; 2] = ["no-bypass", "analysis-thresholds"];

/// Which rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// The whole rulebook.
    All,
    /// Those that the other engines have too.
    Core,
}

/// The policy, its settings, and a cluster.
pub struct Rollgate {
    rules: Rules,
    settings: String,
    cluster: Objects,
    prepared: String,
}

impl Rollgate {
    /// Makes it ready.
    ///
    /// # Errors
    /// When the cluster has something that is no object.
    pub fn new(rules: Rules, objects: &[Value]) -> anyhow::Result<Self> {
        let mut cluster = Objects::default();
        for object in objects {
            cluster.insert(RawValue::from_string(object.to_string())?).context("no object")?;
        }
        let off: Map<_, _> = match rules {
            Rules::All => Map::new(),
            Rules::Core => {
                let others = NAMES.iter().filter(|name| !CORE.contains(name));
                others.map(|name| ((*name).to_owned(), json!("off"))).collect()
            }
        };
        let settings = json!({"rules": off}).to_string();
        Ok(Self { rules, settings, cluster, prepared: String::new() })
    }

    fn payload(&self, request: &str) -> String {
        format!(r#"{{"request":{request},"settings":{}}}"#, self.settings)
    }

    fn answer(&self, payload: &str) -> anyhow::Result<bool> {
        let answer = protocol::validate(payload.as_bytes(), 0, &self.cluster);
        if answer.starts_with(br#"{"accepted":true"#) {
            return Ok(true);
        }
        if answer.starts_with(br#"{"accepted":false"#) {
            return Ok(false);
        }
        bail!("no verdict: {}", String::from_utf8_lossy(&answer))
    }
}

impl Engine for Rollgate {
    fn name(&self) -> String {
        match self.rules {
            Rules::All => "rollgate, every rule".to_owned(),
            Rules::Core => "rollgate, these rules".to_owned(),
        }
    }

    fn judge(&mut self, request: &str) -> anyhow::Result<bool> {
        self.answer(&self.payload(request))
    }

    fn prepare(&mut self, request: &str) -> anyhow::Result<()> {
        self.prepared = self.payload(request);
        Ok(())
    }

    /// The request is read here too: rollgate has no other form of it.
    fn judge_prepared(&mut self) -> anyhow::Result<bool> {
        self.answer(&self.prepared)
    }
}
