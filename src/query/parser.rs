//! Reads `PromQL` by precedence, with the types Prometheus checks while parsing.

use super::Unreadable;
use super::functions::Function;
use super::lexer::{Kind, Lexer, Token, duration, number, unquote};
use super::pattern::Pattern;
use super::tree::{
    Aggregate, Binary, Expr, Grouping, Many, Matcher, Matching, Operator, Selector, Test, Type,
};

/// How deep a query may nest.
const DEPTH: usize = 64;
/// How many nodes a query may have. It bounds every recursion over the tree.
const NODES: usize = 512;

const AGGREGATIONS: [&str; 12] = [
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "group",
    "stddev",
    "stdvar",
    "topk",
    "bottomk",
    "quantile",
    "count_values",
];

const KEYWORDS: [&str; 16] = [
    "and",
    "or",
    "unless",
    "atan2",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "start",
    "end",
    "limitk",
    "limit_ratio",
];

/// A query that Prometheus would answer.
#[derive(Debug)]
pub(super) struct Query<'a> {
    pub expr: Expr<'a>,
    pub kind: Type,
    /// Some part of it is about another time than now, and so about another release.
    pub looks_elsewhere: bool,
}

pub(super) fn parse(query: &str) -> Result<Query<'_>, Unreadable> {
    let mut lexer = Lexer::new(query);
    let current = lexer.next()?;
    let mut parser = Parser { lexer, current, depth: 0, nodes: 0, looks_elsewhere: false };
    let (expr, kind) = parser.expression(0)?;
    match parser.current.kind {
        Kind::End => Ok(Query { expr, kind, looks_elsewhere: parser.looks_elsewhere }),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    current: Token<'a>,
    depth: usize,
    nodes: usize,
    looks_elsewhere: bool,
}

