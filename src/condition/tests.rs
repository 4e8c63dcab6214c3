//! Holds the own reader, `expr-lang` and the controller itself against each other.

use proptest::prelude::*;

use super::general::General;
use super::tree::{Binary, Helper, Unary};
use super::*;

/// What the controller answered: one line a condition, a letter (true, false, error) for each of
/// [`probes`], a tab, the condition. Recorded on amd64 from `EvalCondition` in Argo Rollouts'
/// `utils/evaluate` (commit 9f8d111d) with version 1.17.8 of the expr language.
const CONTROLLER: &str = include_str!("controller.tsv");

fn recorded() -> impl Iterator<Item = (&'static str, &'static str)> {
    CONTROLLER.lines().map(|line| line.split_once('\t').expect("two columns"))
}

fn probes() -> Vec<Measurement<'static>> {
    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;
    let numbers = [0.0, 1e-9, 0.5, 1.0, 100.0, 1e9, -1.0, NAN, INF, -INF];
    let vectors: [&[f64]; 10] =
        [&[], &[0.0], &[0.5], &[1.0], &[100.0], &[-1.0], &[NAN], &[INF], &[0.5, 100.0], &[NAN, 1.0]];
    numbers
        .into_iter()
        .map(Measurement::Number)
        .chain(vectors.into_iter().map(Measurement::Vector))
        .chain([Measurement::Nil])
        .collect()
}

fn answers(holds: impl Fn(Measurement<'_>) -> Result<bool, EvaluationError>) -> String {
    let letter = |answer| match answer {
        Ok(true) => 'T',
        Ok(false) => 'F',
        Err(_) => 'E',
    };
    probes().into_iter().map(|probe| letter(holds(probe))).collect()
}

fn own(text: &str) -> Option<Expr> {
    match Condition::parse(text) {
        Ok(Condition(Form::Own { expr, .. })) => Some(expr),
        _ => None,
    }
}

fn holds(text: &str, result: Measurement<'_>) -> Result<bool, EvaluationError> {
    Condition::parse(text).expect(text).holds(result)
}

#[test]
fn conditions_mean_what_the_controller_says() {
    let mut wrong = Vec::new();
    let (mut answered, mut unsupported) = (0, 0);
    for (expected, text) in recorded() {
        let found = match Condition::parse(text) {
            Ok(condition) => answers(|probe| condition.holds(probe)),
            Err(ConditionError::Invalid { .. }) => "E".repeat(expected.len()),
            Err(ConditionError::Unsupported { .. }) => {
                unsupported += 1;
                continue;
            }
        };
        answered += 1;
        if found != expected {
            wrong.push(format!("{expected} expected\n{found} found: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(answered > 950 && unsupported < 40, "{answered} answered, {unsupported} unsupported");
}

/// How `expr-lang` differs from the language the controller runs; the own reader follows the controller.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
enum Deviation {
    /// `1 < x < 2` compares a truth value with 2 instead of being two comparisons.
    ChainedComparison,
    /// `!!x`, `not not x` and `- -x` do not parse.
    DoubledPrefix,
    /// `isNaN` and `isInf` refuse what is an integer by type, and convert literals to floats.
    IntegerToFloatFunction,
    /// `x && false` and `x || true` are constants, whatever error `x` would have been.
    ConstantFolded,
    /// A plus before something that is no number does nothing.
    IdlePlus,
}

fn deviation(expr: &Expr) -> Option<Deviation> {
    match expr {
        Expr::Unary(unary, operand) => {
            if matches!(**operand, Expr::Unary(..)) {
                return Some(Deviation::DoubledPrefix);
            }
            deviation(operand).or((*unary == Unary::Plus).then_some(Deviation::IdlePlus))
        }
        Expr::Binary(binary, left, right) => {
            let folded = matches!(binary, Binary::And | Binary::Or)
                && (left.constant_bool().is_some() || right.constant_bool().is_some());
            folded
                .then_some(Deviation::ConstantFolded)
                .or_else(|| deviation(left))
                .or_else(|| deviation(right))
        }
        Expr::Ordered(first, rest) => {
            let chained = (rest.len() > 1).then_some(Deviation::ChainedComparison);
            chained.or_else(|| deviation(first)).or_else(|| rest.iter().find_map(|(_, expr)| deviation(expr)))
        }
        Expr::Call(helper, arguments) => {
            let whole = matches!(arguments[0], Expr::Float(float) if float.fract() == 0.0);
            let unlike = whole
                || arguments[0].always_integer()
                || matches!(
                    arguments[0],
                    Expr::Unary(..) | Expr::Binary(..) | Expr::Call(Helper::Default, _)
                );
            (matches!(helper, Helper::IsNan | Helper::IsInf) && unlike)
                .then_some(Deviation::IntegerToFloatFunction)
                .or_else(|| arguments.iter().find_map(deviation))
        }
        _ => None,
    }
}

/// The two ways of evaluation agree on every probe the condition fits by type. Where it does not fit, the
/// controller refuses at once and `expr-lang` only when it gets there.
fn disagreement(text: &str, expr: &Expr) -> Option<String> {
    let general = match General::compile(text) {
        Ok(general) => general,
        Err(error) => return Some(error.to_string()),
    };
    let own = Condition(Form::Own { fits: Fits::of(expr), expr: expr.clone() });
    probes().into_iter().find_map(|probe| {
        let one = own.holds(probe);
        let other = general.holds(probe);
        let misfit = matches!(one, Err(EvaluationError::Mismatch { .. }));
        let same = one.as_ref().ok() == other.as_ref().ok();
        (!same && !misfit).then(|| format!("{probe:?}: {one:?} here, {other:?} there"))
    })
}

#[test]
fn both_ways_agree_on_what_was_recorded() {
    let (mut agreed, mut explained) = (0, std::collections::HashMap::new());
    for (_, text) in recorded() {
        let Some(expr) = own(text) else { continue };
        match (disagreement(text, &expr), deviation(&expr)) {
            (None, _) => agreed += 1,
            (Some(_), Some(why)) => *explained.entry(why).or_insert(0) += 1,
            (Some(how), None) => panic!("{text}: {how}"),
        }
    }
    assert!(agreed > 700, "{agreed} agreed, {explained:?}");
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_i64..1000).prop_map(|int| int.to_string()),
        (0.0..1000.0_f64).prop_map(|float| format!("{float:?}")),
        (0.0..1.0_f64).prop_map(|float| format!("{float:e}")),
        Just("1_000".to_owned()),
        Just(".5".to_owned()),
        Just("0x1F".to_owned()),
    ]
}

fn numeric() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => number(),
        1 => number().prop_map(|number| format!("-{number}")),
        2 => Just("result".to_owned()),
        3 => (-2_i64..3).prop_map(|index| format!("result[{index}]")),
        2 => Just("len(result)".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%", "**", "^"]), inner.clone())
                .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/"]), number())
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            inner.clone().prop_map(|inner| format!("asFloat({inner})")),
            inner.clone().prop_map(|inner| format!("asInt({inner})")),
            (inner.clone(), number()).prop_map(|(inner, number)| format!("default({inner}, {number})")),
        ]
    })
}

