//! Policies in registries: `push`, `pull`, `digest`, `inspect`, `verify`, and what `run` fetches.

mod fake;
mod signatures;

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use fake::{ENCODED, Fault, Guard, PASSWORD, Registry, USER};
use rollgate::registry::Digest;

use crate::guests;

const WASM: &str = "application/vnd.wasm.content.layer.v1+wasm";

/// A person's folder: a policy, a store, the configuration of Docker, and a file of sources.
struct Bench(TempDir);

struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Bench {
    fn new(insecure: &str) -> Self {
        let bench = Self(tempfile::tempdir().expect("a directory"));
        bench.write("policy.wasm", policy());
        bench.write("sources.yaml", format!("insecure_sources: [\"{insecure}\"]\n"));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn logs_in(&self, host: &str) {
        self.write("docker/config.json", json!({"auths": {host: {"auth": ENCODED}}}).to_string());
    }

    fn command(&self, args: &[&str]) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_rollgate"))
            .current_dir(self.0.path())
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("DOCKER_CONFIG", self.path("docker"))
            .env(
                "PATH",
                format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap_or_default()),
            )
            .env_remove("ROLLGATE_STORE")
            .envs(["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map(|name| (name, "")))
            .env("RUST_LOG", "trace")
            .args(args)
            .output()
            .expect("the command");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let outcome = Outcome {
            code: output.status.code().expect("an exit code"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        // Whatever happens, and however much is logged.
        let everything = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(
            ![PASSWORD, ENCODED, "a-token-of-value"].iter().any(|secret| everything.contains(secret)),
            "{everything}"
        );
        outcome
    }

    /// As [`Bench::command`], with the file of sources.
    fn rollgate(&self, args: &[&str]) -> Outcome {
        self.command(&[args, &["--sources-path", "sources.yaml"]].concat())
    }
}

impl Outcome {
    #[track_caller]
    fn succeeds(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    #[track_caller]
    fn fails(self, reason: &str) {
        assert_eq!((self.code, &*self.stdout), (1, ""), "{}", self.stderr);
        let error = self.stderr.lines().filter(|line| line.starts_with("Error: ")).collect::<String>();
        assert!(error.contains(reason), "{reason:?} is missing in {error:?}");
    }
}

fn policy() -> Vec<u8> {
    let metadata = json!({
        "rules": [{"apiGroups": ["apps", ""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        "mutating": false, "protocolVersion": "v1", "executionMode": "kubewarden-wapc", "policyType": "kubernetes",
        "backgroundAudit": true,
        "contextAwareResources": [{"apiVersion": "v1", "kind": "Namespace"}],
        "hostCapabilities": ["kubernetes/get_resource"],
        "annotations": {
            "io.kubewarden.policy.title": "a-policy",
            "io.kubewarden.policy.source": "https://example.com/source",
            "io.kubewarden.policy.usage": "# How to use it\n\nWith care.\n"
        }
    });
    guests::annotated(&[&metadata.to_string()])
}

#[test]
fn what_is_pushed_is_what_is_pulled() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let address = format!("registry://{}/policies/a:v1", registry.host());
    let pushed = bench
        .rollgate(&["push", "-o", "json", "--digest-file", "digest", "policy.wasm", &address])
        .succeeds();
    let pushed: Value = serde_json::from_str(&pushed).expect("JSON");
    let digest = String::from_utf8(bench.read("digest")).expect("UTF-8").trim().to_owned();
    let pinned = format!("{}/policies/a@{digest}", registry.host());
    assert_eq!(pushed, json!({"immutable_ref": pinned}));

    let manifest: Value = serde_json::from_slice(&registry.state().manifests["v1"]).expect("JSON");
    let wasm = policy();
    assert_eq!(
        manifest,
        json!({
            "schemaVersion": 2,
            "config": {
                "mediaType": "application/vnd.wasm.config.v1+json",
                "digest": Digest::of(b"{}").as_str(), "size": 2
            },
            "layers": [{"mediaType": WASM, "digest": Digest::of(&wasm).as_str(), "size": wasm.len()}],
            "annotations": {
                "io.kubewarden.policy.title": "a-policy",
                "io.kubewarden.policy.source": "https://example.com/source",
                "org.opencontainers.image.source": "https://example.com/source"
            }
        })
    );

    assert_eq!(bench.rollgate(&["digest", &address]).succeeds(), format!("{address}@{digest}\n"));
    let pulled = bench.rollgate(&["pull", "--output-path", "out.wasm", &address]).succeeds();
    assert_eq!(pulled, format!("pulled registry://{pinned}\n"));
    assert_eq!(bench.read("out.wasm"), wasm);

    bench.write(
        "request.json",
        json!({
            "uid": "accept", "operation": "CREATE", "userInfo": {}, "object": {},
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"}
        })
        .to_string(),
    );
    let answer =
        bench.rollgate(&["run", "--require-digest", "-r", "request.json", &format!("registry://{pinned}")]);
    assert!(answer.succeeds().contains("\"allowed\":true"));
}

#[test]
fn a_digest_is_fetched_once_and_a_tag_is_looked_up_every_time() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let first = registry.has("v1", &policy(), WASM);
    let by_tag = format!("{}/a:v1", registry.host());
    let by_digest = format!("{}/a@{first}", registry.host());
    bench.rollgate(&["pull", &by_tag]).succeeds();
    let asked = registry.asked("");
    bench.rollgate(&["pull", "-o", "out.wasm", &by_digest]).succeeds();
    assert_eq!(registry.asked(""), asked, "{:?}", registry.state().requests);
    assert_eq!(bench.read("out.wasm"), policy());

    bench.rollgate(&["pull", &by_tag]).succeeds();
    assert_eq!(registry.asked("GET /v2/a/blobs"), 1);
    let second = registry.has("v1", &guests::behaviours(), WASM);
    assert!(bench.rollgate(&["pull", "-o", "out.wasm", &by_tag]).succeeds().contains(second.as_str()));
    assert_eq!(bench.read("out.wasm"), guests::behaviours());
}

#[test]
fn what_is_damaged_in_the_store_is_fetched_anew() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    registry.has("v1", &policy(), WASM);
    let address = format!("{}/a:v1", registry.host());
    bench.rollgate(&["pull", &address]).succeeds();
    let kept = format!("cache/rollgate/store/sha256/{}", Digest::of(&policy()).digits());
    assert_eq!(bench.read(&kept), policy());
    bench.write(&kept, b"\0asm and more");
    let pulled = bench.rollgate(&["pull", "-o", "out.wasm", &address]);
    assert!(pulled.stderr.contains("damaged"), "{}", pulled.stderr);
    pulled.succeeds();
    assert_eq!((bench.read("out.wasm"), bench.read(&kept)), (policy(), policy()));
}

#[test]
fn what_the_digest_does_not_name_is_refused() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let digest = registry.has("v1", &policy(), WASM);
    let host = registry.host();
    registry.fails(&format!("GET /v2/a/manifests/{digest}"), 4, Fault::Body(b"{}".to_vec()));
    bench.rollgate(&["pull", &format!("{host}/a@{digest}")]).fails("it was damaged or exchanged");
    registry.fails("GET /v2/a/blobs/", 4, Fault::Body(b"\0asm something else".to_vec()));
    bench.rollgate(&["pull", &format!("{host}/a:v1")]).fails("it was damaged or exchanged");
    assert!(!bench.path(&format!("cache/rollgate/store/sha256/{}", Digest::of(&policy()).digits())).exists());
}

#[test]
fn what_is_no_policy_is_refused() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let host = registry.host();
    registry.has("image", &policy(), "application/vnd.oci.image.layer.v1.tar+gzip");
    bench
        .rollgate(&["pull", &format!("{host}/a:image")])
        .fails("of the type application/vnd.oci.image.layer");
    registry.has("text", b"text", WASM);
    bench.rollgate(&["pull", &format!("{host}/a:text")]).fails("\\0asm");
    registry.has_manifest("index", br#"{"schemaVersion": 2, "manifests": []}"#);
    bench.rollgate(&["pull", &format!("{host}/a:index")]).fails("is no policy");
    registry.has_manifest(
        "none",
        br#"{"schemaVersion": 2, "config": {"mediaType": "a", "digest": "b", "size": 1}, "layers": []}"#,
    );
    bench.rollgate(&["pull", &format!("{host}/a:none")]).fails("0 layers");
    bench.rollgate(&["pull", &format!("http://{host}/v2/a/manifests/none")]).fails("\\0asm");
}

#[test]
fn what_is_too_large_is_not_fetched() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let digest = registry.has("v1", &policy(), WASM);
    let address = format!("{}/a:v1", registry.host());
    bench.rollgate(&["pull", "--max-size", "1Ki", &address]).fails("--max-size");
    assert_eq!(registry.asked("GET /v2/a/blobs"), 0);
    // The manifest says less than there is.
    let manifest = String::from_utf8(registry.state().manifests[digest.as_str()].clone()).expect("UTF-8");
    let manifest = manifest.replace(&format!("\"size\":{}", policy().len()), "\"size\":10");
    registry.has_manifest("lies", manifest.as_bytes());
    let address = format!("{}/a:lies", registry.host());
    bench.rollgate(&["pull", "--max-size", "1Ki", &address]).fails("--max-size");
    let web = format!("http://{}/v2/a/blobs/{}", registry.host(), Digest::of(&policy()));
    bench.rollgate(&["pull", "--max-size", "1Ki", &web]).fails("--max-size");
    bench.rollgate(&["pull", &web]).succeeds();
}

#[test]
fn what_is_missing_or_forbidden_is_said() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let host = registry.host();
    bench.rollgate(&["pull", &format!("{host}/a:v1")]).fails("has no a:v1");
    registry.has("v1", &policy(), WASM);
    registry.state().blobs.clear();
    bench.rollgate(&["pull", &format!("{host}/a:v1")]).fails("has no a@sha256:");
    registry.fails("POST /v2/a/blobs", 1, Fault::Status(403, ""));
    bench.rollgate(&["push", "policy.wasm", &format!("{host}/a:v2")]).fails("does not allow it");
    registry.fails("GET /v2/a/blobs", 10, Fault::Status(302, "location: /v2/a/blobs/x"));
    bench.rollgate(&["pull", &format!("{host}/a:v1")]).fails("redirects without end");
}

#[test]
fn what_may_pass_is_tried_again() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let address = format!("{}/a:v1", registry.host());
    registry.has("v1", &policy(), WASM);
    registry.fails("HEAD /v2/a/manifests", 1, Fault::Status(429, "retry-after: 0"));
    registry.fails("GET /v2/a/manifests", 1, Fault::Status(503, ""));
    registry.fails("GET /v2/a/blobs", 1, Fault::Truncated);
    bench.rollgate(&["pull", &address]).succeeds();
    registry.fails("HEAD /v2/a/manifests", 1, Fault::Status(429, "retry-after: 3600"));
    bench.rollgate(&["pull", &address]).fails("asks to be left alone for 3600 s");
    registry.fails("HEAD /v2/a/manifests", 10, Fault::Status(500, ""));
    let before = registry.asked("HEAD");
    bench.rollgate(&["pull", &address]).fails("with 500");
    assert_eq!(registry.asked("HEAD") - before, 4);
}

