//! The manifests that are checked: of each object only what a review needs.

use std::borrow::Cow;

use rollgate_manifest::{Limits, ReadError, Reading, Text};
use rollgate_policy::admission::{Manifest, ManifestMetadata};
use rollgate_policy::cluster::Kind;
use rollgate_policy::settings::WORKLOAD_KINDS;
use serde_json::value::RawValue;

use crate::identify;

/// Everything that was read.
///
/// Held of each object that a rule may look at: its JSON. The text of a file and the places in it are read again
/// when there is something to report about it.
#[derive(Clone, Debug)]
pub struct Set<F> {
    /// The files, in the order in which they were added.
    pub files: Vec<F>,
    /// The objects, in the order of the files.
    pub objects: Vec<Object>,
    /// What cannot be read.
    pub errors: Vec<ReadError>,
    /// How many objects are of kinds that no rule looks at.
    pub passed_over: usize,
    /// How many files hold no objects.
    pub without_objects: usize,
}

/// A file of a set.
pub trait File {
    /// Its name.
    fn name(&self) -> &str;

    /// Its text as it is now.
    ///
    /// # Errors
    /// When it can no longer be read.
    fn text(&self, limits: Limits) -> Result<Cow<'_, Text>, ReadError>;
}

impl File for Text {
    fn name(&self) -> &str {
        &self.file
    }

    fn text(&self, _: Limits) -> Result<Cow<'_, Text>, ReadError> {
        Ok(Cow::Borrowed(self))
    }
}

/// An object of a kind that some rule looks at.
#[derive(Clone, Debug)]
pub struct Object {
    /// Index of its file.
    pub file: usize,
    /// Which of the file's objects it is.
    pub place: usize,
    /// Which of the file's documents it is in.
    pub document: usize,
    /// The object, unread.
    pub json: Box<RawValue>,
    /// Kind, namespace and name.
    pub identity: Manifest<'static>,
}

impl Object {
    /// `Kind namespace/name`.
    #[must_use]
    pub fn title(&self) -> String {
        let ManifestMetadata { name, namespace } = &self.identity.metadata;
        match namespace {
            Some(namespace) => format!("{} {namespace}/{name}", self.identity.kind),
            None => format!("{} {name}", self.identity.kind),
        }
    }
}

/// What one file comes to.
#[derive(Debug)]
pub struct Contents {
    objects: Vec<Object>,
    errors: Vec<ReadError>,
    passed_over: usize,
}

impl Contents {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &Text, limits: Limits) -> Self {
        let reading = text.read(limits);
        let errors = reading.errors.clone();
        let (objects, passed_over) = objects(reading);
        Self { objects, errors, passed_over }
    }
}

impl<F> Default for Set<F> {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            objects: Vec::new(),
            errors: Vec::new(),
            passed_over: 0,
            without_objects: 0,
        }
    }
}

impl<F> Set<F> {
    /// Adds a file.
    pub fn add(&mut self, file: F, contents: Contents) {
        let index = self.files.len();
        let empty = contents.objects.is_empty() && contents.errors.is_empty() && contents.passed_over == 0;
        self.without_objects += usize::from(empty);
        self.files.push(file);
        self.objects.extend(contents.objects.into_iter().map(|object| Object { file: index, ..object }));
        self.errors.extend(contents.errors);
        self.passed_over += contents.passed_over;
    }

    /// The objects of one file, from this text instead of its own.
    pub(crate) fn replace(&mut self, file: usize, text: &Text, limits: Limits) {
        let (objects, _) = objects(text.read(limits));
        let mut objects = objects.into_iter();
        for object in self.objects.iter_mut().filter(|object| object.file == file) {
            if let Some(new) = objects.next() {
                *object = Object { file, ..new };
            }
        }
    }
}

/// The objects that some rule looks at, and how many others there are.
fn objects(reading: Reading) -> (Vec<Object>, usize) {
    let (mut objects, mut passed_over) = (Vec::new(), 0);
    for (place, document) in reading.documents.into_iter().enumerate() {
        let index = document.index;
        let identity = identify(&document.json);
        match RawValue::from_string(document.json) {
            Ok(json) if is_looked_at(&identity) => {
                objects.push(Object { file: 0, place, document: index, json, identity });
            }
            _ => passed_over += 1,
        }
    }
    (objects, passed_over)
}

/// Whether a rule judges objects of that kind, or looks them up.
fn is_looked_at(identity: &Manifest<'_>) -> bool {
    let (group, _) = identity.api_version.split_once('/').unwrap_or(("", &identity.api_version));
    let kind = &*identity.kind;
    matches!(group, "argoproj.io" | "flagger.app")
        || matches!(group, "" | "apps") && WORKLOAD_KINDS.contains(&kind)
        || Kind::named(&identity.api_version, kind).is_some()
}
