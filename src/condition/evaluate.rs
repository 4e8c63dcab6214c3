//! Evaluates conditions of the own tree.

use super::tree::{Binary, Expr, Helper, Order, Unary};
use super::{EvaluationError, Measurement};

#[derive(Clone, Copy, Debug)]
enum Value<'a> {
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    Floats(&'a [f64]),
}

/// Whether a condition holds for a result that it fits.
pub(super) fn holds(expr: &Expr, result: Measurement<'_>) -> Result<bool, EvaluationError> {
    match evaluate(expr, result)? {
        Value::Bool(answer) => Ok(answer),
        _ => Err(EvaluationError::NotBoolean),
    }
}

fn mismatch(result: Measurement<'_>) -> EvaluationError {
    EvaluationError::Mismatch { result: result.describe() }
}

fn evaluate<'a>(expr: &Expr, result: Measurement<'a>) -> Result<Value<'a>, EvaluationError> {
    Ok(match expr {
        Expr::Int(int) => Value::Int(*int),
        Expr::Float(float) => Value::Float(*float),
        Expr::Bool(bool) => Value::Bool(*bool),
        Expr::Nil => Value::Nil,
        Expr::Result => whole(result),
        Expr::Element(index) => Value::Float(element(*index, result)?),
        Expr::Unary(unary, operand) => match (unary, evaluate(operand, result)?) {
            (Unary::Not, Value::Bool(bool)) => Value::Bool(!bool),
            // A plus is checked against the type and then does nothing.
            (Unary::Plus, value) => value,
            (Unary::Minus, Value::Int(int)) => Value::Int(int.wrapping_neg()),
            (Unary::Minus, Value::Float(float)) => Value::Float(-float),
            _ => return Err(mismatch(result)),
        },
        Expr::Binary(binary @ (Binary::And | Binary::Or), left, right) => {
            let decisive = *binary == Binary::Or;
            match (left.constant_bool(), right.constant_bool()) {
                (Some(known), _) if known != decisive => evaluate(right, result)?,
                (_, Some(known)) if known != decisive => evaluate(left, result)?,
                // The controller's compiler drops the other side, and with it any error it would have been.
                (Some(known), _) | (_, Some(known)) => Value::Bool(known),
                (None, None) => match evaluate(left, result)? {
                    Value::Bool(first) if first == decisive => Value::Bool(first),
                    Value::Bool(_) => evaluate(right, result)?,
                    _ => return Err(mismatch(result)),
                },
            }
        }
        Expr::Binary(binary, left, right) => {
            let (left, right) = (evaluate(left, result)?, evaluate(right, result)?);
            join(*binary, left, right).ok_or_else(|| mismatch(result))?
        }
        Expr::Ordered(first, rest) => {
            let mut left = evaluate(first, result)?;
            for (order, expr) in rest {
                let right = evaluate(expr, result)?;
                if !compare(*order, left, right).ok_or_else(|| mismatch(result))? {
                    return Ok(Value::Bool(false));
                }
                left = right;
            }
            Value::Bool(true)
        }
        Expr::Call(helper, arguments) => call(*helper, arguments, result)?,
    })
}

