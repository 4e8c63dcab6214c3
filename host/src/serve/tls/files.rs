//! A certificate from files that somebody else renews.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};

use super::endpoint::Endpoint;
use super::pair::{NoPair, Pair};

/// A certificate and its key on disk.
#[derive(Clone)]
pub(super) struct Files {
    cert: PathBuf,
    key: PathBuf,
}

type Texts = (Vec<u8>, Vec<u8>);

impl Files {
    pub(super) fn new(cert: &Path, key: &Path) -> Self {
        Self { cert: cert.to_owned(), key: key.to_owned() }
    }

    fn read(&self) -> anyhow::Result<Texts> {
        let read = |what, path: &Path| {
            std::fs::read(path).with_context(|| format!("cannot read the {what} {}", path.display()))
        };
        Ok((read("certificate", &self.cert)?, read("key", &self.key)?))
    }

    fn pair(&self, (cert, key): &Texts) -> anyhow::Result<Pair> {
        let (cert_path, key_path) = (self.cert.display(), self.key.display());
        Pair::from_pem(cert, key).map_err(|error| match error {
            NoPair::Certificate(error) => {
                anyhow!("cannot read {cert_path} as certificates in PEM: {error}")
            }
            NoPair::NoCertificate => {
                anyhow!("{cert_path} holds no certificate: give a PEM file with -----BEGIN CERTIFICATE-----")
            }
            NoPair::Key(error) => anyhow!("cannot read {key_path} as a private key in PEM: {error}"),
            NoPair::Unmatched(error) => anyhow!(
                "cannot use certificate {cert_path} with key {key_path}: {error}. Give a matching pair"
            ),
        })
    }

    pub(super) fn load(&self) -> anyhow::Result<Pair> {
        self.pair(&self.read()?)
    }
}

/// Takes a renewed certificate into use; keeps the old one as long as the new one cannot be used.
pub(super) struct Renewal {
    files: Files,
    endpoint: Arc<Endpoint>,
    known: Option<Texts>,
}

impl Renewal {
    pub(super) fn new(files: Files, endpoint: Arc<Endpoint>) -> Self {
        Self { known: files.read().ok(), files, endpoint }
    }

    pub(super) fn look(&mut self) {
        let read = match self.files.read() {
            Ok(read) => read,
            Err(error) => return tracing::warn!("{error:#}; the old certificate stays in use"),
        };
        if self.known.as_ref() == Some(&read) {
            return;
        }
        let renewed = self.files.pair(&read).and_then(|pair| Ok(self.endpoint.show(pair)?));
        match renewed {
            Ok(()) => tracing::info!(cert = %self.files.cert.display(), "renewed certificate in use"),
            Err(error) => tracing::warn!("{error:#}; the old certificate stays in use"),
        }
        self.known = Some(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(directory: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let (cert, key) = (directory.join("tls.crt"), directory.join("tls.key"));
        std::fs::write(&cert, issued.cert.pem())?;
        std::fs::write(&key, issued.signing_key.serialize_pem())?;
        Ok((cert, key))
    }

    #[test]
    fn a_renewed_pair_is_taken_and_half_of_one_is_not() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let (cert, key) = write_pair(directory.path())?;
        let files = Files::new(&cert, &key);
        let endpoint = Arc::new(Endpoint::new(files.load()?, None)?);
        let config = endpoint.config();
        let mut renewal = Renewal::new(files, endpoint);
        let first = config.get_inner();

        renewal.look();
        assert!(Arc::ptr_eq(&first, &config.get_inner()), "nothing has changed");

        let old_key = std::fs::read(&key)?;
        write_pair(directory.path())?;
        let new_key = std::fs::read(&key)?;
        std::fs::write(&key, old_key)?;
        renewal.look();
        assert!(Arc::ptr_eq(&first, &config.get_inner()), "the key does not match yet");

        std::fs::write(&key, new_key)?;
        renewal.look();
        assert!(!Arc::ptr_eq(&first, &config.get_inner()), "the pair is whole");

        std::fs::remove_file(&cert)?;
        let second = config.get_inner();
        renewal.look();
        assert!(Arc::ptr_eq(&second, &config.get_inner()), "the certificate is gone");
        Ok(())
    }
}
