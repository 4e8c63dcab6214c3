//! `rollgate run` as a command: standard output and exit codes are those of `kwctl run`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::guests;

/// A directory with a policy in it.
struct Bench {
    directory: TempDir,
}

struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Bench {
    fn new(wasm: &[u8]) -> Self {
        let bench = Self { directory: tempfile::tempdir().expect("a directory") };
        bench.write("policy.wasm", wasm);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
        command.env("XDG_CACHE_HOME", self.directory.path()).env_remove("RUST_LOG");
        command
    }

    /// Runs the policy on a request whose uid is `uid`.
    fn run(&self, uid: &str, args: &[&str]) -> Outcome {
        let request = self.write("request.json", request(uid).to_string());
        self.run_on(&request, args)
    }

    fn run_on(&self, request: &Path, args: &[&str]) -> Outcome {
        let output = self
            .command()
            .arg("run")
            .arg("--request-path")
            .arg(request)
            .args(args)
            .arg(self.path("policy.wasm"))
            .output()
            .expect("the command");
        outcome(output)
    }
}

fn outcome(output: std::process::Output) -> Outcome {
    Outcome {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

fn request(uid: &str) -> Value {
    json!({
        "uid": uid,
        "kind": {"group": "", "version": "v1", "kind": "Namespace"},
        "resource": {"group": "", "version": "v1", "resource": "namespaces"},
        "operation": "CREATE",
        "userInfo": {"username": "someone"},
        "object": {"a": 1}
    })
}

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n";

impl Outcome {
    #[track_caller]
    fn answers(&self, stdout: &str) {
        assert_eq!((self.code, &*self.stdout), (0, &*format!("{stdout}\n")), "{}", self.stderr);
    }

    #[track_caller]
    fn fails(&self, error: &str) {
        assert_eq!((self.code, &*self.stdout), (1, ""), "{}", self.stderr);
        let last = self.stderr.lines().last().unwrap_or_default();
        assert_eq!(last, format!("Error: {error}"));
    }
}

#[test]
fn an_accepted_request_gives_one_line_of_compact_json() {
    let bench = Bench::new(&guests::behaviours());
    bench
        .run("accept", &[])
        .answers(r#"{"uid":"accept","allowed":true,"auditAnnotations":null,"warnings":null}"#);
}

#[test]
fn a_rejected_request_is_an_answer_too() {
    let bench = Bench::new(&guests::behaviours());
    bench.run("reject", &["--settings-json", r#"{"a":1}"#]).answers(
        r#"{"uid":"reject","allowed":false,"status":{"message":"not today","code":403},"auditAnnotations":{"denied-by":"first,second","warned-by":"third"},"warnings":["mind the gap"]}"#,
    );
}

#[test]
fn an_admission_review_on_standard_input_is_read() {
    let bench = Bench::new(&guests::behaviours());
    let mut child = bench
        .command()
        .args(["run", "-r", "-", "-e", "kubewarden"])
        .arg(format!("file://{}", bench.path("policy.wasm").display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request("a")});
    child.stdin.take().expect("standard input").write_all(review.to_string().as_bytes()).expect("a pipe");
    outcome(child.wait_with_output().expect("an end"))
        .answers(r#"{"uid":"a","allowed":true,"auditAnnotations":null,"warnings":null}"#);
}

#[test]
fn what_the_guest_prints_or_logs_goes_to_standard_error() {
    let bench = Bench::new(&guests::behaviours());
    for uid in ["print", "y"] {
        let printed = bench.run(uid, &[]);
        printed
            .answers(&format!(r#"{{"uid":"{uid}","allowed":true,"auditAnnotations":null,"warnings":null}}"#));
        assert!(printed.stderr.contains("hello from the guest"), "{}", printed.stderr);
    }
}

#[test]
fn a_failing_guest_is_a_rejection_with_code_500() {
    let bench = Bench::new(&guests::behaviours());
    bench.run("trap", &[]).answers(
        r#"{"uid":"trap","allowed":false,"status":{"message":"internal server error: Guest call failure: wasm trap: wasm `unreachable` instruction executed","code":500},"auditAnnotations":null,"warnings":null}"#,
    );
    bench.run("loop", &["--timeout", "200ms"]).answers(
        r#"{"uid":"loop","allowed":false,"status":{"message":"Policy execution interrupted because it exceeded the allowed execution time","code":500},"auditAnnotations":null,"warnings":null}"#,
    );
}

#[test]
fn settings_the_policy_refuses_are_an_error() {
    let bench = Bench::new(&guests::behaviours());
    let error = r#"Provided settings are not valid: "no such \"setting\"""#;
    bench.run("accept", &["--settings-json", r#"{"nope":1}"#]).fails(error);
    let file = bench.write("settings.yml", "nope: 1\n");
    bench.run("accept", &["--settings-path", file.to_str().expect("UTF-8")]).fails(error);
}

#[test]
fn settings_that_are_no_object_are_an_error() {
    let bench = Bench::new(&guests::behaviours());
    bench
        .run("accept", &["--settings-json", "[1]"])
        .fails("--settings-json: settings must be an object with one member per setting, not a list");
    let empty = bench.write("settings.yml", "");
    assert_eq!(bench.run("accept", &["-s", empty.to_str().expect("UTF-8")]).code, 0);
}

#[test]
fn requests_that_cannot_be_read_are_an_error() {
    let bench = Bench::new(&guests::behaviours());
    let broken = |content: &str| bench.run_on(&bench.write("broken.json", content), &[]);
    broken("{}").fails(
        "cannot build AdmissionRequest object from given input: missing field `uid` at line 1 column 2",
    );
    broken("{\n\"uid\":").fails("cannot parse the request: EOF while parsing a value at line 2 column 6");
    let missing = bench.path("missing.json");
    bench
        .run_on(&missing, &[])
        .fails(&format!("cannot read request {}: No such file or directory (os error 2)", missing.display()));
}

#[test]
fn raw_requests_are_any_json() {
    let raw = guests::annotated(&[r#"{"policyType":"raw"}"#]);
    for (wasm, args) in [(raw, &[][..]), (guests::behaviours(), &["--raw"])] {
        let bench = Bench::new(&wasm);
        let request = bench.write("raw.json", r#"{"uid":"any","anything":[null]}"#);
        bench
            .run_on(&request, args)
            .answers(r#"{"uid":"any","allowed":true,"auditAnnotations":null,"warnings":null}"#);
    }
}

#[test]
fn wrong_usage_has_exit_code_2() {
    let bench = Bench::new(&guests::behaviours());
    let usage = |args: &[&str]| outcome(bench.command().args(args).output().expect("the command"));
    assert_eq!(usage(&["run"]).code, 2);
    assert_eq!(usage(&["run", "-r", "x", "--no-such-flag", "p.wasm"]).code, 2);
    assert_eq!(usage(&["nonsense"]).code, 2);
    assert_eq!(usage(&["run", "-r", "x", "--timeout", "5", "p.wasm"]).code, 2);
}

#[test]
fn other_runtimes_and_addresses_are_refused_clearly() {
    let bench = Bench::new(&guests::behaviours());
    bench
        .run("a", &["-e", "opa"])
        .fails("the execution mode `opa` is not offered; only `kubewarden` (waPC) policies can be run");
    let gatekeeper = Bench::new(&guests::annotated(&[r#"{"executionMode":"gatekeeper"}"#]));
    gatekeeper
        .run("a", &[])
        .fails("the policy was made for the execution mode `gatekeeper`; only `kubewarden-wapc` is offered");
    let request = bench.write("request.json", request("a").to_string());
    let remote = bench.command().args(["run", "-r"]).arg(request).arg("ftp://host/policy.wasm").output();
    outcome(remote.expect("the command")).fails(
        "cannot fetch from ftp://: write registry://host/path:tag, https://host/path, file:///path, or the path of a .wasm file",
    );
}

#[test]
fn what_is_no_policy_is_refused_with_its_path() {
    let bench = Bench::new(b"kind: Pod");
    let path = bench.path("policy.wasm").display().to_string();
    bench.run("a", &[]).fails(&format!(
        "cannot use {path} as a policy: not a WebAssembly module: it does not start with the bytes \\0asm"
    ));
}

#[test]
fn manifests_stand_for_the_cluster_if_the_policy_may_read_it() {
    let bench = Bench::new(&guests::behaviours_with_metadata());
    let objects = bench.write("objects.yaml", NAMESPACE);
    let objects = objects.to_str().expect("UTF-8");
    let read = bench.run("known", &["--allow-context-aware", "--cluster-objects", objects]);
    let answer: Value = serde_json::from_str(&read.stdout).expect("JSON");
    assert_eq!(answer["patchType"], "JSONPatch", "{answer}");

    let withheld = bench.run("known", &["--cluster-objects", objects]);
    let answer: Value = serde_json::from_str(&withheld.stdout).expect("JSON");
    assert_eq!(
        answer["status"]["message"],
        "internal server error: Guest call failure: Policy has not been granted access to Kubernetes \
         v1/Namespace resources. The violation has been reported."
    );

    let gated = bench.run(
        "known",
        &["--allow-context-aware", "--allowed-host-capabilities", "net/*", "--cluster-objects", objects],
    );
    let answer: Value = serde_json::from_str(&gated.stdout).expect("JSON");
    assert_eq!(
        answer["status"]["message"],
        "internal server error: Guest call failure: Policy has not been granted access to the \
         'kubernetes/get_resource' host capability. The violation has been reported."
    );
}

#[test]
fn a_cluster_that_does_not_answer_is_an_error() {
    let bench = Bench::new(&guests::behaviours_with_metadata());
    let kubeconfig = bench.write("kubeconfig", guests::NOWHERE);
    let kubeconfig = kubeconfig.to_str().expect("UTF-8");
    let outcome = bench.run("known", &["--allow-context-aware", "--kubeconfig", kubeconfig]);
    assert_eq!((outcome.code, &*outcome.stdout), (1, ""));
    let error = outcome.stderr.lines().last().expect("an error");
    assert!(
        error.starts_with("Error: cannot read from the cluster: ") && error.contains("refused"),
        "{error}"
    );
}

#[test]
fn a_recorded_session_stands_for_the_cluster() {
    let bench = Bench::new(&guests::behaviours_with_metadata());
    let session = bench.write(
        "session.yml",
        "- type: Exchange\n  request: |\n    !KubernetesGetResource\n    api_version: v1\n    kind: Namespace\n    \
         name: prod\n    namespace: null\n    disable_cache: false\n  response: {type: Success, payload: '{\"a\": 1}'}\n",
    );
    let args = [
        "--allow-context-aware",
        "--replay-host-capabilities-interactions",
        session.to_str().expect("UTF-8"),
    ];
    // The recorded answer is the object of the request, so there is nothing to patch.
    bench
        .run("known", &args)
        .answers(r#"{"uid":"known","allowed":true,"auditAnnotations":null,"warnings":null}"#);
    let unasked = bench.run("accept", &args);
    assert!(
        unasked.stderr.contains("the session holds exchanges the policy did not ask for"),
        "{}",
        unasked.stderr
    );
}

#[test]
fn a_compiled_policy_is_kept_for_the_next_run() {
    let bench = Bench::new(&guests::behaviours());
    assert_eq!(bench.run("accept", &["--disable-wasmtime-cache"]).code, 0);
    assert!(!bench.path("rollgate").exists());
    assert_eq!(bench.run("accept", &[]).code, 0);
    assert!(bench.path("rollgate/cache").is_dir());
    // A cache that cannot be written costs time, nothing else.
    let file = bench.write("file", "");
    let request = bench.path("request.json");
    let mut command = bench.command();
    command.env("XDG_CACHE_HOME", file).args(["run", "-r"]).arg(request).arg(bench.path("policy.wasm"));
    assert_eq!(outcome(command.output().expect("the command")).code, 0);
}

#[test]
fn what_was_recorded_stands_for_the_cluster() {
    let bench = Bench::new(&guests::behaviours_with_metadata());
    let objects = bench.write("objects.yaml", NAMESPACE);
    let session = bench.path("session.yml");
    let (objects, session) = (objects.to_str().expect("UTF-8"), session.to_str().expect("UTF-8"));
    let record = "--record-host-capabilities-interactions";
    let replay = "--replay-host-capabilities-interactions";
    let recorded =
        bench.run("known", &["--allow-context-aware", "--cluster-objects", objects, record, session]);
    let replayed = bench.run("known", &["--allow-context-aware", replay, session]);
    assert!(recorded.stdout.contains("JSONPatch"), "{}{}", recorded.stdout, recorded.stderr);
    assert_eq!(replayed.stdout, recorded.stdout);
    assert!(!replayed.stderr.contains("the session holds exchanges"), "{}", replayed.stderr);

    let nowhere = format!("{session}/of/a/file");
    let unwritten = bench.run("known", &[record, &nowhere]);
    assert_eq!((unwritten.code, &*unwritten.stdout), (1, ""));
    assert!(unwritten.stderr.contains("Error: cannot write session"), "{}", unwritten.stderr);
    assert_eq!(bench.run("known", &[record, session, replay, session]).code, 2);
}
