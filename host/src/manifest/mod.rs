//! Manifests out of files, directories and standard input.
//!
//! [`read`] finds the files and reads them; how their texts become [`Document`]s is `rollgate-manifest`'s to say.

mod find;
mod load;
mod source;

pub use rollgate_manifest::{
    Document, Edit, Extent, Limits, Lines, MAX_ALIASED_BYTES, MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_FILE_BYTES,
    NoEdit, Position, ReadError, Reading, SETTINGS_FILE, Text,
};

pub use find::{Input, find};
pub use load::load;
pub use source::{Source, gather, gather_from, read};
