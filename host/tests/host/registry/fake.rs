//! A registry that can misbehave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use rollgate::registry::Digest;

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answers with a status and a header.
    Status(u16, &'static str),
    /// Answers with something else as the body.
    Body(Vec<u8>),
    /// Ends the answer before its body does.
    Truncated,
    /// Ends the connection without an answer.
    Silent,
}

/// How the registry asks who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    Open,
    Basic,
    Bearer,
}

/// The user that is let in, and the password.
pub const USER: &str = "someone";
pub const PASSWORD: &str = "hunter2";
const TOKEN: &str = "a-token-of-value";
/// [`USER`] and [`PASSWORD`] as they are sent.
pub const ENCODED: &str = "c29tZW9uZTpodW50ZXIy";

#[derive(Default)]
pub struct State {
    /// By tag and by digest.
    pub manifests: HashMap<String, Vec<u8>>,
    pub blobs: HashMap<String, Vec<u8>>,
    /// `METHOD path`, of every request.
    pub requests: Vec<String>,
    /// Those of them that said who asks.
    pub authorized: Vec<String>,
    /// Where uploads go; here, unless given.
    pub uploads: String,
    /// For requests that begin so: what goes wrong, and how often.
    pub faults: Vec<(String, usize, Fault)>,
}

pub struct Registry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct Request {
    method: String,
    path: String,
    authorization: String,
    body: Vec<u8>,
}

struct Response {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
    truncated: bool,
}

impl Registry {
    pub fn start(guard: Guard) -> Self {
        Self::serve(guard, None)
    }

    /// Over TLS, with a certificate of its own; given in PEM.
    pub fn start_with_tls() -> (Self, String) {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a certificate");
        (Self::serve(Guard::Open, Some(Arc::new(config))), cert.pem())
    }

    fn serve(guard: Guard, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), state, tls) = (stream, Arc::clone(&shared), tls.clone()) else { return };
                std::thread::spawn(move || match tls {
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).expect("TLS");
                        answer(StreamOwned::new(connection, stream), address, guard, &state);
                    }
                    None if is_plain(&stream) => answer(stream, address, guard, &state),
                    None => {}
                });
            }
        });
        Self { address, state }
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state")
    }

    /// From now on, requests that begin so go wrong, so many times.
    pub fn fails(&self, request: &str, times: usize, fault: Fault) {
        self.state().faults.push((request.to_owned(), times, fault));
    }

    /// How many requests began so.
    pub fn asked(&self, request: &str) -> usize {
        self.state().requests.iter().filter(|asked| asked.starts_with(request)).count()
    }

    /// Has a policy, behind a tag and its digest, in a layer of the given type.
    pub fn has(&self, tag: &str, wasm: &[u8], media_type: &str) -> Digest {
        let layer = Digest::of(wasm);
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "config": {"mediaType": "application/vnd.wasm.config.v1+json", "digest": Digest::of(b"{}").as_str(), "size": 2},
            "layers": [{"mediaType": media_type, "digest": layer.as_str(), "size": wasm.len()}]
        });
        self.state().blobs.insert(layer.to_string(), wasm.to_vec());
        self.has_manifest(tag, manifest.to_string().as_bytes())
    }

    pub fn has_manifest(&self, tag: &str, manifest: &[u8]) -> Digest {
        let digest = Digest::of(manifest);
        let mut state = self.state();
        state.manifests.insert(tag.to_owned(), manifest.to_vec());
        state.manifests.insert(digest.to_string(), manifest.to_vec());
        digest
    }
}

/// TLS begins with this byte, which no method of HTTP does.
fn is_plain(stream: &TcpStream) -> bool {
    let mut first = [0];
    stream.peek(&mut first).is_ok_and(|read| read == 1 && first[0] != 22)
}

