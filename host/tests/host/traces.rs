//! The traces that `rollgate serve` sends to an OpenTelemetry collector.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use crate::serve::{Server, review};

/// The trace of the request that the API server reviews, as it names it.
const TRACE: [u8; 16] = *b"\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A collector for one request, and what it will have received: its first line and its body.
fn collector() -> (String, JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let received = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut stream = BufReader::new(stream);
        let (mut request, mut length) = (String::new(), 0);
        stream.read_line(&mut request).expect("a request");
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).expect("a header");
            match header.trim().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().expect("a length"),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).expect("a body");
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an answer");
        (request, body)
    });
    (address, received)
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_review_is_part_of_the_trace_it_was_asked_in() {
    let (endpoint, received) = collector();
    let mut server = Server::start(&["--otlp-endpoint", &endpoint, "--trace-ratio", "0"]);
    // Belongs to no trace, and none is begun.
    server.review("accept");
    let answer = server.post_with("traceparent", TRACEPARENT, &review("reject").to_string());
    assert_eq!(answer.status, 200);
    server.stop();
    // A collector that nobody has called waits no longer.
    drop(TcpStream::connect(endpoint.trim_start_matches("http://")));
    let (request, body) = received.join().expect("spans");
    assert!(request.starts_with("POST /v1/traces "), "{request}");
    assert!(holds(&body, &TRACE));
    for part in ["review", "queue", "guest", "rollgate.denied_by", "first,second", "Secret"] {
        assert!(holds(&body, part.as_bytes()), "{part} is not in {}", String::from_utf8_lossy(&body));
    }
    assert!(!holds(&body, b"accept") && !holds(&body, b"aHVudGVyMg"));
}

#[test]
fn a_collector_that_is_away_keeps_nobody_from_being_answered() {
    let mut server = Server::start(&["--otlp-endpoint", "http://127.0.0.1:1"]);
    server.still_serves();
    server.stop();
}
