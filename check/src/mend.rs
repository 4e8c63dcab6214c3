//! What has one mend only is mended in the text, and nothing else in it changes.

use std::collections::{BTreeMap, BTreeSet};

use rollgate_manifest::{Edit, Limits, Text};
use rollgate_policy::Review;
use rollgate_policy::finding::Mend;

use crate::{File, Set};

/// The files with their mends in place. Nothing is written yet.
#[derive(Debug)]
pub struct Mended<F> {
    /// What becomes of files, by their index.
    pub files: BTreeMap<usize, MendedFile>,
    /// Why something is left to people, by file.
    pub refused: Vec<String>,
    /// What the reviews say with the mends in place.
    pub reviews: Vec<Option<Review>>,
    /// The objects with the mends in place.
    pub set: Set<F>,
}

/// A file with its mends in place.
#[derive(Debug)]
pub struct MendedFile {
    /// Its text as it is.
    pub before: Text,
    /// Its text as it would be.
    pub after: Text,
    /// What makes the one of the other: one for each finding that is mended, and the same edit for several where one
    /// mends them all.
    pub mends: Vec<Mending>,
}

/// The mend of one finding.
#[derive(Debug)]
pub struct Mending {
    /// Index of the object.
    pub object: usize,
    /// JSON path of the finding.
    pub path: String,
    /// What it changes in the text, without its byte order mark.
    pub edit: Edit,
}

impl<F> Mended<F> {
    /// How many findings are mended.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.values().map(|file| file.mends.len()).sum()
    }
}

/// A finding as it is known again after a mend.
type Key = (usize, &'static str, String);

/// Mends everything that has one mend only. A file in which that brings up anything new, as `judge` says, stays as it
/// is.
pub fn mend<F: File + Clone>(
    set: Set<F>,
    reviews: Vec<Option<Review>>,
    judge: impl Fn(&Set<F>) -> Vec<Option<Review>>,
    limits: Limits,
) -> Mended<F> {
    let mut mended =
        Mended { files: BTreeMap::new(), refused: Vec::new(), reviews: Vec::new(), set: Set::default() };
    let files: BTreeSet<usize> =
        wanted(&set, &reviews).map(|(object, _, _)| set.objects[object].file).collect();
    for file in files {
        match edit(&set, file, &reviews, limits) {
            Ok((edited, refused)) => {
                mended.refused.extend(refused);
                if !edited.mends.is_empty() {
                    mended.files.insert(file, edited);
                }
            }
            Err(reason) => mended.refused.push(reason),
        }
    }
    let before = keys(&reviews);
    let original = set;
    loop {
        if mended.files.is_empty() {
            (mended.set, mended.reviews) = (original, reviews);
            break;
        }
        let mut after = original.clone();
        for (file, mended) in &mended.files {
            after.replace(*file, &mended.after, limits);
        }
        let judged = judge(&after);
        let new: BTreeSet<usize> =
            keys(&judged).difference(&before).map(|(object, ..)| after.objects[*object].file).collect();
        if new.is_empty() {
            (mended.set, mended.reviews) = (after, judged);
            break;
        }
        // What comes up in a file that was not touched is the doing of any that was.
        let own: Vec<usize> = mended.files.keys().copied().filter(|file| new.contains(file)).collect();
        let culprits = if own.is_empty() { mended.files.keys().copied().collect() } else { own };
        for file in culprits {
            mended.files.remove(&file);
            let name = original.files[file].name();
            mended.refused.push(format!(
                "{name}: left as it is: with what it can be mended by, other findings come up"
            ));
        }
    }
    mended
}

/// What can be mended: object, path and value.
fn wanted<'a, F>(
    set: &'a Set<F>,
    reviews: &'a [Option<Review>],
) -> impl Iterator<Item = (usize, &'a str, String)> {
    let of_object = |(object, review): (usize, &'a Option<Review>)| {
        let findings = review.iter().flat_map(|review| &review.findings);
        findings.filter_map(move |finding| Some((object, &*finding.path, written(finding.mend?))))
    };
    reviews.iter().enumerate().take(set.objects.len()).flat_map(of_object)
}

/// What becomes of a file, and what in it is left to people.
fn edit<F: File>(
    set: &Set<F>,
    file: usize,
    reviews: &[Option<Review>],
    limits: Limits,
) -> Result<(MendedFile, Vec<String>), String> {
    let named = &set.files[file];
    let name = named.name();
    let text = named.text(limits).map_err(|error| error.to_string())?.into_owned();
    let documents = text.read(limits).documents;
    let (mut mends, mut refused) = (Vec::new(), Vec::new());
    for (index, path, value) in wanted(set, reviews) {
        let object = &set.objects[index];
        if object.file != file {
            continue;
        }
        let document = documents.get(object.place).filter(|document| document.json == object.json.get());
        let document = document.ok_or_else(|| format!("{name}: left as it is: it has changed in between"))?;
        match document.set(text.body(), path, &value) {
            Ok(edit) => mends.push(Mending { object: index, path: path.to_owned(), edit }),
            Err(why) => refused
                .push(format!("{name}:{}: {path}: {value} is left to you: {why}", document.locate(path))),
        }
    }
    let after = text.with(apply(&text, &mends));
    let reading = after.read(limits);
    if reading.errors.len() != text.read(limits).errors.len() || reading.documents.len() != documents.len() {
        return Err(format!("{name}: left as it is: it could not be read any more"));
    }
    Ok((MendedFile { before: text, after, mends }, refused))
}

/// The content with each edit in place once.
fn apply(text: &Text, mends: &[Mending]) -> String {
    let mut edits: Vec<&Edit> = Vec::new();
    for Mending { edit, .. } in mends {
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    // From the end on, so that what comes before keeps its place; stable, so that keys at one place keep their order.
    edits.sort_by_key(|edit| edit.range.start);
    let mut body = text.body().to_owned();
    for edit in edits.iter().rev() {
        body.replace_range(edit.range.clone(), &edit.text);
    }
    let mark = &text.content[..text.content.len() - text.body().len()];
    format!("{mark}{body}")
}

fn keys(reviews: &[Option<Review>]) -> BTreeSet<Key> {
    let of_object = |(object, review): (usize, &Option<Review>)| {
        let findings = review.iter().flat_map(|review| &review.findings);
        findings.map(|finding| (object, finding.rule, finding.path.clone())).collect::<Vec<Key>>()
    };
    reviews.iter().enumerate().flat_map(of_object).collect()
}

/// A mend as it is written in YAML and in JSON.
#[must_use]
pub fn written(mend: Mend) -> String {
    match mend {
        Mend::Switch(on) => on.to_string(),
        Mend::Number(number) => number.to_string(),
    }
}
