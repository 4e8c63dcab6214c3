//! `rollgate serve` over real HTTPS: good and bad requests, limits, start-up errors, the end.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::tls::{Certificate, ClientCert, RootCerts, TlsConfig};

use crate::guests;

/// Long enough for a busy machine; never waited for when things go right.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running server and a client that trusts it.
pub(crate) struct Server {
    child: Child,
    address: String,
    agent: ureq::Agent,
    authority: Vec<u8>,
    log: Mutex<Receiver<String>>,
    reader: Option<JoinHandle<()>>,
    _directory: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when the test has already waited for the end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.json(), json!({"message": message, "status": status}));
    }
}

pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
    command.arg("--log-json").arg("serve").env("XDG_CACHE_HOME", directory).env_remove("RUST_LOG");
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(&guests::behaviours(), args)
    }

    pub(crate) fn start_with(wasm: &[u8], args: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let ca = directory.path().join("ca.pem");
        let policy = directory.path().join("policy.wasm");
        std::fs::write(&policy, wasm).expect("a file");
        let mut command = command(directory.path());
        let issues = !args.iter().any(|arg| ["--cert", "--tls-secret"].contains(arg));
        if issues {
            command.arg("--ca-out").arg(&ca);
        }
        command.arg("--policy").arg(&policy).args(args).stderr(Stdio::piped());
        Self::spawn(command, issues.then_some(&*ca), directory)
    }

    /// Starts `command`. Without an authority nobody looks at the certificate, as a kubelet does not.
    pub(crate) fn spawn(mut command: Command, ca: Option<&Path>, directory: TempDir) -> Self {
        let mut child = command.spawn().expect("the server");
        let stderr = BufReader::new(child.stderr.take().expect("standard error"));
        let (lines, log) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            // The receiver is gone when the test has seen enough; the pipe must be drained all the same.
            stderr.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line)));
        });
        let mut seen = String::new();
        let address = loop {
            let Ok(line) = log.recv_timeout(PATIENCE) else { panic!("the server does not start: {seen}") };
            if let Some(address) = line.strip_prefix("rollgate listens on ") {
                break address.to_owned();
            }
            seen += &line;
        };
        let authority = ca.map(|ca| std::fs::read(ca).expect("the authority")).unwrap_or_default();
        let agent = agent(&authority, None);
        Self {
            child,
            address,
            agent,
            authority,
            log: Mutex::new(log),
            reader: Some(reader),
            _directory: directory,
        }
    }

    /// Whether it answers at all.
    pub(crate) fn try_to_get(&self, path: &str) -> Result<(), ureq::Error> {
        self.agent.get(format!("{}{path}", self.address)).call().map(drop)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        answer(self.agent.get(format!("{}{path}", self.address)).call())
    }

    pub(crate) fn post(&self, body: &str) -> Answer {
        self.post_as("application/json", body)
    }

    fn post_as(&self, content_type: &str, body: &str) -> Answer {
        post(&self.agent, &format!("{}/validate", self.address), content_type, body)
    }

    /// Posts a review as an API server does that waits no longer than `timeout`.
    pub(crate) fn post_within(&self, timeout: &str, body: &str) -> Answer {
        post(&self.agent, &format!("{}/validate?timeout={timeout}", self.address), "application/json", body)
    }

    /// Posts a review with another header.
    pub(crate) fn post_with(&self, header: &str, value: &str, body: &str) -> Answer {
        let request = self.agent.post(format!("{}/validate", self.address)).header(header, value);
        answer(request.header("Content-Type", "application/json").send(body))
    }

    /// Tells it to stop and waits for its end.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        assert!(self.child.wait().expect("an end").success());
    }

    /// Host and port.
    pub(crate) fn socket(&self) -> &str {
        self.address.trim_start_matches("https://")
    }

    /// The authority of its certificate in PEM.
    pub(crate) fn authority(&self) -> &[u8] {
        &self.authority
    }

    /// The response in the answer to a review whose uid is `uid`.
    #[track_caller]
    pub(crate) fn review(&self, uid: &str) -> Value {
        let answer = self.post(&review(uid).to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        let mut answer = answer.json();
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(answer["kind"], "AdmissionReview");
        answer["response"].take()
    }

    /// The status of the answer to a review by a client with a certificate, if it gets one.
    pub(crate) fn asked_by(&self, client: &ClientCert) -> Result<u16, ureq::Error> {
        let agent = agent(&self.authority, Some(client.clone()));
        let request = agent.post(format!("{}/validate", self.address));
        let request = request.header("Content-Type", "application/json");
        Ok(request.send(review("accept").to_string())?.status().as_u16())
    }

    /// Waits for a line of the log.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        let log = self.log.lock().expect("the log");
        while !log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it never said {text}")).contains(text) {}
    }

    #[track_caller]
    pub(crate) fn still_serves(&self) {
        assert_eq!(self.review("accept")["allowed"], true);
    }

    pub(crate) fn in_flight(&self, uid: &str) -> JoinHandle<Answer> {
        self.in_flight_with(review(uid).to_string())
    }

    /// Sends a review from another thread and returns once the server has it.
    #[track_caller]
    pub(crate) fn in_flight_with(&self, body: String) -> JoinHandle<Answer> {
        let (agent, address) = (self.agent.clone(), format!("{}/validate", self.address));
        let request = std::thread::spawn(move || post(&agent, &address, "application/json", &body));
        let started = Instant::now();
        while !self.get("/metrics").body.contains("\nrollgate_reviews_in_progress 1\n") {
            assert!(!request.is_finished(), "the review is over before it was seen");
            assert!(started.elapsed() < PATIENCE, "the review never arrived");
        }
        request
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill").success());
    }
}

