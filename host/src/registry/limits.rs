//! What a fetch may take.

use std::time::Duration;

/// What a fetch or a push may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest policy, in bytes.
    pub size: usize,
    /// Time for everything together.
    pub time: Duration,
}

/// Largest policy unless another size is asked for, in bytes.
pub(super) const SIZE: usize = 64 << 20;
/// Time for a fetch or a push with all its tries.
pub(super) const TIME: Duration = Duration::from_mins(5);
/// Largest manifest, token or signature, in bytes. Registries take manifests up to this size.
pub(super) const SMALL: usize = 4 << 20;
/// Time to set up a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// Time in which a registry must send something.
pub(super) const SILENCE: Duration = Duration::from_secs(30);
/// Redirects that are followed.
pub(super) const REDIRECTS: usize = 5;
/// Tries of one request.
pub(super) const TRIES: u32 = 4;
/// Longest pause that a registry may ask for.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Signatures of one policy that are looked at.
pub(super) const SIGNATURES: usize = 50;

impl Default for Limits {
    fn default() -> Self {
        Self { size: SIZE, time: TIME }
    }
}
