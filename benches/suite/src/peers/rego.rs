//! The core in Rego, under regorus: compiled once, run by its virtual machine.

use anyhow::{Context, bail};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::{Engine as Interpreter, Rc, Value as RegoValue};
use serde_json::Value;

use super::{Engine, governors};

const CORE: &str = include_str!("core.rego");
const VERDICT: &str = "data.core.accepted";

/// A virtual machine with the policy and the cluster in it.
pub struct Rego {
    machine: RegoVM,
    prepared: RegoValue,
}

impl Rego {
    /// Makes it ready.
    ///
    /// # Errors
    /// When the policy cannot be compiled.
    pub fn new(cluster: &[Value]) -> anyhow::Result<Self> {
        let mut engine = Interpreter::new();
        engine.add_policy("core.rego".to_owned(), CORE.to_owned())?;
        let data = RegoValue::from_json_str(&governors(cluster).to_string())?;
        engine.add_data(data.clone())?;
        let compiled = engine.compile_with_entrypoint(&Rc::from(VERDICT))?;
        let program = Compiler::compile_from_policy(&compiled, &[VERDICT])
            .map_err(|error| anyhow::anyhow!("{error}"))
            .context("core.rego")?;
        let mut machine = RegoVM::new_with_policy(compiled);
        machine.load_program(program);
        machine.set_data(data).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self { machine, prepared: RegoValue::Undefined })
    }

    fn run(&mut self, input: RegoValue) -> anyhow::Result<bool> {
        self.machine.set_input(input);
        match self.machine.execute() {
            Ok(RegoValue::Bool(accepted)) => Ok(accepted),
            Ok(other) => bail!("no verdict: {other}"),
            Err(error) => bail!("{error}"),
        }
    }
}

impl Engine for Rego {
    fn name(&self) -> String {
        "Rego under regorus".to_owned()
    }

    fn judge(&mut self, request: &str) -> anyhow::Result<bool> {
        self.run(RegoValue::from_json_str(request)?)
    }

    fn prepare(&mut self, request: &str) -> anyhow::Result<()> {
        self.prepared = RegoValue::from_json_str(request)?;
        Ok(())
    }

    fn judge_prepared(&mut self) -> anyhow::Result<bool> {
        self.run(self.prepared.clone())
    }
}
