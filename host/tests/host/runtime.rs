//! Hostile and broken guests: each has its answer, and the next request is served.

use std::time::{Duration, Instant};

use rollgate::cluster::StaticCluster;
use rollgate::runtime::{
    CallError, Callbacks, Grants, Limits, LoadError, ModuleCache, NoCluster, Policy, PolicyType,
    ResourceKind, Settings,
};
use serde_json::json;

use crate::guests;

fn limits() -> Limits {
    Limits { timeout: Duration::from_millis(300), memory: 4 << 20, concurrent: 4, ..Limits::default() }
}

fn load(wasm: &[u8]) -> Result<Policy, LoadError> {
    Policy::from_bytes(wasm, &limits(), &ModuleCache::Disabled)
}

fn policy() -> Policy {
    load(&guests::behaviours()).expect("a policy")
}

fn call(policy: &Policy, uid: &str) -> Result<rollgate::admission::ValidationResponse, CallError> {
    let request = json!({"uid": uid}).to_string();
    policy.validate(request.as_bytes(), &Settings::default(), &Callbacks::none())
}

/// What the guest's misbehaviour is answered with; the next request must be served.
fn failure(uid: &str) -> CallError {
    let policy = policy();
    let error = call(&policy, uid).expect_err("no verdict");
    assert!(call(&policy, "accept").expect("a verdict").accepted);
    error
}

#[test]
fn a_verdict_is_read_whole() {
    let verdict = call(&policy(), "reject").expect("a verdict");
    assert!(!verdict.accepted);
    assert_eq!(verdict.message.as_deref(), Some("not today"));
    assert_eq!(verdict.code, Some(403));
    assert_eq!(verdict.warnings, Some(vec!["mind the gap".to_owned()]));
    let notes = [("denied-by", "first,second"), ("warned-by", "third")];
    assert_eq!(
        verdict.audit_annotations,
        Some(notes.map(|(name, text)| (name.to_owned(), text.to_owned())).into())
    );
    assert!(verdict.mutated_object.is_none());
}

#[test]
fn settings_and_protocol_version_are_asked_for() {
    let policy = policy();
    let callbacks = Callbacks::none();
    assert!(policy.validate_settings(&Settings::default(), &callbacks).expect("an answer").valid);
    let settings = Settings::from_value(&json!({"nonsense": 1})).expect("an object");
    let answer = policy.validate_settings(&settings, &callbacks).expect("an answer");
    assert!(!answer.valid);
    assert_eq!(answer.message.as_deref(), Some(r#"no such "setting""#));
    assert_eq!(policy.protocol_version().expect("an answer"), "v1");
}

#[test]
fn an_endless_loop_ends_at_the_deadline() {
    let started = Instant::now();
    let error = failure("loop");
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
    assert_eq!(
        error.status_message(),
        "Policy execution interrupted because it exceeded the allowed execution time"
    );
    assert!(started.elapsed() >= limits().timeout, "not before its time");
}

#[test]
fn a_sleep_ends_at_the_deadline() {
    let error = failure("sleep");
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
}

#[test]
fn a_short_sleep_is_slept() {
    assert!(call(&policy(), "z").expect("a verdict").accepted);
}

#[test]
fn a_trap_is_an_answer() {
    assert_eq!(
        failure("trap").status_message(),
        "internal server error: Guest call failure: wasm trap: wasm `unreachable` instruction executed"
    );
}

#[test]
fn endless_recursion_is_an_answer() {
    assert_eq!(failure("deep").to_string(), "Guest call failure: wasm trap: call stack exhausted");
}

#[test]
fn memory_beyond_the_limit_is_refused_and_named() {
    assert_eq!(
        failure("memory").to_string(),
        "Guest call failure: refused to grow beyond the memory limit of 4194304 bytes, then: \
         wasm trap: wasm `unreachable` instruction executed"
    );
}

#[test]
fn an_exit_is_an_answer() {
    assert_eq!(failure("x").to_string(), "Guest call failure: Exited with i32 exit status 3");
}

#[test]
fn pointers_outside_the_memory_trap_the_guest() {
    assert_eq!(
        failure("o").to_string(),
        "Guest call failure: the guest pointed outside its memory: 64 bytes at 4294967280, of 262144"
    );
    assert_eq!(
        failure("w").to_string(),
        "Guest call failure: the guest pointed outside its memory: 8 bytes at 4294967295, of 262144"
    );
    assert_eq!(
        failure("h").to_string(),
        "Guest call failure: the guest pointed outside its memory: 4294967295 bytes at 4294967295, of 262144"
    );
}

#[test]
fn text_that_is_not_utf_8_traps_the_guest() {
    let text = failure("b").to_string();
    assert!(text.starts_with("Guest call failure: invalid utf-8 sequence"), "{text}");
}

#[test]
fn an_error_of_the_guest_is_passed_on() {
    assert_eq!(failure("e").to_string(), "Guest call failure: hello from the guest\n");
    assert_eq!(failure("u").to_string(), "Guest call failure: the policy failed and did not say why");
    assert_eq!(failure("n").to_string(), "Guest call failure: the policy gave no answer");
}

#[test]
fn an_unreadable_answer_is_named() {
    assert_eq!(
        failure("g").status_message(),
        "internal server error: cannot read the policy's answer to validate: expected value at line 1 column 1"
    );
    let text = failure("c").to_string();
    assert!(text.contains("invalid value: integer `70000`, expected u16"), "{text}");
}

#[test]
fn evaluations_run_side_by_side() {
    let policy = policy();
    std::thread::scope(|scope| {
        for _ in 0..limits().concurrent {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert!(call(&policy, "accept").expect("a verdict").accepted);
                }
            });
        }
    });
}

