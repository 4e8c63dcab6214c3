//! Certificates of the server and of its clients, as they are seen from outside.

use std::path::Path;
use std::time::Instant;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use ureq::tls::{Certificate, ClientCert, PrivateKey};

use crate::guests;
use crate::serve::{PATIENCE, Server};

/// An authority in PEM, and a client it has signed.
fn client_of(name: &str) -> (String, ClientCert) {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let pem = authority.self_signed(&key).expect("an authority").pem();
    let issuer = Issuer::new(authority, key);
    let mut client = CertificateParams::default();
    client.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().expect("a key");
    let certificate = client.signed_by(&key, &issuer).expect("a certificate").pem();
    let certificate = Certificate::from_pem(certificate.as_bytes()).expect("PEM");
    let key = PrivateKey::from_pem(key.serialize_pem().as_bytes()).expect("PEM");
    (pem, ClientCert::new_with_certs(&[certificate], key))
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "not so: {what}");
    }
}

#[test]
fn reviews_are_taken_from_clients_of_the_authority_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("clients.pem");
    let ((first, known), (second, stranger)) = (client_of("first"), client_of("second"));
    std::fs::write(&file, &first).expect("a file");
    let path = file.to_str().expect("UTF-8");
    let server = Server::start(&["--client-ca", path, "--reload-interval", "20ms"]);
    assert_eq!(server.asked_by(&known).expect("an answer"), 200);
    server.post("{}").refuses(403, "reviews are taken from clients with a certificate of --client-ca alone");
    assert!(server.asked_by(&stranger).is_err(), "a client of another authority got an answer");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).body, "ok\n", "a kubelet has no certificate");
    }
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("rollgate_requests_refused_total{status=\"403\"} 1\n"), "{metrics}");

    // Half a file changes nothing; a whole one does.
    std::fs::write(&file, &second[..second.len() / 2]).expect("a file");
    server.says("the old ones stay in use");
    assert_eq!(server.asked_by(&known).expect("an answer"), 200);
    std::fs::write(&file, &second).expect("a file");
    wait_until("the other authority is known", || server.asked_by(&stranger).is_ok());
    assert!(server.asked_by(&known).is_err(), "the first one still is");
}

#[test]
fn the_end_of_the_certificate_in_use_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let (cert, key) = (directory.path().join("tls.crt"), directory.path().join("tls.key"));
    let issue = |year: i32| {
        let mut params =
            CertificateParams::new(["localhost", "127.0.0.1"].map(str::to_owned)).expect("names");
        params.not_after = date_time_ymd(year, 1, 1);
        let pair = KeyPair::generate().expect("a key");
        write(&key, &pair.serialize_pem());
        write(&cert, &params.self_signed(&pair).expect("a certificate").pem());
    };
    issue(2100);
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let args = ["--cert", &text(&cert), "--key", &text(&key), "--reload-interval", "20ms"];
    let server = Server::start(&args);
    let tells = |seconds: u64| {
        let line = format!("rollgate_certificate_expiry_timestamp_seconds {seconds}");
        server.get("/metrics").body.lines().any(|found| found == line)
    };
    assert!(tells(4_102_444_800));
    issue(2101);
    wait_until("the renewed certificate is told", || tells(4_133_980_800));
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file");
}

#[test]
fn without_its_api_server_a_server_that_manages_its_certificate_is_alive_and_not_ready() {
    let directory = tempfile::tempdir().expect("a directory");
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(&kubeconfig, guests::NOWHERE).expect("a file");
    let kubeconfig = kubeconfig.to_str().expect("UTF-8");
    let server = Server::start(&[
        "--kubeconfig",
        kubeconfig,
        "--tls-secret",
        "rollgate/rollgate-tls",
        "--webhook-configuration",
        "rollgate",
        "--reload-interval",
        "20ms",
    ]);
    wait_until("it says why", || server.get("/readyz").body.contains("refused"));
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 503);
    let expected = "there is no certificate that the API server trusts yet: \
                    cannot read Secret rollgate/rollgate-tls: ";
    assert!(ready.body.starts_with(expected), "{}", ready.body);
    assert_eq!(server.get("/healthz").body, "ok\n");
}
