//! Holds the reader against `promql-parser`: what it reads, that one reads too and understands the same.

use std::fmt::Write;

use promql_parser::label::MatchOp;
use promql_parser::parser::{Expr as Theirs, LabelModifier, VectorMatchCardinality, VectorSelector, parse};
use proptest::prelude::*;

use super::parser::{self, Query};
use super::tree::{Expr, Operator, Selector, Test};

/// One form for both trees: brackets only where the structure has them.
fn ours(expr: &Expr<'_>) -> String {
    match expr {
        Expr::Number(number) => format!("{number:?}"),
        Expr::Text(text) => format!("{text:?}"),
        Expr::Selector(selector) => our_selector(selector),
        Expr::Range(selector, range) => format!("(range {} {range})", our_selector(selector)),
        Expr::Subquery(inner, _) => format!("(subquery {})", ours(inner)),
        Expr::Negative(inner) => negative(&ours(inner)),
        Expr::Call(function, arguments) => call(function, arguments.iter().map(ours)),
        Expr::Aggregate(aggregate) => {
            let parameter = aggregate.parameter.as_ref().map(ours).unwrap_or_default();
            let grouping = aggregate.grouping.as_ref().map(|grouping| {
                format!("{} {}", if grouping.without { "without" } else { "by" }, grouping.labels.join(","))
            });
            aggregation(
                aggregate.operator,
                &grouping.unwrap_or_default(),
                &parameter,
                &ours(&aggregate.argument),
            )
        }
        Expr::Binary(binary) => {
            let mut modifier = String::new();
            if let Some(matching) = &binary.matching {
                let how = if matching.on { "on" } else { "ignoring" };
                let _ = write!(modifier, "{how} {}", matching.labels.join(","));
                if let Some(many) = &matching.many {
                    let side = if many.left { "group_left" } else { "group_right" };
                    let _ = write!(modifier, " {side} {}", many.labels.join(","));
                }
            }
            let operator = symbol(binary.operator);
            operation(operator, binary.returns_bool, &modifier, &ours(&binary.left), &ours(&binary.right))
        }
    }
}

fn our_selector(selector: &Selector<'_>) -> String {
    let test = |test| match test {
        Test::Equal => "=",
        Test::NotEqual => "!=",
        Test::Matches => "=~",
        Test::MatchesNot => "!~",
    };
    let matchers = selector.matchers.iter();
    selected(selector.name, matchers.map(|one| format!("{}{}{:?}", one.label, test(one.test), one.value)))
}

fn theirs(expr: &Theirs) -> String {
    match expr {
        Theirs::NumberLiteral(literal) => format!("{:?}", literal.val),
        Theirs::StringLiteral(literal) => format!("{:?}", literal.val),
        Theirs::VectorSelector(selector) => their_selector(selector),
        Theirs::MatrixSelector(matrix) => {
            format!("(range {} {})", their_selector(&matrix.vs), matrix.range.as_millis())
        }
        Theirs::Subquery(subquery) => format!("(subquery {})", theirs(&subquery.expr)),
        Theirs::Paren(paren) => theirs(&paren.expr),
        Theirs::Unary(unary) => negative(&theirs(&unary.expr)),
        Theirs::Call(found) => call(found.func.name, found.args.args.iter().map(|argument| theirs(argument))),
        Theirs::Aggregate(aggregate) => {
            let parameter = aggregate.param.as_ref().map(|parameter| theirs(parameter)).unwrap_or_default();
            let grouping = aggregate.modifier.as_ref().map(|modifier| {
                let how = if modifier.is_include() { "by" } else { "without" };
                format!("{how} {}", modifier.labels().labels.join(","))
            });
            let operator = aggregate.op.to_string();
            aggregation(&operator, &grouping.unwrap_or_default(), &parameter, &theirs(&aggregate.expr))
        }
        Theirs::Binary(binary) => {
            let mut text = String::new();
            if let Some(modifier) = &binary.modifier {
                if let Some(matching) = &modifier.matching {
                    let how = if matches!(matching, LabelModifier::Include(_)) { "on" } else { "ignoring" };
                    let _ = write!(text, "{how} {}", matching.labels().labels.join(","));
                }
                match &modifier.card {
                    VectorMatchCardinality::ManyToOne(labels) => {
                        let _ = write!(text, " group_left {}", labels.labels.join(","));
                    }
                    VectorMatchCardinality::OneToMany(labels) => {
                        let _ = write!(text, " group_right {}", labels.labels.join(","));
                    }
                    _ => {}
                }
            }
            let operator = binary.op.to_string();
            operation(&operator, binary.return_bool(), &text, &theirs(&binary.lhs), &theirs(&binary.rhs))
        }
        Theirs::Extension(_) => "extension".to_owned(),
    }
}

