//! What can go wrong between here and a registry.

use std::path::PathBuf;
use std::time::Duration;

use super::Digest;

/// Why a policy cannot be fetched or pushed. Neither passwords nor tokens are in the texts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Nobody answers, or not in a way that can be trusted.
    #[error(
        "cannot reach {host}: {reason}. For a registry with its own authority, name that in the file of \
         --sources-path under source_authorities; for one without TLS, name the host there under insecure_sources"
    )]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the system or the TLS library says.
        reason: String,
    },
    /// The connection ended before the answer did.
    #[error("the answer of {host} was cut off: {reason}")]
    Cut {
        /// Host and port.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// The user is not known, or has not said who they are.
    #[error("{host} asks who is there{}: log in with `docker login {host}`, or name the folder of another \
             config.json with --docker-config-json-path", if *.known { ", and refuses the user of the Docker configuration" } else { "" })]
    Unauthorized {
        /// Host and port.
        host: String,
        /// Whether credentials were sent.
        known: bool,
    },
    /// The user may not do this.
    #[error("{host} does not allow it ({what}): ask whoever keeps the registry")]
    Forbidden {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// There is no such thing.
    #[error("{host} has no {what}: look at the name and the tag of the address")]
    NotFound {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// The registry failed, or has too much to do.
    #[error(
        "{host} answers {what} with {status}{}",
        if let Some(pause) = .pause { format!(" and asks to be left alone for {} s", pause.as_secs()) } else { String::new() }
    )]
    Status {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
        /// The status of HTTP.
        status: u16,
        /// How long the registry asks to be left alone.
        pause: Option<Duration>,
    },
    /// The answer is not what the protocol says.
    #[error("cannot read the answer of {host}: {reason}")]
    Protocol {
        /// Host and port.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// More than is taken.
    #[error("{what} is larger than {limit} bytes{}", if *.policy { ": allow more with --max-size" } else { "" })]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit.
        limit: usize,
        /// Whether the limit is the one for policies.
        policy: bool,
    },
    /// The content is not what its name says.
    #[error("{what} has the digest {found}, not {expected}: it was damaged or exchanged")]
    Digest {
        /// What was fetched.
        what: String,
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// Something else than a policy is there.
    #[error("{what} is no policy: {reason}")]
    NotAPolicy {
        /// The address.
        what: String,
        /// What is there instead.
        reason: String,
    },
    /// It is not signed as it should be.
    #[error("{address} is not verified: {reason}")]
    Unsigned {
        /// The address, or the digest of the manifest.
        address: String,
        /// What is missing.
        reason: String,
    },
    /// The address may come to mean something else.
    #[error(
        "{address} is not pinned by its digest, as --require-digest demands: `rollgate digest {address}` prints it"
    )]
    NotPinned {
        /// The address.
        address: String,
    },
    /// It took too long.
    #[error("it takes longer than {} s", .0.as_secs())]
    Time(Duration),
    /// The credentials cannot be used.
    #[error("cannot use the credentials for {host}: {reason}")]
    Credentials {
        /// Host and port.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// The file of a policy cannot be read.
    #[error("cannot read policy {}: {reason}. Give the path of the policy's .wasm file", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A file cannot be used.
    #[error("cannot use {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}