/// A client that trusts `authority`; without one, anybody.
fn agent(authority: &[u8], client: Option<ClientCert>) -> ureq::Agent {
    let tls = if authority.is_empty() {
        TlsConfig::builder().disable_verification(true)
    } else {
        let trusted = Certificate::from_pem(authority).expect("a certificate");
        TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[trusted]))
    };
    ureq::Agent::config_builder()
        .tls_config(tls.client_cert(client).build())
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .new_agent()
}

fn post(agent: &ureq::Agent, address: &str, content_type: &str, body: &str) -> Answer {
    answer(agent.post(address).header("Content-Type", content_type).send(body))
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.expect("an answer");
    Answer { status: response.status().as_u16(), body: response.body_mut().read_to_string().expect("a body") }
}

pub(crate) fn review(uid: &str) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": "", "version": "v1", "kind": "Secret"},
            "resource": {"group": "", "version": "v1", "resource": "secrets"},
            "operation": "CREATE",
            "namespace": "ns",
            "name": "credentials",
            "userInfo": {"username": "someone"},
            "object": {"a": 1, "data": {"password": "aHVudGVyMg=="}},
            "oldObject": null
        }
    })
}

#[test]
fn a_verdict_becomes_an_admission_review() {
    let server = Server::start(&[]);
    assert_eq!(
        server.review("accept"),
        json!({"uid": "accept", "allowed": true, "auditAnnotations": null, "warnings": null})
    );
    assert_eq!(
        server.review("reject"),
        json!({"uid": "reject", "allowed": false, "status": {"message": "not today", "code": 403},
            "auditAnnotations": {"denied-by": "first,second", "warned-by": "third"}, "warnings": ["mind the gap"]})
    );
}

