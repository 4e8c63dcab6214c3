//! A metric of an analysis template, arguments substituted, read into the plan's terms.

use std::cell::OnceCell;

use super::arguments::{Arguments, is_unknown};
use super::provider;
use super::spec::{Metric as Spec, Provider};
use crate::condition::{Condition, ConditionError, Measurement};
use crate::controllers::{Queried, declared_signal, meant, queried};
use crate::duration::parse_go;
use crate::json;
use crate::kubernetes::IntOrString;
use crate::plan::{Metric, MetricKind, ResultShape, Schedule, Threshold};
use crate::query::Measure;

/// Where a metric stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    /// JSON path, in the governed object, of what brings it in.
    pub path: &'a str,
    /// The template, as `Kind/name`; empty when it is the governed object.
    pub object: &'a str,
    /// The template's declaration of signals.
    pub signals: Option<&'a String>,
}

/// Reads one metric from its JSON text. One that cannot be read is refused, as the controller refuses it.
pub(super) fn read(json: &str, arguments: &Arguments, origin: Origin<'_>) -> Metric {
    let substituted = arguments.substitute(json);
    let read = substituted.and_then(|json| json::from_str::<Spec>(&json).map_err(|error| error.to_string()));
    let (spec, unreadable) = match read {
        Ok(spec) => (spec, None),
        // The name alone, so that the message can say which metric it is.
        Err(error) => (name_only(json), Some(error)),
    };
    let Queried { measure, shape, may_be_empty, window } = result_of(&spec.provider);
    let queried = spec.provider.prometheus.is_some().then_some(measure);
    let meant = meant(queried, declared_signal(origin.signals, &[&spec.name]), &spec.name);
    Metric {
        path: origin.path.to_owned(),
        object: origin.object.to_owned(),
        kind: kind_of(&spec.provider),
        provider: provider::read(&spec.provider),
        measure: meant.measure,
        evidence: meant.evidence,
        window,
        shape,
        empty_unexplained: may_be_empty && spec.consecutive_error_limit.is_none(),
        threshold: threshold_of(&spec, shape == ResultShape::Opaque),
        dry_run: false,
        stands_in: false,
        refused: unreadable.or_else(|| refusal_of(&spec)),
        assessment: OnceCell::new(),
        schedule: schedule_of(&spec),
        name: spec.name,
    }
}

fn name_only(json: &str) -> Spec {
    let value: serde_json::Value = json::from_str(json).unwrap_or_default();
    Spec { name: value["name"].as_str().unwrap_or_default().to_owned(), ..Spec::default() }
}

fn kind_of(provider: &Provider) -> MetricKind {
    if provider.job.is_some() {
        MetricKind::Job
    } else if provider.web.is_some() {
        MetricKind::Web
    } else {
        MetricKind::Query
    }
}

/// What the provider's result means, what it looks like, and whether it can be without data.
fn result_of(provider: &Provider) -> Queried {
    let unread =
        Queried { measure: Measure::Unknown, shape: ResultShape::Opaque, may_be_empty: false, window: None };
    if let Some(prometheus) = &provider.prometheus {
        return if prometheus.range_query.is_some() { unread } else { queried(&prometheus.query) };
    }
    let shape = if provider.datadog.is_some() {
        ResultShape::OptionalNumber
    } else if provider.wavefront.is_some() {
        ResultShape::Number
    } else if provider.graphite.is_some() || provider.influxdb.is_some() {
        ResultShape::Vector
    } else {
        ResultShape::Opaque
    };
    // Only Datadog's empty answer is known for certain: it hands nil to the condition.
    Queried { shape, may_be_empty: shape == ResultShape::OptionalNumber, ..unread }
}

/// Why a condition is not evaluated here.
enum Refusal {
    /// It looks into a structure only its author knows, such as the answer of a web endpoint.
    Structured,
    Unreadable(String),
}

fn threshold_of(spec: &Spec, structured: bool) -> Threshold {
    let provider = &spec.provider;
    let (success, failure) = (spec.success_condition.trim(), spec.failure_condition.trim());
    let by_provider = provider.job.is_some()
        || provider.kayenta.is_some()
        || (provider.plugin.0 > 0 && success.is_empty() && failure.is_empty());
    if by_provider {
        return Threshold::ByProvider;
    }
    if let Some(field) = deferred_field(spec) {
        return Threshold::Deferred { field };
    }
    let condition = |field: &str, text: &str| {
        if text.is_empty() {
            return Ok(None);
        }
        Condition::parse(text).map(Some).map_err(|error| match error {
            ConditionError::Unsupported { .. } if structured && decided_beforehand(text) => {
                Refusal::Unreadable(format!("has a {field} that holds whatever the result is"))
            }
            ConditionError::Unsupported { .. } if structured && text.contains("result") => {
                Refusal::Structured
            }
            error => Refusal::Unreadable(format!("has a {field} that cannot be read: {error}")),
        })
    };
    match (condition("successCondition", success), condition("failureCondition", failure)) {
        (Ok(success), Ok(failure)) => Threshold::Conditions { success, failure },
        (Err(Refusal::Unreadable(reason)), _) | (_, Err(Refusal::Unreadable(reason))) => {
            Threshold::Unreadable { reason }
        }
        (Err(Refusal::Structured), _) | (_, Err(Refusal::Structured)) => Threshold::ByProvider,
    }
}

