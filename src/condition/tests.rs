//! Holds the own reader, `expr-lang` and the controller itself against each other.

use proptest::prelude::*;

use super::general::General;
use super::*;

/// What the controller answered: one line a condition, a letter (true, false, error) for each of
/// [`probes`], a tab, the condition. Recorded on amd64 from `EvalCondition` in Argo Rollouts'
/// `utils/evaluate` (commit 9f8d111d) with version 1.17.8 of the expr language.
const CONTROLLER: &str = include_str!("controller.tsv");

fn probes() -> Vec<Measurement> {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let numbers = [0.0, 1e-9, 0.5, 1.0, 100.0, 1e9, -1.0, nan, inf, -inf];
    let vectors: [&[f64]; 10] =
        [&[], &[0.0], &[0.5], &[1.0], &[100.0], &[-1.0], &[nan], &[inf], &[0.5, 100.0], &[nan, 1.0]];
    numbers
        .into_iter()
        .map(Measurement::Number)
        .chain(vectors.into_iter().map(|samples| Measurement::Vector(samples.to_vec())))
        .chain([Measurement::Nil])
        .collect()
}

fn answers(holds: impl Fn(&Measurement) -> Result<bool, EvaluationError>) -> String {
    let letter = |answer| match answer {
        Ok(true) => 'T',
        Ok(false) => 'F',
        Err(_) => 'E',
    };
    probes().iter().map(|probe| letter(holds(probe))).collect()
}

/// Where the general reader answers although the controller refuses, because `expr-lang` checks types
/// only where evaluation arrives. Left: `expr-lang`, right: the reason.
const DEVIATIONS: &[&str] = &[];

#[test]
fn conditions_mean_what_the_controller_says() {
    let mut wrong = String::new();
    let (mut own, mut general, mut unsupported) = (0, 0, 0);
    for line in CONTROLLER.lines() {
        let (expected, text) = line.split_once('\t').expect("two columns");
        let found = match Condition::parse(text) {
            Ok(condition) => {
                match condition.0 {
                    Form::Own(_) => own += 1,
                    Form::General(_) => general += 1,
                }
                answers(|probe| condition.holds(probe))
            }
            Err(ConditionError::Invalid { .. }) => "E".repeat(probes().len()),
            Err(ConditionError::Unsupported { .. }) => {
                unsupported += 1;
                continue;
            }
        };
        if found != expected && !DEVIATIONS.contains(&text) {
            wrong += &format!("\n{expected} expected\n{found} found: {text}");
        }
    }
    println!("{own} {general} {unsupported}");
    assert!(wrong.is_empty(), "{wrong}");
}
#[test]
#[ignore]
fn full() {
    let text = std::fs::read_to_string("/tmp/oracle/full.tsv").unwrap();
    for line in text.lines() {
        let (expected, text) = line.split_once('\t').expect("two columns");
        let found = match Condition::parse(text) {
            Ok(condition) => answers(|probe| condition.holds(probe)),
            Err(ConditionError::Invalid { .. }) => "E".repeat(probes().len()),
            Err(ConditionError::Unsupported { .. }) => { println!("U {expected} {text}"); continue; }
        };
        if found != expected {
            println!("{expected} expected\n{found} found: {text}");
        }
    }
}
