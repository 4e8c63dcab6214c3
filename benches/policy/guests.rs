//! The policies that are measured.

use rollgate::runtime::{Callbacks, Capabilities, Grants, Limits, ModuleCache, Policy};

use serde_json::Value;

use crate::material::root;

/// The policy as `cargo xtask build` leaves it.
pub fn rollgate() -> Policy {
    let path = root().join("dist/policy.wasm");
    Policy::from_file(&path, &Limits::default(), &ModuleCache::User)
        .unwrap_or_else(|error| panic!("{error}; run `cargo xtask build` first"))
}

/// The empty policy.
pub fn empty() -> Policy {
    let wasm = wat::parse_str(include_str!("../empty.wat")).expect("a module");
    Policy::from_bytes(&wasm, &Limits::default(), &ModuleCache::User).expect("a policy")
}

/// What `policy` may look up, answered from `cluster`.
pub fn callbacks(policy: &Policy, cluster: impl Capabilities + 'static) -> Callbacks {
    let kinds = policy.metadata().expect("metadata").context_aware_resources.clone();
    Callbacks::new(Grants::new(vec!["*".to_owned()], kinds), cluster)
}

/// What an answer of `validate` says.
pub fn accepts(answer: &[u8]) -> bool {
    answer.starts_with(br#"{"accepted":true"#)
}

/// What the guest's `validate` is called with.
pub fn payload(request: &Value) -> String {
    format!(r#"{{"request":{request},"settings":{{}}}}"#)
}