/// Whether one of the alternatives of a condition holds without looking at the result.
fn decided_beforehand(text: &str) -> bool {
    text.split("||").flat_map(|part| part.split(" or ")).any(|alternative| {
        !alternative.contains("result")
            && Condition::parse(alternative)
                .is_ok_and(|condition| condition.holds(Measurement::Nil) == Ok(true))
    })
}

/// The field that decides and takes its value from an argument nobody knows yet.
fn deferred_field(spec: &Spec) -> Option<&'static str> {
    let limits = [
        ("count", &spec.count),
        ("failureLimit", &spec.failure_limit),
        ("inconclusiveLimit", &spec.inconclusive_limit),
        ("consecutiveErrorLimit", &spec.consecutive_error_limit),
        ("consecutiveSuccessLimit", &spec.consecutive_success_limit),
    ];
    let texts = [
        ("successCondition", &spec.success_condition),
        ("failureCondition", &spec.failure_condition),
        ("interval", &spec.interval),
        ("initialDelay", &spec.initial_delay),
    ];
    limits
        .into_iter()
        .filter_map(|(field, limit)| match limit {
            Some(IntOrString::String(text)) => Some((field, text)),
            _ => None,
        })
        .chain(texts)
        .find(|(_, text)| is_unknown(text))
        .map(|(field, _)| field)
}

fn schedule_of(spec: &Spec) -> Schedule {
    let interval = parse_go(&spec.interval);
    let value = |field: &Option<IntOrString>, default| field.as_ref().map_or(default, IntOrString::value);
    let at_least_zero = |field, default| u64::try_from(value(field, default)).unwrap_or(0);
    let count = match value(&spec.count, 0) {
        0 if interval.is_some() => None,
        // A negative count stops after the first measurement.
        count => Some(u64::try_from(count).unwrap_or(1).max(1)),
    };
    Schedule {
        initial_delay: parse_go(&spec.initial_delay).unwrap_or(0.0),
        interval,
        count,
        failure_limit: u64::try_from(value(&spec.failure_limit, 0)).ok(),
        inconclusive_limit: at_least_zero(&spec.inconclusive_limit, 0),
        consecutive_error_limit: at_least_zero(&spec.consecutive_error_limit, 4),
        consecutive_success_limit: at_least_zero(&spec.consecutive_success_limit, 0),
    }
}

