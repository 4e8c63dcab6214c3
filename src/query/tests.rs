//! Queries as people write them.

use super::LatencyUnit::{Milliseconds, Seconds};
use super::*;

fn measured(query: &str) -> Measure {
    read(query).unwrap_or_else(|error| panic!("{query}: {error}")).measure
}

const fn errors(scale: f64) -> Measure {
    Measure::ErrorRatio { scale }
}

const fn successes(scale: f64) -> Measure {
    Measure::SuccessRatio { scale }
}

const fn up(scale: f64) -> Measure {
    Measure::Availability { scale }
}

const fn latency(quantile: f64, unit: LatencyUnit) -> Measure {
    Measure::Latency { quantile: Some(quantile), unit: Some(unit) }
}

const fn average(unit: LatencyUnit) -> Measure {
    Measure::Latency { quantile: None, unit: Some(unit) }
}

pub(super) const QUERIES: &[(&str, Measure)] = &[
    // Istio
    (
        r#"sum(irate(istio_requests_total{reporter="source",destination_service=~"shop.default.svc",response_code!~"5.*"}[5m])) /
           sum(irate(istio_requests_total{reporter="source",destination_service=~"shop.default.svc"}[5m]))"#,
        successes(1.0),
    ),
    (
        r#"sum(rate(istio_requests_total{destination_workload="shop",response_code=~"5.*"}[1m])) / sum(rate(istio_requests_total{destination_workload="shop"}[1m])) * 100"#,
        errors(100.0),
    ),
    (
        r#"100 - sum(rate(istio_requests_total{reporter="destination",destination_workload_namespace="shop",destination_workload=~"cart",response_code!~"404|5.."}[2m]))
           / sum(rate(istio_requests_total{reporter="destination",destination_workload_namespace="shop",destination_workload=~"cart"}[2m])) * 100"#,
        errors(100.0),
    ),
    (
        r#"histogram_quantile(0.99, sum(irate(istio_request_duration_milliseconds_bucket{reporter="destination",destination_workload=~"cart"}[1m])) by (le))"#,
        latency(0.99, Milliseconds),
    ),
    (
        r#"histogram_quantile(0.95, sum by (le) (rate(istio_request_duration_milliseconds_bucket{app="cart"}[5m]))) / 1000"#,
        latency(0.95, Seconds),
    ),
    (
        r#"sum(rate(istio_request_duration_milliseconds_sum{app="cart"}[1m])) / sum(rate(istio_request_duration_milliseconds_count{app="cart"}[1m]))"#,
        average(Milliseconds),
    ),
    (r#"sum(rate(istio_requests_total{app="cart",response_code=~"5.."}[1m]))"#, Measure::ErrorRate),
    (r#"sum(rate(istio_requests_total{app="cart"}[1m]))"#, Measure::Unknown),
    // NGINX ingress
    (
        r#"sum(rate(nginx_ingress_controller_requests{namespace="shop",ingress="cart",canary!="",status!~"[4-5].*"}[1m])) /
           sum(rate(nginx_ingress_controller_requests{namespace="shop",ingress="cart",canary!=""}[1m])) * 100"#,
        successes(100.0),
    ),
    (
        r#"1 - (sum(increase(nginx_ingress_controller_requests{ingress="cart",status=~"5.."}[5m])) / sum(increase(nginx_ingress_controller_requests{ingress="cart"}[5m])))"#,
        successes(1.0),
    ),
    (
        r#"histogram_quantile(0.9, sum(rate(nginx_ingress_controller_request_duration_seconds_bucket{ingress="cart"}[2m])) by (le, ingress)) * 1000"#,
        latency(0.9, Milliseconds),
    ),
    // Linkerd
    (
        r#"sum(rate(response_total{namespace="shop",deployment=~"cart",classification!="failure",direction="inbound"}[1m]))
           / sum(rate(response_total{namespace="shop",deployment=~"cart",direction="inbound"}[1m])) * 100"#,
        successes(100.0),
    ),
    (
        r#"sum(irate(response_total{deployment="cart",classification="success"}[1m])) / sum(irate(response_total{deployment="cart"}[1m]))"#,
        successes(1.0),
    ),
    (
        r#"sum(rate(response_total{deployment="cart",classification="failure"}[1m])) / sum(rate(response_total{deployment="cart"}[1m]))"#,
        errors(1.0),
    ),
    (
        r#"histogram_quantile(0.99, sum(rate(response_latency_ms_bucket{deployment="cart",direction="inbound"}[1m])) by (le))"#,
        latency(0.99, Milliseconds),
    ),
    // Traefik
    (
        r#"sum(rate(traefik_service_requests_total{service=~"shop-cart-canary-[0-9a-zA-Z-]+@kubernetescrd",code!~"5.."}[1m]))
           / sum(rate(traefik_service_requests_total{service=~"shop-cart-canary-[0-9a-zA-Z-]+@kubernetescrd"}[1m])) * 100"#,
        successes(100.0),
    ),
    (
        r#"histogram_quantile(0.99, sum(rate(traefik_service_request_duration_seconds_bucket{service="cart@docker"}[1m])) by (le))"#,
        latency(0.99, Seconds),
    ),
    // Envoy, Contour, App Mesh, Gloo
    (
        r#"sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"shop-cart",envoy_response_code!~"5.*"}[1m]))
           / sum(rate(envoy_cluster_upstream_rq{envoy_cluster_name=~"shop-cart"}[1m])) * 100"#,
        successes(100.0),
    ),
    (
        r#"sum(rate(envoy_cluster_upstream_rq_xx{cluster="cart",envoy_response_code_class="5"}[1m])) / sum(rate(envoy_cluster_upstream_rq_xx{cluster="cart"}[1m]))"#,
        errors(1.0),
    ),
    (
        r#"sum(rate(envoy_cluster_upstream_rq_5xx{cluster="cart"}[1m])) / sum(rate(envoy_cluster_upstream_rq_total{cluster="cart"}[1m]))"#,
        errors(1.0),
    ),
    (
        r#"histogram_quantile(0.99, sum(rate(envoy_cluster_upstream_rq_time_bucket{cluster="cart"}[1m])) by (le))"#,
        latency(0.99, Milliseconds),
    ),
    // Generic HTTP
    (
        r#"sum(rate(http_requests_total{service="cart",status!~"5.."}[5m])) / sum(rate(http_requests_total{service="cart"}[5m]))"#,
        successes(1.0),
    ),
    (
        r#"sum(rate(http_requests_total{service="cart",code=~"[45].."}[5m])) / sum(rate(http_requests_total{service="cart"}[5m]))"#,
        errors(1.0),
    ),
    (
        r#"sum(rate(http_requests_total{service="cart",code="500"}[5m])) / sum(rate(http_requests_total{service="cart"}[5m]))"#,
        errors(1.0),
    ),
    (
        r#"100 * sum(rate(http_requests_total{service="cart",status="5xx"}[5m])) / sum(rate(http_requests_total{service="cart"}[5m]))"#,
        errors(100.0),
    ),
    (
        r#"(sum(rate(http_requests_total{status=~"5.."}[5m])) or vector(0)) / sum(rate(http_requests_total[5m]))"#,
        errors(1.0),
    ),
    (
        r#"sum(rate(http_requests_total{status=~"2..|3.."}[5m])) by (service) / sum(rate(http_requests_total[5m])) by (service)"#,
        successes(1.0),
    ),
    (
        r#"sum(rate(http_requests_total{status=~"5.."}[5m])) / clamp_min(sum(rate(http_requests_total[5m])), 1)"#,
        errors(1.0),
    ),
    (
        r#"(sum(rate(http_requests_total[5m])) - sum(rate(http_requests_total{status=~"5.."}[5m]))) / sum(rate(http_requests_total[5m]))"#,
        successes(1.0),
    ),
    (
        r#"sum(rate(http_requests_total{code=~"5.."}[5m])) / (sum(rate(http_requests_total{code=~"5.."}[5m])) + sum(rate(http_requests_total{code=~"2.."}[5m])))"#,
        errors(1.0),
    ),
    (
        r#"sum(rate(http_errors_total{app="cart"}[5m])) / sum(rate(http_requests_total{app="cart"}[5m]))"#,
        errors(1.0),
    ),
    ("sum(rate(orders_failed_total[5m])) / sum(rate(orders_total[5m]))", errors(1.0)),
    (
        "sum(rate(orders_success_total[5m])) / (sum(rate(orders_success_total[5m])) + sum(rate(orders_failure_total[5m])))",
        successes(1.0),
    ),
    ("sum(increase(app_exceptions_total{app=\"cart\"}[10m]))", Measure::ErrorRate),
    (
        r#"sum(rate(http_server_requests_seconds_count{uri!~"/actuator.*",outcome="SERVER_ERROR"}[5m])) / sum(rate(http_server_requests_seconds_count{uri!~"/actuator.*"}[5m]))"#,
        errors(1.0),
    ),
    (
        r#"sum(rate(http_server_requests_seconds_sum{app="cart"}[5m])) / sum(rate(http_server_requests_seconds_count{app="cart"}[5m]))"#,
        average(Seconds),
    ),
    (
        "1000 * sum(rate(http_request_duration_seconds_sum[5m])) / sum(rate(http_request_duration_seconds_count[5m]))",
        average(Milliseconds),
    ),
    (
        r#"histogram_quantile(0.95, rate(http_request_duration_seconds_bucket{service="cart"}[5m])) * 1000"#,
        latency(0.95, Milliseconds),
    ),
    (
        "max(histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, pod)))",
        latency(0.95, Seconds),
    ),
    ("histogram_quantile(0.95, sum(rate(http_request_duration_seconds[5m])))", latency(0.95, Seconds)),
    (r#"avg(http_request_duration_seconds{app="cart",quantile="0.95"})"#, latency(0.95, Seconds)),
    (r#"max_over_time(rpc_latency_ms{quantile="0.9"}[5m])"#, latency(0.9, Milliseconds)),
    // gRPC
    (
        r#"sum(rate(grpc_server_handled_total{grpc_service="cart",grpc_code!="OK"}[5m])) / sum(rate(grpc_server_handled_total{grpc_service="cart"}[5m]))"#,
        errors(1.0),
    ),
    (
        r#"sum(rate(grpc_server_handled_total{grpc_code=~"Unknown|Unavailable|Internal|DeadlineExceeded"}[5m])) / sum(rate(grpc_server_handled_total[5m]))"#,
        errors(1.0),
    ),
    (
        r#"sum(rate(rpc_server_requests_total{grpc_status="0"}[5m])) / sum(rate(rpc_server_requests_total[5m]))"#,
        successes(1.0),
    ),
    // Availability
    (r#"up{job="cart"}"#, up(1.0)),
    (r#"avg(up{job="cart"}) * 100"#, up(100.0)),
    (r#"sum(up{job="cart"}) / count(up{job="cart"})"#, up(1.0)),
    (r#"min(avg_over_time(probe_success{instance="cart"}[5m]))"#, up(1.0)),
    (
        r#"kube_deployment_status_replicas_available{deployment="cart"} / kube_deployment_spec_replicas{deployment="cart"}"#,
        up(1.0),
    ),
    // Nothing measured
    ("vector(0)", Measure::Constant(0.0)),
    ("1", Measure::Constant(1.0)),
    ("1 - 1", Measure::Constant(0.0)),
    ("vector(1) * 100 or vector(100)", Measure::Constant(100.0)),
    ("sum(rate(http_requests_total[5m])) * 0", Measure::Constant(0.0)),
    ("-2 ^ 2", Measure::Constant(-4.0)),
];

#[test]
fn queries_as_people_write_them() {
    let wrong: Vec<String> = QUERIES
        .iter()
        .filter(|(query, expected)| read(query).map(|reading| reading.measure).as_ref() != Ok(expected))
        .map(|(query, expected)| format!("{query}\n  {:?}, expected {expected:?}", read(query)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Queries that look like a signal and are none, each with what is wrong with it.
const DECEPTIVE: &[(&str, &str)] = &[
    (
        r#"rate(http_requests_total{code=~"5.."}[5m]) / rate(http_requests_total[5m])"#,
        "every series finds itself: 1",
    ),
    (r#"sum by (code) (rate(x_total{code=~"5.."}[5m])) / sum by (code) (rate(x_total[5m]))"#, "likewise"),
    (
        r#"sum(rate(x_total{code=~"5..",canary="true"}[5m])) / sum(rate(x_total[5m]))"#,
        "a share of all traffic",
    ),
    (r#"sum(rate(x_total{code=~"4.."}[5m])) / sum(rate(x_total[5m]))"#, "the client's faults"),
    (r#"sum(rate(x_total{code=~"5.."}[5m])) / sum(increase(x_total[5m]))"#, "a rate over a count"),
    (r#"sum(increase(x_total{code=~"5.."}[5m])) / sum(increase(x_total[1h]))"#, "different windows"),
    (r#"sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(y_total[5m]))"#, "different metrics"),
    (
        r#"sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total{code=~"5.."}[5m]))"#,
        "the same on both sides",
    ),
    (r#"sum(rate(x_total{code=~"(?i)5.."}[5m])) / sum(rate(x_total[5m]))"#, "a pattern not read"),
    ("histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])))", "no buckets left"),
    ("histogram_quantile(0.95, sum by (pod) (rate(http_request_duration_seconds_bucket[5m])))", "likewise"),
    ("histogram_quantile(0.95, sum by (le) (rate(http_response_size_bytes_bucket[5m])))", "sizes"),
    (
        "histogram_quantile(95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
        "always infinite",
    ),
    ("rate(process_cpu_seconds_total[5m])", "processor time"),
    ("sum(http_errors_total)", "all failures there ever were"),
    ("absent(up)", "the opposite of data"),
    ("up == bool 1", "a truth value"),
    ("clamp_max(avg(up), 0)", "always 0"),
    ("sum(histogram_quantile(0.9, sum by (le, pod) (rate(x_seconds_bucket[5m]))))", "a sum of quantiles"),
    ("time()", "the clock"),
    ("http_requests_total[5m]", "raw samples"),
    ("vector(0) or sum(rate(x_errors_total[5m]))", "two answers in one"),
    ("sum(rate(x_errors_total[5m] offset 1w)) / sum(rate(x_total[5m] offset 1w))", "last week's release"),
    ("sum(rate(x_errors_total[5m])) / sum(rate(x_total[5m])) < 0.01", "nothing at all when it is bad"),
    ("sum(rate(x_errors_total[5m])) / sum(rate(x_total[5m])) and on() up", "whatever another query says"),
];

#[test]
fn what_only_looks_like_a_signal_stays_unknown() {
    for (query, reason) in DECEPTIVE {
        assert_eq!(measured(query), Measure::Unknown, "{query} ({reason})");
    }
}

#[test]
fn emptiness_and_shape() {
    let ratio = r#"sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[5m]))"#;
    for (query, shape, may_be_empty) in [
        (ratio.to_owned(), Shape::Vector, true),
        (format!("{ratio} or vector(0)"), Shape::Vector, false),
        (format!("{ratio} or on() vector(0)"), Shape::Vector, false),
        (format!("scalar({ratio})"), Shape::Scalar, false),
        (format!("{ratio} * 1"), Shape::Vector, true),
    ] {
        let reading = read(&query).expect(&query);
        assert_eq!((reading.shape, reading.may_be_empty), (shape, may_be_empty), "{query}");
        assert_eq!(reading.measure, errors(1.0), "{query}");
    }
    // A filter on what is divided by only leaves out the moments without requests.
    let filtered = r#"sum(rate(x_total{code=~"5.."}[5m])) / (sum(rate(x_total[5m])) > 0)"#;
    assert_eq!(measured(filtered), errors(1.0));
    let numerator = r#"(sum(rate(x_total{code=~"5.."}[5m])) or vector(0)) / sum(rate(x_total[5m]))"#;
    assert!(read(numerator).is_ok_and(|reading| reading.may_be_empty));
    assert!(read("1").is_ok_and(|reading| reading.shape == Shape::Scalar && !reading.may_be_empty));
}

#[test]
fn the_window_is_the_shortest_range() {
    for (query, window) in [
        (r#"sum(rate(x_total{code=~"5.."}[1h])) / sum(rate(x_total[1h]))"#, Some(3600.0)),
        (r#"sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[1h]))"#, Some(300.0)),
        ("avg_over_time(x_ratio[1h30m])", Some(5400.0)),
        ("max_over_time(sum(rate(x_errors_total[5m]))[1h:1m])", Some(3900.0)),
        ("histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[30s])))", Some(30.0)),
        ("avg(up)", None),
        ("vector(0)", None),
    ] {
        assert_eq!(read(query).map(|reading| reading.window), Ok(window), "{query}");
    }
}

const REFUSED: &[&str] = &[
    "",
    "sum(",
    "rate(x)",
    "rate(x[{{ interval }}])",
    "sum(rate(x[$__rate_interval]))",
    "x[5m][5m]",
    "(x)[5m]",
    "x[0m]",
    "x[5x]",
    "x[1m1h]",
    "{}",
    r#"{job=~".*"}"#,
    r#"{job!="a"}"#,
    r#"x{job="a"#,
    r#"x{job=~"("}"#,
    r#"x{job="\d"}"#,
    "1 == 1",
    "1 or 2",
    "x + bool 1",
    "sum(1)",
    "sum(x, y)",
    "sum by (a) (x) by (b)",
    "x and on(a) group_left() y",
    "x * on(a) group_left(a) y",
    "x + on(a) 1",
    "-x[5m]",
    "histogram_quantile(x, y)",
    "frobnicate(x)",
    r#""text""#,
    "x offset 5m offset 5m",
    "08",
    "x y",
    "x{a=\"b\"} {c=\"d\"}",
];

#[test]
fn what_cannot_be_read_says_where() {
    for query in REFUSED {
        assert!(read(query).is_err(), "{query}");
    }
    assert_eq!(read("sum(rate(x[{{ interval }}]))").map_err(|error| error.at), Err(11));
}

#[test]
fn deep_and_long_queries_are_refused_quickly() {
    let started = std::time::Instant::now();
    for piece in ["(", "-", "sum(", "x+", "x{a=\"b\"}+", "{", "x[", "[", "2^", "x or ", "rate("] {
        let text = piece.repeat(100_000 / piece.len());
        assert!(read(&text).is_err(), "{piece}");
        assert!(read(&format!("{text}x")).is_err(), "{piece}");
    }
    let slow = format!(r#"x{{code=~"{}"}}"#, "(.*)*".repeat(2000));
    drop(read(&slow));
    let nested = format!(r#"x{{code=~"{}"}}"#, "(".repeat(50_000) + &")".repeat(50_000));
    drop(read(&nested));
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
