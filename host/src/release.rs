//! The releases in a set of manifests: what `plan`, `runbook` and `diff` look at.

use std::path::PathBuf;

use anyhow::{Context, bail};
use rollgate_picture::Picture;
use rollgate_policy::plan::DeliveryPlan;
use rollgate_policy::settings::Settings;

use crate::manifest_set::{self, ManifestSet, Object};

/// What the commands are given that look at releases one by one.
#[derive(clap::Args)]
pub struct ReleaseArgs {
    /// Files, directories, or - for standard input: Rollouts or Canaries with all they refer to
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The release of this name alone: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// File with the policy's settings in YAML or JSON: which signals are required, the rollback deadline
    #[arg(short, long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl ReleaseArgs {
    /// Reads the manifests and the settings.
    pub(crate) fn read(&self) -> anyhow::Result<(ManifestSet, Settings)> {
        let settings = manifest_set::settings(self.settings.as_deref()).context("cannot use the settings")?;
        Ok((ManifestSet::read(&self.paths), settings))
    }

    /// The releases that were asked for; it is an error that there are none, unless something could not be read.
    pub(crate) fn releases<'a>(
        &self,
        manifests: &'a ManifestSet,
        settings: &Settings,
    ) -> anyhow::Result<Releases<'a>> {
        let found = Releases::of(manifests, settings).named(self.name.as_deref())?;
        if found.releases.is_empty() && found.errors.is_empty() {
            bail!(NO_RELEASE);
        }
        Ok(found)
    }
}

/// A Rollout or a Canary, its plan, and what becomes of releases that go through it.
pub(crate) struct Release<'a> {
    pub object: &'a Object,
    pub plan: DeliveryPlan,
    pub picture: Picture,
}

/// Every release of a set, and what could not be read.
pub(crate) struct Releases<'a> {
    pub releases: Vec<Release<'a>>,
    pub errors: Vec<String>,
}

impl<'a> Releases<'a> {
    /// Plays releases through every plan of the set.
    pub(crate) fn of(manifests: &'a ManifestSet, settings: &Settings) -> Self {
        let mut releases = Vec::new();
        let mut errors: Vec<String> = manifests.errors.iter().map(ToString::to_string).collect();
        for object in &manifests.objects {
            match rollgate_picture::read(&object.identity, object.json.get(), settings, &manifests.cluster) {
                None => {}
                Some(Ok((plan, picture))) => releases.push(Release { object, plan, picture }),
                Some(Err(error)) => {
                    let place = object.document.locate(&error.path);
                    errors.push(format!("{}:{place}: {}: {error}", object.document.file, error.path));
                }
            }
        }
        Self { releases, errors }
    }

    /// Keeps those of that name, written `name` or `namespace/name`; all of them without one.
    fn named(mut self, name: Option<&str>) -> anyhow::Result<Self> {
        let Some(name) = name else { return Ok(self) };
        let known = self.names();
        self.releases.retain(|release| {
            let subject = &release.picture.subject;
            let namespace = subject.namespace.as_deref().unwrap_or("default");
            name == subject.name || name == format!("{namespace}/{}", subject.name)
        });
        if self.releases.is_empty() && !known.is_empty() {
            bail!("there is no release named {name}. There are: {known}");
        }
        Ok(self)
    }

    /// What the releases are called.
    fn names(&self) -> String {
        let names: Vec<String> = self.releases.iter().map(|release| release.picture.title()).collect();
        names.join(", ")
    }
}

/// Why nothing is shown, for people who expected something.
const NO_RELEASE: &str = "there is no Rollout (argoproj.io) and no Canary (flagger.app) in what was given. \
     Name the files or directories that hold them, with their templates";
