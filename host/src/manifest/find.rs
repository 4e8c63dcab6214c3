//! From what a person names on the command line to files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::load::io_error;
use super::{ReadError, Source};

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file that somebody named.
    File(PathBuf),
    /// A file that a search came upon: it may well hold something else than manifests.
    Found(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// The file; `None` for standard input.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Found(path) => Some(path),
            Self::Stdin => None,
        }
    }
}

/// The files that the sources name, each once, in the order of the sources and of the names in a directory; and at
/// its place what cannot be found.
#[must_use]
pub fn find(sources: &[Source]) -> Vec<Result<Input, ReadError>> {
    let mut search = Search::default();
    for source in sources {
        match source {
            Source::Stdin => search.found.push(Ok(Input::Stdin)),
            Source::Path(path) => search.path(path),
        }
    }
    search.found
}

#[derive(Default)]
struct Search {
    found: Vec<Result<Input, ReadError>>,
    /// Real paths of what was found, so that a file named twice, or by a link, counts once.
    seen: BTreeSet<PathBuf>,
}

impl Search {
    fn io_error(&mut self, path: &Path, error: &io::Error) {
        self.found.push(Err(io_error(&name(path), error)));
    }

    fn nothing(&mut self, path: &Path, problem: &str, mend: &str) {
        self.found.push(Err(ReadError {
            file: name(path),
            position: None,
            problem: problem.to_owned(),
            mend: mend.to_owned(),
        }));
    }

    fn path(&mut self, path: &Path) {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_pattern(path) => self.pattern(path),
            Err(error) => self.io_error(path, &error),
            Ok(metadata) if metadata.is_dir() => {
                if self.directory(path) == 0 {
                    self.nothing(
                        path,
                        "no manifests in this directory",
                        "name one that holds *.yaml, *.yml or *.json files",
                    );
                }
            }
            Ok(_) => self.file(path, Input::File),
        }
    }

    /// Files and directories by a pattern that no shell has expanded: `*`, `?`, `[a-z]`, and `**` for directories
    /// at any depth.
    fn pattern(&mut self, pattern: &Path) {
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let matches = match glob::glob_with(&name(pattern), options) {
            Ok(matches) => matches,
            Err(error) => {
                let problem = format!("no pattern: {}", error.msg);
                return self.nothing(pattern, &problem, "write * for any characters, ** for any directories");
            }
        };
        let mut files = 0;
        for path in matches {
            match path {
                Ok(path) if path.is_dir() => files += self.directory(&path),
                Ok(path) if is_manifest(&path) => {
                    files += 1;
                    self.file(&path, Input::Found);
                }
                Ok(_) => {}
                Err(error) => self.io_error(error.path(), error.error()),
            }
        }
        if files == 0 {
            self.nothing(pattern, "no manifest matches this pattern", "check it, or name a directory");
        }
    }

    /// Searches a directory and says how many manifest files it holds.
    fn directory(&mut self, directory: &Path) -> usize {
        // A directory is entered once, by whatever name: that ends link loops too.
        match fs::canonicalize(directory) {
            Ok(real) => {
                if !self.seen.insert(real) {
                    return 1;
                }
            }
            Err(error) => {
                self.io_error(directory, &error);
                return 1;
            }
        }
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut paths: Vec<PathBuf> = match entries {
            Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
            Err(error) => {
                self.io_error(directory, &error);
                return 1;
            }
        };
        paths.sort();
        let mut files = 0;
        for path in paths {
            if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => files += self.directory(&path),
                Ok(metadata) if metadata.is_file() && is_manifest(&path) => {
                    files += 1;
                    self.file(&path, Input::Found);
                }
                Err(error) if is_manifest(&path) => {
                    files += 1;
                    self.io_error(&path, &error);
                }
                _ => {}
            }
        }
        files
    }

    fn file(&mut self, path: &Path, input: fn(PathBuf) -> Input) {
        if fs::canonicalize(path).is_ok_and(|real| !self.seen.insert(real)) {
            return;
        }
        self.found.push(Ok(input(path.to_owned())));
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| ["yaml", "yml", "json"].iter().any(|manifest| e.eq_ignore_ascii_case(manifest)))
}
