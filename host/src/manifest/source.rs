//! Reading everything that a person names.

use std::io::{self, Read};
use std::path::PathBuf;

use super::find::{Input, find};
use super::load::{load, load_from};
use super::{Document, Limits, ReadError, Reading};

/// Where manifests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or a directory that is searched for `*.yaml`, `*.yml` and `*.json` at any depth. Names that
    /// begin with a dot are passed over in a search, and so are files without any Kubernetes object. What is neither
    /// may be a pattern of names.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

impl From<&PathBuf> for Source {
    /// `-` is standard input, all else a path.
    fn from(argument: &PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::Path(argument.clone()) }
    }
}

/// Reads all sources, all or nothing.
///
/// # Errors
///
/// Every error of every source, when there is any.
pub fn read(sources: &[Source]) -> Result<Vec<Document>, Vec<ReadError>> {
    let reading = gather(sources);
    if reading.errors.is_empty() { Ok(reading.documents) } else { Err(reading.errors) }
}

/// Reads all sources and keeps what could be read beside what could not.
#[must_use]
pub fn gather(sources: &[Source]) -> Reading {
    gather_from(sources, &mut io::stdin().lock())
}

/// [`gather`] with another standard input.
#[must_use]
pub fn gather_from(sources: &[Source], stdin: &mut dyn Read) -> Reading {
    let limits = Limits::default();
    let mut reading = Reading::default();
    for input in find(sources) {
        let text = input.and_then(|input| match input {
            Input::Stdin => load_from("-", stdin, limits),
            Input::File(_) | Input::Found(_) => load(&input, limits),
        });
        match text.map(|text| text.read(limits)) {
            Ok(mut read) => {
                reading.documents.append(&mut read.documents);
                reading.errors.append(&mut read.errors);
            }
            Err(error) => reading.errors.push(error),
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A directory that goes away with the test.
    struct Dir(PathBuf);

    impl Dir {
        fn new() -> Self {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let name =
                format!("rollgate-manifest-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            self
        }

        fn gather(&self) -> Reading {
            gather(&[Source::Path(self.0.clone())])
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn object(name: &str) -> String {
        format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n")
    }

    fn names(reading: &Reading) -> Vec<String> {
        let name = |document: &Document| {
            let json: serde_json::Value = serde_json::from_str(&document.json).unwrap();
            json["metadata"]["name"].as_str().unwrap_or_default().to_owned()
        };
        reading.documents.iter().map(name).collect()
    }

    #[test]
    fn a_directory_is_searched_in_order_and_only_for_manifests() {
        let dir = Dir::new();
        dir.write("b.yml", object("b"))
            .write("a/z.yaml", object("z"))
            .write("c.json", "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"c\"}}");
        dir.write("README.md", "---\nnot: a manifest").write(".hidden/x.yaml", "broken: [");
        let reading = dir.gather();
        assert_eq!(reading.errors, []);
        assert_eq!(names(&reading), ["z", "b", "c"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_loops_end() {
        let dir = Dir::new();
        dir.write("real/a.yaml", object("a"));
        std::os::unix::fs::symlink(&dir.0, dir.0.join("real/loop")).unwrap();
        std::os::unix::fs::symlink(dir.0.join("real"), dir.0.join("same")).unwrap();
        std::os::unix::fs::symlink(dir.0.join("gone"), dir.0.join("dangling.yaml")).unwrap();
        let reading = dir.gather();
        assert_eq!(names(&reading), ["a"]);
        assert_eq!(reading.errors.len(), 1);
        assert!(reading.errors[0].file.ends_with("dangling.yaml"));
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let dir = Dir::new();
        dir.write("a.yaml", object("a"));
        let reading = gather(&[Source::Path(dir.0.join("a.yaml")), Source::Path(dir.0.clone())]);
        assert_eq!((names(&reading), reading.errors), (vec!["a".to_owned()], vec![]));
    }

    #[test]
    fn nothing_to_read_is_an_error_that_says_so() {
        let dir = Dir::new();
        let missing = dir.0.join("nowhere.yaml");
        let errors = read(&[Source::Path(missing.clone()), Source::Path(dir.0.clone())]).unwrap_err();
        assert_eq!(errors[0].file, missing.display().to_string());
        assert!(errors[0].problem.contains("cannot be read"), "{}", errors[0]);
        assert!(errors[1].problem.contains("no manifests"), "{}", errors[1]);
    }

    #[test]
    fn a_broken_file_or_document_does_not_hide_its_neighbours() {
        let dir = Dir::new();
        dir.write("a.yaml", format!("{}---\nx: [\n---\n{}", object("a"), object("b")))
            .write("c.yaml", object("c"));
        let reading = dir.gather();
        assert_eq!(names(&reading), ["a", "b", "c"]);
        assert_eq!(
            reading.documents.iter().map(|d| (d.index, d.line)).collect::<Vec<_>>(),
            [(0, 1), (2, 8), (0, 1)]
        );
        assert_eq!(reading.errors.len(), 1);
        let error = &reading.errors[0];
        assert!(error.position.is_some_and(|p| (6..=7).contains(&p.line)), "{error}");
        assert!(error.to_string().contains("a.yaml:"), "{error}");
        assert!(dir.0.join("a.yaml").exists() && read(&[Source::Path(dir.0.clone())]).is_err());
    }
}
