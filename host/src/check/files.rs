//! The files that are checked, read in parallel.

use std::borrow::Cow;
use std::path::Path;

use rollgate_check::Contents;

use crate::manifest::{Input, Limits, ReadError, Source, Text, find, load};
use crate::parallel;
use crate::progress::Progress;

/// Everything that was read.
pub(super) type Set = rollgate_check::Set<File>;

/// A file that is checked. Its text is read again when there is something to report about it.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub input: Input,
    pub name: String,
    /// The text, where it cannot be read twice.
    kept: Option<Text>,
}

impl rollgate_check::File for File {
    fn name(&self) -> &str {
        &self.name
    }

    fn text(&self, limits: Limits) -> Result<Cow<'_, Text>, ReadError> {
        match &self.kept {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => load(&self.input, limits).map(Cow::Owned),
        }
    }
}

/// Reads all sources.
pub(super) fn read(sources: &[Source], limits: Limits) -> Set {
    let found = find(sources);
    let progress = Progress::new("reading", found.len());
    let contents = parallel::map(&found, &progress, |input| match input {
        Ok(input) => read_file(input, limits),
        Err(error) => Err(error.clone()),
    });
    let mut set = Set::default();
    for contents in contents {
        match contents {
            Ok((file, contents)) => set.add(file, contents),
            Err(error) => set.errors.push(error),
        }
    }
    set
}

fn read_file(input: &Input, limits: Limits) -> Result<(File, Contents), ReadError> {
    let text = load(input, limits)?;
    let contents = Contents::read(&text, limits);
    let name = text.file.clone();
    let kept = (!can_be_read_again(input)).then_some(text);
    Ok((File { input: input.clone(), name, kept }, contents))
}

fn can_be_read_again(input: &Input) -> bool {
    input.path().is_some_and(Path::is_file)
}
