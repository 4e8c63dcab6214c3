//! One guest at work: what it was asked, what it answered, and its memory.
//!
//! Pointers and lengths come from the guest and are not to be believed: what lies outside its memory is a trap
//! of the guest, never a panic of the host.

use std::time::{Duration, Instant};

use wasmtime::{Caller, Extern, Memory, Result, bail, format_err};

use super::capabilities::Callbacks;
use super::limits::{Limiter, Limits};
use super::wasi_context::WasiContext;

/// The state of one guest.
pub(super) struct Guest {
    pub(super) limiter: Limiter,
    pub(super) wasi: WasiContext,
    /// The time it was given, and when that ends.
    pub(super) timeout: Duration,
    pub(super) deadline: Instant,
    /// What `__guest_error` said.
    pub(super) error: Option<String>,
    /// What `__guest_response` said.
    pub(super) response: Option<Vec<u8>>,
    pub(super) operation: &'static str,
    pub(super) payload: Vec<u8>,
    pub(super) callbacks: Callbacks,
    pub(super) host_response: Vec<u8>,
    pub(super) host_error: String,
}

impl Guest {
    pub(super) fn new(
        operation: &'static str,
        payload: Vec<u8>,
        callbacks: Callbacks,
        limits: &Limits,
        timeout: Duration,
    ) -> Self {
        Self {
            limiter: Limiter::new(limits),
            wasi: WasiContext::default(),
            timeout,
            deadline: Instant::now() + timeout,
            error: None,
            response: None,
            operation,
            payload,
            callbacks,
            host_response: Vec::new(),
            host_error: String::new(),
        }
    }

    /// Lengths of the operation's name and of the payload, as `__guest_call` takes them.
    pub(super) fn lengths(&self) -> Result<(i32, i32)> {
        Ok((i32::try_from(self.operation.len())?, i32::try_from(self.payload.len())?))
    }
}

pub(super) fn memory(caller: &mut Caller<'_, Guest>) -> Result<Memory> {
    caller
        .get_export("memory")
        .and_then(Extern::into_memory)
        .ok_or_else(|| format_err!("the guest exports no memory"))
}

fn range(memory: usize, at: u32, len: usize) -> Result<std::ops::Range<usize>> {
    let start = usize::try_from(at)?;
    match start.checked_add(len) {
        Some(end) if end <= memory => Ok(start..end),
        _ => bail!("the guest pointed outside its memory: {len} bytes at {at}, of {memory}"),
    }
}

pub(super) fn read(memory: &[u8], at: u32, len: u32) -> Result<&[u8]> {
    Ok(&memory[range(memory.len(), at, usize::try_from(len)?)?])
}

pub(super) fn write(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<()> {
    let range = range(memory.len(), at, bytes.len())?;
    memory[range].copy_from_slice(bytes);
    Ok(())
}

pub(super) fn text(memory: &[u8], at: u32, len: u32) -> Result<&str> {
    Ok(std::str::from_utf8(read(memory, at, len)?)?)
}
