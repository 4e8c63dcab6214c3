//! The rest of the expr language, through the `expr-lang` crate.
//!
//! That crate is a port of the language and differs from it in places. What is known to differ is either
//! rewritten before it sees the text (indices, numbers), or left alone as unsupported: an answer that may
//! be wrong is worse than none.

use expr::{Context, Environment, Program, Value};

use super::evaluate::truncate;
use super::lexer::{Kind, Lexer, Number, Token};
use super::{ConditionError, EvaluationError, Measurement};

/// Tokens a condition may have. The crate recurses over all of them.
const TOKENS: usize = 200;
/// How deep brackets may nest. Closures in closures multiply the work, and so does the crate's parser
/// for each square bracket.
const DEPTH: usize = 12;
const SQUARE_DEPTH: usize = 3;

/// Stands for `[…]`, which in the language fails beyond the end and in the crate is nil.
const ELEMENT: &str = "element";

/// Functions whose cost and meaning are the same in the crate as in the language.
const FUNCTIONS: [&str; 31] = [
    "abs",
    "all",
    "any",
    "asFloat",
    "asInt",
    "ceil",
    "count",
    "default",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "first",
    "float",
    "floor",
    "int",
    "isInf",
    "isNaN",
    "isNil",
    "last",
    "len",
    "map",
    "max",
    "mean",
    "median",
    "min",
    "none",
    "one",
    "round",
    "sum",
];

/// What else the language defines. Any other name makes the controller refuse the condition.
const KNOWN: [&str; 51] = [
    "$env",
    "bitand",
    "bitnand",
    "bitnot",
    "bitor",
    "bitshl",
    "bitshr",
    "bitushr",
    "bitxor",
    "concat",
    "contains",
    "date",
    "duration",
    "endsWith",
    "flatten",
    "fromBase64",
    "fromJSON",
    "fromPairs",
    "get",
    "groupBy",
    "hasPrefix",
    "hasSuffix",
    "indexOf",
    "join",
    "keys",
    "lastIndexOf",
    "lower",
    "matches",
    "now",
    "reduce",
    "repeat",
    "replace",
    "reverse",
    "sort",
    "sortBy",
    "split",
    "splitAfter",
    "startsWith",
    "string",
    "take",
    "timezone",
    "toBase64",
    "toJSON",
    "toPairs",
    "trim",
    "trimPrefix",
    "trimSuffix",
    "type",
    "uniq",
    "upper",
    "values",
];

/// Functions that take a list and nothing else.
const LISTS: [&str; 15] = [
    "all",
    "any",
    "count",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "first",
    "last",
    "len",
    "map",
    "none",
    "one",
    "sum",
];

const ARITHMETIC: [&str; 11] = ["<", "<=", ">", ">=", "+", "-", "*", "/", "%", "**", "^"];

pub(super) struct General {
    environment: Environment<'static>,
    program: Program,
    literals: Vec<f64>,
    usage: Usage,
}

impl std::fmt::Debug for General {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("General").field("program", &self.program).finish_non_exhaustive()
    }
}

impl General {
    pub fn compile(text: &str) -> Result<Self, ConditionError> {
        let tokens = tokens(text)?;
        admit(&tokens)?;
        let literals = literals(&tokens)?;
        let program = expr::compile(&rewrite(&tokens)?)
            .map_err(|_| ConditionError::unsupported("a condition in this syntax"))?;
        Ok(Self { environment: environment(), program, literals, usage: Usage::of(&tokens) })
    }

    pub fn holds(&self, result: Measurement<'_>) -> Result<bool, EvaluationError> {
        if !self.usage.fits(result) {
            return Err(EvaluationError::Mismatch { result: result.describe() });
        }
        let mut context = Context::default();
        context.insert("result", value(result));
        match self.environment.run(&self.program, &context) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(_) => Err(EvaluationError::NotBoolean),
            // The crate's other errors are those of its parser; leaving their printing out saves 5 KB of Wasm.
            Err(expr::Error::ExprError(reason)) => Err(EvaluationError::Failed(reason)),
            Err(_) => Err(EvaluationError::Failed("an evaluation that does not end in a value".to_owned())),
        }
    }

    pub fn literals(&self) -> Vec<f64> {
        self.literals.clone()
    }
}

