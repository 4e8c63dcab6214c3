//! The page of one release.

use std::collections::BTreeSet;
use std::fmt::Write;

use rollgate_picture::Story;
use rollgate_policy::duration::human;
use rollgate_policy::plan::{Analysis, End, Metric};
use rollgate_policy::rules::{IRREVERSIBLE, IRREVERSIBLE_APPROVED_BY, ROLLBACK_OWNER, rollback_deadline};
use rollgate_policy::settings::Settings;
use serde_json::Value;

use super::markdown::{cell, code, missing, plain, table};
use super::{action, checklist, metrics};
use crate::manifest_set::ManifestSet;
use crate::release::Release;

/// A metric of the page.
pub(super) struct Row<'a> {
    pub analysis: &'a Analysis,
    pub metric: &'a Metric,
    /// The signals it measures.
    pub signals: Vec<&'static str>,
    pub written: metrics::Written,
}

/// What the manifest says besides the plan.
pub(super) struct Said {
    annotations: Vec<(String, String)>,
    /// Who is told of a rollback, as Markdown.
    pub told: Vec<String>,
}

/// Writes the page.
pub(super) fn write(release: &Release<'_>, manifests: &ManifestSet, settings: &Settings) -> String {
    let said = Said::read(release);
    let rows = rows(release, manifests);
    let mut page = format!("# Release plan: {}\n\n", plain(&release.picture.title()));
    let _ = writeln!(
        page,
        "Written by `rollgate runbook` from {}. What no manifest says is marked as **missing**.\n",
        code(&release.object.document.file)
    );
    let sections = [
        ("1. Strategy", strategy(release, &said)),
        ("2. Success metrics", success(release, &rows)),
        ("3. Progression", progression(release)),
        ("4. Rollback trigger", trigger(release, &rows)),
        ("5. Rollback action", action::write(release)),
        ("6. Rollback owner", owner(&said)),
        ("7. Rollback deadline", deadline(release, settings)),
        ("Checklist", checklist::write(release, &rows, &said)),
    ];
    for (title, text) in sections {
        let _ = writeln!(page, "## {title}\n\n{}\n", text.trim_end());
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

impl Said {
    fn read(release: &Release<'_>) -> Self {
        let object: Value = serde_json::from_str(release.object.json.get()).unwrap_or_default();
        let annotations = object["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        let annotations: Vec<(String, String)> = annotations
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.as_str()?.trim().to_owned())))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Self { told: told(&object, &annotations), annotations }
    }

    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

/// Subscriptions of Argo Rollouts, alerts of Flagger.
fn told(object: &Value, annotations: &[(String, String)]) -> Vec<String> {
    let subscriptions = annotations.iter().filter_map(|(key, value)| {
        let trigger = key.strip_prefix("notifications.argoproj.io/subscribe.")?;
        Some(format!("{} ({})", plain(value), code(trigger)))
    });
    let alerts = object["spec"]["analysis"]["alerts"].as_array().into_iter().flatten().filter_map(|alert| {
        let provider = alert["providerRef"]["name"].as_str()?;
        let severity = alert["severity"].as_str().unwrap_or("info");
        Some(format!("{} (alerts from {} on)", code(&format!("AlertProvider/{provider}")), code(severity)))
    });
    subscriptions.chain(alerts).collect()
}

/// Every metric once, however many stages await it.
fn rows<'a>(release: &'a Release<'_>, manifests: &ManifestSet) -> Vec<Row<'a>> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for (index, analysis) in release.plan.analyses.iter().enumerate() {
        for (at, metric) in analysis.metrics.iter().enumerate() {
            if seen.insert((&metric.object, &metric.name)) {
                let signals = &release.picture.analyses[index].metrics[at].signals;
                rows.push(Row {
                    analysis,
                    metric,
                    signals: signals.iter().map(|signal| signal.name()).collect(),
                    written: metrics::written(release, manifests, analysis, metric),
                });
            }
        }
    }
    rows
}

fn strategy(release: &Release<'_>, said: &Said) -> String {
    let picture = &release.picture;
    let kind = &picture.subject.kind;
    let strategy = match picture.strategy.name() {
        "none" => missing(&format!("the {kind} declares neither canary nor blue-green")),
        name => format!("{name}, carried out by {}", release.plan.controller.name),
    };
    let containers = release.plan.workload.iter().flat_map(|workload| &workload.template.spec.containers);
    let images: Vec<String> = containers.map(|container| code(&container.image)).collect();
    let images =
        if images.is_empty() { missing("the pods are not among the manifests") } else { images.join(", ") };
    let irreversible = match (said.annotation(IRREVERSIBLE), said.annotation(IRREVERSIBLE_APPROVED_BY)) {
        (None | Some("false"), _) => "none is declared".to_owned(),
        (Some(change), Some(approver)) => format!("{}, approved by {}", plain(change), plain(approver)),
        (Some(change), None) => format!(
            "{}; {}",
            plain(change),
            missing(&format!("who approved it ({})", code(IRREVERSIBLE_APPROVED_BY)))
        ),
    };
    format!(
        "- Strategy: {strategy}\n- New version: {images}\n- Changes that no rollback undoes: {irreversible}\n"
    )
}

