//! What one evaluation may use.

use std::time::Duration;

/// Period of the epoch ticker: how late a deadline may fire.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// What one evaluation may use, and how many may run at once.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wall time of one evaluation, start-up of the guest included. Enforced to about 10 ms.
    pub timeout: Duration,
    /// Bytes of linear memory of one guest.
    pub memory: usize,
    /// Elements of one table of one guest.
    pub table_elements: usize,
    /// Bytes of stack of one guest.
    pub stack: usize,
    /// Guests that may exist at the same time. Address space is reserved for all of them.
    pub concurrent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(2),
            memory: 64 << 20,
            table_elements: 100_000,
            stack: 1 << 20,
            concurrent: 16,
        }
    }
}

/// A time in epoch ticks. One more than it has: the current tick has partly passed.
pub(super) fn ticks(time: Duration) -> u64 {
    let ticks = time.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX / 2).saturating_add(1)
}

/// Refuses growth beyond the limits and remembers that it did, so that the trap that follows can be told
/// apart from any other.
pub(super) struct Limiter {
    memory: usize,
    table_elements: usize,
    pub(super) memory_refused: bool,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { memory: limits.memory, table_elements: limits.table_elements, memory_refused: false }
    }
}

impl wasmtime::ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory;
        self.memory_refused |= !allowed;
        Ok(allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements)
    }
}
