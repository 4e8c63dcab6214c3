//! Replicas that issue and renew their certificate themselves, while reviews go on.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rollgate_e2e::{Options, Webhook, free_port, wait_until};
use serde_json::{Value, json};

use crate::load::{Kind, Load};
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[
    Test::alone("replicas_renew_their_certificate_and_fail_no_review", renewed),
    Test::alone("replicas_wait_for_the_api_server_and_agree", waits),
];

const SECRET: &str = "/api/v1/namespaces/rollgate/secrets/rollgate-tls";
const REGISTRATION: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/rollgate";

/// What the replicas may do beside reading.
fn permissions() -> [Value; 4] {
    let api = "rbac.authorization.k8s.io/v1";
    let account = json!([{"kind": "ServiceAccount", "name": "rollgate", "namespace": "rollgate"}]);
    let role =
        |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "rollgate-tls"});
    let place = json!({"name": "rollgate-tls", "namespace": "rollgate"});
    [
        json!({"apiVersion": api, "kind": "Role", "metadata": place, "rules": [
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["rollgate-tls"],
                "verbs": ["get", "update"]},
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}]}),
        json!({"apiVersion": api, "kind": "RoleBinding", "metadata": place, "roleRef": role("Role"),
            "subjects": account}),
        json!({"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": "rollgate-tls"}, "rules": [
            {"apiGroups": ["admissionregistration.k8s.io"], "resources": ["validatingwebhookconfigurations"],
                "resourceNames": ["rollgate"], "verbs": ["get", "patch"]}]}),
        json!({"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": {"name": "rollgate-tls"},
            "roleRef": role("ClusterRole"), "subjects": account}),
    ]
}

fn launch(world: &World, name: &str, kubeconfig: PathBuf) -> anyhow::Result<Webhook> {
    let arguments = ["--reload-interval", "200ms", "--certificate-lifetime", "24s"].map(str::to_owned).into();
    let options = Options { managed: Some(kubeconfig), arguments, ..Options::default() };
    Webhook::launch(&world.cluster, &world.folder, name, options)
}

fn account(world: &World) -> anyhow::Result<PathBuf> {
    for object in permissions() {
        world.cluster.kubectl().apply(&object)?;
    }
    world.cluster.api().delete(SECRET)?;
    world.cluster.kubeconfig_of_account("rollgate", "rollgate")
}

/// A member of the Secret.
fn member(world: &World, name: &str) -> anyhow::Result<String> {
    let secret = world.cluster.api().get(SECRET)?;
    let text = secret.body["data"][name].as_str().unwrap_or_default();
    Ok(String::from_utf8(BASE64_STANDARD.decode(text)?)?)
}

/// The authorities of the Secret, each in PEM; the one that signs comes first.
fn authorities(world: &World) -> anyhow::Result<Vec<String>> {
    const END: &str = "-----END CERTIFICATE-----\n";
    Ok(member(world, "ca.crt")?.split_inclusive(END).map(str::to_owned).collect())
}

/// The authorities that the API server trusts.
fn trusted(world: &World) -> anyhow::Result<String> {
    let registration = world.cluster.api().get(REGISTRATION)?;
    let bundle = registration.body["webhooks"][0]["clientConfig"]["caBundle"].as_str().unwrap_or_default();
    Ok(String::from_utf8(BASE64_STANDARD.decode(bundle)?)?)
}

/// Whether each replica shows a certificate of this authority.
fn all_show(world: &World, webhooks: [&Webhook; 2], authority: &str) -> anyhow::Result<bool> {
    let file = world.folder.join("managed.authority.crt");
    std::fs::write(&file, authority)?;
    Ok(webhooks.iter().all(|webhook| webhook.is_ready_to(&file).is_ok()))
}

