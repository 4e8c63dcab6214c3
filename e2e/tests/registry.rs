//! The policy in a real registry: pushed, pulled, run and served.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use rollgate_e2e::{Programs, Registry, RegistryOptions, Server, ServerCertificate, repository};
use serde_json::{Value, json};

/// A user and a password, and what `htpasswd -B` makes of them.
const USER: (&str, &str) = ("someone", "hunter2");
const USERS: &str = "someone:$2b$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.\n";

/// A Deployment that nothing governs.
const BARE_DEPLOYMENT: &str = r#"{
  "uid": "1", "operation": "CREATE", "namespace": "shop", "name": "payments",
  "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
  "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
  "userInfo": {"username": "dev@example.com"},
  "object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "payments"},
    "spec": {"template": {"spec": {"containers": [{"name": "payments", "image": "payments:1.0"}]}}}}
}"#;

/// Time for the server to fetch and compile the policy.
const START: Duration = Duration::from_mins(1);

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::from_args();
    if arguments.list {
        return Ok(libtest_mimic::run(&arguments, trials(None)).exit_code());
    }
    let programs = Programs::find()?;
    let folder = programs.run("registry")?;
    let world: &'static World = Box::leak(Box::new(World { programs, folder }));
    Ok(libtest_mimic::run(&arguments, trials(Some(world))).exit_code())
}

struct World {
    programs: Programs,
    folder: PathBuf,
}

type Test = fn(&World) -> anyhow::Result<()>;

fn trials(world: Option<&'static World>) -> Vec<Trial> {
    let tests: [(&str, Test); 3] = [
        ("a registry without TLS", without_tls),
        ("a registry with an authority of its own", with_its_own_authority),
        ("a registry that lets nobody in without a password", with_a_password),
    ];
    let trial = |(name, test): (&str, Test)| {
        Trial::test(name, move || {
            let world = world.ok_or("there are no programs")?;
            test(world).map_err(|error| Failed::from(format!("{error:?}")))
        })
    };
    tests.into_iter().map(trial).collect()
}

fn without_tls(world: &World) -> anyhow::Result<()> {
    let registry = Registry::start(&world.programs, &world.folder, "plain", &RegistryOptions::default())?;
    let person = Person::new(world, "plain-person")?;
    let refused = person.rollgate(&["push", &policy(), &address(&registry)])?;
    ensure!(!refused.succeeded && refused.text.contains("insecure_sources"), "{}", refused.text);
    person.has_sources(&json!({"insecure_sources": [registry.host()]}))?;
    person.goes_the_whole_way(&registry)
}

fn with_its_own_authority(world: &World) -> anyhow::Result<()> {
    let certificate = ServerCertificate::issue(&world.folder.join("certificate"), &["localhost"])?;
    let authority = certificate.authority.clone();
    let options = RegistryOptions { certificate: Some(certificate), users: None };
    let registry = Registry::start(&world.programs, &world.folder, "tls", &options)?;
    let person = Person::new(world, "tls-person")?;
    let refused = person.rollgate(&["push", &policy(), &address(&registry)])?;
    ensure!(!refused.succeeded && refused.text.contains("source_authorities"), "{}", refused.text);
    person.has_sources(
        &json!({"source_authorities": {registry.host(): [{"type": "Path", "path": authority}]}}),
    )?;
    person.goes_the_whole_way(&registry)
}

fn with_a_password(world: &World) -> anyhow::Result<()> {
    let users = world.folder.join("users");
    std::fs::write(&users, USERS).context("cannot write the users")?;
    let options = RegistryOptions { certificate: None, users: Some(users) };
    let registry = Registry::start(&world.programs, &world.folder, "guarded", &options)?;
    let person = Person::new(world, "guarded-person")?;
    person.has_sources(&json!({"insecure_sources": [registry.host()]}))?;
    let refused = person.rollgate(&["push", &policy(), &address(&registry)])?;
    ensure!(!refused.succeeded && refused.text.contains("docker login"), "{}", refused.text);
    let (user, password) = USER;
    person.write(
        "config.json",
        &json!({"auths": {registry.host(): {"username": user, "password": password}}}),
    )?;
    person.goes_the_whole_way(&registry)
}

fn policy() -> String {
    repository().join("dist/policy.wasm").display().to_string()
}