fn their_selector(selector: &VectorSelector) -> String {
    let test = |op: &MatchOp| match op {
        MatchOp::Equal => "=",
        MatchOp::NotEqual => "!=",
        MatchOp::Re(_) => "=~",
        MatchOp::NotRe(_) => "!~",
    };
    let matchers = selector.matchers.matchers.iter();
    selected(
        selector.name.as_deref().unwrap_or_default(),
        matchers.map(|one| format!("{}{}{:?}", one.name, test(&one.op), one.value)),
    )
}

/// The oracle folds the sign of a number.
fn negative(inner: &str) -> String {
    inner.parse().map_or_else(|_| format!("(neg {inner})"), |number: f64| format!("{:?}", -number))
}

fn selected(name: &str, matchers: impl Iterator<Item = String>) -> String {
    let mut matchers: Vec<String> = matchers.collect();
    matchers.sort();
    format!("{name}{{{}}}", matchers.join(","))
}

fn call(function: &str, arguments: impl Iterator<Item = String>) -> String {
    format!("({function} {})", arguments.collect::<Vec<_>>().join(" "))
}

fn aggregation(operator: &str, grouping: &str, parameter: &str, argument: &str) -> String {
    format!("({operator} [{grouping}] [{parameter}] {argument})")
}

fn operation(operator: &str, returns_bool: bool, modifier: &str, left: &str, right: &str) -> String {
    let operator = operator.to_ascii_lowercase();
    format!("({operator}{} [{modifier}] {left} {right})", if returns_bool { " bool" } else { "" })
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Or => "or",
        Operator::And => "and",
        Operator::Unless => "unless",
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Modulo => "%",
        Operator::Atan2 => "atan2",
        Operator::Power => "^",
    }
}

fn pick(choices: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop::sample::select(choices).prop_map(str::to_owned)
}

fn selector() -> impl Strategy<Value = String> {
    let name = pick(&["up", "http_requests_total", "job:errors:rate5m", "x_bucket", "_a1"]);
    let label = pick(&["code", "by", "on", "le", "app", "sum", "__x"]);
    let test = pick(&["=", "!=", "=~", "!~"]);
    let value = pick(&[
        r#""5..""#,
        r#""""#,
        r"'2..|3..'",
        "`4..`",
        r#""a\\.b""#,
        r#""[45]..""#,
        r#""with \"quotes\"""#,
        r#""canary-(a|b)+""#,
    ]);
    let matcher = (label, test, value).prop_map(|(label, test, value)| format!("{label}{test}{value}"));
    let matchers = prop::collection::vec(matcher, 0..3);
    let shift = pick(&[
        "",
        "",
        "",
        " offset 5m",
        " offset -1h30m",
        " @ 1700000000",
        " @ start()",
        " @ end() offset 1d",
    ]);
    let comma = pick(&["", "", ","]);
    (name, matchers, comma, shift).prop_map(|(name, matchers, comma, shift)| match matchers.as_slice() {
        [] => format!("{name}{shift}"),
        some => format!("{name} {{ {}{comma} }}{shift}", some.join(", ")),
    })
}

fn range() -> impl Strategy<Value = String> {
    let name = pick(&["x_total", "http_requests_total{code=~\"5..\"}", "y{a='b',c!='d'}"]);
    let range = pick(&["[5m]", "[ 1h30m ]", "[500ms]", "[1d]", "[1w2d]"]);
    let shift = pick(&["", "", " offset 5m", " @ 12.5"]);
    (name, range, shift).prop_map(|(name, range, shift)| format!("{name}{range}{shift}"))
}

fn number() -> impl Strategy<Value = String> {
    pick(&["0", "1", "100", "0.99", ".5", "5.", "1e3", "2.5E-2", "0x1F", "Inf", "NaN", "inf"])
}

/// Queries that are well typed most of the time.
fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => selector(),
        2 => number(),
        4 => (pick(&["rate", "irate", "increase", "sum_over_time", "absent_over_time"]), range())
            .prop_map(|(function, range)| format!("{function}({range})")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let labels = pick(&["(le)", "(a, b)", "()", "(by, on,)", "(le,)"]);
        let grouping = (pick(&["by", "without", "BY"]), labels)
            .prop_map(|(how, labels)| format!("{how} {labels}"));
        let operators = pick(&[
            "+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "unless", "atan2", "AND",
            "> bool", "== bool", "/ on(a)", "* ignoring(a, b)", "/ on(a) group_left", "* on(a) group_left(b)",
            "/ ignoring(c) group_right(d)", "or on()", "<= bool on(a)", "and on(a) group_left(b)", "* on(a) group_left(a)",
        ]);
        prop_oneof![
            4 => (inner.clone(), operators, inner.clone())
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            2 => inner.clone().prop_map(|inner| format!("({inner})")),
            1 => (pick(&["-", "+", "- ", "--"]), inner.clone()).prop_map(|(sign, inner)| format!("{sign}{inner}")),
            2 => (pick(&["sum", "avg", "MIN", "max", "count", "stddev"]), grouping.clone(), inner.clone())
                .prop_map(|(operator, grouping, inner)| format!("{operator} {grouping} ({inner})")),
            2 => (pick(&["sum", "avg", "group"]), inner.clone(), grouping)
                .prop_map(|(operator, inner, grouping)| format!("{operator}({inner}) {grouping}")),
            1 => (pick(&["topk(3, ", "quantile(0.9, ", "histogram_quantile(0.95, ", "clamp(", "round("]), inner.clone())
                .prop_map(|(open, inner)| match open.as_str() {
                    "clamp(" => format!("clamp({inner}, 0, 1)"),
                    "round(" => format!("round({inner}, 0.1)"),
                    open => format!("{open}{inner})"),
                }),
            1 => (pick(&["abs", "scalar", "vector", "sort", "absent", "floor", "time", "rate"]), inner.clone())
                .prop_map(|(function, inner)| format!("{function}({inner})")),
            1 => (inner.clone(), pick(&["[1h:5m]", "[30m:]", "[1h:] offset 5m", "[5m]"]))
                .prop_map(|(inner, range)| format!("max_over_time(({inner}){range})")),
            1 => inner.clone().prop_map(|inner| format!(
                "label_replace({inner}, \"a\", \"$1\", 'b', \"(.*)\") # a comment\n"
            )),
        ]
    })
}

