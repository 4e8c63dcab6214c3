//! Signatures, made with keys of the test's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstore_verify::crypto::KeyPair;
use sigstore_verify::types::pae;

use super::fake::{Guard, Registry};
use super::{Bench, WASM, policy};
use rollgate::registry::Digest;

/// A registry with a policy, and the key that may have signed it.
struct Signed {
    registry: Registry,
    bench: Bench,
    key: KeyPair,
    digest: Digest,
    address: String,
}

impl Signed {
    fn new() -> Self {
        let registry = Registry::start(Guard::Open);
        let bench = Bench::new(&registry.host());
        let key = KeyPair::generate_ecdsa_p256().expect("a key");
        bench.write("cosign.pub", pem(&key));
        let digest = registry.has("v1", &policy(), WASM);
        let address = format!("{}/a:v1", registry.host());
        Self { registry, bench, key, digest, address }
    }

    /// Signs as cosign does: what is signed names a digest, and the signature is beside that of the policy.
    fn sign(&self, names: &Digest, annotations: &serde_json::Value, key: &KeyPair) {
        let payload = json!({
            "critical": {
                "identity": {"docker-reference": ""},
                "image": {"docker-manifest-digest": names.as_str()},
                "type": "cosign container image signature"
            },
            "optional": annotations
        })
        .to_string();
        let signature = key.sign(payload.as_bytes()).expect("a signature").to_base64();
        self.has_signature(payload.as_bytes(), &signature);
    }

    fn has_signature(&self, payload: &[u8], signature: &str) {
        let manifest = json!({
            "schemaVersion": 2,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::of(b"{}").as_str(), "size": 2},
            "layers": [{
                "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
                "digest": Digest::of(payload).as_str(), "size": payload.len(),
                "annotations": {"dev.cosignproject.cosign/signature": signature}
            }]
        });
        self.registry.state().blobs.insert(Digest::of(payload).to_string(), payload.to_vec());
        self.registry
            .has_manifest(&format!("sha256-{}.sig", self.digest.digits()), manifest.to_string().as_bytes());
    }

    /// Signs as newer cosign does: a bundle that refers to the manifest, behind a tag where registries have no list.
    fn bundle(&self, names: &Digest, predicate: &str, key: &KeyPair) {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "", "digest": {"sha256": names.digits()}, "annotations": {"env": "prod"}}],
            "predicateType": predicate,
            "predicate": {}
        })
        .to_string();
        let kind = "application/vnd.in-toto+json";
        let signature = key.sign(&pae(kind, statement.as_bytes())).expect("a signature").to_base64();
        let media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let bundle = json!({
            "mediaType": media_type,
            "verificationMaterial": {"publicKey": {"hint": "a hint"}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": STANDARD.encode(statement),
                "payloadType": kind,
                "signatures": [{"sig": signature, "keyid": ""}]
            }
        })
        .to_string();
        let layer = Digest::of(bundle.as_bytes());
        self.registry.state().blobs.insert(layer.to_string(), bundle.clone().into_bytes());
        let manifest = json!({
            "schemaVersion": 2, "artifactType": media_type,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::of(b"{}").as_str(), "size": 2},
            "layers": [{"mediaType": media_type, "digest": layer.as_str(), "size": bundle.len()}]
        });
        let digest = self.registry.has_manifest("a-bundle", manifest.to_string().as_bytes());
        let index = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": digest.as_str(), "size": 1, "artifactType": media_type
            }]
        });
        self.registry.has_manifest(&format!("sha256-{}", self.digest.digits()), index.to_string().as_bytes());
    }

    fn verify(&self, args: &[&str]) -> super::Outcome {
        self.bench.rollgate(&[&["verify", &*self.address], args].concat())
    }
}

fn pem(key: &KeyPair) -> String {
    key.public_key_der().expect("a key").to_pem()
}

#[test]
fn a_signature_of_the_key_verifies() {
    let signed = Signed::new();
    signed.sign(&signed.digest, &json!({"env": "prod"}), &signed.key);
    let said = signed.verify(&["-k", "cosign.pub", "-a", "env=prod"]).succeeds();
    assert!(said.starts_with("verified ") && said.contains(signed.digest.as_str()), "{said}");
    for command in [&["pull", "-k", "cosign.pub"][..], &["inspect", "-k", "cosign.pub"][..]] {
        signed.bench.rollgate(&[command, &[&signed.address]].concat()).succeeds();
    }
    signed.verify(&["-k", "cosign.pub", "-a", "env=test"]).fails("no annotation env=test");
    let shown = signed.bench.rollgate(&["inspect", "--show-signatures", &signed.address]).succeeds();
    assert!(shown.contains("Signatures (not verified)"), "{shown}");
}