fn boolean() -> impl Strategy<Value = String> {
    let comparison = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        6 => (numeric(), comparison, numeric()).prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        1 => prop::sample::select(vec!["isNaN(result)", "isInf(result[0])", "isNil(result)", "result == nil"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["&&", "||", "and", "or"]), inner.clone())
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("!({inner})")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_agree_on_generated_conditions(text in boolean()) {
        match Condition::parse(&text) {
            Ok(Condition(Form::Own { expr, .. })) => {
                let expected_to_differ = deviation(&expr).is_some() || General::compile(&text).is_err();
                if !expected_to_differ {
                    prop_assert_eq!(disagreement(&text, &expr), None);
                }
            }
            Ok(_) => prop_assert!(false, "{} did not take the fast path", text),
            // A literal division by zero, or a number too long.
            Err(error) => prop_assert!(text.contains('%'), "{}", error),
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        if let Ok(condition) = Condition::parse(&text) {
            answers(|probe| condition.holds(probe));
        }
    }

    #[test]
    fn no_sequence_of_tokens_panics(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "result", "[", "]", "(", ")", "0", "-1", "1.5", "<", "==", "&&", "not", "!", "all", "any", "map", "#",
            "{", "}", ",", "?", ":", "|", "len", "in", "let", "x", "=", ";", "default", "isNaN", "true", "nil", "%",
            "filter", "min", "round", "int", "if", "else", "**", "first", "9223372036854775807", "find",
        ]), 0..30),
    ) {
        if let Ok(condition) = Condition::parse(&tokens.join(" ")) {
            answers(|probe| condition.holds(probe));
        }
    }
}

#[test]
fn deep_and_long_conditions_are_refused_quickly() {
    let started = std::time::Instant::now();
    for piece in
        ["(", "!", "-", "not ", "[", "result[", "all(result, ", "1+", "1<", "true ? ", "{", "1 ? 2 : ", "#"]
    {
        let text = piece.repeat(100_000 / piece.len());
        assert!(Condition::parse(&text).is_err(), "{piece}");
        let closed = format!("{text}1{}", ")".repeat(100_000 / piece.len()));
        assert!(Condition::parse(&closed).is_err(), "{piece}");
    }
    for depth in 1..64 {
        for (open, close) in
            [("(", ")"), ("all(result, ", ")"), ("[", "]"), ("result[", "]"), ("{", "}"), ("len(", "")]
        {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            if let Ok(condition) = Condition::parse(&text) {
                answers(|probe| condition.holds(probe));
            }
        }
    }
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn an_unreached_mismatch_is_an_error() {
    let (number, list) = (Measurement::Number(0.5), Measurement::Vector(&[0.5]));
    assert_eq!(holds("true || result[0] > 1", list), Ok(true));
    assert!(holds("true || result[0] > 1", number).is_err());
    assert!(holds("isNil(result) || all(result, # < 1)", Measurement::Nil).is_err());
}

#[test]
fn default_and_is_nil_look_at_the_result_whatever_they_are_given() {
    let empty = Measurement::Vector(&[]);
    assert!(holds("default(result, 0) == 0", Measurement::Nil) == Ok(true));
    assert!(holds("default(result, 0) < 1", empty).is_err());
    assert_eq!(holds("isNil(result)", empty), Ok(false));
    assert_eq!(holds("isNil(1)", Measurement::Nil), Ok(true));
}

#[test]
fn literals_carry_their_sign() {
    let literals = |text| Condition::parse(text).expect(text).literals();
    assert_eq!(literals("result[0] >= -0.95 || len(result) == 0"), [-0.95, 0.0]);
    assert_eq!(literals("all(result, # < 1e3)"), [1000.0]);
    assert_eq!(literals("isNaN(result[0])"), [0.0_f64; 0]);
}

#[test]
fn an_unknown_name_is_the_authors_mistake_and_a_known_one_is_not() {
    let error = |text| Condition::parse(text).expect_err(text);
    assert!(matches!(error("results[0] > 1"), ConditionError::Invalid { at: 0, .. }));
    assert!(matches!(error("result[0] > "), ConditionError::Invalid { at: 12, .. }));
    assert!(matches!(error("reduce(result, #acc + #) > 1"), ConditionError::Unsupported { .. }));
    assert!(matches!(error("all(result, 0 < # < 1)"), ConditionError::Unsupported { .. }));
}