#[test]
fn a_failing_guest_is_a_rejection_and_the_next_request_is_served() {
    let server = Server::start(&["--timeout", "200ms", "--memory-limit", "4Mi"]);
    let internal = |reason: &str| format!("internal server error: Guest call failure: {reason}");
    let cases = [
        ("loop", "Policy execution interrupted because it exceeded the allowed execution time".to_owned()),
        ("sleep", "Policy execution interrupted because it exceeded the allowed execution time".to_owned()),
        ("trap", internal("wasm trap: wasm `unreachable` instruction executed")),
        ("deep", internal("wasm trap: call stack exhausted")),
        (
            "memory",
            internal(
                "refused to grow beyond the memory limit of 4194304 bytes, then: \
                 wasm trap: wasm `unreachable` instruction executed",
            ),
        ),
        ("o", internal("the guest pointed outside its memory: 64 bytes at 4294967280, of 262144")),
        (
            "known",
            internal(
                "Policy has not been granted access to Kubernetes v1/Namespace resources. \
             The violation has been reported.",
            ),
        ),
        (
            "garbage",
            "internal server error: cannot read the policy's answer to validate: \
             expected value at line 1 column 1"
                .to_owned(),
        ),
    ];
    for (uid, message) in cases {
        assert_eq!(
            server.review(uid),
            json!({"uid": uid, "allowed": false, "status": {"message": message, "code": 500},
                "auditAnnotations": null, "warnings": null})
        );
        server.still_serves();
    }
}

#[test]
fn bad_bodies_are_refused_with_what_and_where() {
    let server = Server::start(&["--body-limit", "4Ki"]);
    let cannot_parse = "cannot parse the body as an AdmissionReview: ";
    let eof = |at: &str| format!("{cannot_parse}EOF while parsing {at}");
    server.post("").refuses(400, &eof("a value at line 1 column 0"));
    server.post("{\"apiVersion\":\n\"admission").refuses(400, &eof("a string at line 2 column 10"));
    server.post("apiVersion: v1").refuses(400, &format!("{cannot_parse}expected value at line 1 column 1"));
    server.post("{}").refuses(400, "apiVersion is missing, expected \"admission.k8s.io/v1\"");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut review = review("a");
        change(&mut review);
        server.post(&review.to_string())
    };
    with(&|review| review["apiVersion"] = "admission.k8s.io/v1beta1".into())
        .refuses(400, "apiVersion is \"admission.k8s.io/v1beta1\", expected \"admission.k8s.io/v1\"");
    with(&|review| review["kind"] = "Pod".into())
        .refuses(400, "kind is \"Pod\", expected \"AdmissionReview\"");
    with(&|review| review["request"] = Value::Null).refuses(400, "the AdmissionReview has no request");
    with(&|review| review["request"]["uid"] = "".into())
        .refuses(400, "cannot read the request: request.uid is empty");
    let body = "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\n\"request\":{\n}}";
    server.post(body).refuses(400, "cannot read the request: missing field `uid` at line 3 column 1");
    server
        .post(&format!("{}{}", review("a"), " ".repeat(5000)))
        .refuses(413, "the body is larger than --body-limit allows");
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    assert_eq!(server.post(&deep).status, 400);
    for wrong in ["text/plain", "application/yaml", "application/x-www-form-urlencoded"] {
        server
            .post_as(wrong, &review("a").to_string())
            .refuses(415, "reviews are sent with Content-Type: application/json");
    }
    assert_eq!(server.post_as("application/json; charset=utf-8", &review("a").to_string()).status, 200);
    server.still_serves();
}

#[test]
fn other_paths_and_methods_are_refused() {
    let server = Server::start(&[]);
    server.get("/").refuses(404, "unknown path: reviews go to /validate");
    server.get("/validate").refuses(405, "unknown method: reviews are sent with POST");
    assert_eq!(server.get("/healthz").body, "ok\n");
    assert_eq!(server.get("/readyz").body, "ok\n");
}

