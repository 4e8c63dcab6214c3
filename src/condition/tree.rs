//! Conditions as trees: the part of the language nearly everyone writes.

/// An expression. Its size is bounded by the parser, so walking it recursively is safe.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    Result,
    /// `result[i]`; a negative index counts from the end.
    Element(i64),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `a < b <= c`: every neighbouring pair has to compare, from the left, until one does not.
    Ordered(Box<Expr>, Vec<(Order, Expr)>),
    Call(Helper, Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Plus,
    Minus,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Equal,
    NotEqual,
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Functions: `len` of the language, the others of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Helper {
    Len,
    Default,
    IsNan,
    IsInf,
    IsNil,
    AsFloat,
    AsInt,
}

impl Helper {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "len" => Self::Len,
            "default" => Self::Default,
            "isNaN" => Self::IsNan,
            "isInf" => Self::IsInf,
            "isNil" => Self::IsNil,
            "asFloat" => Self::AsFloat,
            "asInt" => Self::AsInt,
            _ => return None,
        })
    }

    pub fn arity(self) -> usize {
        if self == Self::Default { 2 } else { 1 }
    }
}

impl Expr {
    /// Collects the numbers written, negated where a minus stands before them.
    #[expect(clippy::cast_precision_loss, reason = "probes are floats")]
    pub fn literals(&self, found: &mut Vec<f64>) {
        match self {
            Self::Int(int) => found.push(*int as f64),
            Self::Float(float) => found.push(*float),
            Self::Unary(unary, operand) => {
                let from = found.len();
                operand.literals(found);
                if *unary == Unary::Minus && matches!(**operand, Self::Int(_) | Self::Float(_)) {
                    for number in &mut found[from..] {
                        *number = -*number;
                    }
                }
            }
            Self::Binary(_, left, right) => {
                left.literals(found);
                right.literals(found);
            }
            Self::Ordered(first, rest) => {
                first.literals(found);
                for (_, expr) in rest {
                    expr.literals(found);
                }
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.literals(found)),
            Self::Bool(_) | Self::Nil | Self::Result | Self::Element(_) => {}
        }
    }

    /// The integer this is, whatever the result, when the controller's compiler would compute it.
    pub fn constant(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Unary(Unary::Minus, operand) => operand.constant().map(i64::wrapping_neg),
            Self::Unary(Unary::Plus, operand) => operand.constant(),
            Self::Binary(binary, left, right) => {
                let (left, right) = (left.constant()?, right.constant()?);
                match binary {
                    Binary::Add => Some(left.wrapping_add(right)),
                    Binary::Subtract => Some(left.wrapping_sub(right)),
                    Binary::Multiply => Some(left.wrapping_mul(right)),
                    Binary::Modulo if right != 0 => Some(left.wrapping_rem(right)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The truth value this has, whatever the result, when the controller's compiler would compute it.
    pub fn constant_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            Self::Unary(Unary::Not, operand) => operand.constant_bool().map(|bool| !bool),
            Self::Binary(binary @ (Binary::And | Binary::Or), left, right) => {
                let decisive = *binary == Binary::Or;
                match (left.constant_bool(), right.constant_bool()) {
                    (Some(known), other) | (other, Some(known)) if known != decisive => other,
                    (Some(known), _) | (_, Some(known)) => Some(known),
                    (None, None) => None,
                }
            }
            Self::Binary(Binary::Equal, left, right) => match (left.constant(), right.constant()) {
                (Some(left), Some(right)) => Some(left == right),
                _ => Some(left.constant_bool()? == right.constant_bool()?),
            },
            _ => None,
        }
    }

    /// Whether this is an integer for every result.
    pub fn always_integer(&self) -> bool {
        match self {
            Self::Int(_) | Self::Call(Helper::Len | Helper::AsInt, _) | Self::Binary(Binary::Modulo, ..) => {
                true
            }
            Self::Unary(Unary::Plus | Unary::Minus, operand) => operand.always_integer(),
            Self::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, left, right) => {
                left.always_integer() && right.always_integer()
            }
            _ => false,
        }
    }

    /// Turns integer literals into floats, as the language does for a float parameter. Operators other
    /// than `+`, `-` and `*` keep theirs.
    #[expect(clippy::cast_precision_loss, reason = "the language converts integers to floats this way")]
    pub fn with_float_literals(self) -> Self {
        match self {
            Self::Int(int) => Self::Float(int as f64),
            Self::Unary(unary, operand) => Self::Unary(unary, Box::new(operand.with_float_literals())),
            Self::Binary(binary @ (Binary::Add | Binary::Subtract | Binary::Multiply), left, right) => {
                let (left, right) = (left.with_float_literals(), right.with_float_literals());
                Self::Binary(binary, Box::new(left), Box::new(right))
            }
            other => other,
        }
    }
}
