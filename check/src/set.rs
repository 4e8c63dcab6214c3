//! The manifests that are checked: read in parallel, and of each object only what a review needs.

use std::borrow::Cow;
use std::path::Path;

use rollgate_policy::admission::{Manifest, ManifestMetadata};
use rollgate_policy::cluster::Kind;
use rollgate_policy::settings::WORKLOAD_KINDS;
use serde_json::value::RawValue;

use crate::manifest::{Input, Limits, ReadError, Reading, Source, Text, find};
use crate::manifest_set::identify;
use crate::parallel;
use crate::progress::Progress;

/// Everything that was read.
///
/// Held of each object that a rule may look at: its JSON. The text of a file and the places in it are read again
/// when there is something to report about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    pub files: Vec<File>,
    pub objects: Vec<Object>,
    pub errors: Vec<ReadError>,
    /// How many objects are of kinds that no rule looks at.
    pub passed_over: usize,
    /// How many files a search came upon that hold no objects.
    pub without_objects: usize,
}

#[derive(Clone, Debug)]
pub(super) struct File {
    pub input: Input,
    pub name: String,
    /// The text, where it cannot be read twice.
    kept: Option<Text>,
}

/// An object of a kind that some rule looks at.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// Index of its file.
    pub file: usize,
    /// Which of the file's objects it is.
    pub place: usize,
    /// Which of the file's documents it is in.
    pub document: usize,
    pub json: Box<RawValue>,
    /// Kind, namespace and name.
    pub identity: Manifest<'static>,
}

impl Object {
    /// `Kind namespace/name`.
    pub(super) fn title(&self) -> String {
        let ManifestMetadata { name, namespace } = &self.identity.metadata;
        match namespace {
            Some(namespace) => format!("{} {namespace}/{name}", self.identity.kind),
            None => format!("{} {name}", self.identity.kind),
        }
    }
}

impl File {
    /// The text of the file as it is now.
    pub(super) fn text(&self, limits: Limits) -> Result<Cow<'_, Text>, ReadError> {
        match &self.kept {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => Text::load(&self.input, limits).map(Cow::Owned),
        }
    }
}

/// What one file comes to.
struct Contents {
    file: File,
    objects: Vec<Object>,
    errors: Vec<ReadError>,
    passed_over: usize,
}

impl Set {
    /// Reads all sources.
    pub(super) fn read(sources: &[Source], limits: Limits) -> Self {
        let found = find(sources);
        let progress = Progress::new("reading", found.len());
        let contents = parallel::map(&found, &progress, |input| match input {
            Ok(input) => read(input, limits),
            Err(error) => Err(error.clone()),
        });
        let mut set = Self::default();
        for contents in contents {
            match contents {
                Ok(contents) => set.add(contents),
                Err(error) => set.errors.push(error),
            }
        }
        set
    }

    fn add(&mut self, contents: Contents) {
        let file = self.files.len();
        let empty = contents.objects.is_empty() && contents.errors.is_empty() && contents.passed_over == 0;
        self.without_objects += usize::from(empty);
        self.files.push(contents.file);
        self.objects.extend(contents.objects.into_iter().map(|object| Object { file, ..object }));
        self.errors.extend(contents.errors);
        self.passed_over += contents.passed_over;
    }

    /// The objects of one file, from this text instead of its own.
    pub(super) fn replace(&mut self, file: usize, text: &Text, limits: Limits) {
        let (objects, _) = objects(text.read(limits));
        let mut objects = objects.into_iter();
        for object in self.objects.iter_mut().filter(|object| object.file == file) {
            if let Some(new) = objects.next() {
                *object = Object { file, ..new };
            }
        }
    }
}

fn read(input: &Input, limits: Limits) -> Result<Contents, ReadError> {
    let text = Text::load(input, limits)?;
    let reading = text.read(limits);
    let errors = reading.errors.clone();
    let (objects, passed_over) = objects(reading);
    let name = text.file.clone();
    let kept = (!can_be_read_again(input)).then_some(text);
    Ok(Contents { file: File { input: input.clone(), name, kept }, objects, errors, passed_over })
}

fn can_be_read_again(input: &Input) -> bool {
    input.path().is_some_and(Path::is_file)
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
