//! The certificate is renewed by another authority while reviews go on.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};
use rollgate_e2e::{Options, ServerCertificate, wait_until};

use crate::load::{Kind, Load};
use crate::outage::NAMES;
use crate::world::{Test, World};

pub const TESTS: &[Test] = &[Test::alone("a_renewed_certificate_fails_no_review", renewed)];

fn renewed(world: &World) -> anyhow::Result<()> {
    let folder = world.folder.join("rotation");
    let old = ServerCertificate::issue(&folder.join("old"), &NAMES)?;
    let new = ServerCertificate::issue(&folder.join("new"), &NAMES)?;
    // A mounted Secret is a link to the folder of its newest version.
    let mounted = folder.join("mounted");
    mount(&folder.join("old"), &mounted)?;
    let certificate = ServerCertificate {
        authority: old.authority.clone(),
        certificate: mounted.join("tls.crt"),
        key: mounted.join("tls.key"),
    };
    let arguments = vec!["--reload-interval".to_owned(), "100ms".to_owned()];
    let options = Options { certificate: Some(certificate), arguments, ..Options::default() };
    let webhook = world.webhook("rotation", options)?;
    world.put_in_place(&webhook)?;
    let mut load = Load::start(world, "rotation")?;

    world.trust(&webhook, &[read(&old.authority)?, read(&new.authority)?].concat())?;
    load.wait_for(Kind::Governed, true, Instant::now())?;
    mount(&folder.join("new"), &mounted)?;
    wait_until("the new certificate is presented", || Ok(webhook.is_ready_to(&new.authority).is_ok()))?;
    ensure!(webhook.is_ready_to(&old.authority).is_err(), "the old certificate is presented, too");
    load.wait_for(Kind::Governed, true, Instant::now())?;
    // From here on the API server takes no other.
    world.trust(&webhook, &read(&new.authority)?)?;
    load.wait_for(Kind::Governed, true, Instant::now())?;
    load.stop()?;
    for kind in [Kind::Governed, Kind::Free] {
        ensure!(load.refusals(kind).is_empty(), "{:?}", load.refusals(kind));
    }
    Ok(())
}

/// Exchanges what `link` points to, at once.
fn mount(folder: &Path, link: &Path) -> anyhow::Result<()> {
    let next = link.with_extension("next");
    symlink(folder, &next).context("cannot link")?;
    std::fs::rename(&next, link).context("cannot exchange the link")
}

fn read(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
