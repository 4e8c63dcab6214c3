//! File descriptors: every connection takes one.

/// What is left for files, for the connection to the API server of the cluster, and for what the system opens.
#[cfg(unix)]
const OTHERS: u64 = 64;

/// How many of `wanted` connections there are file descriptors for, after as many were asked for as may be had.
#[cfg(unix)]
pub(super) fn room_for(wanted: u32) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let needed = u64::from(wanted) + OTHERS;
    let may_be = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    let mut current = may_be(limit.current);
    if current < needed {
        let raised = needed.min(may_be(limit.maximum));
        match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }) {
            Ok(()) => current = raised,
            Err(error) => tracing::debug!(%error, "the limit of open files stays as it is"),
        }
    }
    let room = current.saturating_sub(OTHERS).clamp(1, u64::from(wanted));
    if room < u64::from(wanted) {
        tracing::warn!(
            room,
            wanted,
            "fewer connections than wanted: raise the limit of open files (ulimit -n)"
        );
    }
    usize::try_from(room).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
pub(super) fn room_for(wanted: u32) -> usize {
    usize::try_from(wanted).unwrap_or(usize::MAX)
}