#[test]
fn what_is_not_signed_by_the_key_is_not_used() {
    let signed = Signed::new();
    signed.verify(&["-k", "cosign.pub"]).fails("no signatures");
    signed.sign(&signed.digest, &json!(null), &KeyPair::generate_ecdsa_p256().expect("a key"));
    signed.verify(&["-k", "cosign.pub"]).fails("of another key");
    for command in ["pull", "inspect"] {
        signed.bench.rollgate(&[command, "-k", "cosign.pub", &signed.address]).fails("is not verified");
    }
    assert_eq!(signed.registry.asked(&format!("GET /v2/a/blobs/{}", Digest::of(&policy()))), 0);
}

#[test]
fn a_signature_of_something_else_does_not_count() {
    let signed = Signed::new();
    signed.sign(&Digest::of(b"another manifest"), &json!({}), &signed.key);
    signed.verify(&["-k", "cosign.pub"]).fails("it is of sha256:");
    signed.has_signature(b"{}", &signed.key.sign(b"{}").expect("a signature").to_base64());
    signed.verify(&["-k", "cosign.pub"]).fails("is not verified");
    signed.has_signature(b"{}", "no signature");
    signed.verify(&["-k", "cosign.pub"]).fails("is not verified");
}

#[test]
fn a_bundle_counts_if_it_is_a_signature() {
    const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
    let signed = Signed::new();
    signed.bundle(&signed.digest, SIGNED, &signed.key);
    signed.verify(&["-k", "cosign.pub", "-a", "env=prod"]).succeeds();
    signed.verify(&["-k", "cosign.pub", "-a", "env=test"]).fails("no annotation env=test");
    signed.verify(&["--github-owner", "someone"]).fails("is not verified");
    signed.bundle(&signed.digest, "https://slsa.dev/provenance/v1", &signed.key);
    signed.verify(&["-k", "cosign.pub"]).fails("which is no signature");
    signed.bundle(&Digest::of(b"another manifest"), SIGNED, &signed.key);
    signed.verify(&["-k", "cosign.pub"]).fails("is not verified");
    signed.bundle(&signed.digest, SIGNED, &KeyPair::generate_ecdsa_p256().expect("a key"));
    signed.verify(&["-k", "cosign.pub"]).fails("is not verified");
}

#[test]
fn a_signature_with_a_key_is_none_of_a_person() {
    let signed = Signed::new();
    signed.sign(&signed.digest, &json!({}), &signed.key);
    signed.verify(&["--github-owner", "someone"]).fails("no certificate");
    signed
        .verify(&["--cert-identity", "me@example.com", "--cert-oidc-issuer", "https://example.com"])
        .fails("no certificate");
}

#[test]
fn a_file_says_how_many_signatures_are_needed() {
    let signed = Signed::new();
    signed.sign(&signed.digest, &json!({}), &signed.key);
    let other = pem(&KeyPair::generate_ecdsa_p256().expect("a key"));
    let of = |minimum: usize| {
        let keys = [pem(&signed.key), other.clone()].map(|key| json!({"kind": "pubKey", "key": key}));
        json!({"apiVersion": "v1", "anyOf": {"minimumMatches": minimum, "signatures": keys}}).to_string()
    };
    signed.bench.write("verification.yaml", of(1));
    signed.verify(&["--verification-config-path", "verification.yaml"]).succeeds();
    signed.bench.write("verification.yaml", of(2));
    signed.verify(&["--verification-config-path", "verification.yaml"]).fails("1 of 2");
    signed.bench.write("verification.yaml", "apiVersion: v1\n");
    signed.verify(&["--verification-config-path", "verification.yaml"]).fails("at least one");
}

#[test]
fn what_cannot_be_verified_is_refused() {
    let signed = Signed::new();
    signed.verify(&[]).fails("nothing to verify");
    signed.verify(&["-a", "env=prod"]).fails("says nothing without");
    signed.bench.write("no.pub", "no key");
    signed.verify(&["-k", "no.pub"]).fails("no.pub is no public key");
    signed.bench.command(&["pull", "-k", "cosign.pub", "policy.wasm"]).fails("in registries alone");
    signed.bench.command(&["verify", "-k", "cosign.pub", "policy.wasm"]).fails("in registries alone");
}