#[test]
fn reviews_and_refusals_are_counted() {
    let server = Server::start(&[]);
    server.review("accept");
    server.review("trap");
    server.review("reject");
    server.post("{");
    let metrics = server.get("/metrics").body;
    for line in [
        r#"rollgate_reviews_total{kind="Secret",operation="create",outcome="accepted"} 1"#,
        r#"rollgate_reviews_total{kind="Secret",operation="create",outcome="guest_error"} 1"#,
        r#"rollgate_findings_total{rule="second",level="deny"} 1"#,
        r#"rollgate_findings_total{rule="third",level="warn"} 1"#,
        r#"rollgate_requests_refused_total{status="400"} 1"#,
        "rollgate_review_duration_seconds_count 3",
        "rollgate_queue_duration_seconds_count 3",
        "rollgate_guest_duration_seconds_count 3",
        "rollgate_reviews_in_progress 0",
        "rollgate_instances_in_use 0",
        "rollgate_connections 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
}

#[test]
fn each_decision_is_one_line_of_log_without_the_object() {
    let mut server = Server::start(&[]);
    server.review("reject");
    server.stop();
    server.reader.take().expect("a reader").join().expect("the whole log");
    let log: Vec<String> = server.log.get_mut().expect("the log").try_iter().collect();
    assert!(!log.iter().any(|line| line.contains("aHVudGVyMg")), "{log:?}");
    let decisions: Vec<Value> = log
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["message"] == "reviewed")
        .collect();
    let [decision] = &*decisions else { panic!("{log:?}") };
    for (field, value) in [
        ("uid", json!("reject")),
        ("kind", json!("Secret")),
        ("namespace", json!("ns")),
        ("name", json!("credentials")),
        ("operation", json!("CREATE")),
        ("user", json!("someone")),
        ("allowed", json!(false)),
        ("denied_by", json!("first,second")),
        ("warned_by", json!("third")),
    ] {
        assert_eq!(decision[field], value, "{field}");
    }
    for time in ["duration_us", "queue_us", "guest_us"] {
        assert!(decision[time].is_u64(), "{time}");
    }
}

#[test]
fn a_full_queue_is_said_at_once() {
    let server = Server::start(&["--max-concurrent", "1", "--max-queued", "0", "--timeout", "5s"]);
    let looping = server.in_flight("loop");
    server
        .post(&review("accept").to_string())
        .refuses(503, "too many reviews at once: --max-concurrent are running and --max-queued are waiting");
    let answer = looping.join().expect("an answer").json();
    assert_eq!(answer["response"]["allowed"], false);
    server.still_serves();
}

#[test]
fn a_queued_review_has_its_turn() {
    let server = Server::start(&["--max-concurrent", "1", "--max-queued", "1", "--timeout", "300ms"]);
    let looping = server.in_flight("loop");
    server.still_serves();
    looping.join().expect("an answer");
}

#[test]
fn told_to_stop_the_server_answers_what_it_has_and_ends() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(&["--timeout", "1s"]);
        let looping = server.in_flight("loop");
        server.signal(signal);
        let answer = looping.join().expect("an answer");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["response"]["allowed"], false);
        assert!(server.child.wait().expect("an end").success());
        assert!(server.agent.get(format!("{}/healthz", server.address)).call().is_err());
    }
}

#[test]
fn while_draining_the_server_is_not_ready_but_serves() {
    let server = Server::start(&["--drain-delay", "1m"]);
    server.signal("TERM");
    let started = Instant::now();
    while server.get("/readyz").status == 200 {
        assert!(started.elapsed() < PATIENCE, "the signal never arrived");
    }
    assert_eq!(server.get("/readyz").body, "stopping\n");
    server.still_serves();
}

#[test]
fn while_draining_the_server_ends_connections_with_their_answers() {
    let server = Server::start(&["--drain-delay", "1m"]);
    let closes = || {
        let answer = server.agent.get(format!("{}/healthz", server.address)).call().expect("an answer");
        answer.headers().get("connection").is_some_and(|value| value == "close")
    };
    assert!(!closes());
    server.signal("TERM");
    let started = Instant::now();
    while !closes() {
        assert!(started.elapsed() < PATIENCE, "connections are kept");
    }
}

