//! Runs admission policies compiled to WebAssembly: a waPC host compatible with Kubewarden's, and the commands
//! built on it.

#![forbid(unsafe_code)]

pub mod admission;
pub mod annotate;
pub mod audit;
pub mod check;
mod clock;
pub mod cluster;
pub mod diff;
pub mod digest;
pub mod documents;
pub mod explain;
pub mod inspect;
pub mod manifest;
mod manifest_set;
pub mod output;
mod parallel;
pub mod plan;
pub mod playground;
mod policy_source;
mod progress;
pub mod pull;
pub mod push;
pub mod quantity;
pub mod registry;
mod release;
pub mod rules;
pub mod run;
pub mod runbook;
pub mod runtime;
pub mod serve;
pub mod session;
pub mod settings_file;
pub mod verify;
