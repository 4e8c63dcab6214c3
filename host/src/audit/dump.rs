//! The objects of a dump, which is read once and held in memory.

use std::path::PathBuf;

use rollgate_policy::cluster::Kind;
use serde_json::value::RawValue;

use super::context;
use super::object::Object;
use crate::cluster::Snapshot;
use crate::manifest::{Limits, ReadError, Source, find, load};
use crate::parallel;
use crate::progress::Progress;

/// Everything in a dump that rules judge or ask for.
#[derive(Default)]
pub(super) struct Dump {
    /// What is judged.
    pub objects: Vec<Object>,
    pub snapshot: Snapshot,
}

impl Dump {
    /// Reads files and directories. What cannot be read is added to `errors`.
    pub(super) fn read(
        paths: &[PathBuf],
        kinds: &[Kind],
        namespace: Option<&str>,
        limits: Limits,
        errors: &mut Vec<String>,
    ) -> anyhow::Result<Self> {
        let sources: Vec<Source> = paths.iter().map(Source::from).collect();
        let inputs = find(&sources);
        let progress = Progress::new("reading", inputs.len());
        let read = parallel::map(&inputs, &progress, |input| match input {
            Ok(input) => load(input, limits).map(|text| text.read(limits)),
            Err(error) => Err(error.clone()),
        });
        let mut dump = Self { objects: Vec::new(), snapshot: Snapshot::new(context::fields()?) };
        for reading in read {
            match reading {
                Ok(reading) => {
                    errors.extend(reading.errors.iter().map(ReadError::to_string));
                    for document in reading.documents {
                        dump.take(document.json, kinds, namespace);
                    }
                }
                Err(error) => errors.push(error.to_string()),
            }
        }
        Ok(dump)
    }

    fn take(&mut self, json: String, kinds: &[Kind], namespace: Option<&str>) {
        let Ok(json) = RawValue::from_string(json) else { return };
        let object = Object::dumped(json);
        let known = Kind::named(&object.identity.api_version, &object.identity.kind);
        if let (Some(kind), Ok(value)) = (known, serde_json::from_str(object.json.get())) {
            self.snapshot.insert(kind, value);
        }
        let wanted = namespace.is_none_or(|namespace| object.namespace() == Some(namespace));
        if wanted && kinds.iter().any(|kind| object.is_a(*kind)) {
            self.objects.push(object);
        }
    }
}
