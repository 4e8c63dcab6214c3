//! Makes sense of a parsed query.

use super::names;
use super::status::{Class, Codes, is_status};
use super::tree::{Aggregate, Binary, Expr, Grouping, Matcher, Matching, Operator, Selector, Test};
use super::{LatencyUnit, Measure};

/// What a query measures and whether its answer may be empty.
pub(super) fn of(expr: &Expr<'_>) -> (Measure, bool) {
    let value = read(expr);
    let measure = match value.meaning {
        Meaning::Done(measure) => measure,
        Meaning::Constant(constant) => Measure::Constant(constant),
        Meaning::Count(count) if count.is_error_rate() => Measure::ErrorRate,
        Meaning::Up(_) => Measure::Availability { scale: 1.0 },
        _ => Measure::Unknown,
    };
    (measure, value.may_be_empty)
}

struct Value<'t> {
    meaning: Meaning<'t>,
    may_be_empty: bool,
}

/// What an expression stands for while its surroundings may still change it.
#[derive(Clone)]
enum Meaning<'t> {
    Constant(f64),
    Count(Count<'t>),
    /// 1 or 0 for each target.
    Up(&'t Selector<'t>),
    /// How many targets there are, or how many of them are up.
    Targets {
        of: &'t Selector<'t>,
        up: bool,
    },
    Replicas {
        kind: &'t str,
        available: bool,
        of: &'t Selector<'t>,
    },
    Done(Measure),
    Unknown,
}

