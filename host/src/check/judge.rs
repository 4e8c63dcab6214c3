//! The reviews of a set of manifests.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use rollgate_check::{Object, SharedCluster, Watched, World, review};
use rollgate_policy::Review;
use rollgate_policy::settings::Settings;

use super::files::{File, Set};
use crate::parallel;
use crate::progress::Progress;
use crate::settings_file::{self, SettingsFileError};

/// What a set is judged by.
pub(super) struct Court<'a> {
    /// The settings of each file.
    pub settings: Vec<Arc<Settings>>,
    /// Answers for what the set does not hold.
    pub beyond: Option<&'a SharedCluster>,
    /// The files that are reported on; all without.
    pub only: Option<BTreeSet<usize>>,
    /// Seconds since 1970-01-01 UTC.
    pub now: i64,
}

impl Court<'_> {
    /// The review of each object; `None` of those that are not governed or not reported on.
    pub(super) fn judge(&self, set: &Set) -> Vec<Option<Review>> {
        let world = World::new(&set.objects, self.beyond);
        let progress = Progress::new("judging", set.objects.len());
        parallel::map(&set.objects, &progress, |object| self.review(object, &world))
    }

    fn review(&self, object: &Object, world: &World<'_>) -> Option<Review> {
        let settings = &self.settings[object.file];
        let Some(files) = &self.only else { return review(object, settings, world, self.now) };
        let watched = Watched { world, files, asked: Cell::new(files.contains(&object.file)) };
        review(object, settings, &watched, self.now).filter(|_| watched.asked.get())
    }
}

/// The settings of each file of the set: those of a named file, or the nearest ones.
pub(super) fn settings(
    set: &Set,
    named: Option<&Path>,
    isolated: bool,
) -> Result<Vec<Arc<Settings>>, SettingsFileError> {
    if let Some(path) = named {
        let settings = Arc::new(settings_file::read(path)?);
        return Ok(set.files.iter().map(|_| Arc::clone(&settings)).collect());
    }
    if isolated {
        return Ok(set.files.iter().map(|_| Arc::default()).collect());
    }
    let mut search = settings_file::Search::default();
    let nearest =
        |file: &File| search.settings_in(file.input.path().and_then(Path::parent).unwrap_or(Path::new(".")));
    set.files.iter().map(nearest).collect()
}

/// The files of the set that are among some paths, by whatever name.
pub(super) fn among(set: &Set, paths: &[std::path::PathBuf]) -> BTreeSet<usize> {
    let real = |path: &Path| path.canonicalize().ok();
    let wanted: BTreeSet<_> = paths.iter().filter_map(|path| real(path)).collect();
    let is_wanted = |file: &File| match file.input.path() {
        Some(path) => real(path).is_some_and(|path| wanted.contains(&path)),
        None => paths.iter().any(|path| path == Path::new("-")),
    };
    (0..set.files.len()).filter(|index| is_wanted(&set.files[*index])).collect()
}
