//! The nine functions a waPC guest imports.

use wasmtime::{Caller, Linker, Result};

use super::guest::{Guest, memory, read, text, write};
use super::guest_log;

const MODULE: &str = "wapc";

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
