//! Whether a condition fits a kind of result.
//!
//! The controller compiles a condition knowing what the result is, so `true || result[0] > 1` is an
//! error for a single number although its right side is never evaluated.

use super::Measurement;
use super::tree::{Binary, Expr, Helper, Unary};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Int,
    Float,
    Bool,
    Nil,
    Floats,
    /// Known only while evaluating: what `default` returns.
    Any,
}

impl Type {
    fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }

    fn may_be_number(self) -> bool {
        self.is_number() || self == Self::Any
    }

    fn may_be_bool(self) -> bool {
        matches!(self, Self::Bool | Self::Any)
    }
}

/// The kinds of results that a condition fits; found once, since it is held against many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fits {
    number: bool,
    list: bool,
    nil: bool,
}

impl Fits {
    pub fn of(expr: &Expr) -> Self {
        let fits = |result| type_of(expr, result).is_some();
        Self { number: fits(Type::Float), list: fits(Type::Floats), nil: fits(Type::Nil) }
    }

    pub fn cover(self, result: Measurement<'_>) -> bool {
        match result {
            Measurement::Number(_) => self.number,
            Measurement::Vector(_) => self.list,
            Measurement::Nil => self.nil,
        }
    }
}

/// The type of an expression for a type of `result`; `None` when it does not fit.
fn type_of(expr: &Expr, result: Type) -> Option<Type> {
    match expr {
        Expr::Int(_) => Some(Type::Int),
        Expr::Float(_) => Some(Type::Float),
        Expr::Bool(_) => Some(Type::Bool),
        Expr::Nil => Some(Type::Nil),
        Expr::Result => Some(result),
        Expr::Element(_) => (result == Type::Floats).then_some(Type::Float),
        Expr::Unary(unary, operand) => {
            let operand = type_of(operand, result)?;
            match unary {
                Unary::Not => operand.may_be_bool().then_some(Type::Bool),
                Unary::Plus | Unary::Minus => operand.may_be_number().then_some(operand),
            }
        }
        Expr::Binary(binary, left, right) => join(*binary, type_of(left, result)?, type_of(right, result)?),
        Expr::Ordered(first, rest) => {
            let mut left = type_of(first, result)?;
            for (_, expr) in rest {
                let right = type_of(expr, result)?;
                if !(left.may_be_number() && right.may_be_number()) {
                    return None;
                }
                left = right;
            }
            Some(Type::Bool)
        }
        Expr::Call(helper, arguments) => {
            let mut first = None;
            for argument in arguments {
                let argument = type_of(argument, result)?;
                first = first.or(Some(argument));
            }
            call(*helper, first?)
        }
    }
}

fn join(binary: Binary, left: Type, right: Type) -> Option<Type> {
    let numbers = left.may_be_number() && right.may_be_number();
    match binary {
        Binary::Add | Binary::Subtract | Binary::Multiply => numbers.then_some(match (left, right) {
            (Type::Any, _) | (_, Type::Any) => Type::Any,
            (Type::Int, Type::Int) => Type::Int,
            _ => Type::Float,
        }),
        Binary::Divide | Binary::Power => numbers.then_some(Type::Float),
        Binary::Modulo => {
            let integers = |kind| matches!(kind, Type::Int | Type::Any);
            (integers(left) && integers(right)).then_some(Type::Int)
        }
        Binary::Equal | Binary::NotEqual => {
            let comparable = left == right
                || (left.is_number() && right.is_number())
                || [left, right].iter().any(|side| matches!(side, Type::Any | Type::Nil));
            comparable.then_some(Type::Bool)
        }
        Binary::And | Binary::Or => (left.may_be_bool() && right.may_be_bool()).then_some(Type::Bool),
    }
}

fn call(helper: Helper, argument: Type) -> Option<Type> {
    match helper {
        Helper::Len => matches!(argument, Type::Floats | Type::Any).then_some(Type::Int),
        Helper::IsNan | Helper::IsInf => argument.may_be_number().then_some(Type::Bool),
        Helper::Default => Some(Type::Any),
        Helper::IsNil => Some(Type::Bool),
        Helper::AsFloat => Some(Type::Float),
        Helper::AsInt => Some(Type::Int),
    }
}
