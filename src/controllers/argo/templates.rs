//! Analysis templates behind a reference: looked up, nested ones too, merged, arguments filled in
//! (`rollout/analysis.go`, `utils/analysis/helpers.go`).

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::arguments::{Arguments, is_unknown};
use super::metric::{self, Origin};
use super::spec::{AnalysisTemplate, Argument, DryRun, TemplateReference};
use crate::cluster::{Cluster, Kind};
use crate::controllers::{SIGNALS_ANNOTATION, look_up, misdeclared};
use crate::plan::{Metric, Missing, Mistake, Unresolved, template_key};

/// More templates in one analysis than anyone writes; beyond it the reading stops with a finding.
const MOST_TEMPLATES: usize = 64;

/// What a list of template references comes to.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub metrics: Vec<Metric>,
    pub unresolved: Vec<Unresolved>,
    /// Declarations of signals that declare nothing.
    pub misdeclared: Vec<Mistake>,
    /// Every template met on the way, as [`template_key`].
    pub templates: Vec<String>,
}

/// Looks references up in one namespace.
pub(super) struct Resolver<'a> {
    pub cluster: &'a dyn Cluster,
    pub namespace: &'a str,
    /// The Rollout as JSON, for arguments that come from its fields.
    pub rollout: &'a str,
}

struct Found {
    object: String,
    path: String,
    signals: Option<String>,
    metrics: Vec<Box<RawValue>>,
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
    args: Vec<Argument>,
    dry_run: Vec<DryRun>,
    resolved: Resolved,
}

impl Resolver<'_> {
    /// Resolves `references`, the first of which stands at `path[0]`.
    pub(super) fn resolve(
        &self,
        references: &[TemplateReference],
        path: &str,
        args: &[Argument],
        dry_run: &[DryRun],
    ) -> Resolved {
        let mut search = Search { dry_run: dry_run.to_vec(), ..Search::default() };
        for (index, reference) in references.iter().enumerate() {
            self.follow(reference, &format!("{path}[{index}]"), &mut search, &mut Vec::new());
        }
        let Search { found, args: declared, dry_run, mut resolved } = search;
        let fault = match Arguments::merge(&declared, args, self.rollout) {
            Ok(arguments) => {
                for Found { object, path, signals, metrics } in &found {
                    let origin = Origin { path, object, signals: signals.as_ref() };
                    let metrics: Vec<Metric> =
                        metrics.iter().map(|json| metric::read(json.get(), &arguments, origin)).collect();
                    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
                    resolved.misdeclared.extend(misdeclared(origin.signals, &names, object, path));
                    resolved.metrics.extend(metrics);
                }
                fault_of(&resolved, &dry_run)
            }
            Err(why) => Some(why),
        };
        if let Some(why) = fault {
            let templates = resolved.templates.join(", ");
            resolved.unresolved.push(Unresolved::new(path, templates, Missing::Malformed(why)));
        }
        for metric in &mut resolved.metrics {
            metric.dry_run = is_dry_run(&dry_run, &metric.name);
        }
        resolved
    }

    /// Follows a reference and those behind it; `above` are the templates on the way to it.
    fn follow(
        &self,
        reference: &TemplateReference,
        path: &str,
        search: &mut Search,
        above: &mut Vec<String>,
    ) {
        let (kind, namespace) = if reference.cluster_scope {
            (Kind::CLUSTER_ANALYSIS_TEMPLATE, None)
        } else {
            (Kind::ANALYSIS_TEMPLATE, Some(self.namespace))
        };
        let object = format!("{}/{}", kind.kind, reference.template_name);
        let key = template_key(kind.kind, namespace.unwrap_or_default(), &reference.template_name);
        if above.contains(&key) {
            let why = Missing::Malformed("templates refer to each other in a circle".to_owned());
            search.resolved.unresolved.push(Unresolved::new(path, object, why));
            return;
        }
        // The controller uses a template once however often it is named.
        if search.resolved.templates.contains(&key) {
            return;
        }
        search.resolved.templates.push(key.clone());
        let template: Result<AnalysisTemplate, _> = if search.resolved.templates.len() > MOST_TEMPLATES {
            Err(Missing::Malformed(format!("more than {MOST_TEMPLATES} templates in one analysis")))
        } else {
            look_up(self.cluster, kind, namespace, &reference.template_name)
        };
        let template = match template {
            Ok(template) => template,
            Err(why) => {
                search.resolved.unresolved.push(Unresolved::new(path, object, why));
                return;
            }
        };
        for argument in template.spec.args {
            match search.args.iter_mut().find(|known| known.name == argument.name) {
                Some(known)
                    if known.value.is_none() && (argument.value.is_some() || known.value_from.is_none()) =>
                {
                    *known = argument;
                }
                Some(known)
                    if argument.value.is_some() && known.value.is_some() && known.value != argument.value =>
                {
                    let why = Missing::Malformed(format!("argument {} has two values", argument.name));
                    search.resolved.unresolved.push(Unresolved::new(path, object.clone(), why));
                }
                Some(_) => {}
                None => search.args.push(argument),
            }
        }
        search.dry_run.extend(template.spec.dry_run);
        search.found.push(Found {
            object,
            path: path.to_owned(),
            signals: template.metadata.annotations.get(SIGNALS_ANNOTATION).cloned(),
            metrics: template.spec.metrics,
        });
        above.push(key);
        for nested in &template.spec.templates {
            self.follow(nested, path, search, above);
        }
        above.pop();
    }
}

