//! The image a rollback returns to is the one that ran.

use super::{DENY, Document, Report, Rule};
use crate::case::Case;
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "immutable-image",
    requirement: "rollback discipline",
    levels: DENY,
    parameters: &[&REQUIRE_DIGEST],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "every container's image has a tag other than latest, or a digest",
    why: "A rollback starts the old revision's pods again, by the name of their image. Behind latest, which is also \
          what no tag means, there is by then the image that failed. A tag can be moved as well; a digest cannot.",
    mend: "Write the version as a tag, and the digest behind it: payments:2.14.0@sha256:….",
};

static REQUIRE_DIGEST: Parameter =
    Parameter::switch("requireDigest", false, true, "images are named by digest");

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(workload) = case.release().and_then(|release| release.plan.workload.as_ref()) else { return };
    let digest_required = case.settings.switch(&REQUIRE_DIGEST);
    for (field, container) in workload.template.spec.all_containers() {
        let image = &container.image;
        let problem = match Version::of(image) {
            // Its own shape is not this rule's business.
            _ if image.is_empty() => continue,
            Version::Tag("latest") => "is whatever was pushed last",
            Version::None => "has neither a tag nor a whole digest, so it is whatever was pushed last",
            Version::Tag(_) if digest_required => "is named by a tag alone, which can be moved",
            Version::Tag(_) | Version::Digest => continue,
        };
        report.find(
            workload.path(&format!("{field}.image")),
            format!("image {image} of container {} {problem}", container.name),
            if digest_required {
                "add its digest: name:tag@sha256:…"
            } else {
                "name a version, best by digest"
            },
        );
    }
}

/// What of an image's name says which image it is.
#[derive(Debug, PartialEq)]
enum Version<'a> {
    Digest,
    Tag(&'a str),
    None,
}

impl<'a> Version<'a> {
    fn of(image: &'a str) -> Self {
        let (name, digest) = image.split_once('@').unwrap_or((image, ""));
        if is_digest(digest) {
            return Self::Digest;
        }
        // A colon before the last slash is the port of a registry.
        let repository = name.rsplit('/').next().unwrap_or_default();
        match repository.split_once(':') {
            Some((_, tag)) if !tag.is_empty() => Self::Tag(tag),
            _ => Self::None,
        }
    }
}

/// Whether the text is a digest by one of the algorithms that registries know.
fn is_digest(text: &str) -> bool {
    let (algorithm, hash) = text.split_once(':').unwrap_or_default();
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hash.len() == length && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_digest_or_a_tag() {
        let digest = "9".repeat(64);
        for (image, version) in [
            ("app", Version::None),
            ("app:", Version::None),
            ("shop/app:1", Version::Tag("1")),
            ("registry:5000/app", Version::None),
            ("registry:5000/app:1", Version::Tag("1")),
            ("registry:5000/app:latest", Version::Tag("latest")),
            ("app:{{inputs.parameters.tag}}", Version::Tag("{{inputs.parameters.tag}}")),
            (&format!("app@sha256:{digest}"), Version::Digest),
            (&format!("app:latest@sha256:{digest}"), Version::Digest),
            (&format!("app@sha512:{digest}{digest}"), Version::Digest),
            (&format!("app@sha512:{digest}"), Version::None),
            (&format!("app@md5:{digest}"), Version::None),
            (&format!("app@sha256:{}", digest.replace('9', "A")), Version::None),
            ("app:1@sha256:abc", Version::Tag("1")),
            ("app@", Version::None),
            ("", Version::None),
        ] {
            assert_eq!(Version::of(image), version, "{image}");
        }
    }
}
