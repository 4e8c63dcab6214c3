//! The files of the page.

use std::fmt::Write;

use axum::http::HeaderValue;
use sha2::{Digest, Sha256};

/// The names and the contents of a page's files; none in a program without a page.
pub type Files = &'static [(&'static str, &'static [u8])];

/// A page: one of its files is `index.html`.
#[derive(Debug)]
pub(super) struct Page(Vec<File>);

/// A file of the page.
#[derive(Debug)]
pub(super) struct File {
    name: &'static str,
    pub content: &'static [u8],
    pub media_type: &'static str,
    /// Stands for the content.
    pub tag: HeaderValue,
}

impl Page {
    pub(super) fn new(files: Files) -> Self {
        Self(files.iter().map(|(name, content)| File::new(name, content)).collect())
    }

    /// The file at a path, `/` being `index.html`.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        let name = match path.strip_prefix('/')? {
            "" => "index.html",
            name => name,
        };
        self.0.iter().find(|file| file.name == name)
    }
}

impl File {
    fn new(name: &'static str, content: &'static [u8]) -> Self {
        Self { name, content, media_type: media_type(name), tag: tag(content) }
    }
}

fn tag(content: &[u8]) -> HeaderValue {
    let mut text = "\"".to_owned();
    for byte in &Sha256::digest(content)[..16] {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('"');
    // Digits and quotes are what a header may hold.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
}

/// What browsers have to be told, since they are told not to guess.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
