//! A waPC host: runs any Kubewarden waPC policy, each evaluation in an instance of its own and within limits.

mod capabilities;
mod error;
mod guest;
mod guest_log;
mod limits;
mod metadata;
mod policy;
mod settings;
mod wapc;
mod wasi;
mod wasi_context;

pub(crate) use capabilities::not_offered;
pub use capabilities::{Callbacks, Capabilities, Grants, NoCluster};
pub use error::{CallError, LoadError};
pub use limits::Limits;
pub(crate) use metadata::{METADATA_SECTION, metadata_section};
pub use metadata::{Metadata, PolicyType, ResourceKind};
pub use policy::{ModuleCache, Policy, SettingsValidation};
pub use settings::{NotAnObject, Settings};
