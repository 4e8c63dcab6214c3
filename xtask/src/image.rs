//! `cargo xtask image`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{self, cargo};
use crate::workspace::Workspace;
use crate::{Failure, build};

/// What `--help` says.
pub const DESCRIPTION: &str = "\
Builds what a container image of rollgate holds, and nothing else, into dist/image:
  dist/image/rollgate     the command, linked statically: it needs no other file
  dist/image/policy.wasm  the policy with its metadata

`Dockerfile` runs this and copies that folder. It works on Linux, with a C compiler and the static C library, which
come with the usual build packages.
";

/// Builds the content of an image.
pub fn run(workspace: &Workspace) -> Result<(), Failure> {
    let command = static_command(workspace, &[])?;
    build::policy(workspace, &command)?;
    let image = workspace.image();
    fs::create_dir_all(&image).map_err(|error| format!("cannot create {}: {error}", image.display()))?;
    build::replace(&command, &image.join("rollgate"))?;
    build::replace(&workspace.policy(), &image.join("policy.wasm"))?;
    for (name, mode) in [("rollgate", 0o755), ("policy.wasm", 0o644)] {
        set_mode(&image.join(name), mode)?;
    }
    Ok(())
}

/// Builds the command so that it needs no library, with further flags of the compiler.
pub fn static_command(workspace: &Workspace, flags: &[&str]) -> Result<PathBuf, Failure> {
    if !cfg!(target_os = "linux") {
        return Err("what is linked statically is built on Linux; an image, with `docker build .`".to_owned());
    }
    let mut link = cargo(workspace, "rustc");
    link.args(build::COMMAND).args(["--", "-C", "target-feature=+crt-static"]);
    process::run(link.args(flags))?;
    Ok(workspace.released("rollgate"))
}

/// Whoever runs it is not who built it.
#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|error| format!("cannot set the mode of {}: {error}", path.display()))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> Result<(), Failure> {
    Ok(())
}