fn renewed(world: &World) -> anyhow::Result<()> {
    let account = account(world)?;
    let mut first = launch(world, "managed-1", account.clone())?;
    let mut second = launch(world, "managed-2", account)?;
    // The API server trusts nobody it could ask, until the replicas have seen to it.
    world.trust(&first, &[])?;
    first.wait_until_ready()?;
    second.wait_until_ready()?;
    world.wait_until_asked(&first)?;
    let agreed = authorities(world)?;
    ensure!(agreed.len() == 1, "the replicas have issued {} authorities", agreed.len());
    ensure!(trusted(world)?.contains(&agreed[0]), "the API server does not trust the authority");
    ensure!(all_show(world, [&first, &second], &agreed[0])?, "they show different certificates");
    let mut load = Load::start(world, "managed")?;

    let before = member(world, "tls.crt")?;
    wait_until("the certificate is renewed", || Ok(member(world, "tls.crt")? != before))?;
    ensure!(authorities(world)?[0] == agreed[0], "with another authority");
    load.wait_for(Kind::Governed, true, Instant::now())?;

    ensure!(world.cluster.api().delete(SECRET)?.accepted(), "the Secret cannot be deleted");
    wait_until("another authority has signed what all replicas show", || {
        let now = authorities(world)?;
        Ok(now.first().is_some_and(|now| *now != agreed[0]) && all_show(world, [&first, &second], &now[0])?)
    })?;
    let now = authorities(world)?;
    ensure!(now.contains(&agreed[0]), "the old authority is not in the Secret any more");
    ensure!(now.iter().all(|one| trusted(world).is_ok_and(|all| all.contains(one))), "one is not trusted");
    load.wait_for(Kind::Governed, true, Instant::now())?;

    // Half of a Secret is of no use, and does no harm.
    let half = json!({"data": {"tls.crt": BASE64_STANDARD.encode("-----BEGIN CERT"), "ca.key": ""}});
    ensure!(world.cluster.api().patch(SECRET, rollgate_e2e::Patch::Merge, &half)?.accepted(), "no patch");
    wait_until("the half is made whole", || {
        let now = authorities(world)?;
        Ok(member(world, "tls.crt")?.ends_with("-----END CERTIFICATE-----\n")
            && all_show(world, [&first, &second], now.first().context("no authority")?)?)
    })?;
    load.wait_for(Kind::Governed, true, Instant::now())?;
    load.stop()?;
    for kind in [Kind::Governed, Kind::Free] {
        ensure!(load.refusals(kind).is_empty(), "{:?}", load.refusals(kind));
    }
    Ok(())
}

fn waits(world: &World) -> anyhow::Result<()> {
    let direct = account(world)?;
    let port = free_port()?;
    let mut kubeconfig: Value = serde_json::from_str(&std::fs::read_to_string(direct)?)?;
    kubeconfig["clusters"][0]["cluster"]["server"] = json!(format!("https://127.0.0.1:{port}"));
    let path = world.folder.join("managed-away.kubeconfig");
    std::fs::write(&path, kubeconfig.to_string())?;
    let mut webhooks =
        [launch(world, "managed-away-1", path.clone())?, launch(world, "managed-away-2", path)?];
    for webhook in &webhooks {
        wait_until("it is alive", || Ok(webhook.get("/healthz").is_some()))?;
        let lack = "cannot read Secret rollgate/rollgate-tls";
        wait_until("it says what it lacks", || Ok(webhook.log().contains(lack)))?;
        ensure!(webhook.get("/readyz").is_none(), "it is ready without a certificate");
    }
    // Now all of them want to issue one.
    forward(port, world.cluster.address())?;
    webhooks.iter_mut().try_for_each(Webhook::wait_until_ready)?;
    let agreed = authorities(world)?;
    ensure!(agreed.len() == 1, "the replicas have issued {} authorities", agreed.len());
    let [first, second] = &webhooks;
    ensure!(all_show(world, [first, second], &agreed[0])?, "they show different certificates");
    Ok(())
}

/// Carries connections from a port to another place until the process ends.
fn forward(port: u16, to: (&'static str, u16)) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).context("the port is taken")?;
    thread::spawn(move || {
        for from in listener.incoming().map_while(Result::ok) {
            let Ok(to) = TcpStream::connect(to) else { continue };
            let (Ok(back_from), Ok(back_to)) = (from.try_clone(), to.try_clone()) else { continue };
            thread::spawn(move || carry(from, to));
            thread::spawn(move || carry(back_to, back_from));
        }
    });
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}