#[test]
fn a_download_that_is_always_cut_is_no_policy() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    registry.has("v1", &policy(), WASM);
    registry.fails("GET /v2/a/blobs", 10, Fault::Truncated);
    bench.rollgate(&["pull", "-o", "out.wasm", &format!("{}/a:v1", registry.host())]).fails("was cut off");
    assert!(!bench.path("out.wasm").exists());
}

#[test]
fn an_upload_that_is_cut_is_no_success() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let address = format!("{}/a:v1", registry.host());
    registry.fails("PUT /v2/upload", 10, Fault::Silent);
    bench.rollgate(&["push", "policy.wasm", &address]).fails("was not pushed");
    assert!(registry.state().manifests.is_empty());
    registry.state().faults.clear();
    registry.fails("PUT /v2/upload", 1, Fault::Silent);
    registry.fails("PUT /v2/a/manifests", 1, Fault::Status(502, ""));
    bench.rollgate(&["push", "policy.wasm", &address]).succeeds();
    // It says yes, and has something else.
    registry.fails("GET /v2/a/manifests", 10, Fault::Body(b"{}".to_vec()));
    bench.rollgate(&["push", "policy.wasm", &address]).fails("was not pushed");
}

#[test]
fn only_policies_are_pushed() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let address = format!("{}/a:v1", registry.host());
    bench.write("text.wasm", "text");
    bench.rollgate(&["push", "--force", "text.wasm", &address]).fails("\\0asm");
    bench.write("bare.wasm", guests::behaviours());
    bench.rollgate(&["push", "bare.wasm", &address]).fails("--force");
    bench.rollgate(&["push", "missing.wasm", &address]).fails("missing.wasm");
    bench
        .rollgate(&["push", "policy.wasm", &format!("{address}@{}", Digest::of(b""))])
        .fails("push it to a tag");
    bench.rollgate(&["push", "policy.wasm", "https://host/a"]).fails("not in a registry");
    assert_eq!(registry.asked(""), 0);
    bench.rollgate(&["push", "--force", "bare.wasm", &address]).succeeds();
}

