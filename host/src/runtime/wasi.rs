//! The functions of WASI: all of preview 1 and of its predecessor.

use std::time::{Duration, Instant, SystemTime};

use wasmtime::{Caller, Linker, Result};
use wasmtime_wasi::{p0, p1};

use super::guest::{Guest, memory, read, write};
use super::wasi_context::ProcessClock;

const OK: i32 = 0;
const INVALID: i32 = 28;
const SUBSCRIBED_TO_CLOCK: u8 = 0;
const REALTIME: u32 = 0;
const ABSOLUTE: u16 = 1;
const EVENT_SIZE: u32 = 32;

/// A deadline that passed while the guest slept.
#[derive(Debug, thiserror::Error)]
#[error("the deadline passed while the guest slept")]
pub(super) struct SleptPastDeadline;

pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> Result<()> {
    p1::add_to_linker_sync(linker, |guest| guest.wasi.get())?;
    p0::add_to_linker_sync(linker, |guest| guest.wasi.get())?;
    // Epochs stop a guest that computes, not one that sleeps in the host; this sleep ends at the deadline.
    linker.allow_shadowing(true);
    for layout in [PREVIEW_1, UNSTABLE] {
        linker.func_wrap(
            layout.module,
            "poll_oneoff",
            move |mut caller: Caller<'_, Guest>, subscriptions: u32, events: u32, count: u32, stored: u32| {
                poll(&mut caller, &layout, subscriptions, events, count, stored)
            },
        )?;
    }
    linker.allow_shadowing(false);
    Ok(())
}

/// Where the two generations keep the fields of a subscription to a clock.
#[derive(Clone, Copy)]
struct Layout {
    module: &'static str,
    size: u32,
    clock: usize,
    timeout: usize,
    flags: usize,
}

const PREVIEW_1: Layout =
    Layout { module: "wasi_snapshot_preview1", size: 48, clock: 16, timeout: 24, flags: 40 };
const UNSTABLE: Layout = Layout { module: "wasi_unstable", size: 56, clock: 24, timeout: 32, flags: 48 };

struct Subscription {
    userdata: u64,
    kind: u8,
    /// How long until it fires; zero for files, since standard streams never block.
    wait: Duration,
}

impl Subscription {
    fn parse(bytes: &[u8], layout: &Layout) -> Result<Self> {
        let word = |at: usize| -> Result<u64> { Ok(u64::from_le_bytes(bytes[at..at + 8].try_into()?)) };
        let kind = bytes[8];
        let wait = if kind == SUBSCRIBED_TO_CLOCK {
            let clock = u32::from_le_bytes(bytes[layout.clock..layout.clock + 4].try_into()?);
            let timeout = Duration::from_nanos(word(layout.timeout)?);
            let flags = u16::from_le_bytes(bytes[layout.flags..layout.flags + 2].try_into()?);
            match (flags & ABSOLUTE != 0, clock) {
                (false, _) => timeout,
                (true, REALTIME) => {
                    timeout.saturating_sub(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?)
                }
                (true, _) => timeout.saturating_sub(ProcessClock::elapsed()),
            }
        } else {
            Duration::ZERO
        };
        Ok(Self { userdata: word(0)?, kind, wait })
    }

    fn event(&self) -> [u8; EVENT_SIZE as usize] {
        let mut event = [0; EVENT_SIZE as usize];
        event[..8].copy_from_slice(&self.userdata.to_le_bytes());
        event[10] = self.kind;
        event
    }
}

fn poll(
    caller: &mut Caller<'_, Guest>,
    layout: &Layout,
    subscriptions: u32,
    events: u32,
    count: u32,
    stored: u32,
) -> Result<i32> {
    if count == 0 {
        return Ok(INVALID);
    }
    let memory = memory(caller)?;
    let subscribed = read(memory.data(&*caller), subscriptions, count.saturating_mul(layout.size))?
        .chunks_exact(layout.size as usize)
        .map(|bytes| Subscription::parse(bytes, layout))
        .collect::<Result<Vec<_>>>()?;
    let wait = subscribed.iter().map(|subscription| subscription.wait).min().unwrap_or_default();
    let left = caller.data().deadline.saturating_duration_since(Instant::now());
    std::thread::sleep(wait.min(left));
    if wait > left {
        return Err(SleptPastDeadline.into());
    }
    let bytes = memory.data_mut(&mut *caller);
    let mut fired = 0;
    for subscription in subscribed.iter().filter(|subscription| subscription.wait <= wait) {
        write(bytes, events.saturating_add(fired * EVENT_SIZE), &subscription.event())?;
        fired += 1;
    }
    write(bytes, stored, &fired.to_le_bytes())?;
    Ok(OK)
}
