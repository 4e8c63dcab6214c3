//! What can go wrong when a policy is loaded or called.

use std::path::PathBuf;
use std::time::Duration;

/// Why a file is not a policy that can be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read policy {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The bytes do not begin as WebAssembly does.
    #[error("not a WebAssembly module: it does not start with the bytes \\0asm")]
    NotWasm,
    /// The module cannot be compiled, or needs more than the limits allow.
    #[error("cannot compile the module: {0}")]
    Compile(String),
    /// The module lacks what every waPC policy exports.
    #[error("not a waPC policy: it has no {0}")]
    NotAPolicy(&'static str),
    /// The module imports something no waPC host provides.
    #[error("cannot link the module: {0}")]
    Link(String),
    /// The engine cannot be set up with the given limits.
    #[error("cannot set up the WebAssembly engine: {0}")]
    Engine(String),
    /// The metadata section is there but cannot be read.
    #[error("cannot read the policy's metadata: {0}")]
    Metadata(serde_json::Error),
}

/// Why a call into a policy has no answer.
///
/// The texts are those a Kubewarden host gives where it has any, because policies and tests match on them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The evaluation ran out of time.
    #[error("Policy execution interrupted because it exceeded the allowed execution time")]
    Deadline {
        /// The time it was given.
        limit: Duration,
    },
    /// The guest stopped after it had been refused memory.
    #[error("Guest call failure: refused to grow beyond the memory limit of {limit} bytes, then: {trap}")]
    MemoryLimit {
        /// The limit in bytes.
        limit: usize,
        /// How the guest stopped.
        trap: String,
    },
    /// `_start` or `wapc_init` failed.
    #[error("Guest call failure: initialisation of the policy failed in {export}: {reason}")]
    Init {
        /// The export that failed.
        export: &'static str,
        /// How the guest stopped.
        reason: String,
    },
    /// The guest trapped.
    #[error("Guest call failure: {0}")]
    Trap(String),
    /// The guest answered with an error.
    #[error("Guest call failure: {0}")]
    Guest(String),
    /// The guest answered with something else than the protocol says.
    #[error("cannot read the policy's answer to {operation}: {reason}")]
    Reply {
        /// The operation called.
        operation: &'static str,
        /// What is wrong with the answer.
        reason: serde_json::Error,
    },
    /// More evaluations at once than the limits allow.
    #[error("more than {0} evaluations at once")]
    Busy(u32),
}

impl CallError {
    /// The message of a rejection with code 500.
    #[must_use]
    pub fn status_message(&self) -> String {
        match self {
            Self::Deadline { .. } => self.to_string(),
            _ => format!("internal server error: {self}"),
        }
    }
}
