//! Holding signatures against what is asked for.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sigstore_verify::crypto::VerificationKey;
use sigstore_verify::types::{
    Bundle, DerPublicKey, Sha256Hash, SignatureBytes, SignatureContent, VerificationMaterialContent,
};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};

use super::super::Digest;
use super::config::{AnyOf, Requirement, Requirements};
use super::evidence::{Evidence, Statement};
use super::{identity, keyless};

/// The annotation with the signature itself.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// What a bundle says that is a signature. Anything else is a statement about the policy, be it good or bad.
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";

/// What is signed in cosign's older form.
#[derive(Deserialize)]
struct Payload {
    critical: Critical,
    optional: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: String,
}

/// Whether the signatures are those asked for; the error says which are missing, and why those there are none.
pub(super) fn check(
    requirements: &Requirements,
    evidence: &[Evidence],
    digest: &Digest,
    verifier: &Verifier,
) -> Result<(), String> {
    if evidence.is_empty() {
        return Err("it has no signatures".to_owned());
    }
    let missing = |requirement: &Requirement| {
        let reasons: Result<Vec<String>, ()> = evidence
            .iter()
            .map(|one| satisfies(requirement, one, digest, verifier).err().ok_or(()))
            .collect();
        reasons.ok().map(|mut reasons| {
            reasons.dedup();
            format!("none is of {requirement}: {}", reasons.join(", "))
        })
    };
    if let Some(reason) = requirements.all_of.iter().find_map(missing) {
        return Err(reason);
    }
    if let Some(AnyOf { minimum_matches, signatures }) = &requirements.any_of {
        let reasons: Vec<String> = signatures.iter().filter_map(missing).collect();
        let found = signatures.len() - reasons.len();
        if found < *minimum_matches {
            return Err(format!("{found} of {minimum_matches} are there; {}", reasons.join("; ")));
        }
    }
    Ok(())
}

fn satisfies(
    requirement: &Requirement,
    evidence: &Evidence,
    digest: &Digest,
    verifier: &Verifier,
) -> Result<(), String> {
    match evidence {
        Evidence::Simple { payload, annotations } => {
            let signature = annotations.get(SIGNATURE).ok_or("it has no signature")?;
            if let Requirement::PubKey { key, .. } = requirement {
                signed_with(key, payload, signature)?;
            } else {
                let bundle = keyless::bundle(payload, signature, annotations)?;
                // The log's signed promise, which gives the time, is all there is in this form.
                signed_by(requirement, payload.as_slice().into(), &bundle, verifier, Log::Promise)?;
            }
            says(payload, digest, requirement)
        }
        Evidence::Bundle { bundle, statement } => {
            let manifest = Sha256Hash::from_hex(digest.digits()).map_err(|error| error.to_string())?;
            if let Requirement::PubKey { key, .. } = requirement {
                enveloped(key, manifest, bundle, verifier)?;
            } else {
                signed_by(requirement, manifest.into(), bundle, verifier, Log::Proof)?;
            }
            states(statement, digest, requirement)
        }
    }
}

/// How the transparency log vouches for a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Log {
    Promise,
    Proof,
}

fn public_key(pem: &str) -> Result<DerPublicKey, String> {
    DerPublicKey::from_pem(pem).map_err(|error| format!("the key cannot be used: {error}"))
}

fn signed_with(key: &str, payload: &[u8], signature: &str) -> Result<(), String> {
    let key = VerificationKey::from_spki(&public_key(key)?).map_err(|error| error.to_string())?;
    let signature = SignatureBytes::from_base64(signature).map_err(|error| error.to_string())?;
    key.verify(payload, &signature).map_err(|_| "it is of another key".to_owned())
}

/// With a key, the log is not what makes a signature good; but an entry that is there has to be.
fn enveloped(key: &str, manifest: Sha256Hash, bundle: &Bundle, verifier: &Verifier) -> Result<(), String> {
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return Err("it is in no envelope".to_owned());
    };
    let material = &bundle.verification_material;
    if !material.tlog_entries.is_empty() {
        let policy = PublicKeyVerificationPolicy::new(public_key(key)?);
        return verifier.verify(manifest, bundle, &policy).map(drop).map_err(|error| error.to_string());
    }
    if !matches!(material.content, VerificationMaterialContent::PublicKey(_)) {
        return Err("it is of a certificate, not of a key".to_owned());
    }
    signed_with(key, &envelope.pae(), &envelope.signature.sig.to_base64())
}

fn signed_by(
    requirement: &Requirement,
    signed: sigstore_verify::types::Artifact<'_>,
    bundle: &Bundle,
    verifier: &Verifier,
    log: Log,
) -> Result<(), String> {
    let issuer = identity::issuer(requirement).ok_or("a key is asked for")?;
    let mut policy = VerificationPolicy::any_identity().require_issuer(issuer);
    if log == Log::Promise {
        policy = policy.skip_tlog_unsafe();
    }
    let result = verifier.verify(signed, bundle, &policy).map_err(|error| error.to_string())?;
    match result.identity() {
        Some(found) if result.certificate_verified() && identity::matches(requirement, found) => Ok(()),
        Some(found) => Err(format!("it is of {}", found.as_str())),
        None => Err("its certificate names nobody".to_owned()),
    }
}

/// Whether what was signed is this manifest, with the annotations asked for.
fn says(payload: &[u8], digest: &Digest, requirement: &Requirement) -> Result<(), String> {
    let payload: Payload = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    let signed = &payload.critical.image.docker_manifest_digest;
    if signed != digest.as_str() {
        return Err(format!("it is of {signed}"));
    }
    has(&payload.optional.unwrap_or_default(), requirement)
}

fn states(statement: &Statement, digest: &Digest, requirement: &Requirement) -> Result<(), String> {
    if statement.predicate_type != SIGNED {
        return Err(format!("it states {}, which is no signature", statement.predicate_type));
    }
    let this =
        |digests: &BTreeMap<String, String>| digests.get("sha256").is_some_and(|hex| hex == digest.digits());
    let subject = statement.subject.iter().find(|subject| this(&subject.digest));
    has(&subject.ok_or("it is of something else")?.annotations, requirement)
}

fn has(annotations: &BTreeMap<String, Value>, requirement: &Requirement) -> Result<(), String> {
    let lacks = |&(key, value): &(&str, &str)| annotations.get(key).and_then(Value::as_str) != Some(value);
    match requirement.annotations().find(lacks) {
        Some((key, value)) => Err(format!("it has no annotation {key}={value}")),
        None => Ok(()),
    }
}
