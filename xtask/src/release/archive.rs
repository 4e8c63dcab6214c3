//! The command as people download it.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::copy;
use crate::workspace::Workspace;
use crate::{Failure, process};

/// The shells that completions are written for, and the names under which those look for them.
const COMPLETIONS: [(&str, &str); 3] =
    [("bash", "rollgate.bash"), ("fish", "rollgate.fish"), ("zsh", "_rollgate")];

/// Packs the static command `program` into `folder`.
pub fn pack(workspace: &Workspace, program: &Path, folder: &Path) -> Result<(), Failure> {
    let name = format!("rollgate-linux-{}", architecture());
    let content = workspace.target.join("release-archive").join(&name);
    let _ = fs::remove_dir_all(&content);
    let completions = content.join("completions");
    fs::create_dir_all(&completions)
        .map_err(|error| format!("cannot create {}: {error}", completions.display()))?;
    for file in ["LICENSE", "README.md"] {
        copy(&workspace.root.join(file), &content.join(file))?;
    }
    copy(program, &content.join("rollgate"))?;
    for (shell, file) in COMPLETIONS {
        let script = process::output(Command::new(program).args(["completions", shell]))
            .ok_or_else(|| format!("cannot write the completions for {shell}"))?;
        let path = completions.join(file);
        fs::write(&path, script).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    process::run(Command::new(program).arg("man").arg(content.join("man")))?;
    let mut tar = Command::new("tar");
    // Who packs it, and when, is in none of it.
    tar.args(["--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"]);
    tar.args(["--mode=go=u-w", "--use-compress-program=gzip --no-name --best", "--directory"]);
    let parent = content.parent().unwrap_or(&content);
    process::run(tar.arg(parent).arg("--file").arg(folder.join(format!("{name}.tar.gz"))).arg(&name))
}

/// As container images call it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
