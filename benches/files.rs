//! Writes what servers and their load generator need as files: `bench-files <FOLDER>`.
//!
//! `requests/<kind>, <size>.json` are reviews, `cluster.json` is what they are judged against, `empty.wasm`
//! the empty policy, and `tls.crt`, `tls.key` and `ca.crt` are for 127.0.0.1.

mod material;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

use material::{SIZES, SUBJECTS, examples, request};

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).context("no folder given")?);
    let requests = folder.join("requests");
    fs::create_dir_all(&requests).with_context(|| requests.display().to_string())?;
    for subject in &SUBJECTS {
        for size in SIZES {
            let request = request(&size.of(&subject.object()));
            let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                "request": request});
            write(&requests.join(format!("{}, {}.json", subject.name, size.name())), &review.to_string())?;
        }
    }
    write(
        &folder.join("cluster.json"),
        &json!({"apiVersion": "v1", "kind": "List", "items": examples()}).to_string(),
    )?;
    let empty = wat::parse_str(include_str!("empty.wat"))?;
    fs::write(folder.join("empty.wasm"), empty)?;
    certificate(&folder)
}

fn certificate(folder: &Path) -> anyhow::Result<()> {
    let (authority_key, key) = (KeyPair::generate()?, KeyPair::generate()?);
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let certificate = authority.self_signed(&authority_key)?;
    let server = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    let server = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    write(&folder.join("ca.crt"), &certificate.pem())?;
    write(&folder.join("tls.crt"), &server.pem())?;
    write(&folder.join("tls.key"), &key.serialize_pem())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
