//! `--fix`: what has one mend only is mended in the files, and nothing else in them changes.

use std::collections::{BTreeMap, BTreeSet};

use rollgate_policy::Review;

use super::judge::Court;
use super::report::written;
use super::set::Set;
use crate::manifest::{Edit, Limits, Text};

/// The files with their mends in place. Nothing is written yet.
#[derive(Debug)]
pub(super) struct Mended {
    /// By index of the file: its text before and after.
    pub files: BTreeMap<usize, (Text, Text)>,
    /// How many findings that mends.
    pub count: usize,
    /// Why something is left to people, by file.
    pub refused: Vec<String>,
    /// What the reviews say with the mends in place.
    pub reviews: Vec<Option<Review>>,
    /// The objects with the mends in place.
    pub set: Set,
}

/// A finding as it is known again after a mend.
type Key = (usize, &'static str, String);

/// Mends everything that has one mend only. A file in which that brings up anything new stays as it is.
pub(super) fn mend(set: Set, reviews: Vec<Option<Review>>, court: &Court<'_>, limits: Limits) -> Mended {
    let mut mended = Mended {
        files: BTreeMap::new(),
        count: 0,
        refused: Vec::new(),
        reviews: Vec::new(),
        set: Set::default(),
    };
    let mut counts = BTreeMap::new();
    let files: BTreeSet<usize> =
        wanted(&set, &reviews).map(|(object, _, _)| set.objects[object].file).collect();
    for file in files {
        match edit(&set, file, &reviews, limits) {
            Ok((before, after, mends, refused)) => {
                mended.refused.extend(refused);
                if mends > 0 {
                    counts.insert(file, mends);
                    mended.files.insert(file, (before, after));
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
        for (file, (_, text)) in &mended.files {
            after.replace(*file, text, limits);
        }
        let judged = court.judge(&after);
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
            let name = &original.files[file].name;
            mended.refused.push(format!(
                "{name}: left as it is: with what it can be mended by, other findings come up"
            ));
        }
    }
    mended.count = mended.files.keys().filter_map(|file| counts.get(file)).sum();
    mended
}

/// What can be mended: object, path and value.
fn wanted<'a>(set: &'a Set, reviews: &'a [Option<Review>]) -> impl Iterator<Item = (usize, &'a str, String)> {
    let of_object = |(object, review): (usize, &'a Option<Review>)| {
        let findings = review.iter().flat_map(|review| &review.findings);
        findings.filter_map(move |finding| Some((object, &*finding.path, written(finding.mend?))))
    };
    reviews.iter().enumerate().take(set.objects.len()).flat_map(of_object)
}

type Edited = (Text, Text, usize, Vec<String>);

/// The text of a file before and after, how many mends are in it, and which are not.
fn edit(set: &Set, file: usize, reviews: &[Option<Review>], limits: Limits) -> Result<Edited, String> {
    let named = &set.files[file];
    let text = named.text(limits).map_err(|error| error.to_string())?.into_owned();
    let documents = text.read(limits).documents;
    let (mut edits, mut refused): (Vec<Edit>, _) = (Vec::new(), Vec::new());
    let mut count = 0;
    for (index, path, value) in wanted(set, reviews) {
        let object = &set.objects[index];
        if object.file != file {
            continue;
        }
        let document = documents.get(object.place).filter(|document| document.json == object.json.get());
        let document =
            document.ok_or_else(|| format!("{}: left as it is: it has changed in between", named.name))?;
        match document.set(text.body(), path, &value) {
            Ok(edit) if edits.contains(&edit) => count += 1,
            Ok(edit) => {
                edits.push(edit);
                count += 1;
            }
            Err(why) => refused.push(format!(
                "{}:{}: {path}: {value} is left to you: {why}",
                named.name,
                document.locate(path)
            )),
        }
    }
    // From the end on, so that what comes before keeps its place; stable, so that keys at one place keep their order.
    edits.sort_by_key(|edit| edit.range.start);
    let mut body = text.body().to_owned();
    for edit in edits.iter().rev() {
        body.replace_range(edit.range.clone(), &edit.text);
    }
    let mark = &text.content[..text.content.len() - text.body().len()];
    let after = text.with(format!("{mark}{body}"));
    let reading = after.read(limits);
    if reading.errors.len() != text.read(limits).errors.len() || reading.documents.len() != documents.len() {
        return Err(format!("{}: left as it is: it could not be read any more", named.name));
    }
    Ok((text, after, count, refused))
}

fn keys(reviews: &[Option<Review>]) -> BTreeSet<Key> {
    let of_object = |(object, review): (usize, &Option<Review>)| {
        let findings = review.iter().flat_map(|review| &review.findings);
        findings.map(|finding| (object, finding.rule, finding.path.clone())).collect::<Vec<Key>>()
    };
    reviews.iter().enumerate().flat_map(of_object).collect()
}
