//! What stands behind a guest's WASI calls: clocks, randomness and standard error.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{HostMonotonicClock, WasiCtxBuilder};

/// Made when a guest first needs it: most evaluations never do.
#[derive(Default)]
pub(super) struct WasiContext(Option<Box<WasiP1Ctx>>);

impl WasiContext {
    pub(super) fn get(&mut self) -> &mut WasiP1Ctx {
        self.0.get_or_insert_with(|| {
            // Standard output belongs to the answer of the command, so what guests print goes to standard error.
            let context = WasiCtxBuilder::new()
                .stdout(std::io::stderr())
                .stderr(std::io::stderr())
                .monotonic_clock(ProcessClock)
                .build_p1();
            Box::new(context)
        })
    }
}

/// Time since the first use in this process: `poll_oneoff` must count from where `clock_time_get` does.
pub(super) struct ProcessClock;

impl ProcessClock {
    pub(super) fn elapsed() -> Duration {
        static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        ORIGIN.elapsed()
    }
}

impl HostMonotonicClock for ProcessClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        nanoseconds(Self::elapsed())
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
