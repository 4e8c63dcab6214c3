//! A query as a tree. The parser bounds its size, so walking it recursively is safe.

use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr<'a> {
    Number(f64),
    Text(Cow<'a, str>),
    Selector(Selector<'a>),
    /// `selector[5m]`, the range in milliseconds.
    Range(Selector<'a>, u64),
    /// `expr[1h:5m]`, the range in milliseconds. No signal depends on its step.
    Subquery(Box<Expr<'a>>, u64),
    Negative(Box<Expr<'a>>),
    Call(&'static str, Vec<Expr<'a>>),
    Aggregate(Box<Aggregate<'a>>),
    Binary(Box<Binary<'a>>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selector<'a> {
    /// Empty when the selector gives no name.
    pub name: &'a str,
    pub matchers: Vec<Matcher<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matcher<'a> {
    pub label: &'a str,
    pub test: Test,
    pub value: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Aggregate<'a> {
    pub operator: &'static str,
    pub parameter: Option<Expr<'a>>,
    pub argument: Expr<'a>,
    pub grouping: Option<Grouping<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grouping<'a> {
    pub without: bool,
    pub labels: Vec<&'a str>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Binary<'a> {
    pub operator: Operator,
    pub left: Expr<'a>,
    pub right: Expr<'a>,
    /// Comparisons only: 0 and 1 instead of a filter.
    pub returns_bool: bool,
    pub matching: Option<Matching<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matching<'a> {
    /// `on` when true, `ignoring` when false.
    pub on: bool,
    pub labels: Vec<&'a str>,
    pub many: Option<Many<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Many<'a> {
    /// `group_left` when true, `group_right` when false.
    pub left: bool,
    pub labels: Vec<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Atan2,
    Power,
}

impl Operator {
    pub fn is_set(self) -> bool {
        matches!(self, Self::Or | Self::And | Self::Unless)
    }

    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            _ if self.is_comparison() => 3,
            Self::Add | Self::Subtract => 4,
            Self::Power => 6,
            _ => 5,
        }
    }
}

/// The type of an expression, as Prometheus checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Scalar,
    Vector,
    Matrix,
    Text,
}
