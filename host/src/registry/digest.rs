//! Names of contents by what they are.

use std::fmt::{self, Write};

use sha2::{Digest as _, Sha256};

/// The SHA-256 of some content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(String);

const PREFIX: &str = "sha256:";

impl Digest {
    /// That of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let mut text = PREFIX.to_owned();
        for byte in Sha256::digest(content) {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Reads `sha256:` and 64 hexadecimal digits in lower case; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 64 && digits.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// As in `sha256:…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0[PREFIX.len()..]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