#[test]
fn more_at_once_than_the_limits_allow_is_an_error() {
    let limits = Limits { concurrent: 1, ..limits() };
    let policy =
        Policy::from_bytes(&guests::behaviours(), &limits, &ModuleCache::Disabled).expect("a policy");
    let policy = &policy;
    std::thread::scope(|scope| {
        // Either may meet the other first.
        let looping = scope.spawn(move || {
            loop {
                match call(policy, "loop") {
                    Err(CallError::Busy(_)) => {}
                    other => break other,
                }
            }
        });
        let busy = loop {
            match call(policy, "accept") {
                Err(error) => break error,
                Ok(_) => assert!(!looping.is_finished(), "the looping guest ended before it was met"),
            }
        };
        assert_eq!(busy.to_string(), "more than 1 evaluations at once");
    });
}

fn with_cluster(uid: &str) -> Result<rollgate::admission::ValidationResponse, CallError> {
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}, "spec": {"x": "y"}});
    let cluster = StaticCluster::new([namespace]).expect("objects");
    let kinds = [ResourceKind { api_version: "v1".to_owned(), kind: "Namespace".to_owned() }].into();
    let callbacks = Callbacks::new(Grants::new(vec!["kubernetes/*".to_owned()], kinds), cluster);
    let request = json!({"uid": uid}).to_string();
    policy().validate(request.as_bytes(), &Settings::default(), &callbacks)
}

#[test]
fn a_guest_reads_the_cluster() {
    let verdict = with_cluster("known").expect("a verdict");
    let echoed = verdict.mutated_object.expect("what the host answered");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(echoed.get()).expect("JSON"),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}, "spec": {"x": "y"}})
    );
}

