//! Findings that are known: what a repository starts with.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::report::Report;

/// The format of the file.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    version: u32,
    findings: Vec<Known>,
}

/// A known finding. Only file and fingerprint are compared; the rest is for people who read the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    file: String,
    rule: String,
    object: String,
    path: String,
    fingerprint: String,
}

impl Baseline {
    /// Reads the file that [`write`] wrote.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let again = "write it anew with --write-baseline";
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the baseline {}; {again}", path.display()))?;
        let baseline: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no baseline; {again}", path.display()))?;
        if baseline.version != VERSION {
            bail!("{} has version {}, and {VERSION} is known; {again}", path.display(), baseline.version);
        }
        Ok(baseline)
    }

    /// Marks in the report what is known, and gives back what is no longer found in the files that were read.
    ///
    /// A finding is known in the file it was found in; or, when that file is gone, in any other.
    pub(super) fn apply(&self, report: &mut Report, base: &Path, read: &[&str]) -> Vec<&Known> {
        let mut left = HashMap::<&str, HashMap<&str, &Known>>::new();
        let mut moved = HashMap::<&str, Vec<&Known>>::new();
        for known in &self.findings {
            if known.file == "-" || base.join(&known.file).exists() {
                left.entry(&known.file).or_default().insert(&known.fingerprint, known);
            } else {
                moved.entry(&known.fingerprint).or_default().push(known);
            }
        }
        for object in &mut report.objects {
            let mut here = left.get_mut(&*relative(base, &object.file));
            for located in &mut object.findings {
                let print = &*located.fingerprint;
                located.known = here.as_mut().is_some_and(|here| here.remove(print).is_some())
                    || moved.get_mut(print).is_some_and(|known| known.pop().is_some());
            }
        }
        let read: HashSet<String> = read.iter().map(|file| relative(base, file)).collect();
        let left = left.into_iter().filter(|(file, _)| read.contains(*file));
        let left = left.flat_map(|(_, known)| known.into_values());
        let mut stale: Vec<&Known> = left.chain(moved.into_values().flatten()).collect();
        stale.sort_by_key(|known| (&known.file, &known.object, &known.rule));
        stale
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} of {} at {}", self.file, self.rule, self.object, self.path)
    }
}

/// Writes everything in the report as known.
pub(super) fn write(report: &Report, path: &Path, base: &Path) -> anyhow::Result<usize> {
    let findings = report.objects.iter().flat_map(|object| {
        object.findings.iter().map(|located| Known {
            file: relative(base, &object.file),
            rule: located.finding.rule.to_owned(),
            object: object.title.clone(),
            path: located.finding.path.clone(),
            fingerprint: located.fingerprint.clone(),
        })
    });
    let baseline = Baseline { version: VERSION, findings: findings.collect() };
    let mut text = serde_json::to_string_pretty(&baseline)?;
    text.push('\n');
    std::fs::write(path, text).with_context(|| format!("cannot write the baseline {}", path.display()))?;
    Ok(baseline.findings.len())
}

/// A file as it is reached from a directory, with slashes on every system.
fn relative(base: &Path, file: &str) -> String {
    if file == "-" {
        return file.to_owned();
    }
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (base, file) = (absolute(base), absolute(Path::new(file)));
    let shared = base.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = base.components().skip(shared).map(|_| "..".into());
    let down = file.components().skip(shared).map(|part| part.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<Cow<'_, str>>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_where_the_baseline_is() {
        for (base, file, name) in
            [("/a/b", "/a/b/c/d.yaml", "c/d.yaml"), ("/a/ci", "/a/b/c.yaml", "../b/c.yaml"), ("/a", "-", "-")]
        {
            assert_eq!(relative(Path::new(base), file), name);
        }
    }
}