#[test]
fn manifests_stand_for_the_cluster_and_mutations_are_refused() {
    let wasm = guests::behaviours_with_metadata();
    let objects = tempfile::tempdir().expect("a directory");
    std::fs::write(
        objects.path().join("namespaces.yaml"),
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: prod}}\n",
    )
    .expect("a file");
    let path = objects.path().to_str().expect("UTF-8");
    let server = Server::start_with(&wasm, &["--allow-context-aware", "--cluster-objects", path]);
    // The guest passes what it read on as a mutation, which a validating webhook may not make.
    assert_eq!(
        server.review("known"),
        json!({"uid": "known", "allowed": false, "auditAnnotations": null, "warnings": null, "status": {
            "code": 500,
            "message": "Request rejected by policy. The policy attempted to mutate the request, \
                        but it is currently configured to not allow mutations."}})
    );
}

#[test]
fn without_its_api_server_the_server_starts_and_says_what_it_lacks() {
    let directory = tempfile::tempdir().expect("a directory");
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(&kubeconfig, guests::NOWHERE).expect("a file");
    let wasm = guests::behaviours_with_metadata();
    let args = ["--allow-context-aware", "--kubeconfig", kubeconfig.to_str().expect("UTF-8")];
    let server = Server::start_with(&wasm, &args);
    server.still_serves();
    let started = Instant::now();
    let ready = loop {
        let ready = server.get("/readyz");
        if ready.body.contains("refused") {
            break ready;
        }
        assert!(started.elapsed() < PATIENCE, "no reason is given: {}", ready.body);
    };
    assert_eq!(ready.status, 503);
    let mut lines = ready.body.lines();
    assert_eq!(lines.next(), Some("not everything was read from the cluster yet"));
    assert!(lines.next().expect("a kind").starts_with("v1/Namespace: not read yet: "), "{}", ready.body);
    let message = server.review("known")["status"]["message"].as_str().expect("a message").to_owned();
    let expected = "internal server error: Guest call failure: Callback evaluation failure: \
                    v1/Namespace could not be read from the cluster yet: ";
    assert!(message.starts_with(expected) && message.contains("refused"), "{message}");
    let metrics = server.get("/metrics").body;
    for line in [
        r#"rollgate_cluster_synced{kind="v1/Namespace"} 0"#,
        r#"rollgate_cluster_objects{kind="v1/Namespace"} 0"#,
        r#"rollgate_cluster_memory_bytes{kind="v1/Namespace"} 0"#,
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
    let errors = metrics.lines().find(|line| line.starts_with("rollgate_cluster_errors_total{"));
    assert!(errors.is_some_and(|line| !line.ends_with(" 0")), "{metrics}");
}

#[test]
fn a_kubeconfig_that_cannot_be_used_is_an_error_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let wasm = guests::behaviours_with_metadata();
    let kubeconfig = directory.path().join("kubeconfig");
    let path = kubeconfig.to_str().expect("UTF-8");
    let args = ["--allow-context-aware", "--kubeconfig", path];
    let missing = start_error(directory.path(), Some(&wasm), &args);
    assert!(missing.starts_with(&format!("cannot use {path}: ")), "{missing}");
    std::fs::write(&kubeconfig, guests::NOWHERE).expect("a file");
    let other = start_error(directory.path(), Some(&wasm), &[&args[..], &["--context", "other"]].concat());
    assert!(other.starts_with(&format!("cannot use {path}: ")) && other.contains("other"), "{other}");
}

#[test]
fn a_certificate_from_files_is_served() {
    let directory = tempfile::tempdir().expect("a directory");
    let (cert, key) = self_signed(directory.path(), "tls");
    let args = ["--cert", cert.to_str().expect("UTF-8"), "--key", key.to_str().expect("UTF-8")];
    let policy = directory.path().join("policy.wasm");
    std::fs::write(&policy, guests::behaviours()).expect("a file");
    let mut command = command(directory.path());
    command.arg("--policy").arg(policy).args(args).stderr(Stdio::piped());
    Server::spawn(command, Some(&cert), directory).still_serves();
}

fn self_signed(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let issued = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let (cert, key) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
    std::fs::write(&cert, issued.cert.pem()).expect("a file");
    std::fs::write(&key, issued.signing_key.serialize_pem()).expect("a file");
    (cert, key)
}