#[test]
fn a_registry_that_asks_is_told_who_is_there() {
    for guard in [Guard::Basic, Guard::Bearer] {
        let registry = Registry::start(guard);
        let bench = Bench::new(&registry.host());
        let address = format!("{}/a:v1", registry.host());
        bench.rollgate(&["push", "policy.wasm", &address]).fails("docker login");
        bench.write(
            "docker/config.json",
            json!({"auths": {registry.host(): {"username": USER, "password": "guess"}}}).to_string(),
        );
        bench.rollgate(&["push", "policy.wasm", &address]).fails("refuses the user");
        bench.logs_in(&registry.host());
        bench.rollgate(&["push", "policy.wasm", &address]).succeeds();
        bench.rollgate(&["pull", &address]).succeeds();
        std::fs::rename(bench.path("docker"), bench.path("elsewhere")).expect("a folder");
        bench.rollgate(&["digest", &address]).fails("docker login");
        bench.rollgate(&["digest", "--docker-config-json-path", "elsewhere", &address]).succeeds();
        bench.rollgate(&["digest", "--docker-config-json-path", "nowhere", &address]).fails("nowhere");
    }
}

#[test]
fn nobody_but_the_registry_is_told_who_is_there() {
    let (registry, elsewhere) = (Registry::start(Guard::Basic), Registry::start(Guard::Open));
    registry.state().uploads = format!("http://{}", elsewhere.host());
    let bench = Bench::new(&registry.host());
    bench.logs_in(&registry.host());
    bench.rollgate(&["push", "policy.wasm", &format!("{}/a:v1", registry.host())]).succeeds();
    assert_eq!(elsewhere.asked("PUT /v2/upload"), 2);
    assert_eq!(elsewhere.state().authorized, Vec::<String>::new());
    assert!(!registry.state().authorized.is_empty());
}

