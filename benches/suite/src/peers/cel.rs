//! The core in CEL.

use std::sync::Arc;

use anyhow::{anyhow, bail};
use cel::{Context, Env, Program, Value as CelValue, to_value};
use serde_json::Value;

use super::{Engine, governors};

const CORE: &str = include_str!("core.cel");

/// A compiled expression, and scopes that have the cluster: one for each request, one with a request in it.
pub struct Cel {
    program: Program,
    cluster: Context<'static, 'static>,
    prepared: Context<'static, 'static>,
}

impl Cel {
    /// Makes it ready.
    ///
    /// # Errors
    /// When the expression cannot be compiled.
    pub fn new(objects: &[Value]) -> anyhow::Result<Self> {
        let env = Arc::new(Env::stdlib());
        let program = env.compile(CORE).map_err(|error| anyhow!("core.cel: {error}"))?;
        let objects = value(&governors(objects))?;
        let [cluster, prepared] = [(); 2].map(|()| {
            let mut scope = Context::with_env(Arc::clone(&env));
            scope.add_variable_from_value("cluster", objects.clone());
            scope
        });
        Ok(Self { program, cluster, prepared })
    }

    fn run(&self, scope: &Context<'_, '_>) -> anyhow::Result<bool> {
        match self.program.execute(scope) {
            Ok(CelValue::Bool(accepted)) => Ok(accepted),
            Ok(other) => bail!("no verdict: {other:?}"),
            Err(error) => bail!("{error}"),
        }
    }
}

fn value(json: &Value) -> anyhow::Result<CelValue> {
    to_value(json).map_err(|error| anyhow!("{error}"))
}

fn read(request: &str) -> anyhow::Result<CelValue> {
    value(&serde_json::from_str(request)?)
}

impl Engine for Cel {
    fn name(&self) -> String {
        "CEL".to_owned()
    }

    fn judge(&mut self, request: &str) -> anyhow::Result<bool> {
        let mut scope = self.cluster.new_inner_scope();
        scope.add_variable_from_value("request", read(request)?);
        self.run(&scope)
    }

    fn prepare(&mut self, request: &str) -> anyhow::Result<()> {
        self.prepared.add_variable_from_value("request", read(request)?);
        Ok(())
    }

    fn judge_prepared(&mut self) -> anyhow::Result<bool> {
        self.run(&self.prepared)
    }
}
