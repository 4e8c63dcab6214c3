//! kubectl, as one user or another.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// kubectl with a kubeconfig and a user. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    /// Flags before everything else: whom to act as.
    identity: Vec<String>,
}

/// What a command said.
#[derive(Debug)]
pub struct Answer {
    /// Whether it exited with 0.
    pub succeeded: bool,
    /// Its standard output.
    pub output: String,
    /// Its standard error: warnings and errors.
    pub errors: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            succeeded: output.status.success(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Answer {
    /// The output of a command that has to succeed.
    pub(crate) fn must_succeed(self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        if !self.succeeded {
            bail!("{program} {}: {}{}", arguments.join(" "), self.output, self.errors);
        }
        Ok(self.output)
    }
}

impl Kubectl {
    /// Acts as the user the kubeconfig names.
    #[must_use]
    pub fn new(program: PathBuf, kubeconfig: PathBuf) -> Self {
        Self { program, kubeconfig, identity: Vec::new() }
    }

    /// Acts as another user of some groups, by impersonation.
    #[must_use]
    pub fn impersonating(&self, user: &str, groups: &[&str]) -> Self {
        let user = format!("--as={user}");
        let groups = groups.iter().map(|group| format!("--as-group={group}"));
        Self { identity: std::iter::once(user).chain(groups).collect(), ..self.clone() }
    }

    /// Runs one command with `input` as its standard input.
    ///
    /// # Errors
    /// When kubectl cannot be run. What the API server refuses is no error: it is in the answer.
    pub fn run(&self, arguments: &[&str], input: &str) -> anyhow::Result<Answer> {
        let mut child = Command::new(&self.program)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(&self.identity)
            .args(arguments)
            .env("KUBECTL_KUBERC", "false")
            .env("KUBECACHEDIR", self.kubeconfig.with_extension("cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        // kubectl may answer before it has read everything, and closes the pipe then.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ok(child.wait_with_output()?.into())
    }

    /// Runs a command that has to succeed, and returns its output.
    ///
    /// # Errors
    /// When it does not succeed; the error holds what kubectl said.
    pub fn must(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        self.run(arguments, input)?.must_succeed("kubectl", arguments)
    }

    /// Creates or changes `object`, which has to succeed.
    ///
    /// # Errors
    /// When it does not succeed.
    pub fn apply(&self, object: &Value) -> anyhow::Result<String> {
        self.must(&["apply", "-f", "-"], &object.to_string())
    }

    /// An object, as `get -o json` shows it.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn get(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let arguments: Vec<&str> = ["get", "-o", "json"].iter().chain(arguments).copied().collect();
        Ok(serde_json::from_str(&self.must(&arguments, "")?)?)
    }
}
