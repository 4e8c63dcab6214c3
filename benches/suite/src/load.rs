//! Every server under every load.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::oha::{Connections, Load, Oha, Pace};
use crate::servers::{Material, Program, Server, Work, nginx, policy_server};

/// Starts of which the middle one counts.
const STARTS: usize = 5;
/// Requests a second of the open loop.
pub const RATES: [u32; 3] = [500, 1_000, 2_000];
/// Below this rate the open loop goes on for longer: the first request on each connection pays for its handshake, and
/// fewer than one in 1,000 may.
const FULL_TIME_FROM: u32 = 1_250;
/// The open loop has as many connections as the largest closed one.
const OPEN: Connections = Connections::Http1(8);
/// The closed loops.
pub const CLOSED: [Connections; 3] = [Connections::Http1(1), Connections::Http1(8), Connections::Http2(8)];

/// What was measured of one server.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The server.
    pub server: Server,
    /// From its start until it is ready, in seconds, with everything compiled before.
    pub ready: f64,
    /// Resident memory before the first load, in bytes.
    pub idle: u64,
    /// The largest resident memory that was seen under load, in bytes.
    pub loaded: u64,
    /// Each load.
    pub loads: Vec<(Connections, Pace, Load)>,
}

impl Measured {
    /// What was measured with one load.
    #[must_use]
    pub fn load(&self, connections: Connections, pace: Pace) -> Option<&Load> {
        let found = self.loads.iter().find(|(c, p, _)| (*c, *p) == (connections, pace));
        found.map(|(_, _, load)| load)
    }

    /// What was measured in an open loop.
    #[must_use]
    pub fn open(&self, rate: u32) -> Option<&Load> {
        self.load(OPEN, Pace::Open(rate))
    }
}

impl Pace {
    /// How many times as long it has to be kept up.
    fn longer(self) -> f64 {
        match self {
            Self::Open(rate) if rate < FULL_TIME_FROM => f64::from(FULL_TIME_FROM) / f64::from(rate),
            _ => 1.0,
        }
    }
}

/// The servers there are.
#[must_use]
pub fn servers() -> Vec<Server> {
    let server = |program, work, threads| Server { program, work, threads };
    let mut servers = vec![
        server(Program::Rollgate, Work::Rulebook, 2),
        server(Program::Rollgate, Work::Empty, 2),
        server(Program::Rollgate, Work::Rulebook, 1),
        server(Program::Rollgate, Work::Empty, 1),
    ];
    if nginx().is_some() {
        servers.push(server(Program::Nginx, Work::Constant, 2));
    }
    if policy_server().is_some() {
        servers.push(server(Program::PolicyServer, Work::Empty, 2));
        servers.push(server(Program::PolicyServer, Work::RulebookAlone, 2));
    }
    servers
}

/// Puts a server under every load, each for `time`.
///
/// # Errors
/// When the server does not start, or any request is not answered.
pub fn measure(
    server: Server,
    material: &Material,
    oha: &Oha,
    body: &Path,
    time: Duration,
) -> anyhow::Result<Measured> {
    // The first one compiles the policy.
    drop(server.start(material, body)?);
    let mut ready = Vec::new();
    for _ in 0..STARTS {
        ready.push(server.start(material, body)?.process.ready_after.as_secs_f64());
    }
    ready.sort_by(f64::total_cmp);
    let running = server.start(material, body)?;
    let url = &running.url;
    let idle = running.process.resident()?;
    let mut loaded = idle;
    let mut loads = Vec::new();
    // nginx leaves the request of a constant unread, and with HTTP/2 gives the connection up for that; whether
    // policy-server speaks it is up to its version.
    let speaks = |connections: &Connections| {
        server.program == Program::Rollgate || matches!(connections, Connections::Http1(_))
    };
    let paces = CLOSED.into_iter().filter(speaks).map(|connections| (connections, Pace::Closed));
    // One thread is there to be compared with two.
    let rates: &[u32] = if server.threads == 1 { &[] } else { &RATES };
    for (connections, pace) in paces.chain(rates.iter().map(|rate| (OPEN, Pace::Open(*rate)))) {
        // What is only done once is done before.
        oha.run(url, body, connections, pace, time / 10)?;
        let (load, peak) = thread::scope(|scope| {
            let time = time.mul_f64(pace.longer());
            let sending = scope.spawn(move || oha.run(url, body, connections, pace, time));
            let mut peak = 0;
            while !sending.is_finished() {
                peak = peak.max(running.process.resident()?);
                thread::sleep(Duration::from_millis(50));
            }
            let load = sending.join().ok().context("the load generator was lost")??;
            anyhow::Ok((load, peak))
        })
        .with_context(|| server.name())?;
        loaded = loaded.max(peak);
        loads.push((connections, pace, load));
    }
    Ok(Measured { server, ready: ready[STARTS / 2], idle, loaded, loads })
}
