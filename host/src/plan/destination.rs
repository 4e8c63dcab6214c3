//! Where plans are written to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;
use rollgate_picture::Subject;

/// Where plans are written to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination<'a> {
    Stdout,
    File(&'a Path),
    /// Each release gets a file of its own.
    Directory(&'a Path),
}

impl<'a> Destination<'a> {
    /// A path that is a directory, or ends as one does, is one; `-` is standard output.
    pub(super) fn of(path: Option<&'a Path>) -> Self {
        match path {
            None => Self::Stdout,
            Some(path) if path == Path::new("-") => Self::Stdout,
            Some(path) if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']) => {
                Self::Directory(path)
            }
            Some(path) => Self::File(path),
        }
    }
}

/// `rollout-shop-payments.svg`. What has no place in the name of a file becomes an underscore.
pub(super) fn file_name(subject: &Subject, extension: &str) -> String {
    let parts = [Some(&subject.kind), subject.namespace.as_ref(), Some(&subject.name)];
    let name: Vec<String> = parts.into_iter().flatten().map(|part| part.to_lowercase()).collect();
    let kept = |character: char| {
        if character.is_ascii_alphanumeric() || ".-".contains(character) { character } else { '_' }
    };
    let name: String = name.join("-").chars().map(kept).take(200).collect();
    format!("{name}.{extension}")
}

/// Writes each text to its file; of the same name several times, a later one gets a number.
pub(super) fn write_all(directory: &Path, texts: Vec<(String, String)>) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let mut taken = BTreeSet::new();
    for (name, text) in texts {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let mut free = name.clone();
        let mut number = 1;
        while !taken.insert(free.clone()) {
            number += 1;
            free = format!("{stem}-{number}.{extension}");
        }
        let path = directory.join(&free);
        fs::write(&path, anstream::adapter::strip_str(&text).to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_whether_it_is_a_directory() {
        assert_eq!(Destination::of(None), Destination::Stdout);
        assert_eq!(Destination::of(Some(Path::new("-"))), Destination::Stdout);
        assert_eq!(Destination::of(Some(Path::new("plans/"))), Destination::Directory(Path::new("plans/")));
        assert_eq!(Destination::of(Some(Path::new("plan.svg"))), Destination::File(Path::new("plan.svg")));
    }

    #[test]
    fn names_of_files_have_no_slashes() {
        let subject = Subject {
            kind: "Rollout".to_owned(),
            namespace: Some("../a".to_owned()),
            name: "B/c".to_owned(),
        };
        assert_eq!(file_name(&subject, "svg"), "rollout-.._a-b_c.svg");
    }
}
