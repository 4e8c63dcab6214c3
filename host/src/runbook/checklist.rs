//! The checklist for a pull request, with what the manifests say to each item.

use rollgate_picture::Story;
use rollgate_policy::plan::End;
use rollgate_policy::rules::ROLLBACK_OWNER;

use super::markdown::{code, list, missing, plain};
use super::page::{Row, Said};
use crate::release::Release;

/// What no manifest can say.
const OUTSIDE: &str = "no manifest says so";

/// Writes the checklist; every box is for a person to tick.
pub(super) fn write(release: &Release<'_>, rows: &[Row<'_>], said: &Said) -> String {
    let picture = &release.picture;
    let owner = said.annotation(ROLLBACK_OWNER).map_or_else(|| missing("nobody is named"), plain);
    let told = if said.told.is_empty() { missing("nobody is told") } else { said.told.join("; ") };
    let smoke: Vec<String> = rows
        .iter()
        .filter(|row| {
            row.metric.kind.is_smoke_check()
                && !row.metric.stands_in
                && row.analysis.late
                && row.metric.can_fail()
        })
        .map(|row| code(&row.metric.name))
        .collect();
    let smoke =
        if smoke.is_empty() { missing("no smoke check runs late in the release") } else { smoke.join(", ") };
    let back = picture.bad.iter().filter(|story| story.end != End::RolledBack).map(Story::kind);
    let back: Vec<String> = back.collect();
    let back = if back.is_empty() {
        "every bad release that was played is rolled back".to_owned()
    } else {
        missing(&format!("not rolled back: {}", back.join("; ")))
    };
    let gates = match picture.good.attended.len() {
        0 => "nobody has to act".to_owned(),
        1 => "1 wait for a person".to_owned(),
        waits => format!("{waits} waits for a person"),
    };
    let signal = |name: &str| {
        let watching: Vec<String> = rows
            .iter()
            .filter(|row| row.signals.contains(&name) && row.metric.can_fail())
            .map(|row| format!("{}: {}", code(&row.metric.name), row.written.threshold))
            .collect();
        if watching.is_empty() { missing("no metric that can fail") } else { watching.join("; ") }
    };
    let sections = [
        (
            "Before the release",
            vec![
                ("New features are behind flags that are off", OUTSIDE.to_owned()),
                ("Data migrations are reversible, and were tried on staging", OUTSIDE.to_owned()),
                ("Dependencies and images passed the security scan", OUTSIDE.to_owned()),
                ("Load was tested where the change touches it", OUTSIDE.to_owned()),
                ("The rollback is automatic", back),
                ("The commands of section 5 were tried on staging", OUTSIDE.to_owned()),
                ("No freeze is in force", OUTSIDE.to_owned()),
            ],
        ),
        (
            "During the release",
            vec![
                ("Error rate is watched", signal("error-rate")),
                ("Latency is watched", signal("latency")),
                ("Availability is watched", signal("availability")),
                ("Business probes are green", OUTSIDE.to_owned()),
                ("Gates have somebody to open them", gates),
                ("Whoever rolls back is awake and knows of the release", owner),
            ],
        ),
        (
            "After the release",
            vec![
                ("The smoke check passed", smoke),
                ("Metrics were stable for the observation window", OUTSIDE.to_owned()),
                ("Logs and traces of the new version arrive", OUTSIDE.to_owned()),
                ("Who has to know was told", told),
                ("Temporary alerts and silences are gone", OUTSIDE.to_owned()),
            ],
        ),
    ];
    let mut text = String::new();
    for (title, items) in sections {
        let items: Vec<String> =
            items.into_iter().map(|(item, said)| format!("[ ] {item} ({said})")).collect();
        text.extend(["### ", title, "\n\n", &list(&items), "\n"]);
    }
    text
}
