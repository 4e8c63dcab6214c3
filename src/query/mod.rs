//! What a `PromQL` query says about a release: a share of failed requests, a latency, nothing at all.
//!
//! The reader is small and knows when it does not know: a query it cannot parse is [`Unreadable`], one it
//! can parse but not interpret measures [`Measure::Unknown`]. Neither may ever count as a signal.
//!
//! Source of the grammar and the types: the Prometheus documentation on querying. `promql-parser` serves
//! as the oracle in the tests; it is too slow to start for a policy that lives for one review.

mod functions;
mod lexer;
mod measure;
mod names;
mod parser;
mod pattern;
mod status;
mod tree;
mod window;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

use parser::Query;

/// What a bigger or smaller result says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// The share of requests that failed: 0 is good, `scale` means every request failed.
    ErrorRatio {
        /// Usually 1 or 100.
        scale: f64,
    },
    /// The share of requests that succeeded: 0 means every request failed, `scale` is good.
    SuccessRatio {
        /// Usually 1 or 100.
        scale: f64,
    },
    /// How long requests take; bigger is worse.
    Latency {
        /// The quantile in 0..=1; `None` for an average.
        quantile: Option<f64>,
        /// The unit of the result, after arithmetic; `None` when the query does not tell.
        unit: Option<LatencyUnit>,
    },
    /// The share of targets or replicas that are up: 0 is none, `scale` is all.
    Availability {
        /// Usually 1 or 100.
        scale: f64,
    },
    /// Failures by themselves, per second or per window: bigger is worse, without an upper end.
    ErrorRate,
    /// The same number whatever the release does: measures nothing.
    Constant(f64),
    /// Anything else.
    Unknown,
}

/// The unit a latency is given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencyUnit {
    /// Seconds, the base unit of Prometheus.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
}

/// What the answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One number, always there.
    Scalar,
    /// A list of samples.
    Vector,
}

/// What was read out of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What the query measures.
    pub measure: Measure,
    /// What its answer looks like.
    pub shape: Shape,
    /// Whether the answer has no sample at all when there are no series, or none passes a filter.
    pub may_be_empty: bool,
    /// Seconds of the past that the answer is made of; of several ranges the shortest, `None` without any.
    pub window: Option<f64>,
}

/// Why a query could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the query at byte {at}: {reason}")]
pub struct Unreadable {
    /// Byte offset into the query.
    pub at: usize,
    /// What stands there.
    pub reason: String,
}

impl Unreadable {
    fn new(at: usize, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into() }
    }
}

/// Reads a query. Template placeholders have to be substituted before.
///
/// # Errors
/// [`Unreadable`] when Prometheus would refuse the query, or this reader does not know the syntax.
pub fn read(query: &str) -> Result<Reading, Unreadable> {
    let Query { expr, kind, looks_elsewhere } = parser::parse(query)?;
    let shape = match kind {
        tree::Type::Scalar => Shape::Scalar,
        tree::Type::Vector | tree::Type::Matrix => Shape::Vector,
        tree::Type::Text => return Err(Unreadable::new(0, "a query that answers with text")),
    };
    let (measure, may_be_empty) = measure::of(&expr);
    let measure = if looks_elsewhere { Measure::Unknown } else { measure };
    Ok(Reading {
        measure,
        shape,
        may_be_empty: may_be_empty && shape == Shape::Vector,
        window: window::shortest(&expr),
    })
}
