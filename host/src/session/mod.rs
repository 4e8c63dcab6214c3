//! Conversations between a policy and its host: recorded, and played back.

mod question;
mod record;
mod replay;
mod scalar;

use std::path::PathBuf;

pub use self::record::Recording;
pub use self::replay::Replay;

/// Why a session file cannot be played back or written.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The file cannot be read.
    #[error("cannot read session {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The file is not a list of exchanges.
    #[error("cannot parse session {}: {reason}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The conversation cannot be recorded.
    #[error("cannot write session {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}