fn answer(stream: impl Read + Write, address: SocketAddr, guard: Guard, state: &Mutex<State>) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream) else { return };
    let line = format!("{} {}", request.method, request.path);
    let mut state = state.lock().expect("the state");
    state.requests.push(line.clone());
    if !request.authorization.is_empty() {
        state.authorized.push(line.clone());
    }
    let fault = state.faults.iter_mut().find(|(begins, times, _)| line.starts_with(&**begins) && *times > 0);
    let fault = fault.map(|(_, times, fault)| {
        *times -= 1;
        fault.clone()
    });
    let response = match fault {
        Some(Fault::Silent) => return,
        Some(Fault::Status(status, header)) => {
            let headers = if header.is_empty() { vec![] } else { vec![header.to_owned()] };
            Response { status, headers, body: Vec::new(), truncated: false }
        }
        Some(Fault::Body(body)) => Response { body, ..respond(&request, address, guard, &mut state) },
        Some(Fault::Truncated) => {
            Response { truncated: true, ..respond(&request, address, guard, &mut state) }
        }
        None => respond(&request, address, guard, &mut state),
    };
    drop(state);
    let length = response.body.len() + usize::from(response.truncated);
    let mut text =
        format!("HTTP/1.1 {} Answer\r\ncontent-length: {length}\r\nconnection: close\r\n", response.status);
    for header in response.headers {
        text.push_str(&header);
        text.push_str("\r\n");
    }
    text += "\r\n";
    let mut bytes = text.into_bytes();
    if request.method != "HEAD" {
        bytes.extend(response.body);
    }
    let _ = stream.get_mut().write_all(&bytes).and_then(|()| stream.get_mut().flush());
}

fn read(stream: &mut impl BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let mut words = lines.first()?.split(' ').map(str::to_owned);
    let header = |name: &str| {
        let found = lines
            .iter()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(Request { method: words.next()?, path: words.next()?, authorization: header("authorization"), body })
}

fn respond(request: &Request, address: SocketAddr, guard: Guard, state: &mut State) -> Response {
    let empty = |status: u16| Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
    let full =
        |body: &[u8], header: String| Response { body: body.to_vec(), headers: vec![header], ..empty(200) };
    let basic = format!("Basic {ENCODED}");
    if request.path.starts_with("/token") {
        let token = serde_json::json!({"token": TOKEN}).to_string();
        return if request.authorization == basic {
            full(token.as_bytes(), "x: y".into())
        } else {
            empty(401)
        };
    }
    let (expected, challenge) = match guard {
        Guard::Open => (String::new(), String::new()),
        Guard::Basic => (basic, "Basic realm=\"here\"".to_owned()),
        Guard::Bearer => {
            (format!("Bearer {TOKEN}"), format!("Bearer realm=\"http://{address}/token\",service=\"here\""))
        }
    };
    if guard != Guard::Open && request.authorization != expected {
        return Response { headers: vec![format!("www-authenticate: {challenge}")], ..empty(401) };
    }
    if request.path == "/v2/" {
        return empty(200);
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let digest = |content: &[u8]| format!("docker-content-digest: {}", Digest::of(content));
    match request.method.as_str() {
        "POST" => Response {
            headers: vec![format!("location: {}/v2/upload/1?state=x", state.uploads)],
            ..empty(202)
        },
        "PUT" if path.contains("/manifests/") => {
            state.manifests.insert(Digest::of(&request.body).to_string(), request.body.clone());
            state.manifests.insert(name, request.body.clone());
            empty(201)
        }
        "PUT" => {
            let announced = query.rsplit("digest=").next().unwrap_or_default().replace("%3A", ":");
            if announced != Digest::of(&request.body).as_str() {
                return empty(400);
            }
            state.blobs.insert(announced, request.body.clone());
            empty(201)
        }
        _ if path.contains("/manifests/") => {
            state.manifests.get(&name).map_or_else(|| empty(404), |manifest| full(manifest, digest(manifest)))
        }
        _ => state.blobs.get(&name).map_or_else(|| empty(404), |blob| full(blob, "x: y".into())),
    }
}
