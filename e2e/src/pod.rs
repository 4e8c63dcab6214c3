//! A Pod without a node: the container's files in a folder, and its program in there, as a kubelet would start it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use ureq::tls::TlsConfig;

use crate::control_plane::ControlPlane;
use crate::kubectl::Answer;
use crate::process::Process;
use crate::programs::repository;

/// How long it may take until it is ready: it compiles the policy and reads the cluster.
const START: Duration = Duration::from_mins(2);

/// Where a container finds its service account.
const ACCOUNT: &str = "var/run/secrets/kubernetes.io/serviceaccount";

/// The devices of the runtime that the program may use.
const DEVICES: [&str; 3] = ["null", "random", "urandom"];

/// Mounts a folder onto itself, read-only, and runs a program in there: as this user, who owns nothing outside.
const ENTER: &str = r#"set -e
mount --bind "$ROOT" "$ROOT"
for device in $DEVICES; do mount --bind "/dev/$device" "$ROOT/dev/$device"; done
mount -o remount,bind,ro "$ROOT"
exec unshare --user --map-user="$RUN_AS" --map-group="$RUN_AS" --root="$ROOT" --wd=/ -- /rollgate "$@""#;

/// The files of a container, and how its program is started.
pub struct Pod {
    root: PathBuf,
    user: u64,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Pod {
    /// Lays out in `folder` what `deployment` says, which is in the cluster with everything it mounts: the image's files
    /// from dist/image, the volumes, and a token of its service account.
    ///
    /// # Errors
    /// When the Deployment refers to what is not there, or wants what no Pod of rollgate should.
    pub fn new(cluster: &ControlPlane, folder: &Path, deployment: &Value) -> anyhow::Result<Self> {
        let namespace = text(&deployment["metadata"], "namespace")?;
        let spec = &deployment["spec"]["template"]["spec"];
        let container = &spec["containers"][0];
        let root = folder.join("root");
        lay_out_image(&root)?;
        for mount in items(&container["volumeMounts"]) {
            let volume = items(&spec["volumes"]).iter().find(|volume| volume["name"] == mount["name"]);
            let volume = volume.with_context(|| format!("there is no volume {}", mount["name"]))?;
            let place = root.join(text(mount, "mountPath")?.trim_start_matches('/'));
            for (name, content) in content(cluster, namespace, volume)? {
                write(&place.join(name), &content)?;
            }
        }
        let account = text(spec, "serviceAccountName")?;
        let place = root.join(ACCOUNT);
        write(&place.join("token"), cluster.token_of(namespace, account)?.as_bytes())?;
        write(&place.join("namespace"), namespace.as_bytes())?;
        write(&place.join("ca.crt"), &fs::read(cluster.authority())?)?;
        let (host, port) = cluster.address();
        Ok(Self {
            root,
            user: spec["securityContext"]["runAsUser"].as_u64().context("no runAsUser")?,
            arguments: items(&container["args"])
                .iter()
                .map(|argument| argument.as_str().map(str::to_owned).context("an argument is no text"))
                .collect::<anyhow::Result<_>>()?,
            environment: vec![
                ("KUBERNETES_SERVICE_HOST".to_owned(), host.to_owned()),
                ("KUBERNETES_SERVICE_PORT".to_owned(), port.to_string()),
            ],
        })
    }

    /// Starts the program and waits until /readyz of `port` says so. What it prints goes to `pod.log` in `folder`.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start(&self, folder: &Path, port: u16) -> anyhow::Result<RunningPod> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let process = Process::start("pod", &mut self.command(&arguments), folder)?;
        let mut pod = RunningPod { process, port };
        pod.process.wait_until(START, || get(port, "/readyz").is_ok())?;
        Ok(pod)
    }

    /// Runs `rollgate` in there with other arguments, to its end.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Answer> {
        Ok(self.command(arguments).output().context("cannot run unshare")?.into())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", ENTER, "sh"]).args(arguments);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("ROOT", &self.root).env("RUN_AS", self.user.to_string());
        command.env("DEVICES", DEVICES.join(" "));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A Pod whose program runs; it stops with this value.
pub struct RunningPod {
    process: Process,
    port: u16,
}

impl RunningPod {
    /// What is at `path`, asked as a kubelet does: without looking at the certificate.
    ///
    /// # Errors
    /// When it does not answer, or not with success.
    pub fn get(&self, path: &str) -> anyhow::Result<String> {
        get(self.port, path)
    }

    /// What it printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.printed()
    }

    /// Tells it to stop and waits for its end.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.process.stop_well()
    }
}

fn lay_out_image(root: &Path) -> anyhow::Result<()> {
    let image = repository().join("dist/image");
    let entries = fs::read_dir(&image)
        .with_context(|| format!("{} is not there: run `cargo xtask image`", image.display()))?;
    fs::create_dir_all(root)?;
    for entry in entries {
        let entry = entry?;
        fs::copy(entry.path(), root.join(entry.file_name()))?;
    }
    DEVICES.iter().try_for_each(|device| write(&root.join("dev").join(device), b""))
}

/// The files of a volume.
fn content(
    cluster: &ControlPlane,
    namespace: &str,
    volume: &Value,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let get = |kind: &str, name: &str| cluster.kubectl().get(&[kind, name, "--namespace", namespace]);
    let data = |object: &Value| object["data"].as_object().cloned().unwrap_or_default();
    let file = |(name, value): (String, Value)| Ok((name, value.as_str().unwrap_or_default().into()));
    if let Some(name) = volume["configMap"]["name"].as_str() {
        return data(&get("configmap", name)?).into_iter().map(file).collect();
    }
    if let Some(name) = volume["secret"]["secretName"].as_str() {
        let file = |(name, value): (String, Value)| {
            Ok((name, BASE64_STANDARD.decode(value.as_str().unwrap_or_default())?))
        };
        return data(&get("secret", name)?).into_iter().map(file).collect();
    }
    bail!("a volume that is neither a ConfigMap nor a Secret: {volume}")
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| path.display().to_string())
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    value[key].as_str().with_context(|| format!("{key} is not given: {value}"))
}

/// What is at `path` of a server on this machine, whoever it is.
pub(crate) fn get(port: u16, path: &str) -> anyhow::Result<String> {
    let tls = TlsConfig::builder().disable_verification(true).build();
    let agent = ureq::Agent::config_builder().tls_config(tls).timeout_global(Some(START)).build().new_agent();
    Ok(agent.get(format!("https://127.0.0.1:{port}{path}")).call()?.body_mut().read_to_string()?)
}
