//! What was fetched before, by its digest.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::Digest;

/// Contents by their digests, in a folder. Where there is none that can be written, nothing is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    folder: Option<PathBuf>,
}

/// The variable that names another folder.
const VARIABLE: &str = "ROLLGATE_STORE";

impl Store {
    /// The folder given, that of the variable `ROLLGATE_STORE`, or `rollgate/store` in the user's cache directory.
    pub(super) fn find(given: Option<&Path>) -> Self {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        let folder = given.map(Path::to_owned).or_else(|| variable(VARIABLE));
        Self { folder: folder.or_else(|| Some(cache()?.join("rollgate/store"))) }
    }

    /// The content with this digest, if it is kept, undamaged and no larger than `limit`.
    pub(super) fn get(&self, digest: &Digest, limit: usize) -> Option<Vec<u8>> {
        let path = self.path(digest)?;
        let mut content = Vec::new();
        let file = File::open(&path).ok()?;
        file.take(limit as u64 + 1).read_to_end(&mut content).ok()?;
        if Digest::of(&content) == *digest {
            return Some(content);
        }
        tracing::warn!(path = %path.display(), "damaged: it is fetched anew");
        None
    }

    /// Keeps content under its digest. That it cannot be kept is no reason to do without it.
    pub(super) fn put(&self, digest: &Digest, content: &[u8]) {
        let Some(path) = self.path(digest) else { return };
        if let Err(error) = write(&path, content) {
            tracing::warn!(path = %path.display(), %error, "cannot keep what was fetched; --store names another folder");
        }
    }

    fn path(&self, digest: &Digest) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join("sha256").join(digest.digits()))
    }
}

/// Writes a file that is there as a whole or not at all.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    let written = File::create(&unfinished)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_is_not_given_out() {
        let folder = tempfile::tempdir().expect("a directory");
        let store = Store::find(Some(folder.path()));
        let digest = Digest::of(b"content");
        assert_eq!(store.get(&digest, 100), None);
        store.put(&digest, b"content");
        assert_eq!(store.get(&digest, 100).as_deref(), Some(&b"content"[..]));
        assert_eq!(store.get(&digest, 3), None);
        let file = store.path(&digest).expect("a path");
        fs::write(&file, b"contents").expect("a file");
        assert_eq!(store.get(&digest, 100), None);
        store.put(&digest, b"content");
        assert_eq!(store.get(&digest, 100).as_deref(), Some(&b"content"[..]));
        assert_eq!(fs::read_dir(file.parent().expect("a folder")).expect("a folder").count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_written_keeps_nothing() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let store = Store::find(Some(file.path()));
        store.put(&Digest::of(b"content"), b"content");
        assert_eq!(store.get(&Digest::of(b"content"), 100), None);
    }
}