/// Why the controller ends the run in an error instead of running the metric
/// (`utils/analysis/factory.go`, `ValidateMetric`).
fn refusal_of(spec: &Spec) -> Option<String> {
    let value = |field: &Option<IntOrString>, default| field.as_ref().map_or(default, IntOrString::value);
    let (count, failures) = (value(&spec.count, 0), value(&spec.failure_limit, 0));
    let successes = value(&spec.consecutive_success_limit, 0);
    let inconclusive = value(&spec.inconclusive_limit, 0);
    let refusal = match spec.provider.count() {
        0 => "it names no provider".to_owned(),
        1 if successes < 0 || inconclusive < 0 || value(&spec.consecutive_error_limit, 0) < 0 => {
            "a limit is negative".to_owned()
        }
        1 if failures < -1 => "failureLimit is below -1".to_owned(),
        1 if failures == -1 && successes == 0 => {
            "failureLimit is -1 (unlimited) without a consecutiveSuccessLimit".to_owned()
        }
        1 if count > 0 && count < failures.max(0).saturating_add(successes) => {
            format!("count {count} is below failureLimit plus consecutiveSuccessLimit")
        }
        1 if count > 0 && count < inconclusive => format!("count {count} is below inconclusiveLimit"),
        1 if count > 1 && spec.interval.is_empty() => "count is above 1 and there is no interval".to_owned(),
        1 if !spec.interval.is_empty() && parse_go(&spec.interval).is_none() => {
            format!("interval {:?} is no duration", spec.interval)
        }
        1 if !spec.initial_delay.is_empty() && parse_go(&spec.initial_delay).is_none() => {
            format!("initialDelay {:?} is no duration", spec.initial_delay)
        }
        1 => return None,
        several => format!("it names {several} providers"),
    };
    Some(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::argo::spec::Argument;

    fn metric(json: &str) -> Metric {
        let arguments = Arguments::open(&[Argument { name: "max".to_owned(), ..Argument::default() }]);
        read(json, &arguments, Origin { path: "p", object: "", signals: None })
    }

    /// A metric with a Prometheus provider and these fields.
    fn with(fields: &str) -> Metric {
        metric(&format!(r#"{{"name":"m",{fields},"provider":{{"prometheus":{{"query":"up"}}}}}}"#))
    }

    #[test]
    fn what_the_controller_refuses_to_run_and_the_nearest_it_runs() {
        for (refused, why, runs) in [
            (r#""inconclusiveLimit":-1"#, "negative", r#""inconclusiveLimit":0"#),
            (r#""consecutiveErrorLimit":-1"#, "negative", r#""consecutiveErrorLimit":0"#),
            (r#""consecutiveSuccessLimit":-1"#, "negative", r#""consecutiveSuccessLimit":1"#),
            (r#""failureLimit":-2"#, "below -1", r#""failureLimit":-1,"consecutiveSuccessLimit":1"#),
            (r#""failureLimit":-1"#, "unlimited", r#""failureLimit":0"#),
            (
                r#""count":2,"interval":"1m","failureLimit":2,"consecutiveSuccessLimit":1"#,
                "count 2 is below",
                r#""count":3,"interval":"1m","failureLimit":2,"consecutiveSuccessLimit":1"#,
            ),
            (
                r#""count":2,"interval":"1m","inconclusiveLimit":3"#,
                "below inconclusiveLimit",
                r#""count":3,"interval":"1m","inconclusiveLimit":3"#,
            ),
            (r#""count":2"#, "no interval", r#""count":1"#),
            (r#""interval":"1 m""#, "interval", r#""interval":"1m""#),
            (r#""initialDelay":"soon""#, "initialDelay", r#""initialDelay":"1m""#),
        ] {
            let reason = with(refused).refused.unwrap_or_default();
            assert!(reason.contains(why), "{refused}: {reason}");
            assert_eq!(with(runs).refused, None, "{runs}");
        }
        for (providers, why) in [("", "no provider"), (r#""web":{},"job":{}"#, "2 providers")] {
            let refused = metric(&format!(r#"{{"name":"m","provider":{{{providers}}}}}"#)).refused;
            assert!(refused.as_ref().is_some_and(|reason| reason.contains(why)), "{refused:?}");
        }
        let unreadable = metric(r#"{"name":"m","interval":5}"#);
        assert!(unreadable.name == "m" && unreadable.refused.is_some());
    }

    #[test]
    fn a_provider_says_what_its_result_looks_like() {
        for (provider, shape, may_be_empty) in [
            (r#""datadog":{}"#, ResultShape::OptionalNumber, true),
            (r#""wavefront":{}"#, ResultShape::Number, false),
            (r#""graphite":{}"#, ResultShape::Vector, false),
            (r#""influxdb":{}"#, ResultShape::Vector, false),
            (r#""web":{}"#, ResultShape::Opaque, false),
            (r#""prometheus":{"query":"up","rangeQuery":{}}"#, ResultShape::Opaque, false),
            (r#""prometheus":{"query":"up"}"#, ResultShape::Vector, true),
            (r#""prometheus":{"query":"vector(1)"}"#, ResultShape::Vector, false),
        ] {
            let metric = metric(&format!(r#"{{"name":"m","provider":{{{provider}}}}}"#));
            assert_eq!((metric.shape, metric.empty_unexplained), (shape, may_be_empty), "{provider}");
        }
    }

    #[test]
    fn a_provider_judges_where_no_condition_can_be_read() {
        let threshold = |json: &str| metric(&format!(r#"{{"name":"m",{json}}}"#)).threshold;
        let by_provider = |json: &str| matches!(threshold(json), Threshold::ByProvider);
        assert!(by_provider(r#""provider":{"job":{}}"#));
        assert!(by_provider(r#""provider":{"kayenta":{}}"#));
        assert!(by_provider(r#""provider":{"plugin":{"a/b":{}}}"#));
        assert!(!by_provider(r#""successCondition":"result > 1","provider":{"plugin":{"a/b":{}}}"#));
        assert!(!by_provider(r#""failureCondition":"result > 1","provider":{"plugin":{"a/b":{}}}"#));
        assert!(!by_provider(r#""provider":{"web":{}}"#));
        // Only the answer of an endpoint has a structure its author alone knows.
        let structured = r#""successCondition":"result.data.ok && result.code < 300""#;
        assert!(by_provider(&format!(r#"{structured},"provider":{{"web":{{}}}}"#)));
        assert!(!by_provider(&format!(r#"{structured},"provider":{{"wavefront":{{}}}}"#)));
        let deferred = r#""count":"{{args.max}}","interval":"1m","provider":{"web":{}}"#;
        assert!(matches!(threshold(deferred), Threshold::Deferred { field: "count" }));
    }
}