/// Something counted: requests, or a part of a histogram.
#[derive(Clone)]
struct Count<'t> {
    /// The metric, without the suffix of a histogram's part; empty for a sum of several.
    name: &'t str,
    part: Part,
    /// By the name of the metric alone.
    named: Class,
    /// By its matchers on status labels.
    codes: Codes,
    status_labels: Vec<&'t str>,
    /// All other matchers.
    others: Vec<&'t Matcher<'t>>,
    factor: f64,
    per: Per,
    gathered: Gathered,
    /// Whether series of different status are still apart.
    keeps_status: bool,
    /// Whether the buckets of a histogram are still apart.
    keeps_buckets: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Plain,
    Sum,
    Count,
    Bucket,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Per {
    /// A counter as it stands.
    Ever,
    Second,
    /// Milliseconds of the range.
    Window(u64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gathered {
    No,
    Sum,
    Average,
    Extreme,
}

impl<'t> Count<'t> {
    fn of(selector: &'t Selector<'t>) -> Option<Self> {
        let name = selector.name;
        let (name, part) = [("_bucket", Part::Bucket), ("_sum", Part::Sum), ("_count", Part::Count)]
            .into_iter()
            .find_map(|(suffix, part)| Some((name.strip_suffix(suffix)?, part)))
            .unwrap_or((name, Part::Plain));
        let mut count = Self {
            name,
            part,
            named: names::class(selector.name),
            codes: Codes::all(),
            status_labels: Vec::new(),
            others: Vec::new(),
            factor: 1.0,
            per: Per::Ever,
            gathered: Gathered::No,
            keeps_status: false,
            keeps_buckets: true,
        };
        for matcher in &selector.matchers {
            if is_status(matcher.label) {
                count.codes = count.codes.narrowed(matcher)?;
                count.status_labels.push(matcher.label);
                count.keeps_status = true;
            } else if matcher.label == "le" {
                // Requests faster than a bucket: a share no measure stands for.
                return None;
            } else {
                count.others.push(matcher);
            }
        }
        (!name.is_empty()).then_some(count)
    }

    fn class(&self) -> Class {
        match (self.named, self.codes.share_of(Codes::all())) {
            (Class::Whole, class) | (class, Class::Whole) => class,
            (one, other) if one == other => one,
            _ => Class::Other,
        }
    }

    fn counts_requests(&self) -> bool {
        matches!(self.part, Part::Plain | Part::Count)
    }

    fn is_error_rate(&self) -> bool {
        self.counts_requests() && self.per != Per::Ever && self.class() == Class::Errors && self.factor > 0.0
    }

    /// Whether two counts are about the same things, apart from status.
    fn is_beside(&self, other: &Self) -> bool {
        let within = |some: &[&Matcher<'_>], all: &[&Matcher<'_>]| some.iter().all(|one| all.contains(one));
        within(&self.others, &other.others) && within(&other.others, &self.others) && self.per == other.per
    }

    fn gather(mut self, how: Gathered, grouping: Option<&Grouping<'_>>) -> Option<Self> {
        self.gathered = match (self.gathered, how) {
            (Gathered::No | Gathered::Sum, Gathered::Sum) => Gathered::Sum,
            (Gathered::No, how) => how,
            (one, other) if one == other => one,
            // The average of sums, and the like.
            (Gathered::Sum, other) => other,
            _ => return None,
        };
        let keeps = |label: &str| {
            grouping.is_some_and(|grouping| grouping.labels.contains(&label) != grouping.without)
        };
        self.keeps_status &= self.status_labels.iter().any(|label| keeps(label));
        self.keeps_buckets &= keeps("le");
        Some(self)
    }
}

fn read<'t>(expr: &'t Expr<'t>) -> Value<'t> {
    match expr {
        Expr::Number(number) => Value { meaning: Meaning::Constant(*number), may_be_empty: false },
        Expr::Text(_) => unknown(false),
        Expr::Selector(selector) => Value { meaning: selected(selector), may_be_empty: true },
        // On its own a range answers with all samples in it.
        Expr::Range(..) | Expr::Subquery(..) => unknown(true),
        Expr::Negative(operand) => {
            let operand = read(operand);
            let meaning = match operand.meaning {
                Meaning::Constant(constant) => Meaning::Constant(-constant),
                _ => Meaning::Unknown,
            };
            Value { meaning, ..operand }
        }
        Expr::Call(function, arguments) => call(function, arguments),
        Expr::Aggregate(aggregate) => aggregated(aggregate),
        Expr::Binary(binary) => joined(binary),
    }
}

fn unknown<'t>(may_be_empty: bool) -> Value<'t> {
    Value { meaning: Meaning::Unknown, may_be_empty }
}

fn selected<'t>(selector: &'t Selector<'t>) -> Meaning<'t> {
    if matches!(selector.name, "up" | "probe_success") {
        return Meaning::Up(selector);
    }
    if let Some((kind, available)) = names::replicas(selector.name) {
        return Meaning::Replicas { kind, available, of: selector };
    }
    if let Some(matcher) = selector.matchers.iter().find(|matcher| matcher.label == "quantile") {
        let quantile = matcher.value.parse().ok().filter(|quantile| (0.0..=1.0).contains(quantile));
        return match (names::latency(selector.name), quantile) {
            (Some(timing), Some(_)) if matcher.test == Test::Equal => {
                Meaning::Done(Measure::Latency { quantile, unit: timing.unit })
            }
            _ => Meaning::Unknown,
        };
    }
    Count::of(selector).map_or(Meaning::Unknown, Meaning::Count)
}

fn call<'t>(function: &str, arguments: &'t [Expr<'t>]) -> Value<'t> {
    let constant = |index: usize| match arguments.get(index).map(read)?.meaning {
        Meaning::Constant(constant) => Some(constant),
        _ => None,
    };
    match (function, arguments) {
        ("vector" | "scalar", [argument]) => Value { may_be_empty: false, ..read(argument) },
        ("time" | "pi", _) => unknown(false),
        ("abs" | "sort" | "sort_desc" | "label_replace" | "label_join" | "round", [argument, ..]) => {
            read(argument)
        }
        ("rate" | "irate", [Expr::Range(selector, _)]) => counted(selector, Per::Second),
        ("increase" | "sum_over_time", [Expr::Range(selector, range)]) => {
            counted(selector, Per::Window(*range))
        }
        ("avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time", [argument])
        | ("quantile_over_time", [_, argument]) => over_time(argument),
        ("histogram_quantile", [_, buckets]) => {
            let value = read(buckets);
            Value { meaning: quantile(constant(0), &value.meaning), ..value }
        }
        ("clamp", [argument, ..]) => clamped(read(argument), constant(1), constant(2)),
        ("clamp_min", [argument, _]) => clamped(read(argument), constant(1), Some(f64::INFINITY)),
        ("clamp_max", [argument, _]) => clamped(read(argument), Some(f64::NEG_INFINITY), constant(1)),
        // These answer even for nothing, or answer only then.
        _ => unknown(true),
    }
}

fn counted<'t>(selector: &'t Selector<'t>, per: Per) -> Value<'t> {
    let meaning = match selected(selector) {
        Meaning::Count(count) => Meaning::Count(Count { per, ..count }),
        _ => Meaning::Unknown,
    };
    Value { meaning, may_be_empty: true }
}

fn over_time<'t>(argument: &'t Expr<'t>) -> Value<'t> {
    let meaning = match argument {
        Expr::Range(selector, _) => selected(selector),
        Expr::Subquery(inner, _) => read(inner).meaning,
        _ => Meaning::Unknown,
    };
    let meaning = match meaning {
        // The average over time of a counter, or of a rate, is no count any more.
        Meaning::Count(_) => Meaning::Unknown,
        other => other,
    };
    Value { meaning, may_be_empty: true }
}

fn quantile<'t>(quantile: Option<f64>, buckets: &Meaning<'t>) -> Meaning<'t> {
    let Meaning::Count(count) = buckets else { return Meaning::Unknown };
    // Without its buckets a classic histogram has no quantiles; a native one has them inside.
    let readable = match count.part {
        Part::Bucket => count.keeps_buckets,
        Part::Plain => count.per != Per::Ever,
        Part::Sum | Part::Count => false,
    };
    let quantile = quantile.filter(|quantile| (0.0..=1.0).contains(quantile));
    match (names::latency(count.name), quantile) {
        (Some(timing), Some(_)) if readable => {
            Meaning::Done(Measure::Latency { quantile, unit: timing.unit })
        }
        _ => Meaning::Unknown,
    }
}

/// A clamp keeps a measure whose ends it leaves alone.
fn clamped(value: Value<'_>, least: Option<f64>, most: Option<f64>) -> Value<'_> {
    let (Some(least), Some(most)) = (least, most) else { return unknown(value.may_be_empty) };
    let keeps = match &value.meaning {
        Meaning::Done(
            Measure::ErrorRatio { scale } | Measure::SuccessRatio { scale } | Measure::Availability { scale },
        ) => least <= 0.0 && most >= *scale,
        Meaning::Up(_) => least <= 0.0 && most >= 1.0,
        // Keeps a denominator off zero, or a latency off its noise.
        Meaning::Count(_) | Meaning::Done(Measure::Latency { .. }) => most.is_infinite(),
        _ => false,
    };
    let meaning = match value.meaning {
        Meaning::Constant(constant) if least <= most => Meaning::Constant(constant.max(least).min(most)),
        meaning if keeps => meaning,
        _ => Meaning::Unknown,
    };
    Value { meaning, ..value }
}

fn aggregated<'t>(aggregate: &'t Aggregate<'t>) -> Value<'t> {
    let Value { meaning, may_be_empty } = read(&aggregate.argument);
    let how = match aggregate.operator {
        "sum" => Gathered::Sum,
        "avg" => Gathered::Average,
        "min" | "max" | "topk" | "bottomk" | "quantile" => Gathered::Extreme,
        "count" => {
            let meaning = match meaning {
                Meaning::Up(of) => Meaning::Targets { of, up: false },
                _ => Meaning::Unknown,
            };
            return Value { meaning, may_be_empty };
        }
        _ => return unknown(may_be_empty),
    };
    let meaning = match meaning {
        Meaning::Count(count) => {
            count.gather(how, aggregate.grouping.as_ref()).map_or(Meaning::Unknown, Meaning::Count)
        }
        Meaning::Up(of) if how == Gathered::Sum => Meaning::Targets { of, up: true },
        meaning @ (Meaning::Constant(_) | Meaning::Replicas { .. }) => meaning,
        // A sum of shares or latencies is neither.
        meaning @ (Meaning::Up(_) | Meaning::Done(_)) if how != Gathered::Sum => meaning,
        _ => Meaning::Unknown,
    };
    Value { meaning, may_be_empty }
}

/// What is left of a measure when some of its values are dropped: a bad release may show nothing at all. Counts that
/// are only divided by stay what they are.
fn filtered(meaning: Meaning<'_>) -> Meaning<'_> {
    match meaning {
        Meaning::Done(_) | Meaning::Up(_) => Meaning::Unknown,
        meaning => meaning,
    }
}

fn joined<'t>(binary: &'t Binary<'t>) -> Value<'t> {
    let (left, right) = (read(&binary.left), read(&binary.right));
    let may_be_empty = left.may_be_empty || right.may_be_empty;
    let (one, other) = (left.meaning, right.meaning);
    let operator = binary.operator;
    match operator {
        Operator::Or => {
            let meaning = match (one, other) {
                (Meaning::Constant(one), Meaning::Constant(other)) if one.to_bits() == other.to_bits() => {
                    Meaning::Constant(one)
                }
                (Meaning::Constant(_), _) => Meaning::Unknown,
                // What stands in when there is nothing to measure.
                (measured, Meaning::Constant(_)) => measured,
                (Meaning::Done(one), Meaning::Done(other)) if one == other => Meaning::Done(one),
                _ => Meaning::Unknown,
            };
            return Value { meaning, may_be_empty: left.may_be_empty && right.may_be_empty };
        }
        Operator::And | Operator::Unless => return Value { meaning: filtered(one), may_be_empty: true },
        _ if operator.is_comparison() => {
            let meaning = match (one, other) {
                _ if binary.returns_bool => return unknown(may_be_empty),
                (Meaning::Constant(_), Meaning::Constant(_)) => Meaning::Unknown,
                (measured, Meaning::Constant(_)) | (Meaning::Constant(_), measured) => filtered(measured),
                _ => Meaning::Unknown,
            };
            return Value { meaning, may_be_empty: true };
        }
        _ => {}
    }
    let meaning = match (one, other) {
        (Meaning::Constant(one), Meaning::Constant(other)) => fold(operator, one, other),
        (measured, Meaning::Constant(constant)) => match operator {
            Operator::Multiply => scaled(measured, constant),
            Operator::Divide => scaled(measured, 1.0 / constant),
            Operator::Add | Operator::Subtract if constant == 0.0 => measured,
            _ => Meaning::Unknown,
        },
        (Meaning::Constant(constant), measured) => match operator {
            Operator::Multiply => scaled(measured, constant),
            Operator::Subtract => complement(constant, &measured),
            _ => Meaning::Unknown,
        },
        (one, other) => match operator {
            Operator::Divide => divided(&one, &other, binary.matching.as_ref()),
            Operator::Add => added(one, &other),
            Operator::Subtract => subtracted(one, &other),
            _ => Meaning::Unknown,
        },
    };
    Value { meaning, may_be_empty }
}

fn fold<'t>(operator: Operator, one: f64, other: f64) -> Meaning<'t> {
    Meaning::Constant(match operator {
        Operator::Add => one + other,
        Operator::Subtract => one - other,
        Operator::Multiply => one * other,
        Operator::Divide => one / other,
        Operator::Modulo => one % other,
        Operator::Power => one.powf(other),
        _ => return Meaning::Unknown,
    })
}

fn scaled(meaning: Meaning<'_>, factor: f64) -> Meaning<'_> {
    if factor == 0.0 {
        return Meaning::Constant(0.0);
    }
    if !(factor.is_finite() && factor > 0.0) {
        return Meaning::Unknown;
    }
    match meaning {
        Meaning::Count(count) => Meaning::Count(Count { factor: tidy(count.factor * factor), ..count }),
        Meaning::Up(_) => Meaning::Done(Measure::Availability { scale: factor }),
        Meaning::Done(measure) => Meaning::Done(match measure {
            Measure::ErrorRatio { scale } => Measure::ErrorRatio { scale: tidy(scale * factor) },
            Measure::SuccessRatio { scale } => Measure::SuccessRatio { scale: tidy(scale * factor) },
            Measure::Availability { scale } => Measure::Availability { scale: tidy(scale * factor) },
            Measure::Latency { quantile, unit } => {
                Measure::Latency { quantile, unit: unit.and_then(|unit| converted(unit, factor)) }
            }
            other => other,
        }),
        _ => Meaning::Unknown,
    }
}

/// Takes the last digits off that a division left there, so that 1 / 0.01 is 100.
fn tidy(number: f64) -> f64 {
    let whole = number.round();
    if is_about(number, whole) { whole } else { number }
}

fn is_about(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

fn converted(unit: LatencyUnit, factor: f64) -> Option<LatencyUnit> {
    match unit {
        unit if is_about(factor, 1.0) => Some(unit),
        LatencyUnit::Seconds if is_about(factor, 1000.0) => Some(LatencyUnit::Milliseconds),
        LatencyUnit::Milliseconds if is_about(factor, 0.001) => Some(LatencyUnit::Seconds),
        _ => None,
    }
}

fn complement<'t>(whole: f64, part: &Meaning<'t>) -> Meaning<'t> {
    match part {
        Meaning::Done(Measure::ErrorRatio { scale }) if is_about(*scale, whole) => {
            Meaning::Done(Measure::SuccessRatio { scale: *scale })
        }
        Meaning::Done(Measure::SuccessRatio { scale }) if is_about(*scale, whole) => {
            Meaning::Done(Measure::ErrorRatio { scale: *scale })
        }
        _ => Meaning::Unknown,
    }
}

fn divided<'t>(part: &Meaning<'t>, whole: &Meaning<'t>, matching: Option<&Matching<'_>>) -> Meaning<'t> {
    let measure = match (part, whole) {
        (Meaning::Count(part), Meaning::Count(whole)) => ratio(part, whole, matching),
        (Meaning::Targets { of, up: true }, Meaning::Targets { of: all, up: false }) if of == all => {
            Some(Measure::Availability { scale: 1.0 })
        }
        (
            Meaning::Replicas { kind, available: true, of },
            Meaning::Replicas { kind: same, available: false, of: all },
        ) if kind == same && of.matchers == all.matchers => Some(Measure::Availability { scale: 1.0 }),
        _ => None,
    };
    measure.map_or(Meaning::Unknown, Meaning::Done)
}

fn ratio(part: &Count<'_>, whole: &Count<'_>, matching: Option<&Matching<'_>>) -> Option<Measure> {
    let scale = tidy(part.factor / whole.factor);
    let gathered_alike = part.gathered == whole.gathered || matching.is_some();
    if !(part.is_beside(whole) && gathered_alike && scale.is_finite() && scale > 0.0) {
        return None;
    }
    let same = part.name == whole.name && !part.name.is_empty();
    if part.part == Part::Sum && whole.part == Part::Count {
        let alike = same && part.codes == whole.codes && part.gathered != Gathered::Extreme;
        let timing = names::latency(part.name).filter(|_| alike)?;
        let unit = timing.unit.and_then(|unit| converted(unit, scale));
        return Some(Measure::Latency { quantile: None, unit });
    }
    if !(part.counts_requests() && whole.counts_requests()) {
        return None;
    }
    let class = if same && part.part == whole.part {
        // Series that still carry their status find only themselves on the other side: always 1.
        let apart = part.keeps_status
            && !matching.is_some_and(|matching| {
                part.status_labels.iter().all(|label| matching.labels.contains(label) != matching.on)
            });
        let comparable = matches!(part.gathered, Gathered::No | Gathered::Sum) && !apart;
        comparable.then(|| part.codes.share_of(whole.codes))?
    } else {
        let total = whole.class() == Class::Whole
            && (whole.name.is_empty() || names::is_total(whole.name) || whole.part == Part::Count);
        (total && part.gathered != Gathered::Extreme && part.named != Class::Whole).then(|| part.class())?
    };
    match class {
        Class::Errors => Some(Measure::ErrorRatio { scale }),
        Class::Successes => Some(Measure::SuccessRatio { scale }),
        Class::Whole | Class::Other => None,
    }
}

fn alike(one: &Count<'_>, other: &Count<'_>) -> bool {
    one.is_beside(other)
        && one.gathered == other.gathered
        && is_about(one.factor, other.factor)
        && one.counts_requests()
        && other.counts_requests()
}

fn added<'t>(one: Meaning<'t>, other: &Meaning<'t>) -> Meaning<'t> {
    let (Meaning::Count(one), Meaning::Count(other)) = (one, other) else { return Meaning::Unknown };
    if !alike(&one, other) {
        return Meaning::Unknown;
    }
    if one.name == other.name && one.part == other.part {
        let codes = one.codes.joined(other.codes);
        return codes.map_or(Meaning::Unknown, |codes| Meaning::Count(Count { codes, ..one }));
    }
    // Failures and successes make up all requests.
    match (one.class(), other.class()) {
        (Class::Errors, Class::Successes) | (Class::Successes, Class::Errors) => {
            Meaning::Count(Count { name: "", named: Class::Whole, codes: Codes::all(), ..one })
        }
        _ => Meaning::Unknown,
    }
}

fn subtracted<'t>(whole: Meaning<'t>, part: &Meaning<'t>) -> Meaning<'t> {
    let (Meaning::Count(whole), Meaning::Count(part)) = (whole, part) else { return Meaning::Unknown };
    if !alike(&whole, part) || whole.class() == Class::Other {
        return Meaning::Unknown;
    }
    if whole.name == part.name && whole.part == part.part {
        let codes = whole.codes.without(part.codes);
        return codes.map_or(Meaning::Unknown, |codes| Meaning::Count(Count { codes, ..whole }));
    }
    let named = match (whole.class(), part.class()) {
        (Class::Whole, Class::Errors) => Class::Successes,
        (Class::Whole, Class::Successes) => Class::Errors,
        _ => return Meaning::Unknown,
    };
    Meaning::Count(Count { named, codes: Codes::all(), ..part.clone() })
}
