//! The review of a text of manifests.

use rollgate_check::{Contents, Mending, Object, Set, World, mend, place, read_settings};
use rollgate_manifest::{Document, Limits, ReadError, Text};
use rollgate_picture::{Picture, json, svg};
use rollgate_policy::settings::Settings;
use serde_json::value::to_raw_value;

use crate::answer::{Edit, Exemption, Found, Judged, Release, Review, Verdict};
use crate::places::{Places, Problem};

/// The most that is read, in bytes: of the manifests, and of the settings.
const LARGEST: usize = 1024 * 1024;

const LIMITS: Limits = Limits { file: LARGEST, document: LARGEST };

/// The most releases that are drawn.
const MOST_RELEASES: usize = 50;

type Reviewed = Vec<Option<rollgate_policy::Review>>;

/// Judges manifests as `rollgate check` judges a file: what is in it is all there is. `now` is in seconds since
/// 1970-01-01 UTC.
#[must_use]
pub fn review(manifests: &str, settings: &str, now: i64) -> Review {
    let settings = Text::new("-", settings.to_owned());
    let manifests = Text::new("-", manifests.to_owned());
    let read = match check_size(&settings).and_then(|()| read_settings(&settings)) {
        Ok(read) => read,
        Err(errors) => return Review { settings: problems(&settings, errors), ..Review::unread() },
    };
    match check_size(&manifests) {
        Ok(()) => judge(&manifests, &read, now),
        Err(errors) => Review { problems: problems(&manifests, errors), ..Review::unread() },
    }
}

fn check_size(text: &Text) -> Result<(), Vec<ReadError>> {
    if text.content.len() <= LARGEST {
        return Ok(());
    }
    Err(vec![ReadError {
        file: text.file.clone(),
        position: None,
        problem: "this is larger than 1 MB".to_owned(),
        mend: "leave out what does not matter, or judge it by `rollgate check`".to_owned(),
    }])
}

fn problems(text: &Text, errors: Vec<ReadError>) -> Vec<Problem> {
    let places = Places::new(text);
    let mut problems: Vec<Problem> = errors.into_iter().map(|error| places.problem(error)).collect();
    problems.sort_by_key(|problem| (problem.place.line, problem.place.column));
    problems
}

fn judge(text: &Text, settings: &Settings, now: i64) -> Review {
    let mut set = Set::default();
    set.add(text.clone(), Contents::read(text, LIMITS));
    let by_rules = |set: &Set<Text>| -> Reviewed {
        let world = World::new(&set.objects, None);
        set.objects.iter().map(|object| rollgate_check::review(object, settings, &world, now)).collect()
    };
    let reviews = by_rules(&set);
    let mended = mend(set.clone(), reviews.clone(), by_rules, LIMITS);
    let about = About {
        places: Places::new(text),
        documents: text.read(LIMITS).documents,
        mends: mended.files.into_values().flat_map(|file| file.mends).collect(),
    };
    let mut answer = Review { problems: problems(text, std::mem::take(&mut set.errors)), ..Review::unread() };
    let world = World::new(&set.objects, None);
    for (index, (object, review)) in set.objects.iter().zip(&reviews).enumerate() {
        let Some(review) = review else { continue };
        let judged = answer.objects.len();
        answer.objects.push(about.judged(object, review));
        answer.findings.append(&mut about.found(index, object, review, judged));
        let read = rollgate_picture::read(&object.identity, object.json.get(), settings, &world);
        if let Some(Ok((_, picture))) = read {
            show(&mut answer, judged, &picture);
        }
    }
    answer.verdict = verdict(&answer);
    answer
}

fn verdict(answer: &Review) -> Verdict {
    if answer.objects.is_empty() {
        return if answer.problems.is_empty() { Verdict::Nothing } else { Verdict::Unread };
    }
    let rejected = answer.objects.iter().any(|object| object.verdict == Verdict::Rejected);
    if rejected { Verdict::Rejected } else { Verdict::Accepted }
}

fn show(answer: &mut Review, object: usize, picture: &Picture) {
    answer.unresolved.extend(picture.unresolved.iter().cloned());
    if answer.releases.len() == MOST_RELEASES {
        answer.releases_left_out += 1;
    } else if let Ok(plan) = to_raw_value(&json::Plan::of(picture)) {
        answer.releases.push(Release { object, plan, svg: svg::draw(picture) });
    }
}

/// What is known of the text.
struct About<'a> {
    places: Places<'a>,
    documents: Vec<Document>,
    mends: Vec<Mending>,
}

impl About<'_> {
    fn judged(&self, object: &Object, review: &rollgate_policy::Review) -> Judged {
        let identity = &object.identity;
        let exemption = review.exempted.as_ref();
        Judged {
            kind: identity.kind.to_string(),
            api_version: identity.api_version.to_string(),
            namespace: identity.metadata.namespace.as_ref().map(ToString::to_string),
            name: identity.metadata.name.to_string(),
            line: self.documents.get(object.place).map_or(1, |document| document.line),
            verdict: if review.accepted() { Verdict::Accepted } else { Verdict::Rejected },
            exemption: exemption.map(|exemption| Exemption {
                rules: exemption.rules.clone(),
                summary: exemption.summary.clone(),
            }),
        }
    }

    /// The findings about the object that is `index` in the set and `judged` among the governed ones.
    fn found(
        &self,
        index: usize,
        object: &Object,
        review: &rollgate_policy::Review,
        judged: usize,
    ) -> Vec<Found> {
        let document = self.documents.get(object.place);
        let found = review.findings.iter().map(|finding| Found {
            rule: finding.rule,
            requirement: finding.requirement,
            level: finding.level,
            object: judged,
            message: finding.message.clone(),
            mend: finding.help.clone(),
            path: finding.path.clone(),
            place: self.places.extent(place(document, &finding.path)),
            fix: finding.mend.and_then(|_| self.fix(index, &finding.path)),
        });
        let mut found: Vec<Found> = found.collect();
        found.sort_by_key(|found| (found.place.line, found.place.column));
        found
    }

    fn fix(&self, object: usize, path: &str) -> Option<Vec<Edit>> {
        let mending = self.mends.iter().find(|mending| mending.object == object && mending.path == path)?;
        let rollgate_manifest::Edit { range, text } = &mending.edit;
        Some(vec![Edit { place: self.places.bytes(range.start, range.end), text: text.clone() }])
    }
}
