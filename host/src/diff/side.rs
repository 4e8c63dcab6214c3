//! One of the two sides of a comparison: every governed object, what is found about it, and its releases.

use std::collections::BTreeMap;

use rollgate_picture::Picture;
use rollgate_policy::admission::Request;
use rollgate_policy::finding::Level;
use rollgate_policy::settings::Settings;

use crate::manifest_set::ManifestSet;
use crate::release::Releases;

/// Kind, namespace and name; one without a namespace is in `default`.
pub(super) type Key = (String, String, String);

/// One of the two sides.
pub(super) struct Side {
    pub objects: BTreeMap<Key, Governed>,
    pub errors: Vec<String>,
}

/// A governed object.
#[derive(Default)]
pub(super) struct Governed {
    /// The level at which each broken rule weighs, and what it says first.
    pub broken: BTreeMap<&'static str, (Level, String)>,
    /// What becomes of releases, where the object has any.
    pub picture: Option<Picture>,
}

impl Side {
    pub(super) fn of(manifests: &ManifestSet, settings: &Settings, now: i64) -> Self {
        let mut objects: BTreeMap<Key, Governed> = BTreeMap::new();
        for object in &manifests.objects {
            let request = Request::of_manifest(&object.json, &object.identity, now);
            let review = rollgate_policy::review(&request, settings, &manifests.cluster);
            if !review.governed {
                continue;
            }
            let identity = &object.identity;
            let namespace = identity.metadata.namespace.as_deref();
            let governed =
                objects.entry(key(&identity.kind, namespace, &identity.metadata.name)).or_default();
            for finding in review.findings {
                let told = governed.broken.entry(finding.rule).or_insert((finding.level, finding.message));
                told.0 = told.0.max(finding.level);
            }
        }
        let Releases { releases, errors } = Releases::of(manifests, settings);
        for release in releases {
            let subject = &release.picture.subject;
            let key = key(&subject.kind, subject.namespace.as_deref(), &subject.name);
            objects.entry(key).or_default().picture = Some(release.picture);
        }
        Self { objects, errors }
    }
}

fn key(kind: &str, namespace: Option<&str>, name: &str) -> Key {
    (kind.to_owned(), namespace.unwrap_or("default").to_owned(), name.to_owned())
}
