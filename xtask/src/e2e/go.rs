//! Building Go programs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::process::{self, output, outside};

/// The version the API server tells: that of `k8s.io/kubernetes` in the module's `go.mod`.
const VERSION: &str = "k8s.io/component-base/version";

/// Builds the control plane in `module` and links its programs in `folder`, unless they are there and built of the
/// same.
pub fn control_plane(module: &Path, folder: &Path) -> Result<(), Failure> {
    let read = |name: &str| {
        let path = module.join(name);
        fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let go_mod = read("go.mod")?;
    let sources = [go_mod.as_str(), &read("go.sum")?, &read("main.go")?, &version()?].concat();
    let program = folder.join("control-plane");
    if is_built_of(&program, &sources) {
        return Ok(());
    }
    let version =
        required(&go_mod, "k8s.io/kubernetes").ok_or("e2e/control-plane/go.mod has no k8s.io/kubernetes")?;
    let (major, rest) =
        version.trim_start_matches('v').split_once('.').ok_or("k8s.io/kubernetes has no version")?;
    let minor = rest.split('.').next().unwrap_or_default();
    let flags = format!(
        "-s -w -X {VERSION}.gitVersion={version} -X {VERSION}.gitMajor={major} -X {VERSION}.gitMinor={minor}"
    );
    build(module, ".", &flags, &program)?;
    for name in ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] {
        link(&program, &folder.join(name))?;
    }
    record(&program, &sources)
}

/// Builds `package` of a module in the module cache, with the versions that module itself asks for.
pub fn published(module: &Path, package: &str, program: &Path) -> Result<(), Failure> {
    // The folder is named after the module's version, and its content never changes.
    let sources = format!("{} {}", module.display(), version()?);
    if is_built_of(program, &sources) {
        return Ok(());
    }
    build(module, package, "-s -w", program)?;
    record(program, &sources)
}

/// The folder in Go's module cache of a module at a version, which is downloaded unless it is there.
///
/// Go holds what it downloads against the checksum database; `sum` says which content was looked at.
pub fn download(path: &str, version: &str, sum: &str) -> Result<PathBuf, Failure> {
    let module = format!("{path}@{version}");
    let described = output(outside("go").args(["mod", "download", "-json", &module]))
        .ok_or_else(|| format!("cannot download {module}: `go mod download {module}` must succeed"))?;
    let field = |name: &str| {
        let line = described.lines().find_map(|line| line.trim().strip_prefix(&format!("\"{name}\": \"")))?;
        Some(line.trim_end_matches(['"', ',']))
    };
    match (field("Sum"), field("Dir")) {
        (Some(found), Some(folder)) if found == sum => Ok(PathBuf::from(folder)),
        (Some(found), _) => Err(format!("{module} has the checksum {found}, not {sum}")),
        _ => Err(format!("cannot read what go says of {module}: {described}")),
    }
}

fn version() -> Result<String, Failure> {
    output(outside("go").arg("version"))
        .ok_or_else(|| "Go is missing: install it from https://go.dev/dl or your distribution".to_owned())
}

fn build(module: &Path, package: &str, flags: &str, program: &Path) -> Result<(), Failure> {
    let mut go = outside("go");
    go.arg("build").arg("-C").arg(module).args(["-trimpath", "-buildvcs=false", "-ldflags", flags, "-o"]);
    eprintln!("xtask: {} is built of Go modules, which takes minutes, once", program.display());
    process::run(go.arg(program).arg(package).env("CGO_ENABLED", "0").env_remove("GOFLAGS"))
}

fn required<'a>(go_mod: &'a str, path: &str) -> Option<&'a str> {
    go_mod.lines().find_map(|line| line.trim().strip_prefix(path)?.strip_prefix(' '))
}

fn link(program: &Path, link: &Path) -> Result<(), Failure> {
    let _ = fs::remove_file(link);
    fs::hard_link(program, link).map_err(|error| format!("cannot link {}: {error}", link.display()))
}

/// What `program` was built of is written beside it.
fn is_built_of(program: &Path, sources: &str) -> bool {
    program.is_file()
        && fs::read_to_string(program.with_extension("sources")).is_ok_and(|built| built == sources)
}

fn record(program: &Path, sources: &str) -> Result<(), Failure> {
    let path = program.with_extension("sources");
    fs::write(&path, sources).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
