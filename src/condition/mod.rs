//! Conditions of analysis templates: `successCondition` and `failureCondition`.
//!
//! The controller compiles a condition against the type of each measurement and evaluates it anew every
//! time. So does this module: an expression that does not fit the measurement is an error even where
//! evaluation would never reach the part that does not fit, exactly as in the controller.
//!
//! What nearly everyone writes takes a small parser and evaluator of our own; the rest of the expr
//! language goes to the `expr-lang` crate. Compiling there costs a hundred times as much.
//!
//! Source of the semantics: `utils/evaluate/evaluate.go` of Argo Rollouts and version 1.17.8 of the expr
//! language it links. `controller.tsv` next to the tests holds what that code answered.

mod evaluate;
mod general;
mod lexer;
mod parser;
mod tree;
mod types;

#[cfg(test)]
mod tests;

use general::General;
use tree::Expr;
use types::Fits;

/// What one query answered: the value a condition knows as `result`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measurement<'a> {
    /// A single number, as Prometheus gives for a scalar and Datadog for a query.
    Number(f64),
    /// The samples of an instant vector, or of all series of a range query; empty when no series matched.
    Vector(&'a [f64]),
    /// No value at all, as Datadog gives when there is no data.
    Nil,
}

/// Why a text is not a condition this policy can evaluate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// The controller refuses it too: every measurement ends in an error.
    #[error("{reason} at byte {at}")]
    Invalid {
        /// Byte offset into the condition.
        at: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The controller may well evaluate it; this policy cannot, and so cannot say what it does.
    #[error("{what} is not something this policy can evaluate")]
    Unsupported {
        /// The construct in question.
        what: String,
    },
}

/// Why a condition has no answer for a measurement. The controller records an errored measurement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The condition treats the result as something it is not, such as indexing a single number.
    #[error("the condition does not fit a result that is {result}")]
    Mismatch {
        /// What the result is, in words.
        result: &'static str,
    },
    /// An index beyond the end of the result.
    #[error("index {index} is out of range of a result of length {length}")]
    OutOfRange {
        /// The index as written.
        index: i64,
        /// The number of elements there are.
        length: usize,
    },
    /// The condition yields something other than true or false.
    #[error("the condition is neither true nor false")]
    NotBoolean,
    /// Any other failure while evaluating.
    #[error("{0}")]
    Failed(String),
}

/// A condition, ready to be held against measurements.
#[derive(Debug)]
pub struct Condition(Form);

#[derive(Debug)]
enum Form {
    Own { expr: Expr, fits: Fits },
    General(Box<General>),
}

impl Condition {
    /// Reads a condition. Template arguments have to be substituted before.
    ///
    /// # Errors
    /// [`ConditionError::Invalid`] when the controller could not compile it for any result,
    /// [`ConditionError::Unsupported`] when it uses a part of the language this policy does not evaluate.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        match parser::parse(text) {
            Ok(expr) => Ok(Self(Form::Own { fits: Fits::of(&expr), expr })),
            Err(parser::Stop::Error(error)) => Err(error),
            Err(parser::Stop::Foreign) => {
                General::compile(text).map(|general| Self(Form::General(Box::new(general))))
            }
        }
    }

    /// Whether the condition holds for a result.
    ///
    /// # Errors
    /// Whatever makes the controller record an errored measurement instead of a passed or failed one.
    pub fn holds(&self, result: Measurement<'_>) -> Result<bool, EvaluationError> {
        match &self.0 {
            Form::Own { fits, .. } if !fits.cover(result) => {
                Err(EvaluationError::Mismatch { result: result.describe() })
            }
            Form::Own { expr, .. } => evaluate::holds(expr, result),
            Form::General(general) => general.holds(result),
        }
    }

    /// Numbers the condition is written in, signs included: where its answer is likely to change.
    #[must_use]
    pub fn literals(&self) -> Vec<f64> {
        match &self.0 {
            Form::Own { expr, .. } => {
                let mut found = Vec::new();
                expr.literals(&mut found);
                found
            }
            Form::General(general) => general.literals(),
        }
    }
}

impl ConditionError {
    fn invalid(at: usize, reason: impl Into<String>) -> Self {
        Self::Invalid { at, reason: reason.into() }
    }

    fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

impl Measurement<'_> {
    fn describe(self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Vector(_) => "a list of numbers",
            Self::Nil => "nil",
        }
    }
}