fn address(registry: &Registry) -> String {
    format!("registry://{}/policies/rollgate:v1", registry.host())
}

/// Somebody with a folder: what they are told and what they keep is in it.
struct Person {
    folder: PathBuf,
}

/// What the command said, and whether it went well.
struct Said {
    succeeded: bool,
    text: String,
}

impl Person {
    fn new(world: &World, name: &str) -> anyhow::Result<Self> {
        let folder = world.folder.join(name);
        std::fs::create_dir_all(&folder).context("cannot make a folder")?;
        let person = Self { folder };
        person.has_sources(&json!({}))?;
        Ok(person)
    }

    fn write(&self, name: &str, content: &Value) -> anyhow::Result<()> {
        std::fs::write(self.folder.join(name), content.to_string()).context("cannot write a file")
    }

    fn has_sources(&self, sources: &Value) -> anyhow::Result<()> {
        self.write("sources.yaml", sources)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(repository().join("dist/rollgate"));
        command.current_dir(&self.folder).args(arguments).args(["--sources-path", "sources.yaml"]);
        command.env("DOCKER_CONFIG", &self.folder).env("ROLLGATE_STORE", self.folder.join("store"));
        command
    }

    /// What the command prints is the text if it goes well, and what it complains about otherwise.
    fn rollgate(&self, arguments: &[&str]) -> anyhow::Result<Said> {
        let output = self.command(arguments).output().context("cannot run rollgate")?;
        let succeeded = output.status.success();
        let text = String::from_utf8(if succeeded { output.stdout } else { output.stderr })?;
        Ok(Said { succeeded, text })
    }

    fn must(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let said = self.rollgate(arguments)?;
        ensure!(said.succeeded, "{arguments:?}: {}", said.text);
        Ok(said.text)
    }

    /// Pushes, asks for the digest, pulls by tag and by digest, runs and serves.
    fn goes_the_whole_way(&self, registry: &Registry) -> anyhow::Result<()> {
        let address = address(registry);
        let pushed = self.must(&["push", "--output", "json", &policy(), &address])?;
        let pushed: Value = serde_json::from_str(&pushed).context(pushed)?;
        let reference = pushed["immutable_ref"].as_str().context("the push names no digest")?;
        let pinned = format!("registry://{reference}");
        let digest = reference.rsplit('@').next().unwrap_or_default();
        let told = self.must(&["digest", &address])?;
        ensure!(told.trim() == format!("{address}@{digest}"), "{told} after {reference}");

        let original = std::fs::read(policy()).context("cannot read the policy")?;
        for address in [&address, &pinned] {
            // The second finds it in the store, unless that is taken away.
            let _ = std::fs::remove_dir_all(self.folder.join("store"));
            self.must(&["pull", "--output-path", "pulled.wasm", address])?;
            let pulled = std::fs::read(self.folder.join("pulled.wasm")).context("nothing was pulled")?;
            ensure!(pulled == original, "{address} has other bytes than were pushed");
        }
        let shown = self.must(&["inspect", &pinned])?;
        ensure!(shown.contains(digest) && shown.contains("rollgate"), "{shown}");

        std::fs::write(self.folder.join("request.json"), BARE_DEPLOYMENT)
            .context("cannot write a request")?;
        let cluster = repository().join("demo/cluster.yaml").display().to_string();
        let context = ["--allow-context-aware", "--cluster-objects", &cluster];
        let run = ["run", "--require-digest", "--request-path", "request.json", &pinned];
        let answer = self.must(&[&run[..], &context].concat())?;
        ensure!(answer.contains("\"allowed\":false") && answer.contains("no-bypass"), "{answer}");
        self.is_served(&pinned, digest, &context)
    }

    fn is_served(&self, pinned: &str, digest: &str, context: &[&str]) -> anyhow::Result<()> {
        let command = self
            .command(&[&["--log-json", "serve", "--require-digest", "--policy", pinned], context].concat());
        let server = Server::start(command, &self.folder, START)?;
        let request: Value = serde_json::from_str(BARE_DEPLOYMENT)?;
        let review =
            json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
        let answer: Value = serde_json::from_str(&server.review(&review)?)?;
        ensure!(answer["response"]["allowed"] == json!(false), "{answer}");
        ensure!(server.log().contains(digest), "the log does not name the digest:\n{}", server.log());
        Ok(())
    }
}
