//! What was aimed at, and what was reached in this run.

use crate::figures::Figures;
use crate::load::Measured;
use crate::oha::{Connections, Load, Pace};
use crate::servers::{Program, Work};
use crate::units;

/// A target beside what was measured.
pub struct Target {
    /// What is measured.
    pub what: &'static str,
    /// What was aimed at.
    pub aim: String,
    /// What was measured; why not, when it was not.
    pub measured: String,
    /// How many times the aim: 1 is just reached, and more is better. `None` when it was not measured.
    pub reached: Option<f64>,
}

const ONE: Connections = Connections::Http1(1);
const EIGHT: Connections = Connections::Http1(8);

/// Every target.
///
/// # Errors
/// When a figure is missing that every run has.
pub fn targets(figures: &Figures, loads: &[Measured]) -> anyhow::Result<Vec<Target>> {
    let server = |program, work| {
        let of = |measured: &&Measured| {
            let server = measured.server;
            (server.program, server.work, server.threads) == (program, work, 2)
        };
        loads.iter().find(of)
    };
    let closed = |measured: Option<&Measured>, connections| {
        measured.and_then(|measured| measured.load(connections, Pace::Closed)).cloned()
    };
    let rollgate = server(Program::Rollgate, Work::Rulebook);
    let nginx = server(Program::Nginx, Work::Constant);
    let policy_server = server(Program::PolicyServer, Work::Empty);
    let per_second = |load: &Load| load.per_second;
    let review = |function| figures.time("review/Rollout, canary", function, "typical");
    let wasm = review("Wasm")?;
    let instance = figures.time("instance", "rollgate", "")?;
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let idle = rollgate.map(|measured| measured.idle as f64);
    Ok(vec![
        ratio(
            "reviews/s of the whole rulebook at 8 connections, to policy-server's with the empty policy",
            closed(rollgate, EIGHT).map(|load| load.per_second),
            closed(policy_server, EIGHT).map(|load| load.per_second),
            ("policy-server", 10.0, More),
        ),
        ratio(
            "the same, to nginx's constant answers",
            closed(rollgate, EIGHT).map(|load| load.per_second),
            closed(nginx, EIGHT).map(|load| load.per_second),
            ("nginx", 1.0 / 3.0, More),
        ),
        ratio(
            "p50 at one connection, to nginx's",
            closed(rollgate, ONE).map(|load| load.p50),
            closed(nginx, ONE).map(|load| load.p50),
            ("nginx", 3.0, Less),
        ),
        figure("native review of a typical Rollout", Some(review("native")?), 10e-6, Less, units::time),
        figure(
            "review of a typical Rollout in Wasm, with a fresh instance",
            Some(wasm),
            60e-6,
            Less,
            units::time,
        ),
        ratio("a fresh instance alone, to that review", Some(instance), Some(wasm), ("", 0.1, Less)),
        figure(
            "reviews/s at 8 connections",
            closed(rollgate, EIGHT).as_ref().map(per_second),
            12_000.0,
            More,
            units::number,
        ),
        figure(
            "p99 at 2,000 reviews/s",
            rollgate.and_then(|measured| measured.open(2_000)).map(|load| load.p99),
            2e-3,
            Less,
            units::time,
        ),
        figure(
            "ready after start, compiled before",
            rollgate.map(|measured| measured.ready),
            0.3,
            Less,
            units::time,
        ),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes")]
        figure("resident memory, idle", idle, 40e6, Less, |bytes| units::bytes(bytes as u64)),
    ])
}

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
}
use Better::{Less, More};

impl Better {
    fn reached(self, measured: f64, aim: f64) -> f64 {
        match self {
            Self::More => measured / aim,
            Self::Less => aim / measured,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::More => "≥",
            Self::Less => "≤",
        }
    }
}

fn ratio(
    what: &'static str,
    measured: Option<f64>,
    peer: Option<f64>,
    (name, aim, better): (&str, f64, Better),
) -> Target {
    let ratio = measured.zip(peer).map(|(measured, peer)| measured / peer);
    Target {
        what,
        aim: format!("{} {aim:.2} ×", better.sign()),
        measured: ratio
            .map_or_else(|| format!("{name} is not on this machine"), |ratio| format!("{ratio:.2} ×")),
        reached: ratio.map(|ratio| better.reached(ratio, aim)),
    }
}

fn figure(
    what: &'static str,
    measured: Option<f64>,
    aim: f64,
    better: Better,
    unit: impl Fn(f64) -> String,
) -> Target {
    Target {
        what,
        aim: format!("{} {}", better.sign(), unit(aim)),
        measured: measured.map_or_else(|| "not measured".to_owned(), &unit),
        reached: measured.map(|measured| better.reached(measured, aim)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_just_reached_and_more_is_better() {
        let is = |target: Target, expected: f64| {
            assert!((target.reached.expect("a figure") - expected).abs() < 1e-9, "{}", target.what);
        };
        is(ratio("", Some(20.0), Some(1.0), ("", 10.0, More)), 2.0);
        is(ratio("", Some(20.0), Some(1.0), ("", 10.0, Less)), 0.5);
        is(figure("", Some(5.0), 10.0, Less, units::number), 2.0);
        is(figure("", Some(5.0), 10.0, More, units::number), 0.5);
        let missing = ratio("", Some(20.0), None, ("nginx", 10.0, More));
        assert_eq!((missing.reached, missing.measured.as_str()), (None, "nginx is not on this machine"));
    }
}
