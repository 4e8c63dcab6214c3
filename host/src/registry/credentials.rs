//! Who we are to a registry, from the configuration of Docker.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};

use super::RegistryError;

/// A user and a password.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(…)")
    }
}

/// The file in Docker's folder.
const FILE: &str = "config.json";
/// Time for a credential helper: it may ask a keychain, or a cloud.
const HELPER: Duration = Duration::from_secs(30);
/// What every helper says of a host it has nothing for.
const NOT_FOUND: &str = "credentials not found";
/// Under this name Docker keeps the credentials of its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

impl Credentials {
    /// Those for a host: from the file or folder given, or from where Docker has them. `None` when there are none.
    pub(super) fn find(host: &str, given: Option<&Path>) -> Result<Option<Self>, RegistryError> {
        let Some(path) = configuration(given) else { return Ok(None) };
        let content = match std::fs::read(&path) {
            Ok(content) => content,
            Err(_) if given.is_none() => return Ok(None),
            Err(error) => return Err(RegistryError::File { path, reason: error.to_string() }),
        };
        let server = if host.ends_with("docker.io") { DOCKER_HUB } else { host };
        let unusable = |reason: String| RegistryError::Credentials { host: host.to_owned(), reason };
        match read(content, server.to_owned()) {
            Ok(DockerCredential::UsernamePassword(user, password)) => Ok(Some(Self { user, password })),
            Ok(DockerCredential::IdentityToken(_)) => Err(unusable(
                "the Docker configuration has an identity token, which is not offered: log in with a user and a \
                 password, or with an access token as the password"
                    .to_owned(),
            )),
            Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
            Err(CredentialRetrievalError::HelperFailure { stdout, .. }) if stdout.contains(NOT_FOUND) => Ok(None),
            Err(CredentialRetrievalError::ConfigReadError) => {
                Err(RegistryError::File { path, reason: "it is no Docker configuration".to_owned() })
            }
            Err(error) => Err(unusable(described(&error))),
        }
    }
}

fn configuration(given: Option<&Path>) -> Option<PathBuf> {
    let folder = match given {
        Some(path) => path.to_owned(),
        None => std::env::var_os("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".docker")))?,
    };
    Some(if folder.is_dir() || given.is_none() { folder.join(FILE) } else { folder })
}

/// Reads the credentials, which may run a helper; it is left behind if it does not come to an end.
fn read(content: Vec<u8>, server: String) -> Result<DockerCredential, CredentialRetrievalError> {
    let (sender, answer) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(docker_credential::get_credential_from_reader(&content[..], &server));
    });
    answer.recv_timeout(HELPER).unwrap_or(Err(CredentialRetrievalError::HelperCommunicationError))
}

/// What a helper prints may be a secret, so it is not repeated.
fn described(error: &CredentialRetrievalError) -> String {
    match error {
        CredentialRetrievalError::HelperFailure { helper, .. } => {
            format!("the credential helper {helper} failed: run it by hand to see why")
        }
        CredentialRetrievalError::HelperCommunicationError | CredentialRetrievalError::MalformedHelperResponse => {
            "the credential helper is missing, or gives no answer that can be read".to_owned()
        }
        _ => "what the Docker configuration has for this host cannot be decoded: log in again with `docker login`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(host: &str, configuration: &str) -> Result<Option<(String, String)>, String> {
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::write(folder.path().join(FILE), configuration).expect("a file");
        Credentials::find(host, Some(folder.path()))
            .map(|found| found.map(|found| (found.user, found.password)))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_without_credentials_are_strangers() {
        assert_eq!(find("host:5000", "{}"), Ok(None));
        assert_eq!(find("host:5000", r#"{"auths": {"other": {"auth": "bWU6c2VjcmV0"}}}"#), Ok(None));
        assert_eq!(find("host:5000", r#"{"auths": {"host:5000": {}}}"#), Ok(None));
    }

    #[test]
    fn user_and_password_are_found() {
        let both = Ok(Some(("me".to_owned(), "secret".to_owned())));
        assert_eq!(find("host:5000", r#"{"auths": {"host:5000": {"auth": "bWU6c2VjcmV0"}}}"#), both);
        let hub = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0"}}}"#;
        assert_eq!(find("index.docker.io", hub), both);
    }

    #[test]
    fn what_cannot_be_used_is_said_without_the_secret() {
        let token = r#"{"auths": {"host": {"identitytoken": "hunter2"}}}"#;
        let broken = r#"{"auths": {"host": {"auth": "hunter2"}}}"#;
        for (configuration, reason) in [(token, "identity token"), (broken, "decoded"), ("hunter2", FILE)] {
            let error = find("host", configuration).expect_err("not usable");
            assert!(error.contains(reason) && !error.contains("hunter2"), "{error}");
        }
        let helper = r#"{"credHelpers": {"host": "there-is-none"}}"#;
        assert!(find("host", helper).expect_err("no helper").contains("helper"));
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let error = Credentials::find("host", Some(Path::new("/no/such/folder"))).expect_err("no file");
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
