//! Reads the part of the expr language nearly everyone writes, and says what is beyond it.

use super::ConditionError;
use super::lexer::{Kind, Lexer, Number, Token};
use super::tree::{Binary, Expr, Helper, Order, Unary};

/// How deep brackets and prefix operators may nest.
const DEPTH: usize = 64;
/// How many nodes a condition may have. It bounds every recursion over the tree.
const NODES: usize = 256;

/// Why the parser gave up.
pub(super) enum Stop {
    /// The text uses the language beyond this parser.
    Foreign,
    Error(ConditionError),
}

impl From<ConditionError> for Stop {
    fn from(error: ConditionError) -> Self {
        Self::Error(error)
    }
}

pub(super) fn parse(text: &str) -> Result<Expr, Stop> {
    let mut lexer = Lexer::new(text);
    let current = lexer.next()?;
    let mut parser = Parser { lexer, current, depth: 0, nodes: 0 };
    let expr = parser.expression(0)?;
    match parser.current.kind {
        Kind::End => Ok(expr),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    current: Token<'a>,
    depth: usize,
    nodes: usize,
}

/// Precedence of the comparisons; `!` and `not` bind tighter, unary signs tighter still.
const COMPARISON: u8 = 20;
const NOT: u8 = 50;
const SIGN: u8 = 90;

enum Infix {
    Binary(Binary, u8),
    Order(Order),
}

fn infix(token: Token<'_>) -> Option<Infix> {
    use Infix::{Binary as Join, Order as Compare};
    if !matches!(token.kind, Kind::Symbol | Kind::Word) {
        return None;
    }
    Some(match token.text {
        "or" | "||" => Join(Binary::Or, 10),
        "and" | "&&" => Join(Binary::And, 15),
        "==" => Join(Binary::Equal, COMPARISON),
        "!=" => Join(Binary::NotEqual, COMPARISON),
        "<" => Compare(Order::Less),
        "<=" => Compare(Order::LessOrEqual),
        ">" => Compare(Order::Greater),
        ">=" => Compare(Order::GreaterOrEqual),
        "+" => Join(Binary::Add, 30),
        "-" => Join(Binary::Subtract, 30),
        "*" => Join(Binary::Multiply, 60),
        "/" => Join(Binary::Divide, 60),
        "%" => Join(Binary::Modulo, 60),
        "**" | "^" => Join(Binary::Power, 100),
        _ => return None,
    })
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Token<'a>, Stop> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.current, next))
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Stop> {
        if !self.current.is(symbol) {
            return Err(self.unexpected());
        }
        self.advance().map(drop)
    }

    /// What cannot stand here: either nothing of the language could, or something this parser leaves to
    /// the general reader.
    fn unexpected(&self) -> Stop {
        let token = self.current;
        let foreign = match token.kind {
            Kind::Text | Kind::Pointer => true,
            Kind::Word => matches!(
                token.text,
                "not" | "in" | "matches" | "contains" | "startsWith" | "endsWith" | "let" | "if" | "else"
            ),
            Kind::Symbol => {
                matches!(
                    token.text,
                    "[" | "{" | "}" | "." | "?." | "?" | "??" | ":" | "::" | "|" | ";" | ".."
                )
            }
            Kind::Number | Kind::End => false,
        };
        if foreign {
            return Stop::Foreign;
        }
        let reason = match token.kind {
            Kind::End => "the condition ends too early".to_owned(),
            _ => format!("unexpected `{}`", token.text),
        };
        ConditionError::invalid(token.at, reason).into()
    }

    fn node(&mut self, expr: Expr) -> Result<Expr, Stop> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(ConditionError::unsupported("a condition this long").into());
        }
        Ok(expr)
    }

    fn expression(&mut self, floor: u8) -> Result<Expr, Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ConditionError::unsupported("a condition nested this deep").into());
        }
        let mut left = self.primary()?;
        while let Some(infix) = infix(self.current) {
            match infix {
                Infix::Binary(binary, precedence) if precedence >= floor => {
                    let at = self.advance()?.at;
                    let right = self.expression(precedence + u8::from(binary != Binary::Power))?;
                    if binary == Binary::Modulo && left.constant().is_some() && right.constant() == Some(0) {
                        return Err(ConditionError::invalid(at, "a division by zero").into());
                    }
                    left = self.node(Expr::Binary(binary, Box::new(left), Box::new(right)))?;
                }
                Infix::Order(order) if COMPARISON >= floor => {
                    left = self.ordered(left, order)?;
                }
                _ => break,
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn ordered(&mut self, first: Expr, order: Order) -> Result<Expr, Stop> {
        let mut rest = Vec::with_capacity(1);
        let mut order = Some(order);
        while let Some(this) = order {
            self.advance()?;
            let next = self.expression(COMPARISON + 1)?;
            rest.push((this, self.node(next)?));
            order = match infix(self.current) {
                Some(Infix::Order(order)) => Some(order),
                _ => None,
            };
        }
        Ok(Expr::Ordered(Box::new(first), rest))
    }

    fn primary(&mut self) -> Result<Expr, Stop> {
        let token = self.current;
        match token.kind {
            Kind::Number => {
                let expr = match Number::parse(token)? {
                    Number::Int(int) => Expr::Int(int),
                    Number::Float(float) => Expr::Float(float),
                };
                self.advance()?;
                self.literal(expr)
            }
            Kind::Word => self.word(token),
            Kind::Symbol => match token.text {
                "!" => self.unary(Unary::Not, NOT),
                "-" => self.unary(Unary::Minus, SIGN),
                "+" => self.unary(Unary::Plus, SIGN),
                "(" => {
                    self.advance()?;
                    let inner = self.expression(0)?;
                    self.expect(")")?;
                    // `(result)[0]` and the like are rare; an index after brackets is left to others.
                    Ok(inner)
                }
                _ => Err(self.unexpected()),
            },
            _ => Err(self.unexpected()),
        }
    }

    /// A literal takes no index and no member, unlike everything else.
    fn literal(&mut self, expr: Expr) -> Result<Expr, Stop> {
        if self.current.is("[") || self.current.is(".") {
            let at = self.current.at;
            return Err(ConditionError::invalid(at, "a literal has no elements").into());
        }
        self.node(expr)
    }

    fn unary(&mut self, unary: Unary, precedence: u8) -> Result<Expr, Stop> {
        self.advance()?;
        let operand = self.expression(precedence)?;
        self.node(Expr::Unary(unary, Box::new(operand)))
    }

    fn word(&mut self, token: Token<'a>) -> Result<Expr, Stop> {
        match token.text {
            "true" | "false" | "nil" => {
                self.advance()?;
                self.literal(match token.text {
                    "true" => Expr::Bool(true),
                    "false" => Expr::Bool(false),
                    _ => Expr::Nil,
                })
            }
            "not" => self.unary(Unary::Not, NOT),
            "result" => {
                self.advance()?;
                if self.current.is("[") { self.element() } else { self.node(Expr::Result) }
            }
            name => match Helper::named(name) {
                Some(helper) => {
                    self.advance()?;
                    self.call(helper)
                }
                None => Err(Stop::Foreign),
            },
        }
    }

    fn element(&mut self) -> Result<Expr, Stop> {
        self.advance()?;
        let negative = self.current.is("-");
        if negative {
            self.advance()?;
        }
        if self.current.kind != Kind::Number {
            return Err(Stop::Foreign);
        }
        let Number::Int(index) = Number::parse(self.current)? else {
            return Err(ConditionError::invalid(self.current.at, "an index has to be an integer").into());
        };
        self.advance()?;
        if !self.current.is("]") {
            return Err(Stop::Foreign);
        }
        self.advance()?;
        self.node(Expr::Element(if negative { index.wrapping_neg() } else { index }))
    }

    fn call(&mut self, helper: Helper) -> Result<Expr, Stop> {
        if !self.current.is("(") {
            return Err(Stop::Foreign);
        }
        let at = self.advance()?.at;
        let mut arguments = Vec::with_capacity(helper.arity());
        while !self.current.is(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
                if self.current.is(")") {
                    break;
                }
            }
            arguments.push(self.expression(0)?);
        }
        self.expect(")")?;
        if arguments.len() != helper.arity() {
            return Err(ConditionError::invalid(at, "the wrong number of arguments").into());
        }
        if matches!(helper, Helper::IsNan | Helper::IsInf) && arguments[0].always_integer() {
            arguments = arguments.into_iter().map(Expr::with_float_literals).collect();
        }
        self.node(Expr::Call(helper, arguments))
    }
}