#[test]
fn what_the_cluster_lacks_or_withholds_is_an_error_in_the_guest() {
    let error = |uid| with_cluster(uid).expect_err("an error").to_string();
    assert_eq!(
        error("q"),
        "Guest call failure: Callback evaluation failure: \
         Cannot find v1/Namespace named 'none' inside of namespace 'Some(\"ns\")'"
    );
    assert_eq!(
        error("f"),
        "Guest call failure: Policy has not been granted access to Kubernetes v1/Secret resources. \
         The violation has been reported."
    );
    let callbacks = Callbacks::new(
        Grants::new(
            vec!["*".to_owned()],
            [ResourceKind { api_version: "v1".to_owned(), kind: "Namespace".to_owned() }].into(),
        ),
        NoCluster,
    );
    let alone = policy().validate(br#"{"uid":"known"}"#, &Settings::default(), &callbacks);
    assert_eq!(
        alone.expect_err("no cluster").to_string(),
        "Guest call failure: Callback evaluation failure: kube::Client was not initialized properly"
    );
}

#[test]
fn what_is_no_policy_is_not_loaded() {
    let refused = |wasm: &[u8]| load(wasm).err().expect("no policy").to_string();
    assert_eq!(
        refused(b"apiVersion: v1"),
        "not a WebAssembly module: it does not start with the bytes \\0asm"
    );
    assert_eq!(refused(b""), "not a WebAssembly module: it does not start with the bytes \\0asm");
    assert!(refused(b"\0asm\x01\0\0\0\xff").starts_with("cannot compile the module: "));
    assert_eq!(
        refused(&guests::module("(memory (export \"memory\") 1)", "")),
        "not a waPC policy: it has no exported function __guest_call(i32, i32) -> i32"
    );
    assert_eq!(
        refused(&guests::module("(memory (export \"memory\") 1)(func (export \"__guest_call\"))", "")),
        "not a waPC policy: it has no exported function __guest_call(i32, i32) -> i32"
    );
    let call = "(func (export \"__guest_call\") (param i32 i32) (result i32) (i32.const 1))";
    assert_eq!(
        refused(&guests::module(call, "")),
        "not a waPC policy: it has no exported memory named \"memory\""
    );
    let import = "(import \"env\" \"abort\" (func))(memory (export \"memory\") 1)";
    let text = refused(&guests::module(&format!("{import}{call}"), ""));
    assert!(text.starts_with("cannot link the module: "), "{text}");
    assert!(text.contains("env::abort"), "{text}");
    let large =
        guests::module(&format!("(memory (export \"memory\") 65)(data (i32.const 0) \"x\"){call}"), "");
    let text = refused(&large);
    assert!(text.starts_with("cannot compile the module: "), "{text}");
    assert!(text.contains("memory"), "{text}");
}

#[test]
fn a_failing_initialiser_is_named_and_a_clean_exit_from_it_is_none() {
    let guest = |init: &str| {
        let definitions = format!(
            "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
             (import \"wapc\" \"__guest_response\" (func $respond (param i32 i32)))
             (memory (export \"memory\") 1)
             (data (i32.const 0) \"{{\\\"accepted\\\":true}}\")
             (func (export \"_start\") {init})
             (func (export \"__guest_call\") (param i32 i32) (result i32)
               (call $respond (i32.const 0) (i32.const 17)) (i32.const 1))"
        );
        call(&load(&guests::module(&definitions, "")).expect("a policy"), "a")
    };
    assert!(guest("(call $exit (i32.const 0))").expect("a verdict").accepted);
    assert_eq!(
        guest("(call $exit (i32.const 1))").expect_err("an error").to_string(),
        "Guest call failure: initialisation of the policy failed in _start: Exited with i32 exit status 1"
    );
    let stuck = guest("(loop $again (br $again))").expect_err("an error");
    assert!(matches!(stuck, CallError::Deadline { .. }), "{stuck:?}");
}

#[test]
fn nothing_outlives_an_evaluation() {
    let counter = guests::module(
        "(import \"wapc\" \"__guest_response\" (func $respond (param i32 i32)))
         (memory (export \"memory\") 1)
         (data (i32.const 0) \"{\\\"accepted\\\":true}{\\\"accepted\\\":false}\")
         (func (export \"__guest_call\") (param i32 i32) (result i32)
           (if (i32.load (i32.const 4096))
             (then (call $respond (i32.const 17) (i32.const 18)) (return (i32.const 1))))
           (i32.store (i32.const 4096) (i32.const 1))
           (call $respond (i32.const 0) (i32.const 17)) (i32.const 1))",
        "",
    );
    let limits = Limits { concurrent: 1, ..limits() };
    let policy = Policy::from_bytes(&counter, &limits, &ModuleCache::Disabled).expect("a policy");
    for _ in 0..5 {
        assert!(call(&policy, "a").expect("a verdict").accepted);
    }
}

#[test]
fn the_first_metadata_section_counts() {
    let wasm = guests::annotated(&[
        r#"{"policyType":"raw","protocolVersion":"v1"}"#,
        r#"{"policyType":"kubernetes","protocolVersion":"v9"}"#,
    ]);
    let policy = load(&wasm).expect("a policy");
    let metadata = policy.metadata().expect("metadata");
    assert_eq!(metadata.policy_type, PolicyType::Raw);
    assert_eq!(metadata.protocol_version.as_deref(), Some("v1"));
    assert!(self::policy().metadata().is_none());
    let broken = load(&guests::annotated(&["{"])).err().expect("an error").to_string();
    assert!(broken.starts_with("cannot read the policy's metadata: EOF"), "{broken}");
}