fn compare(query: &str) -> Result<(), TestCaseError> {
    match (parser::parse(query), parse(query)) {
        (Ok(Query { expr, .. }), Ok(oracle)) => {
            prop_assert_eq!(ours(&expr), theirs(&oracle), "{}", query);
        }
        (Ok(_), Err(error)) => prop_assert!(false, "{} is read, but: {}", query, error),
        (Err(error), Ok(_)) => prop_assert!(false, "{} is refused: {}", query, error),
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn queries_are_read_as_the_oracle_reads_them(query in query()) {
        compare(&query)?;
    }

    /// Broken queries: ours never reads what the oracle refuses.
    #[test]
    fn what_the_oracle_refuses_is_refused(query in query(), at in 0..200_usize, cut in 1..4_usize) {
        let letters: Vec<char> = query.chars().collect();
        let at = at % letters.len();
        let broken: String = letters.iter().take(at).chain(letters.iter().skip(at + cut)).collect();
        // The oracle panics on an infinite offset, which is no answer.
        let oracle = std::panic::catch_unwind(|| parse(&broken));
        if let (Ok(Query { expr, .. }), Ok(oracle)) = (parser::parse(&broken), oracle) {
            prop_assert_eq!(Ok(ours(&expr)), oracle.map(|oracle| theirs(&oracle)), "{}", broken);
        }
    }

    #[test]
    fn patterns_match_what_the_oracle_matches(
        pattern in prop::collection::vec(
            pick(&[
                "2", "4", "5", "0", "x", ".", ".*", ".+", "\\d", "\\.", "[45]", "[^45]", "[1-4]", "(", ")", "(?:", "|", "*",
                "+", "?", "{2}", "^", "$", "[", "]", "-",
            ]),
            0..8,
        ).prop_map(|pieces| pieces.concat()),
    ) {
        let query = format!("x{{code=~'{}'}}", pattern.replace('\\', "\\\\"));
        if let (Ok(Query { expr: Expr::Selector(one), .. }), Ok(Theirs::VectorSelector(other))) = (parser::parse(&query), parse(&query)) {
            let filter = one.matchers[0].filter();
            for word in ["", "2", "20", "200", "404", "5", "500", "503", "5xx", "xxx", "aa", "c", "55", "^", "$", "500 "] {
                if let Some(accepts) = filter.as_ref().and_then(|filter| filter.accepts(word)) {
                    prop_assert_eq!(accepts, other.matchers.matchers[0].is_match(word), "{} on {:?}", query, word);
                }
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        drop(super::read(&text));
    }

    #[test]
    fn no_query_panics(query in query(), pattern in "[0-9a-z.*+?|()\\[\\]^$\\\\{}-]{0,16}") {
        drop(super::read(&query));
        drop(super::read(&format!("sum(rate(x_total{{code=~`{pattern}`}}[5m])) / sum(rate(x_total[5m]))")));
    }
}

#[test]
fn queries_as_people_write_them_are_read_as_the_oracle_reads_them() {
    for (query, _) in super::tests::QUERIES {
        let Query { expr, .. } = parser::parse(query).expect(query);
        assert_eq!(parse(query).map(|oracle| theirs(&oracle)), Ok(ours(&expr)), "{query}");
    }
}

/// The oracle unescapes raw strings, Prometheus does not.
#[test]
fn raw_strings_keep_their_backslashes() {
    let share = r"sum(rate(x_total{code=~`5\d\d`}[5m])) / sum(rate(x_total[5m]))";
    assert_eq!(
        super::read(share).map(|reading| reading.measure),
        Ok(super::Measure::ErrorRatio { scale: 1.0 })
    );
    assert!(parse(share).is_err());
}
