//! Settings from files: one that is named, or the nearest `rollgate.yaml` above a manifest.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollgate_check::read_settings;
use rollgate_policy::settings::Settings;

use crate::manifest::{Input, Limits, ReadError, SETTINGS_FILE, load};

/// Why settings cannot be used: everything that is wrong with them, one a line.
#[derive(Debug, thiserror::Error)]
#[error("the settings cannot be used:\n  {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))]
pub struct SettingsFileError(Vec<ReadError>);

impl From<ReadError> for SettingsFileError {
    fn from(error: ReadError) -> Self {
        Self(vec![error])
    }
}

/// Reads settings in YAML or JSON; an empty file holds none.
///
/// # Errors
/// When the file cannot be read, or what is in it is no settings; with its place.
pub fn read(path: &Path) -> Result<Settings, SettingsFileError> {
    let text = load(&Input::File(path.to_owned()), Limits::default())?;
    read_settings(&text).map_err(SettingsFileError)
}

/// Finds the settings of each manifest: those of the nearest `rollgate.yaml` in its directory or above.
#[derive(Debug, Default)]
pub struct Search {
    /// What holds in each directory that was looked at.
    known: HashMap<PathBuf, Arc<Settings>>,
}

impl Search {
    /// The settings for what lies in a directory; the defaults when there is no file.
    ///
    /// # Errors
    /// When a file is found that cannot be used.
    pub fn settings_in(&mut self, directory: &Path) -> Result<Arc<Settings>, SettingsFileError> {
        // A directory without a name is the working directory.
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let start = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let mut passed = Vec::new();
        let mut found = None;
        for above in start.ancestors() {
            if let Some(settings) = self.known.get(above) {
                found = Some(Arc::clone(settings));
                break;
            }
            passed.push(above.to_owned());
            let file = above.join(SETTINGS_FILE);
            if file.is_file() && !is_manifest(&file) {
                found = Some(Arc::new(read(&shown(&file))?));
                break;
            }
        }
        let settings = found.unwrap_or_default();
        for above in passed {
            self.known.insert(above, Arc::clone(&settings));
        }
        Ok(settings)
    }
}

/// Whether a Kubernetes object is in the file, which then only happens to have that name.
fn is_manifest(file: &Path) -> bool {
    let limits = Limits::default();
    load(&Input::File(file.to_owned()), limits).is_ok_and(|text| !text.read(limits).documents.is_empty())
}

/// The path as a person would write it: below the working directory without it.
fn shown(file: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(here).unwrap_or(file).to_owned()
}
