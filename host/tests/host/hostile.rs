//! `rollgate serve` and clients that are slow, greedy or many.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::guests;
use crate::serve::{PATIENCE, Server, command, review};

/// More than any server here takes at once.
const MANY: usize = 200;

/// A connection on which a test sends what it likes.
type Raw = StreamOwned<ClientConnection, TcpStream>;

fn connect(server: &Server) -> Raw {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.authority()).expect("PEM")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    StreamOwned::new(client, TcpStream::connect(server.socket()).expect("a connection"))
}

/// Sends `text`; whether the server took it.
fn send(stream: &mut Raw, text: &str) -> bool {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_ok()
}

/// Waits until the server has taken in what has come before: until then a connection may be closed for a later one.
fn answers_again(server: &Server) {
    let started = Instant::now();
    while server.try_to_get("/healthz").is_err() {
        assert!(started.elapsed() < PATIENCE, "nobody is let in");
    }
}

fn gauge(server: &Server, name: &str) -> usize {
    let metrics = server.get("/metrics").body;
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)).expect("a metric");
    value.trim().parse().expect("a number")
}

#[test]
fn idle_connections_keep_nobody_out() {
    let server = Server::start(&["--max-connections", "8"]);
    let idle: Vec<TcpStream> =
        (0..MANY).map(|_| TcpStream::connect(server.socket()).expect("a connection")).collect();
    answers_again(&server);
    server.still_serves();
    assert!(gauge(&server, "rollgate_connections ") <= 8);
    drop(idle);
}

#[test]
fn requests_that_never_end_keep_nobody_out() {
    let server = Server::start(&["--max-connections", "8"]);
    let head = "POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let mut slow: Vec<Raw> = (0..32).map(|_| connect(&server)).collect();
    for (number, stream) in slow.iter_mut().enumerate() {
        // Those of the first ones that were closed for the later ones are no longer written to.
        let _ = match number % 3 {
            0 => send(stream, "PO"),
            1 => send(stream, head),
            _ => send(stream, &format!("{head}Content-Length: 100\r\n\r\n{{")),
        };
    }
    for _ in 0..3 {
        server.still_serves();
    }
    assert!(gauge(&server, "rollgate_connections ") <= 8);
}

#[cfg(unix)]
#[test]
fn file_descriptors_are_never_used_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let (ca, policy) = (directory.path().join("ca.pem"), directory.path().join("policy.wasm"));
    std::fs::write(&policy, guests::behaviours()).expect("a file");
    let serve = command(directory.path());
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 80 && exec \"$@\"", "sh"]).arg(serve.get_program()).args(serve.get_args());
    limited.envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.arg("--policy").arg(&policy).arg("--ca-out").arg(&ca).stderr(Stdio::piped());
    let server = Server::spawn(limited, Some(&ca), directory);
    let idle: Vec<TcpStream> =
        (0..MANY).map(|_| TcpStream::connect(server.socket()).expect("a connection")).collect();
    answers_again(&server);
    server.still_serves();
    assert_eq!(gauge(&server, "rollgate_connections "), 16);
    drop(idle);
    server.still_serves();
}

#[test]
fn bodies_take_no_more_memory_than_they_may() {
    let server = Server::start(&["--body-limit", "64Ki", "--body-memory", "64Ki"]);
    let head = "POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let started = Instant::now();
    let greedy = loop {
        // It may come while the review before it still holds memory, and be the one that is refused.
        let mut greedy = connect(&server);
        assert!(send(&mut greedy, &format!("{head}Content-Length: 65536\r\n\r\n{{")));
        let answer = server.post(&review("accept").to_string());
        if answer.status != 200 {
            answer.refuses(503, "too many reviews at once: their bodies take all of --body-memory");
            break greedy;
        }
        assert!(started.elapsed() < PATIENCE, "the body never came");
    };
    drop(greedy);
    while server.post(&review("accept").to_string()).status != 200 {
        assert!(started.elapsed() < PATIENCE, "its memory is never given back");
    }
}

#[test]
fn a_body_that_stops_is_told_so_in_time() {
    let server = Server::start(&[]);
    let mut slow = connect(&server);
    let head = "POST /validate?timeout=1s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    assert!(send(&mut slow, head));
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("took too long to arrive"), "{answer}");
}

#[test]
fn a_review_ends_before_the_api_server_stops_waiting() {
    let server = Server::start(&["--timeout", "60m", "--max-concurrent", "1"]);
    let answer = server.post_within("500ms", &review("loop").to_string()).json();
    assert_eq!(
        answer["response"]["status"]["message"],
        "Policy execution interrupted because it exceeded the allowed execution time"
    );
    let looping = server.in_flight("loop");
    server.post_within("200ms", &review("accept").to_string()).refuses(
        503,
        "too many reviews at once: it was not this one's turn before the time it may take was over",
    );
    assert!(!looping.is_finished());
}

#[test]
fn a_guest_that_traps_every_other_time_answers_every_time() {
    let server = Server::start(&["--max-concurrent", "2"]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(server.review("trap")["status"]["code"], 500);
                    server.still_serves();
                }
            });
        }
    });
    assert_eq!(
        (gauge(&server, "rollgate_reviews_in_progress "), gauge(&server, "rollgate_instances_in_use ")),
        (0, 0)
    );
}

#[test]
fn large_objects_at_full_concurrency_are_answered_or_refused() {
    let server = Server::start(&["--max-concurrent", "2", "--body-memory", "16Mi", "--memory-limit", "16Mi"]);
    let mut large = review("accept");
    large["request"]["object"]["padding"] = "x".repeat(3 << 20).into();
    let large = large.to_string();
    let refused: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| match server.post(&large) {
                    answer if answer.status == 200 => {
                        // Larger than the guest of this test has room for: an answer all the same.
                        assert!(answer.json()["response"]["allowed"].is_boolean());
                        0
                    }
                    answer => {
                        answer
                            .refuses(503, "too many reviews at once: their bodies take all of --body-memory");
                        1
                    }
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("an answer")).sum()
    });
    assert!(refused < 16, "nobody was answered");
    server.still_serves();
}