/// Why the controller starts no run of what it has merged, or ends it at once in an error.
fn fault_of(resolved: &Resolved, dry_run: &[DryRun]) -> Option<String> {
    let metrics = &resolved.metrics;
    if let Some(name) = repeated(metrics, |metric| &metric.name) {
        return Some(format!("two metrics are named {name}, so the controller starts no analysis"));
    }
    if let Some(rule) = repeated(dry_run, |rule| &rule.metric_name) {
        return Some(format!("two dry-run rules are named {rule:?}, so the controller starts no analysis"));
    }
    // What is missing may hold what is looked for.
    if resolved.templates.is_empty() || !resolved.unresolved.is_empty() {
        return None;
    }
    if metrics.is_empty() {
        return Some("they hold no metric, so every run ends in an error".to_owned());
    }
    let open = |name: &str| name.contains("{{") || is_unknown(name);
    let idle = dry_run
        .iter()
        .map(|rule| &rule.metric_name)
        .find(|rule| !metrics.iter().any(|metric| open(&metric.name) || may_match(rule, &metric.name)))?;
    Some(format!("the dry-run rule {idle:?} matches no metric, so every run ends in an error"))
}

fn repeated<T>(list: &[T], name: fn(&T) -> &String) -> Option<&String> {
    let mut seen = BTreeSet::new();
    list.iter().map(name).find(|name| !seen.insert(*name))
}

/// Whether one of the rules may make a metric of that name a dry run.
pub(super) fn is_dry_run(rules: &[DryRun], name: &str) -> bool {
    rules.iter().any(|rule| may_match(&rule.metric_name, name))
}

/// Whether a dry-run rule may mean this metric.
///
/// The rule is an unanchored regular expression, so plain text matches anywhere and empty text everywhere. A
/// pattern with operators is taken to match: a metric that may be a dry run cannot be relied upon.
fn may_match(pattern: &str, name: &str) -> bool {
    let literal = pattern.trim_start_matches('^').trim_end_matches('$');
    if literal.chars().any(|c| !(c.is_alphanumeric() || c == '-' || c == '_')) {
        return true;
    }
    match (pattern.starts_with('^'), pattern.ends_with('$')) {
        (true, true) => name == literal,
        (true, false) => name.starts_with(literal),
        (false, true) => name.ends_with(literal),
        (false, false) => name.contains(literal),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::to_raw_value};

    use super::may_match;
    use crate::cluster::Objects;
    use crate::controllers::argo::read_rollout;
    use crate::plan::Missing;

    /// Why the templates of a background analysis cannot be used, if they cannot.
    fn fault(template: &Value, dry_run: &Value) -> Option<String> {
        let mut cluster = Objects::default();
        let template = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
            "metadata": {"name": "t", "namespace": "shop"}, "spec": template});
        cluster.insert(to_raw_value(&template).unwrap()).unwrap();
        let analysis = json!({"templates": [{"templateName": "t"}], "dryRun": dry_run});
        let canary = json!({"steps": [{"setWeight": 10}], "analysis": analysis});
        let rollout = json!({"metadata": {"name": "r"}, "spec": {"strategy": {"canary": canary}}});
        let plan = read_rollout(&rollout.to_string(), "shop", &cluster).unwrap();
        plan.unresolved.into_iter().find_map(|unresolved| match unresolved.why {
            Missing::Malformed(why) => Some(why),
            _ => None,
        })
    }

    #[test]
    fn what_the_controller_ends_in_an_error() {
        let metric = |name: &str| json!({"name": name, "provider": {"job": {}}});
        let rule = |name: &str| json!({"metricName": name});
        let one = json!({"metrics": [metric("errors")]});
        let two = json!({"metrics": [metric("errors"), metric("latency")], "dryRun": [rule("latency")]});
        let nested = json!({"templates": [{"templateName": "gone"}]});
        let named = json!({"args": [{"name": "a"}], "metrics": [metric("{{args.a}}")]});
        for (template, dry_run, why) in [
            (json!({"metrics": [metric("errors"), metric("errors")]}), json!([]), "two metrics"),
            (two.clone(), json!([rule("latency")]), "two dry-run rules"),
            (json!({"metrics": []}), json!([]), "no metric"),
            (one.clone(), json!([rule("latency")]), "matches no metric"),
        ] {
            assert!(fault(&template, &dry_run).is_some_and(|found| found.contains(why)), "{template}");
        }
        for (template, dry_run) in
            [(two, json!([rule("errors")])), (nested, json!([])), (one, json!([rule("lat|err")]))]
        {
            assert_eq!(fault(&template, &dry_run), None, "{template}");
        }
        let unknown = fault(&named, &json!([rule("latency")]));
        assert!(unknown.is_none_or(|found| !found.contains("dry-run")));
    }

    #[test]
    fn dry_run_names_are_unanchored_patterns() {
        for (pattern, name, matches) in [
            ("a", "latency", true),
            ("", "latency", true),
            (".*", "latency", true),
            ("latency", "latency", true),
            ("latency", "error-rate", false),
            ("^lat", "p95-latency", false),
            ("latency$", "p95-latency", true),
            ("(x|y)", "latency", true),
        ] {
            assert_eq!(may_match(pattern, name), matches, "{pattern} {name}");
        }
    }
}
