//! The fixtures, the gallery and the examples are data that other tests rely on: they can be read, and each
//! says what it expects.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rollgate::documents::fixture::Announced;
use rollgate::manifest::{Source, read};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

fn announced(path: &Path) -> Announced {
    Announced::read(path).unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn every_file_is_read() {
    for folder in ["tests/fixtures", "gallery", "delivery/_examples"] {
        let documents =
            read(&[Source::Path(root().join(folder))]).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert!(documents.len() > 10, "{folder}");
    }
}

#[test]
fn every_fixture_says_what_it_expects() {
    let fixtures = root().join("tests/fixtures");
    let mut found = Vec::new();
    files(&fixtures, &mut found);
    let rules: BTreeSet<String> =
        rollgate_policy::rules::NAMES.iter().map(|rule| (*rule).to_owned()).collect();
    for path in found {
        let expected = announced(&path);
        let unknown: Vec<_> = expected.denied.iter().filter(|rule| !rules.contains(*rule)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", path.display());
        let rule = path.parent().and_then(Path::file_name).unwrap().to_string_lossy().into_owned();
        let name = path.file_name().unwrap().to_string_lossy();
        if name.starts_with("rejected-") {
            assert!(expected.denied.contains(&rule), "{}", path.display());
        } else if name.starts_with("accepted-") {
            assert!(expected.denied.is_empty(), "{}", path.display());
        } else {
            assert!(name.starts_with("trap-") || rule == "published", "{}", path.display());
        }
    }
}

#[test]
fn every_rule_has_a_rejected_and_an_accepted_fixture() {
    for entry in fs::read_dir(root().join("tests/fixtures")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.ends_with("published") {
            continue;
        }
        let mut found = Vec::new();
        files(&folder, &mut found);
        for kind in ["rejected-", "accepted-"] {
            let any =
                found.iter().any(|f| f.file_name().is_some_and(|n| n.to_string_lossy().starts_with(kind)));
            assert!(any, "{}: no {kind} fixture", folder.display());
        }
    }
}

#[test]
fn everything_in_the_gallery_is_rejected() {
    let mut found = Vec::new();
    files(&root().join("gallery"), &mut found);
    assert!(!found.is_empty());
    for path in found {
        assert!(!announced(&path).denied.is_empty(), "{}", path.display());
    }
}
