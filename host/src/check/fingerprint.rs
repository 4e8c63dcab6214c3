//! By what a finding is known again.

use std::fmt::Write;

use rollgate_policy::admission::Manifest;
use sha2::{Digest, Sha256};

/// Of the rule, the object, and the place in it without the numbers of list items. Neither lines nor words count, so
/// that it stays when something else in the file changes, or rollgate says it better.
pub(super) fn fingerprint(rule: &str, object: &Manifest<'_>, path: &str) -> String {
    let (group, _) = object.api_version.split_once('/').unwrap_or(("", &object.api_version));
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let path = without_indices(path);
    // A line end is in none of them.
    let parts = [rule, group, &*object.kind, namespace, &object.metadata.name, &path].join("\n");
    digest(&parts)
}

/// Thirty-two digits that stand for a text.
pub(super) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    let mut text = String::with_capacity(32);
    for byte in &digest[..16] {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `spec.steps[3].setWeight` as `spec.steps[].setWeight`; keys in brackets stay.
fn without_indices(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for (index, part) in path.split('[').enumerate() {
        if index > 0 {
            text.push('[');
        }
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        text.push_str(if part[digits..].starts_with(']') { &part[digits..] } else { part });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_numbers_of_items_are_left_out() {
        for (path, left) in [
            ("spec.steps[3].setWeight", "spec.steps[].setWeight"),
            ("metadata.annotations[8080]", "metadata.annotations[]"),
            ("metadata.annotations[a.b/c1]", "metadata.annotations[a.b/c1]"),
            ("a[0][12].b1", "a[][].b1"),
            ("", ""),
        ] {
            assert_eq!(without_indices(path), left);
        }
    }
}