#[cfg(unix)]
#[test]
fn a_credential_helper_is_asked() {
    use std::os::unix::fs::PermissionsExt;

    let registry = Registry::start(Guard::Basic);
    let bench = Bench::new(&registry.host());
    let address = format!("{}/a:v1", registry.host());
    registry.has("v1", &policy(), WASM);
    bench.write("docker/config.json", json!({"credsStore": "test"}).to_string());
    let found = json!({"ServerURL": registry.host(), "Username": USER, "Secret": PASSWORD}).to_string();
    for (script, reason) in [
        (format!("echo '{found}'"), None),
        ("echo 'credentials not found in native keychain'; exit 1".to_owned(), Some("docker login")),
        (format!("echo {PASSWORD}; exit 1"), Some("docker-credential-test failed")),
    ] {
        let helper = "bin/docker-credential-test";
        bench.write(helper, format!("#!/bin/sh\ncat >/dev/null\n{script}\n"));
        std::fs::set_permissions(bench.path(helper), PermissionsExt::from_mode(0o755)).expect("a program");
        let digest = bench.rollgate(&["digest", &address]);
        match reason {
            None => assert!(digest.succeeds().contains("sha256:")),
            Some(reason) => digest.fails(reason),
        }
    }
}

#[test]
fn hosts_that_are_not_named_insecure_must_prove_who_they_are() {
    let (registry, certificate) = Registry::start_with_tls();
    let bench = Bench::new("another");
    let address = format!("{}/a:v1", registry.host());
    registry.has("v1", &policy(), WASM);
    bench.rollgate(&["pull", &address]).fails("source_authorities");
    bench.write("authority.pem", &certificate);
    let sources =
        |authority: Value| json!({"source_authorities": {registry.host(): [authority]}}).to_string();
    for authority in
        [json!({"type": "Path", "path": "authority.pem"}), json!({"type": "Data", "data": certificate})]
    {
        bench.write("sources.yaml", sources(authority));
        bench.rollgate(&["pull", &address]).succeeds();
    }
    bench.write("sources.yaml", sources(json!({"type": "Path", "path": "missing.pem"})));
    bench.rollgate(&["pull", &address]).fails("missing.pem");
    bench.write("sources.yaml", format!("insecure_sources: [\"{}\"]", registry.host()));
    bench.rollgate(&["pull", &address]).succeeds();
    bench.write("sources.yaml", "insecure_source: []");
    bench.rollgate(&["pull", &address]).fails("sources.yaml");

    let plain = Registry::start(Guard::Open);
    plain.has("v1", &policy(), WASM);
    bench.command(&["pull", &format!("{}/a:v1", plain.host())]).fails("insecure_sources");
    assert_eq!(plain.asked(""), 0);
}