fn value(result: Measurement<'_>) -> Value {
    match result {
        Measurement::Number(number) => Value::Float(number),
        Measurement::Vector(samples) => Value::Array(samples.iter().copied().map(Value::Float).collect()),
        Measurement::Nil => Value::Nil,
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, ConditionError> {
    let mut lexer = Lexer::new(text);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        if token.kind == Kind::End {
            return Ok(tokens);
        }
        if tokens.len() == TOKENS {
            return Err(ConditionError::unsupported("a condition this long"));
        }
        tokens.push(token);
    }
}

/// What a condition takes `result` for, as far as its neighbours say it. The controller's compiler
/// insists on it everywhere, the crate only where evaluation arrives.
#[derive(Default)]
struct Usage {
    list: bool,
    number: bool,
    member: bool,
}

impl Usage {
    fn of(tokens: &[Token<'_>]) -> Self {
        let mut usage = Self::default();
        for (position, token) in tokens.iter().enumerate() {
            if token.kind != Kind::Word || token.text != "result" {
                continue;
            }
            let text = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |token| token.text);
            let (function, before) = (text(position.checked_sub(2)), text(position.checked_sub(1)));
            let after = text(Some(position + 1));
            let argument = before == "(" && matches!(after, "," | ")");
            if matches!(after, "[" | "|") || (argument && LISTS.contains(&function)) {
                usage.list = true;
            } else {
                usage.number |= [before, after].iter().any(|text| ARITHMETIC.contains(text));
                usage.member |= matches!(after, "in" | "not");
            }
        }
        usage
    }

    fn fits(&self, result: Measurement<'_>) -> bool {
        match result {
            Measurement::Number(_) => !self.list,
            Measurement::Vector(_) => !self.number && !self.member,
            Measurement::Nil => !self.list && !self.number,
        }
    }
}

/// Lets pass what the crate evaluates as the language does, at a bounded price.
fn admit(tokens: &[Token<'_>]) -> Result<(), ConditionError> {
    let unsupported = |token: &Token<'_>| Err(ConditionError::unsupported(format!("`{}`", token.text)));
    let mut open = Vec::new();
    let mut binding = "";
    // For each open bracket, whether a comparison stands there that a second one would chain to.
    let mut ordered = vec![false];
    for (position, token) in tokens.iter().enumerate() {
        let called = tokens.get(position + 1).is_some_and(|next| next.is("("));
        if chains(token, &mut ordered) {
            return Err(ConditionError::unsupported("a chain of comparisons beside such functions"));
        }
        match token.kind {
            Kind::Word => match token.text {
                "true" | "false" | "nil" | "result" | "not" | "in" | "and" | "or" | "if" | "else" => {}
                // More than one variable would allow doubling a string or a list line by line.
                "let" if binding.is_empty() => {
                    binding = tokens.get(position + 1).map_or("", |name| name.text);
                    let readable = binding.len() == 1 || binding == "value";
                    if !readable {
                        return unsupported(token);
                    }
                }
                name if called && FUNCTIONS.contains(&name) => {}
                name if !called && name == binding => {}
                name if FUNCTIONS.contains(&name) || KNOWN.contains(&name) => return unsupported(token),
                name => return Err(ConditionError::invalid(token.at, format!("`{name}` is not defined"))),
            },
            Kind::Pointer if token.text != "#" => return unsupported(token),
            // No result this policy probes with is text.
            Kind::Text => return Err(ConditionError::unsupported("text in a condition")),
            Kind::Symbol => match token.text {
                "(" | "[" | "{" => {
                    open.push(token.text);
                    let square = open.iter().filter(|bracket| **bracket == "[").count();
                    if open.len() > DEPTH || square > SQUARE_DEPTH {
                        return Err(ConditionError::unsupported("a condition nested this deep"));
                    }
                }
                ")" | "]" | "}" => {
                    let pair = open.pop().map(|bracket| (bracket, token.text));
                    if !matches!(pair, Some(("(", ")") | ("[", "]") | ("{", "}"))) {
                        return Err(ConditionError::invalid(
                            token.at,
                            format!("`{}` closes nothing", token.text),
                        ));
                    }
                }
                // Ranges and the coalescing operator differ in the crate; members need a map.
                ".." | "??" | "?." | "." | "::" => return unsupported(token),
                "=" if binding.is_empty() => return unsupported(token),
                _ => {}
            },
            _ => {}
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        let at = tokens.last().map_or(0, |token| token.at);
        Err(ConditionError::invalid(at, "a bracket is not closed"))
    }
}

/// Whether this token makes `a < b < c`, which the language reads as two comparisons and the crate as a
/// comparison with a truth value.
fn chains(token: &Token<'_>, ordered: &mut Vec<bool>) -> bool {
    match token.text {
        "(" | "[" | "{" => ordered.push(false),
        ")" | "]" | "}" if ordered.len() > 1 => drop(ordered.pop()),
        "<" | "<=" | ">" | ">=" => {
            if let Some(before) = ordered.last_mut() {
                return std::mem::replace(before, true);
            }
        }
        "and" | "or" | "&&" | "||" | "," | "?" | ":" | ";" | "==" | "!=" | "|" => {
            if let Some(before) = ordered.last_mut() {
                *before = false;
            }
        }
        _ => {}
    }
    false
}

fn literals(tokens: &[Token<'_>]) -> Result<Vec<f64>, ConditionError> {
    let mut found = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Number {
            let number = Number::parse(*token)?.value();
            found.push(number);
            if position > 0 && tokens[position - 1].is("-") {
                found.push(-number);
            }
        }
    }
    Ok(found)
}

/// Writes the condition anew with numbers the crate can read and indices that fail beyond the end.
fn rewrite(tokens: &[Token<'_>]) -> Result<String, ConditionError> {
    let mut out: Vec<String> = Vec::with_capacity(tokens.len());
    // For each open bracket: where the operand it belongs to begins, and what closes it.
    let mut open: Vec<(usize, &str)> = Vec::new();
    // Where the operand that ends here begins.
    let mut operand: Option<usize> = None;
    for (position, token) in tokens.iter().enumerate() {
        match (token.kind, token.text) {
            (Kind::Symbol, bracket @ ("(" | "[" | "{")) => {
                let start = operand.unwrap_or(out.len());
                if bracket == "[" && operand.is_some() {
                    if is_slice(&tokens[position + 1..]) {
                        return Err(ConditionError::unsupported("a slice"));
                    }
                    out[start].insert_str(0, &format!("{ELEMENT}("));
                    open.push((start, ")"));
                    out.push(",".to_owned());
                } else {
                    open.push((
                        start,
                        match bracket {
                            "(" => ")",
                            "[" => "]",
                            _ => "}",
                        },
                    ));
                    out.push(bracket.to_owned());
                }
                operand = None;
            }
            (Kind::Symbol, ")" | "]" | "}") => {
                let Some((start, close)) = open.pop() else { continue };
                // The crate takes no comma before a closing bracket.
                if out.last().is_some_and(|last| last == ",") {
                    out.pop();
                }
                out.push(close.to_owned());
                operand = Some(start);
            }
            (Kind::Symbol, text) => {
                out.push(text.to_owned());
                operand = None;
            }
            (Kind::Number, _) => {
                operand = Some(out.len());
                out.push(match Number::parse(*token)? {
                    Number::Int(int) => int.to_string(),
                    Number::Float(float) => format!("{float:e}"),
                });
            }
            (Kind::Word, text) => {
                let operator = matches!(text, "not" | "in" | "and" | "or" | "if" | "else" | "let");
                operand = (!operator).then_some(out.len());
                out.push(text.to_owned());
            }
            (_, text) => {
                operand = Some(out.len());
                out.push(text.to_owned());
            }
        }
    }
    Ok(out.join(" "))
}

/// Whether the bracket opened just before holds a colon of its own.
fn is_slice(tokens: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    for token in tokens.iter().filter(|token| token.kind == Kind::Symbol) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return false,
            ")" | "]" | "}" => depth -= 1,
            ":" if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// The crate's functions and the controller's. Two of the controller's look at the result and not at
/// what they are given.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.add_function("isNaN", |call| Ok(Value::Bool(float_argument(&call.args)?.is_nan())));
    environment.add_function("isInf", |call| Ok(Value::Bool(float_argument(&call.args)?.is_infinite())));
    environment.add_function("isNil", |call| match call.args.as_slice() {
        [_] => Ok(Value::Bool(matches!(call.ctx.get("result"), None | Some(Value::Nil)))),
        _ => Err(arguments()),
    });
    environment.add_function("default", |call| match call.args.as_slice() {
        [_, fallback] => Ok(match call.ctx.get("result") {
            None | Some(Value::Nil) => fallback.clone(),
            Some(result) => result.clone(),
        }),
        _ => Err(arguments()),
    });
    environment.add_function("asInt", |call| match call.args.as_slice() {
        [Value::Integer(int)] => Ok(Value::Integer(*int)),
        [Value::Float(float)] => Ok(Value::Integer(truncate(*float))),
        _ => Err(arguments()),
    });
    environment.add_function("asFloat", |call| match call.args.as_slice() {
        #[expect(clippy::cast_precision_loss, reason = "the controller converts the same way")]
        [Value::Integer(int)] => Ok(Value::Float(*int as f64)),
        [Value::Float(float)] => Ok(Value::Float(*float)),
        _ => Err(arguments()),
    });
    environment.add_function(ELEMENT, |call| match call.args.as_slice() {
        [Value::Array(list), Value::Integer(index)] => {
            let back = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
            let at = if *index < 0 { list.len().checked_sub(back) } else { Some(back) };
            at.and_then(|at| list.get(at).cloned()).ok_or_else(|| failed("an index out of range"))
        }
        _ => Err(failed("an index into something that is not a list")),
    });
    environment
}

fn float_argument(arguments_given: &[Value]) -> expr::Result<f64> {
    match arguments_given {
        [Value::Float(float)] => Ok(*float),
        #[expect(clippy::cast_precision_loss, reason = "the language converts literals the same way")]
        [Value::Integer(int)] => Ok(*int as f64),
        _ => Err(arguments()),
    }
}

fn arguments() -> expr::Error {
    failed("a function was given what it does not take")
}

fn failed(reason: &str) -> expr::Error {
    expr::Error::ExprError(reason.to_owned())
}
