//! Cosign's older form of a signature without a key, brought into the form of a bundle.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use sigstore_verify::types::{Bundle, DerCertificate};

const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const ENTRY: &str = "dev.sigstore.cosign/bundle";

/// What the transparency log has said of the signature, and the log's promise that it has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    signed_entry_timestamp: String,
    payload: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    body: String,
    integrated_time: u64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

/// The bundle that says the same as the annotations of a signature; the error says what they lack.
pub(super) fn bundle(
    payload: &[u8],
    signature: &str,
    annotations: &BTreeMap<String, String>,
) -> Result<Bundle, String> {
    let certificate = annotations.get(CERTIFICATE).ok_or("it has no certificate")?;
    let certificate =
        DerCertificate::from_pem(certificate).map_err(|error| format!("its certificate: {error}"))?;
    let entry = annotations.get(ENTRY).ok_or("it has no entry in a transparency log")?;
    let entry: Entry =
        serde_json::from_str(entry).map_err(|error| format!("its entry in the log: {error}"))?;
    let log = hexadecimal(&entry.payload.log_id).ok_or("its entry names no log")?;
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": {
            "x509CertificateChain": {"certificates": [{"rawBytes": certificate.to_base64()}]},
            "tlogEntries": [{
                "logIndex": entry.payload.log_index.to_string(),
                "logId": {"keyId": STANDARD.encode(log)},
                "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
                "integratedTime": entry.payload.integrated_time.to_string(),
                "inclusionPromise": {"signedEntryTimestamp": entry.signed_entry_timestamp},
                "canonicalizedBody": entry.payload.body,
            }],
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": STANDARD.encode(Sha256::digest(payload))},
            "signature": signature,
        },
    });
    Bundle::from_json(&bundle.to_string()).map_err(|error| error.to_string())
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let bytes =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect()
}