type Parsed<'a> = Result<(Expr<'a>, Type), Unreadable>;

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Token<'a>, Unreadable> {
        let next = self.lexer.next()?;
        self.looks_elsewhere |= next.is("@") || next.is_word("offset");
        Ok(std::mem::replace(&mut self.current, next))
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Unreadable> {
        if !self.current.is(symbol) {
            return Err(self.unexpected());
        }
        self.advance().map(drop)
    }

    fn skip(&mut self, symbol: &str) -> Result<bool, Unreadable> {
        let found = self.current.is(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn unexpected(&self) -> Unreadable {
        match self.current.kind {
            Kind::End => Unreadable::new(self.current.at, "the query ends too early"),
            _ => Unreadable::new(self.current.at, format!("unexpected `{}`", self.current.text)),
        }
    }

    fn expression(&mut self, floor: u8) -> Parsed<'a> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Unreadable::new(self.current.at, "a query nested this deep"));
        }
        let mut left = self.unary()?;
        while let Some(operator) = operator(self.current).filter(|operator| operator.precedence() >= floor) {
            let at = self.advance()?.at;
            let returns_bool = self.current.is_word("bool");
            if returns_bool {
                self.advance()?;
            }
            let matching = self.matching()?;
            // Only powers lean to the right.
            let right = self.expression(operator.precedence() + u8::from(operator != Operator::Power))?;
            self.count()?;
            left = binary(operator, left, right, returns_bool, matching)
                .map_err(|reason| Unreadable::new(at, reason))?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn count(&mut self) -> Result<(), Unreadable> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(Unreadable::new(self.current.at, "a query this long"));
        }
        Ok(())
    }

    fn matching(&mut self) -> Result<Option<Matching<'a>>, Unreadable> {
        let on = self.current.is_word("on");
        if !on && !self.current.is_word("ignoring") {
            return Ok(None);
        }
        self.advance()?;
        let labels = self.labels()?;
        let left = self.current.is_word("group_left");
        let many = if left || self.current.is_word("group_right") {
            self.advance()?;
            let labels = if self.current.is("(") { self.labels()? } else { Vec::new() };
            Some(Many { left, labels })
        } else {
            None
        };
        Ok(Some(Matching { on, labels, many }))
    }

    fn labels(&mut self) -> Result<Vec<&'a str>, Unreadable> {
        self.expect("(")?;
        let mut labels = Vec::new();
        while !self.current.is(")") {
            labels.push(self.label()?);
            if !self.skip(",")? {
                break;
            }
        }
        self.expect(")")?;
        Ok(labels)
    }

    fn label(&mut self) -> Result<&'a str, Unreadable> {
        if self.current.kind != Kind::Word || self.current.text.contains(':') {
            return Err(self.unexpected());
        }
        Ok(self.advance()?.text)
    }

    fn unary(&mut self) -> Parsed<'a> {
        let negative = self.current.is("-");
        if !negative && !self.current.is("+") {
            return self.postfix();
        }
        let at = self.advance()?.at;
        let (operand, kind) = self.expression(Operator::Power.precedence())?;
        if !matches!(kind, Type::Scalar | Type::Vector) {
            return Err(Unreadable::new(at, "a sign before something that has none"));
        }
        self.count()?;
        Ok((if negative { Expr::Negative(Box::new(operand)) } else { operand }, kind))
    }

    /// A primary expression with what may follow it: a range, a subquery, `offset`, `@`.
    fn postfix(&mut self) -> Parsed<'a> {
        // Brackets around a selector make it an expression like any other.
        let mut bare = !self.current.is("(");
        let (mut expr, mut kind) = self.primary()?;
        let (mut shifted, mut pinned) = (false, false);
        loop {
            let at = self.current.at;
            let movable = bare && matches!(expr, Expr::Selector(_) | Expr::Range(..) | Expr::Subquery(..));
            if self.current.is("[") {
                self.advance()?;
                let range = self.duration()?;
                if self.skip(":")? {
                    if !self.current.is("]") {
                        self.duration()?;
                    }
                    if kind != Type::Vector {
                        return Err(Unreadable::new(
                            at,
                            "a subquery of something other than an instant vector",
                        ));
                    }
                    expr = Expr::Subquery(Box::new(expr), range);
                } else {
                    expr = match expr {
                        Expr::Selector(selector) if bare && !(shifted || pinned) => {
                            Expr::Range(selector, range)
                        }
                        _ => return Err(Unreadable::new(at, "a range of something other than a selector")),
                    };
                }
                self.expect("]")?;
                self.count()?;
                kind = Type::Matrix;
                (bare, shifted, pinned) = (true, false, false);
            } else if self.current.is_word("offset") && movable && !shifted {
                self.advance()?;
                self.skip("-")?;
                self.duration()?;
                shifted = true;
            } else if self.current.is("@") && movable && !pinned {
                self.advance()?;
                self.timestamp()?;
                pinned = true;
            } else {
                return Ok((expr, kind));
            }
        }
    }

    fn duration(&mut self) -> Result<u64, Unreadable> {
        if self.current.kind != Kind::Duration {
            return Err(self.unexpected());
        }
        let token = self.advance()?;
        duration(token)
    }

    fn timestamp(&mut self) -> Result<(), Unreadable> {
        if self.current.is_word("start") || self.current.is_word("end") {
            self.advance()?;
            self.expect("(")?;
            return self.expect(")");
        }
        if self.current.kind != Kind::Number {
            return Err(self.unexpected());
        }
        let token = self.advance()?;
        number(token).map(drop)
    }

    fn primary(&mut self) -> Parsed<'a> {
        self.count()?;
        let token = self.current;
        match token.kind {
            Kind::Number => {
                self.advance()?;
                Ok((Expr::Number(number(token)?), Type::Scalar))
            }
            Kind::Text => {
                self.advance()?;
                Ok((Expr::Text(unquote(token)?), Type::Text))
            }
            Kind::Word => self.word(token),
            Kind::Symbol if token.text == "(" => {
                self.advance()?;
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Symbol if token.text == "{" => self.selector(""),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, token: Token<'a>) -> Parsed<'a> {
        let aggregation = AGGREGATIONS.into_iter().find(|name| token.is_word(name));
        if let Some(operator) = aggregation {
            return self.aggregate(operator);
        }
        if token.is_word("inf") || token.is_word("nan") {
            self.advance()?;
            let number = if token.is_word("inf") { f64::INFINITY } else { f64::NAN };
            return Ok((Expr::Number(number), Type::Scalar));
        }
        if KEYWORDS.iter().any(|keyword| token.is_word(keyword)) {
            return Err(self.unexpected());
        }
        self.advance()?;
        if self.current.is("(") { self.call(token) } else { self.selector(token.text) }
    }

    fn call(&mut self, name: Token<'a>) -> Parsed<'a> {
        let function = Function::named(name.text)
            .ok_or_else(|| Unreadable::new(name.at, format!("the function `{}`", name.text)))?;
        self.expect("(")?;
        let (mut arguments, mut types) = (Vec::new(), Vec::new());
        while !self.current.is(")") {
            let (argument, kind) = self.expression(0)?;
            arguments.push(argument);
            types.push(kind);
            if !self.skip(",")? {
                break;
            }
            if self.current.is(")") {
                return Err(self.unexpected());
            }
        }
        self.expect(")")?;
        if !function.takes(&types) {
            return Err(Unreadable::new(name.at, format!("arguments `{}` does not take", function.name)));
        }
        Ok((Expr::Call(function.name, arguments), function.returns()))
    }

    fn aggregate(&mut self, operator: &'static str) -> Parsed<'a> {
        let at = self.advance()?.at;
        let mut grouping = self.grouping()?;
        self.expect("(")?;
        let takes_parameter = matches!(operator, "topk" | "bottomk" | "quantile" | "count_values");
        let parameter = if takes_parameter {
            let (parameter, kind) = self.expression(0)?;
            let wanted = if operator == "count_values" { Type::Text } else { Type::Scalar };
            if kind != wanted {
                return Err(Unreadable::new(at, format!("a parameter `{operator}` does not take")));
            }
            self.expect(",")?;
            Some(parameter)
        } else {
            None
        };
        let (argument, kind) = self.expression(0)?;
        if kind != Type::Vector {
            return Err(Unreadable::new(at, "an aggregation of something other than an instant vector"));
        }
        self.expect(")")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let aggregate = Aggregate { operator, parameter, argument, grouping };
        Ok((Expr::Aggregate(Box::new(aggregate)), Type::Vector))
    }

    fn grouping(&mut self) -> Result<Option<Grouping<'a>>, Unreadable> {
        let without = self.current.is_word("without");
        if !without && !self.current.is_word("by") {
            return Ok(None);
        }
        self.advance()?;
        Ok(Some(Grouping { without, labels: self.labels()? }))
    }

    fn selector(&mut self, name: &'a str) -> Parsed<'a> {
        let at = self.current.at;
        let mut selector = Selector { name, matchers: Vec::new() };
        if self.skip("{")? {
            while !self.current.is("}") {
                self.count()?;
                let matcher = self.matcher()?;
                selector.matchers.push(matcher);
                if !self.skip(",")? {
                    break;
                }
            }
            self.expect("}")?;
        }
        if name.is_empty() {
            // Prometheus insists on a matcher that does not match the absence of its label.
            let narrows = |matcher: &Matcher<'_>| matcher.filter()?.accepts("").map(|accepts| !accepts);
            let narrowing = selector.matchers.iter().map(narrows).collect::<Option<Vec<_>>>();
            if !narrowing.is_some_and(|narrowing| narrowing.contains(&true)) {
                return Err(Unreadable::new(at, "a selector of everything"));
            }
        } else if selector.matchers.iter().any(|matcher| matcher.label == "__name__") {
            return Err(Unreadable::new(at, "a metric name given twice"));
        }
        Ok((Expr::Selector(selector), Type::Vector))
    }

    fn matcher(&mut self) -> Result<Matcher<'a>, Unreadable> {
        let label = self.label()?;
        let test = match self.current.text {
            "=" => Test::Equal,
            "!=" => Test::NotEqual,
            "=~" => Test::Matches,
            "!~" => Test::MatchesNot,
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        if self.current.kind != Kind::Text {
            return Err(self.unexpected());
        }
        let token = self.advance()?;
        let value = unquote(token)?;
        if matches!(test, Test::Matches | Test::MatchesNot) && !Pattern::is_plausible(&value) {
            return Err(Unreadable::new(token.at, "a malformed regular expression"));
        }
        Ok(Matcher { label, test, value })
    }
}

fn operator(token: Token<'_>) -> Option<Operator> {
    const WORDS: [(&str, Operator); 4] = [
        ("or", Operator::Or),
        ("and", Operator::And),
        ("unless", Operator::Unless),
        ("atan2", Operator::Atan2),
    ];
    if token.kind == Kind::Word {
        return WORDS.into_iter().find(|(word, _)| token.is_word(word)).map(|(_, operator)| operator);
    }
    if token.kind != Kind::Symbol {
        return None;
    }
    Some(match token.text {
        "==" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Modulo,
        "^" => Operator::Power,
        _ => return None,
    })
}

/// Joins two operands, or says why Prometheus would not.
fn binary<'a>(
    operator: Operator,
    (left, left_kind): (Expr<'a>, Type),
    (right, right_kind): (Expr<'a>, Type),
    returns_bool: bool,
    matching: Option<Matching<'a>>,
) -> Result<(Expr<'a>, Type), &'static str> {
    let kinds = [left_kind, right_kind];
    if !kinds.iter().all(|kind| matches!(kind, Type::Scalar | Type::Vector)) {
        return Err("an operator between things that are neither scalars nor instant vectors");
    }
    let scalars = kinds == [Type::Scalar; 2];
    if returns_bool && !operator.is_comparison() {
        return Err("`bool` without a comparison");
    }
    if scalars && operator.is_comparison() && !returns_bool {
        return Err("a comparison of scalars without `bool`");
    }
    if operator.is_set() && kinds.contains(&Type::Scalar) {
        return Err("a set operator between scalars");
    }
    if let Some(matching) = &matching {
        if kinds.contains(&Type::Scalar) {
            return Err("vector matching between things that are not vectors");
        }
        if let Some(many) = &matching.many {
            if operator.is_set() {
                return Err("grouping in a set operation");
            }
            if matching.on && many.labels.iter().any(|label| matching.labels.contains(label)) {
                return Err("a label both matched on and grouped by");
            }
        }
    }
    let kind = if scalars { Type::Scalar } else { Type::Vector };
    Ok((Expr::Binary(Box::new(Binary { operator, left, right, returns_bool, matching })), kind))
}
