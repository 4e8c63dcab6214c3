//! The dashboard and the alerts ask for what the server really exposes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

use crate::guests;
use crate::serve::Server;

/// What the API server exposes, and by which labels; a run against a real one holds the names.
const API_SERVER: [(&str, &[&str]); 2] = [
    ("apiserver_admission_webhook_rejection_count", &["name", "error_type"]),
    ("apiserver_admission_webhook_admission_duration_seconds_bucket", &["name", "le"]),
];

/// Labels of the Pod that Prometheus adds.
const TARGET: [&str; 2] = ["namespace", "pod"];

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/rollgate.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let queries: Vec<&str> = targets.map(|target| target["expr"].as_str().expect("a query")).collect();
    assert!(queries.len() > 10, "{queries:?}");
    are_answered(&queries, &exposed());
}

#[test]
fn the_alerts_ask_for_metrics_that_there_are() {
    let alerts: Value = serde_saphyr::from_str(&text("deploy/helm/rollgate/alerts.yaml")).expect("YAML");
    let rules = alerts["groups"][0]["rules"].as_array().expect("rules");
    let queries: Vec<&str> = rules.iter().map(|rule| rule["expr"].as_str().expect("a query")).collect();
    assert!(queries.len() > 5, "{queries:?}");
    are_answered(&queries, &exposed());
}

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every series the server exposes, with its labels as far as they show.
type Series = BTreeMap<String, BTreeSet<String>>;

fn exposed() -> Series {
    let directory = tempfile::tempdir().expect("a directory");
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(&kubeconfig, guests::NOWHERE).expect("a file");
    let kubeconfig = kubeconfig.to_str().expect("UTF-8");
    let arguments = ["--allow-context-aware", "--kubeconfig", kubeconfig];
    let server = Server::start_with(&guests::behaviours_with_metadata(), &arguments);
    server.post("no review");
    server.review("accept");
    server.review("reject");
    let exposition = server.get("/metrics").body;
    let mut series = Series::new();
    for line in exposition.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) {
            let suffixes: &[&str] = match kind {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            series.extend(suffixes.iter().map(|suffix| (format!("{name}{suffix}"), BTreeSet::new())));
        } else if let Some((name, labels)) = line.split_once('{') {
            let labels = labels.split_once('}').map_or("", |(labels, _)| labels);
            let names =
                labels.split(',').filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
            series.entry(name.to_owned()).or_default().extend(names);
        }
    }
    series
}

fn are_answered(queries: &[&str], exposed: &Series) {
    for query in queries {
        let written = query.replace("$__rate_interval", "5m");
        let read = parser::parse(&written).unwrap_or_else(|error| panic!("{query}: {error}"));
        let mut asked = Asked::default();
        walk_expr(&mut asked, &read).expect("a walk that cannot fail");
        assert!(!asked.selectors.is_empty(), "{query}");
        let mut known: BTreeSet<String> = TARGET.map(str::to_owned).into();
        for (name, _) in &asked.selectors {
            let foreign = API_SERVER.iter().find(|(foreign, _)| foreign == name);
            let labels = foreign.map(|(_, labels)| labels.iter().map(|label| (*label).to_owned()).collect());
            let labels: Option<BTreeSet<String>> = labels.or_else(|| shown(exposed, name));
            known.extend(labels.unwrap_or_else(|| panic!("nobody exposes {name}: {query}")));
        }
        let named = asked.selectors.iter().flat_map(|(_, labels)| labels).chain(&asked.grouped);
        for label in named {
            assert!(known.contains(label), "there is no label {label}: {query}");
        }
    }
}

/// The labels of a series; of one that has no value yet, any.
fn shown(exposed: &Series, name: &str) -> Option<BTreeSet<String>> {
    let labels = exposed.get(name)?;
    Some(if labels.is_empty() { exposed.values().flatten().cloned().collect() } else { labels.clone() })
}

/// What a query names.
#[derive(Default)]
struct Asked {
    /// Metrics, and the labels they are chosen by.
    selectors: Vec<(String, Vec<String>)>,
    /// The labels that results are grouped by.
    grouped: Vec<String>,
}

impl ExprVisitor for Asked {
    type Error = ();

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, ()> {
        match expression {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Aggregate(aggregate) => {
                let labels = aggregate.modifier.iter().flat_map(|modifier| &modifier.labels().labels);
                self.grouped.extend(labels.cloned());
            }
            _ => {}
        }
        Ok(true)
    }
}

impl Asked {
    fn selector(&mut self, selector: &VectorSelector) {
        let labels = selector.matchers.matchers.iter().map(|matcher| matcher.name.clone()).collect();
        self.selectors.push((selector.name.clone().unwrap_or_default(), labels));
    }
}
