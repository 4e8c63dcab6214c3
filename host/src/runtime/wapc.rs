//! The nine functions a waPC guest imports.
//!
//! Pointers and lengths come from the guest and are not to be believed: what lies outside its memory is a trap
//! of the guest, never a panic of the host.

use std::time::Instant;

use wasmtime::{Caller, Extern, Linker, Memory, Result, bail, format_err};

use super::capabilities::Callbacks;
use super::guest_log;
use super::limits::{Limiter, Limits};
use super::wasi::LazyWasi;

const MODULE: &str = "wapc";

/// The state of one guest.
pub(super) struct Guest {
    pub(super) limiter: Limiter,
    pub(super) wasi: LazyWasi,
    pub(super) deadline: Instant,
    /// What `__guest_error` said.
    pub(super) error: Option<String>,
    /// What `__guest_response` said.
    pub(super) response: Option<Vec<u8>>,
    operation: &'static str,
    payload: Vec<u8>,
    callbacks: Callbacks,
    host_response: Vec<u8>,
    host_error: String,
}

impl Guest {
    pub(super) fn new(
        operation: &'static str,
        payload: Vec<u8>,
        callbacks: Callbacks,
        limits: &Limits,
    ) -> Self {
        Self {
            limiter: Limiter::new(limits),
            wasi: LazyWasi::default(),
            deadline: Instant::now() + limits.timeout,
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

pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> Result<()> {
    linker.func_wrap(
        MODULE,
        "__guest_request",
        |mut caller: Caller<'_, Guest>, operation: u32, payload: u32| {
            let (bytes, guest) = memory(&mut caller)?.data_and_store_mut(&mut caller);
            write(bytes, operation, guest.operation.as_bytes())?;
            write(bytes, payload, &guest.payload)
        },
    )?;
    linker.func_wrap(MODULE, "__guest_response", |mut caller: Caller<'_, Guest>, at: u32, len: u32| {
        let (bytes, guest) = memory(&mut caller)?.data_and_store_mut(&mut caller);
        guest.response = Some(read(bytes, at, len)?.to_vec());
        Ok(())
    })?;
    linker.func_wrap(MODULE, "__guest_error", |mut caller: Caller<'_, Guest>, at: u32, len: u32| {
        let (bytes, guest) = memory(&mut caller)?.data_and_store_mut(&mut caller);
        guest.error = Some(text(bytes, at, len)?.to_owned());
        Ok(())
    })?;
    linker.func_wrap(MODULE, "__host_call", host_call)?;
    linker.func_wrap(MODULE, "__host_response_len", |caller: Caller<'_, Guest>| {
        Ok(i32::try_from(caller.data().host_response.len())?)
    })?;
    linker.func_wrap(MODULE, "__host_response", |mut caller: Caller<'_, Guest>, at: u32| {
        let (bytes, guest) = memory(&mut caller)?.data_and_store_mut(&mut caller);
        write(bytes, at, &guest.host_response)
    })?;
    linker.func_wrap(MODULE, "__host_error_len", |caller: Caller<'_, Guest>| {
        Ok(i32::try_from(caller.data().host_error.len())?)
    })?;
    linker.func_wrap(MODULE, "__host_error", |mut caller: Caller<'_, Guest>, at: u32| {
        let (bytes, guest) = memory(&mut caller)?.data_and_store_mut(&mut caller);
        write(bytes, at, guest.host_error.as_bytes())
    })?;
    linker.func_wrap(MODULE, "__console_log", |mut caller: Caller<'_, Guest>, at: u32, len: u32| {
        let memory = memory(&mut caller)?;
        guest_log::console(text(memory.data(&caller), at, len)?);
        Ok(())
    })?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the protocol fixes them")]
fn host_call(
    mut caller: Caller<'_, Guest>,
    binding: u32,
    binding_len: u32,
    namespace: u32,
    namespace_len: u32,
    operation: u32,
    operation_len: u32,
    payload: u32,
    payload_len: u32,
) -> Result<i32> {
    let (bytes, guest) = memory(&mut caller)?.data_and_store_mut(&mut caller);
    guest.host_response.clear();
    guest.host_error.clear();
    let answer = guest.callbacks.call(
        text(bytes, binding, binding_len)?,
        text(bytes, namespace, namespace_len)?,
        text(bytes, operation, operation_len)?,
        read(bytes, payload, payload_len)?,
    );
    Ok(match answer {
        Ok(response) => {
            guest.host_response = response;
            1
        }
        Err(reason) => {
            guest.host_error = reason;
            0
        }
    })
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

fn text(memory: &[u8], at: u32, len: u32) -> Result<&str> {
    Ok(std::str::from_utf8(read(memory, at, len)?)?)
}
