//! Settings out of a text, each mistake with its place.

use rollgate_manifest::{Limits, ReadError, Text};
use rollgate_policy::settings::{Settings, SettingsError};

/// Reads settings in YAML or JSON; an empty text holds none.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read_settings(text: &Text) -> Result<Settings, Vec<ReadError>> {
    let Some(document) = text.value(Limits::default()).map_err(|error| vec![error])? else {
        return Ok(Settings::default());
    };
    rollgate_policy::read_settings(&document.json).map_err(|errors| {
        let place = |error: SettingsError| ReadError {
            file: text.file.clone(),
            position: Some(document.locate(&error.path)),
            problem: error.to_string(),
            mend: "docs/settings.md lists what there is".to_owned(),
        };
        errors.into_iter().map(place).collect()
    })
}