#[test]
fn a_port_where_nobody_listens_is_said() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let bench = Bench::new(&host);
    bench.rollgate(&["pull", &format!("{host}/a:v1")]).fails(&format!("cannot reach {host}"));
    bench.rollgate(&["pull", &format!("http://{host}/policy.wasm")]).fails(&format!("cannot reach {host}"));
}

#[test]
fn what_is_not_pinned_is_refused_where_that_is_demanded() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let digest = registry.has("v1", &policy(), WASM);
    let host = registry.host();
    bench.rollgate(&["pull", "--require-digest", &format!("{host}/a:v1")]).fails("rollgate digest");
    bench.rollgate(&["pull", "--require-digest", &format!("http://{host}/a")]).fails("not pinned");
    assert_eq!(registry.asked(""), 0);
    bench.rollgate(&["pull", "--require-digest", &format!("{host}/a@{digest}")]).succeeds();
}

#[test]
fn inspect_shows_every_field() {
    let registry = Registry::start(Guard::Open);
    let bench = Bench::new(&registry.host());
    let digest = registry.has("v1", &policy(), WASM);
    let address = format!("{}/a:v1", registry.host());
    let text = bench.rollgate(&["inspect", &address]).succeeds();
    let expected = format!(
        "policy: registry://{}/a@{digest}\ndigest: {digest}\nsize: {} bytes\nprotocol: v1\nexecution mode: \
         kubewarden-wapc\npolicy type: kubernetes\nmutating: false\nbackground audit: true\nminimum Kubewarden \
         version: not said\n\nAbout\n  source: https://example.com/source\n  title: a-policy\n\nRules\n  CREATE of \
         pods in apps, the core group (v1)\n\nReads from the cluster\n  Namespace of v1\n\nHost capabilities\n  \
         kubernetes/get_resource\n\nUsage\n\n# How to use it\n\nWith care.\n",
        registry.host(),
        policy().len()
    );
    assert_eq!(text, expected);
    let json: Value =
        serde_json::from_str(&bench.command(&["inspect", "-o", "json", "policy.wasm"]).succeeds())
            .expect("JSON");
    let yaml: Value =
        serde_saphyr::from_str(&bench.command(&["inspect", "-o", "yaml", "policy.wasm"]).succeeds())
            .expect("YAML");
    assert_eq!((&json["protocolVersion"], &json), (&json!("v1"), &yaml));
    bench.write("bare.wasm", guests::behaviours());
    bench.command(&["inspect", "bare.wasm"]).fails("no metadata");
    bench.command(&["inspect", "--show-signatures", "policy.wasm"]).fails("not in a registry");
}