fn whole(result: Measurement<'_>) -> Value<'_> {
    match result {
        Measurement::Number(number) => Value::Float(number),
        Measurement::Vector(samples) => Value::Floats(samples),
        Measurement::Nil => Value::Nil,
    }
}

fn element(index: i64, result: Measurement<'_>) -> Result<f64, EvaluationError> {
    let Measurement::Vector(samples) = result else { return Err(mismatch(result)) };
    let length = samples.len();
    let from_start = match usize::try_from(index.unsigned_abs()) {
        Ok(back) if index < 0 => length.checked_sub(back),
        Ok(forth) => Some(forth),
        Err(_) => None,
    };
    from_start.and_then(|at| samples.get(at).copied()).ok_or(EvaluationError::OutOfRange { index, length })
}

fn call<'a>(
    helper: Helper,
    arguments: &[Expr],
    result: Measurement<'a>,
) -> Result<Value<'a>, EvaluationError> {
    let mut values = [Value::Nil; 2];
    for (value, argument) in values.iter_mut().zip(arguments) {
        *value = evaluate(argument, result)?;
    }
    let [first, second] = values;
    let is_nil = matches!(result, Measurement::Nil);
    let value = match (helper, first) {
        (Helper::Len, Value::Floats(samples)) => {
            Some(Value::Int(i64::try_from(samples.len()).unwrap_or(i64::MAX)))
        }
        (Helper::IsNan, Value::Float(float)) => Some(Value::Bool(float.is_nan())),
        (Helper::IsInf, Value::Float(float)) => Some(Value::Bool(float.is_infinite())),
        // Both of these look at the result, whatever they are given.
        (Helper::IsNil, _) => Some(Value::Bool(is_nil)),
        (Helper::Default, _) => Some(if is_nil { second } else { whole(result) }),
        (Helper::AsFloat, value) => float(value).map(Value::Float),
        (Helper::AsInt, Value::Int(int)) => Some(Value::Int(int)),
        (Helper::AsInt, Value::Float(float)) => Some(Value::Int(truncate(float))),
        _ => None,
    };
    value.ok_or_else(|| mismatch(result))
}

#[expect(clippy::cast_precision_loss, reason = "the language compares integers with floats this way")]
fn float(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Int(int) => Some(int as f64),
        Value::Float(float) => Some(float),
        _ => None,
    }
}

/// Go leaves a conversion out of range to the machine; amd64 gives the smallest integer, also for NaN.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn truncate(float: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&float) { float as i64 } else { i64::MIN }
}

fn join<'a>(binary: Binary, left: Value<'_>, right: Value<'_>) -> Option<Value<'a>> {
    Some(match (binary, left, right) {
        (Binary::Equal, ..) => Value::Bool(equal(left, right)),
        (Binary::NotEqual, ..) => Value::Bool(!equal(left, right)),
        (Binary::Add, Value::Int(left), Value::Int(right)) => Value::Int(left.wrapping_add(right)),
        (Binary::Subtract, Value::Int(left), Value::Int(right)) => Value::Int(left.wrapping_sub(right)),
        (Binary::Multiply, Value::Int(left), Value::Int(right)) => Value::Int(left.wrapping_mul(right)),
        (Binary::Modulo, Value::Int(left), Value::Int(right)) if right != 0 => {
            Value::Int(left.wrapping_rem(right))
        }
        (Binary::Add, ..) => Value::Float(float(left)? + float(right)?),
        (Binary::Subtract, ..) => Value::Float(float(left)? - float(right)?),
        (Binary::Multiply, ..) => Value::Float(float(left)? * float(right)?),
        (Binary::Divide, ..) => Value::Float(float(left)? / float(right)?),
        (Binary::Power, ..) => Value::Float(float(left)?.powf(float(right)?)),
        (Binary::Modulo | Binary::And | Binary::Or, ..) => return None,
    })
}

#[expect(clippy::float_cmp, reason = "conditions compare exactly")]
fn equal(left: Value<'_>, right: Value<'_>) -> bool {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left == right,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Nil, Value::Nil) => true,
        (Value::Floats(left), Value::Floats(right)) => left == right,
        _ => match (float(left), float(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        },
    }
}

fn compare(order: Order, left: Value<'_>, right: Value<'_>) -> Option<bool> {
    fn by<T: PartialOrd>(order: Order, left: &T, right: &T) -> bool {
        match order {
            Order::Less => left < right,
            Order::LessOrEqual => left <= right,
            Order::Greater => left > right,
            Order::GreaterOrEqual => left >= right,
        }
    }
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        return Some(by(order, &left, &right));
    }
    Some(by(order, &float(left)?, &float(right)?))
}
