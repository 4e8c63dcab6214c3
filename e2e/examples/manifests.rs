//! Writes the manifests that are generated from the Helm chart. Called by `cargo xtask manifests`.

use anyhow::Context;
use rollgate_e2e::{Helm, plain_manifests, repository};

fn main() -> anyhow::Result<()> {
    let helm = std::env::args_os().nth(1).context("name the program of Helm")?;
    for (path, text) in plain_manifests(&Helm::new(helm.into()))? {
        std::fs::write(repository().join(path), text).with_context(|| path.to_owned())?;
        println!("wrote {path}");
    }
    Ok(())
}
