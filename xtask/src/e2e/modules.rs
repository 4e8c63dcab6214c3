//! The published Go modules of which a run takes files or programs.

use std::fs;
use std::path::{Path, PathBuf};

use super::go;
use crate::Failure;

/// A module at a version, with the checksum of its content as `go.sum` writes it.
struct Module {
    path: &'static str,
    version: &'static str,
    sum: &'static str,
}

const ARGO_ROLLOUTS: Module = Module {
    path: "github.com/argoproj/argo-rollouts",
    version: "v1.10.1",
    sum: "h1:6oyVPGiHHxu3ixkT6mngemh88HLPDoTX1IwO6KNR1Y4=",
};
const FLAGGER: Module = Module {
    path: "github.com/fluxcd/flagger",
    version: "v1.44.0",
    sum: "h1:JAb2mE3AAO5Y/JkfHy6xbFDPDPk9lGvqXwmtztNbdhw=",
};
const ISTIO: Module = Module {
    path: "istio.io/api",
    version: "v1.31.1",
    sum: "h1:5Yb5ihcz4YQsCkciusK7DnFpBMwRB6EFWeUKH1Atuyk=",
};
const PROMETHEUS_OPERATOR: Module = Module {
    path: "github.com/prometheus-operator/prometheus-operator",
    version: "v0.85.0",
    sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
};
const CERT_MANAGER: Module = Module {
    path: "github.com/cert-manager/cert-manager",
    version: "v1.21.2",
    sum: "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
};
const OPENREPORTS: Module = Module {
    path: "github.com/openreports/reports-api",
    version: "v0.2.1",
    sum: "h1:g9KS3yle9Y1elmww4TK9EkD1rl6inIaiIJPX6e+u680=",
};
/// Kyverno carries the definitions of the policy working group, which are not to be had as a module.
const KYVERNO: Module = Module {
    path: "github.com/kyverno/kyverno",
    version: "v1.13.4",
    sum: "h1:2zUi+eszlisLdCir+WIf2NtuUfFPvJtjUNpewdtLjVw=",
};
const KUBEWARDEN: Module = Module {
    path: "github.com/kubewarden/kubewarden-controller",
    version: "v1.20.0",
    sum: "h1:+0uVRnNRrKfGJozyyr6Ut0dvX/oDVl8ldO7w+9lsOlQ=",
};
const HELM: Module = Module {
    path: "helm.sh/helm/v4",
    version: "v4.3.1",
    sum: "h1:UndCoLe9UPmNoL7IvWzaUXveL7T5t/ijoorEmgJdI9g=",
};
const DISTRIBUTION: Module = Module {
    path: "github.com/distribution/distribution/v3",
    version: "v3.1.2",
    sum: "h1:/Bv2YIqqSR00HiO49FT93hovy6r9IlrzwUDsJjCN5qg=",
};

/// Custom resource definitions: the module, and files or folders in it.
const DEFINITIONS: [(&Module, &[&str]); 8] = [
    (&ARGO_ROLLOUTS, &["manifests/crds"]),
    (&FLAGGER, &["artifacts/flagger/crd.yaml"]),
    (&ISTIO, &["kubernetes/customresourcedefinitions.gen.yaml"]),
    (
        &PROMETHEUS_OPERATOR,
        &[
            "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
            "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
            "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
        ],
    ),
    (
        &CERT_MANAGER,
        &["deploy/crds/cert-manager.io_certificates.yaml", "deploy/crds/cert-manager.io_issuers.yaml"],
    ),
    (&OPENREPORTS, &["config/crd"]),
    (&KYVERNO, &["config/crds/policyreport"]),
    (&KUBEWARDEN, &["config/crd/bases"]),
];

/// Programs of the delivery controllers: the module, the package in it, and the name of the program.
const CONTROLLERS: [(&Module, &str, &str); 2] =
    [(&ARGO_ROLLOUTS, "./cmd/rollouts-controller", "argo-rollouts"), (&FLAGGER, "./cmd/flagger", "flagger")];

/// What gives a delivery controller its account and its rights: the module, the files in it, and the controller's name.
const ACCOUNTS: [(&Module, &[&str], &str); 2] = [
    (
        &ARGO_ROLLOUTS,
        &[
            "manifests/base/argo-rollouts-sa.yaml",
            "manifests/role/argo-rollouts-clusterrole.yaml",
            "manifests/cluster-install/argo-rollouts-clusterrolebinding.yaml",
        ],
        "argo-rollouts",
    ),
    (&FLAGGER, &["kustomize/base/flagger/account.yaml", "kustomize/base/flagger/rbac.yaml"], "flagger"),
];

/// Fills `folder` with the definitions of all kinds that the manifests in this repository are of.
pub fn definitions(folder: &Path) -> Result<(), Failure> {
    empty(folder)?;
    for (module, places) in DEFINITIONS {
        let from = module.folder()?;
        for place in places {
            for file in manifests(&from.join(place))? {
                copy(&file, folder, |text| text.contains("kind: CustomResourceDefinition"))?;
            }
        }
    }
    Ok(())
}

/// Fills a folder in `folder` for every delivery controller with the manifests of its account.
pub fn accounts(folder: &Path) -> Result<(), Failure> {
    for (module, places, name) in ACCOUNTS {
        let (from, to) = (module.folder()?, folder.join(name));
        empty(&to)?;
        for place in places {
            copy(&from.join(place), &to, |_| true)?;
        }
    }
    Ok(())
}

/// Builds the delivery controllers into `folder`.
pub fn controllers(folder: &Path) -> Result<(), Failure> {
    CONTROLLERS.iter().try_for_each(|(module, package, name)| {
        let program = folder.join(name);
        go::published(&module.folder()?, package, &program)?;
        write(&program.with_extension("version"), module.version)
    })
}

/// Builds Helm.
pub fn helm(program: &Path) -> Result<(), Failure> {
    go::published(&HELM.folder()?, "./cmd/helm", program)
}

/// Builds the container registry.
pub fn registry(program: &Path) -> Result<(), Failure> {
    go::published(&DISTRIBUTION.folder()?, "./cmd/registry", program)
}

impl Module {
    fn folder(&self) -> Result<PathBuf, Failure> {
        go::download(self.path, self.version, self.sum)
    }
}

fn empty(folder: &Path) -> Result<(), Failure> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| format!("cannot write {}: {error}", folder.display()))
}

/// Copies a text into `folder`, if it is wanted.
fn copy(file: &Path, folder: &Path, wanted: fn(&str) -> bool) -> Result<(), Failure> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    if wanted(&text) {
        write(&folder.join(file.file_name().unwrap_or_default()), &text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// A file itself, or the manifests in a folder.
fn manifests(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths =
        paths.map_err(|error: std::io::Error| format!("cannot read {}: {error}", path.display()))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    Ok(paths)
}