/// What a server that cannot start says last.
fn start_error(directory: &Path, wasm: Option<&[u8]>, args: &[&str]) -> String {
    let policy = directory.join("policy.wasm");
    if let Some(wasm) = wasm {
        std::fs::write(&policy, wasm).expect("a file");
    }
    let output = command(directory).arg("--policy").arg(policy).args(args).output().expect("the command");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    let line = stderr.lines().last().unwrap_or_default();
    line.strip_prefix("Error: ").unwrap_or_else(|| panic!("{stderr}")).to_owned()
}

#[test]
fn what_is_no_policy_is_refused_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let path = directory.join("policy.wasm").display().to_string();
    assert_eq!(
        start_error(directory, None, &[]),
        format!(
            "cannot read policy {path}: No such file or directory (os error 2). \
             Give the path of the policy's .wasm file"
        )
    );
    assert_eq!(
        start_error(directory, Some(b"kind: Pod"), &[]),
        format!(
            "cannot use {path} as a policy: not a WebAssembly module: it does not start with the bytes \\0asm"
        )
    );
    let memory = "(memory (export \"memory\") 1)";
    assert_eq!(
        start_error(directory, Some(&guests::module(memory, "")), &[]),
        format!(
            "cannot use {path} as a policy: not a waPC policy: \
             it has no exported function __guest_call(i32, i32) -> i32"
        )
    );
    let mute = format!("{memory}(func (export \"__guest_call\") (param i32 i32) (result i32) (i32.const 0))");
    assert_eq!(
        start_error(directory, Some(&guests::module(&mute, "")), &[]),
        format!(
            "{path} is not a Kubewarden policy: \
             Guest call failure: the policy failed and did not say why"
        )
    );
}

#[test]
fn settings_the_policy_refuses_are_named_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let settings = directory.join("settings.yaml");
    let settings = settings.to_str().expect("UTF-8");
    let wasm = guests::behaviours();
    std::fs::write(settings, "nope: 1\n").expect("a file");
    assert_eq!(
        start_error(directory, Some(&wasm), &["--settings", settings]),
        format!(r#"{settings}: Provided settings are not valid: "no such \"setting\"""#)
    );
    std::fs::write(settings, "- a\n").expect("a file");
    assert_eq!(
        start_error(directory, Some(&wasm), &["--settings", settings]),
        format!("{settings}: settings must be an object with one member per setting, not a list")
    );
}

#[test]
fn a_busy_port_is_named_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let policy = directory.path().join("policy.wasm");
    std::fs::write(&policy, guests::behaviours()).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_rollgate"))
        .env("XDG_CACHE_HOME", directory.path())
        .args(["serve", "--listen", &address, "--policy"])
        .arg(policy)
        .output()
        .expect("the command");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).expect("UTF-8"),
        format!(
            "Error: cannot listen on {address}: Address already in use (os error 98). \
             Choose another address or port with --listen\n"
        )
    );
}

#[test]
fn a_key_that_cannot_be_used_is_named_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let wasm = guests::behaviours();
    let (cert, key) = self_signed(directory, "one");
    let (_, other) = self_signed(directory, "other");
    let with = |cert: &Path, key: &Path| {
        let args = ["--cert", cert.to_str().expect("UTF-8"), "--key", key.to_str().expect("UTF-8")];
        start_error(directory, Some(&wasm), &args)
    };
    let missing = directory.join("missing.key");
    assert_eq!(
        with(&cert, &missing),
        format!("cannot read the key {}: No such file or directory (os error 2)", missing.display())
    );
    let text = with(&cert, &cert);
    assert!(text.starts_with(&format!("cannot read {} as a private key in PEM: ", cert.display())), "{text}");
    assert_eq!(
        with(&key, &key),
        format!("{} holds no certificate: give a PEM file with -----BEGIN CERTIFICATE-----", key.display())
    );
    let text = with(&cert, &other);
    let pair = format!("cannot use certificate {} with key {}", cert.display(), other.display());
    assert!(text.starts_with(&format!("{pair}: ")) && text.ends_with(". Give a matching pair"), "{text}");
}