fn success(release: &Release<'_>, rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return missing("no metric is measured");
    }
    let mut text = String::new();
    for row in rows {
        let Row { metric, signals, written, .. } = row;
        let name = if metric.stands_in { "?" } else { &metric.name };
        let from =
            if metric.object.is_empty() { String::new() } else { format!(" of {}", code(&metric.object)) };
        let _ = writeln!(text, "### {}{from}\n", code(name));
        let signals =
            if signals.is_empty() { "none of those required".to_owned() } else { signals.join(", ") };
        let _ = writeln!(text, "- Threshold: {}", written.threshold);
        let _ = writeln!(text, "- Signals: {signals}");
        let _ = writeln!(text, "- Measured: {}", measured(metric));
        let _ = writeln!(text, "\n{}", written.query);
    }
    let objective = match &release.plan.objective {
        Some(objective) => plain(objective),
        None => missing(&format!("no objective is declared ({})", code("rollgate.dev/slo"))),
    };
    let _ = writeln!(text, "Service level objective: {objective}");
    text
}

fn measured(metric: &Metric) -> String {
    if metric.stands_in {
        return missing("see the query");
    }
    let every = metric
        .schedule
        .interval
        .map_or_else(|| "once".to_owned(), |interval| format!("every {}", human(interval)));
    let borne = match metric.schedule.failure_limit {
        _ if metric.dry_run => "as a dry run, without any consequence".to_owned(),
        _ if !metric.can_fail() => missing("no result fails a release"),
        None => "any number of failures is borne".to_owned(),
        Some(0) => "the first failure ends the release".to_owned(),
        Some(1) => "1 failure is borne".to_owned(),
        Some(limit) => format!("{limit} failures are borne"),
    };
    format!("{every}; {borne}")
}

fn progression(release: &Release<'_>) -> String {
    let picture = &release.picture;
    if picture.stages.is_empty() {
        return missing("no stages are declared: the new version gets every request at once");
    }
    let mut way: Vec<String> = Vec::new();
    let rows: Vec<Vec<String>> = picture
        .stages
        .iter()
        .map(|stage| {
            let (share, hold) = (stage.share(), picture.hold(stage));
            way.extend([share.clone(), hold.clone()]);
            let mut names: Vec<String> = Vec::new();
            for index in &stage.watched_by {
                let name = code(&picture.analyses[*index].name);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let watched = if names.is_empty() { missing("nobody watches it") } else { names.join(", ") };
            [share, hold, watched].map(|text| cell(&text)).to_vec()
        })
        .collect();
    let good = &picture.good;
    format!(
        "{} → 100 %\n\n{}\nA good release is {}.\n",
        way.join(" → "),
        table(&["weight", "held", "watched by"], &rows),
        good.summary()
    )
}

fn trigger(release: &Release<'_>, rows: &[Row<'_>]) -> String {
    let deciding: Vec<&Row<'_>> =
        rows.iter().filter(|row| row.metric.can_fail() && !row.metric.stands_in).collect();
    let mut text = String::new();
    if deciding.is_empty() {
        let _ = writeln!(text, "{}\n", missing("no metric can fail a release"));
    }
    for row in deciding {
        let failures = row.metric.schedule.failure_limit.unwrap_or_default().saturating_add(1);
        let often = match (failures, row.metric.schedule.interval) {
            (1, _) => "one measurement".to_owned(),
            (failures, Some(interval)) => format!("{failures} measurements, {} apart", human(interval)),
            (failures, None) => format!("{failures} measurements"),
        };
        let _ = writeln!(text, "- {} fails {often}: {}", code(&row.metric.name), row.written.threshold);
    }
    let rows: Vec<Vec<String>> = release.picture.bad.iter().map(prediction).collect();
    let heads = ["release", "end", "after", "largest weight", "exposure in percent-minutes"];
    let _ = writeln!(
        text,
        "\nWhat becomes of a release that is bad from its first request:\n\n{}",
        table(&heads, &rows)
    );
    for object in &release.picture.unresolved {
        let _ = writeln!(text, "\n{}", missing(&format!("{} is not among the manifests", code(object))));
    }
    if release.plan.metrics().any(|metric| metric.stands_in) {
        let _ = writeln!(text, "\nTemplates that are missing are taken to fail every bad release.");
    }
    text
}

fn prediction(story: &Story) -> Vec<String> {
    let end = match story.end {
        End::RolledBack => "rolled back",
        End::Promoted => "**promoted**",
        End::Waits => "**waits for somebody**",
    };
    let tenths = |number: f64| (number * 10.0).round() / 10.0;
    vec![
        story.kind(),
        end.to_owned(),
        human(story.seconds),
        format!("{} %", tenths(story.peak_weight)),
        tenths(story.exposure).to_string(),
    ]
}

fn owner(said: &Said) -> String {
    let owner = match said.annotation(ROLLBACK_OWNER) {
        Some(owner) => format!("{}, without asking anyone", plain(owner)),
        None => missing(&format!("nobody is named ({})", code(ROLLBACK_OWNER))),
    };
    let told =
        if said.told.is_empty() { missing("nobody is told of a rollback") } else { said.told.join("; ") };
    format!("- Rolls back: {owner}\n- Is told: {told}\n")
}

fn deadline(release: &Release<'_>, settings: &Settings) -> String {
    let deadline = rollback_deadline(settings).map_or_else(
        || missing("none is set"),
        |seconds| format!("{} from the first failing measurement", human(seconds)),
    );
    let slowest = release
        .picture
        .bad
        .iter()
        .rev()
        .filter(|story| story.end == End::RolledBack)
        .filter_map(|story| match &story.cause {
            Some(rollgate_picture::Cause::Metric { since_first_failing, .. }) => {
                Some((story, *since_first_failing))
            }
            _ => None,
        })
        .max_by(|(_, one), (_, other)| one.total_cmp(other));
    let slowest = match slowest {
        Some((story, seconds)) => format!("{} ({})", human(seconds), story.kind()),
        None => missing("no bad release is rolled back"),
    };
    format!("- Deadline: {deadline}\n- Slowest rollback predicted: {slowest}\n")
}
