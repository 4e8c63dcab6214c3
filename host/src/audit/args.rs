//! What `rollgate audit` is told.

use std::path::PathBuf;

use clap::ValueEnum;

use super::report::Family;
use crate::quantity;

/// What `--help` teaches.
const EXAMPLES: &str = "\
Examples:
  rollgate audit                                   the cluster of the current context, all namespaces
  rollgate audit --context prod -n shop            one namespace of another cluster
  rollgate audit --settings settings.yaml -o json  as the webhook judges, for programs
  kubectl get rollouts,analysistemplates,canaries,metrictemplates,deployments,services -A -o yaml > dump.yaml
  rollgate audit dump.yaml                         a dump: what is not in it does not exist
  rollgate audit --write-reports wgpolicyk8s.io    leave a PolicyReport beside every audited object
  rollgate audit -o openreports > reports.json     the same as a List, for kubectl apply

Exit codes:
  0  nothing is denied, or --exit-zero is given
  1  something is denied
  2  not everything could be read, or not every report written; or the cluster cannot be reached

Only files given with --settings are settings: no rollgate.yaml is looked for.";

/// Arguments of `rollgate audit`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files or directories of a dump, or - for standard input; without any, the live cluster is read
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Audit this namespace only; what its objects refer to may be anywhere
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// Audit all namespaces, which is the default
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// File that says how to reach the cluster; otherwise KUBECONFIG, ~/.kube/config or the pod's service account
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// Context of that file; its current one unless given
    #[arg(long, value_name = "NAME", conflicts_with = "paths")]
    pub(super) context: Option<String>,
    /// File with the policy's settings in YAML or JSON
    #[arg(short, long, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,
    /// Form of the output
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Form::Table)]
    pub(super) output: Form,
    /// Show in the table what is accepted without a finding, too
    #[arg(long)]
    pub(super) show_accepted: bool,
    /// Write a report beside every audited object, of the kinds of this API group
    #[arg(long, value_enum, value_name = "GROUP", conflicts_with = "paths")]
    pub(super) write_reports: Option<Family>,
    /// Exit with 0 though something is denied
    #[arg(long)]
    pub(super) exit_zero: bool,
    /// The largest file of a dump that is read
    #[arg(long, value_name = "SIZE", default_value = "1Gi", value_parser = quantity::bytes)]
    pub(super) max_file_size: usize,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people: what has findings, and how often each rule has them.
    Table,
    /// For programs: every audited object with its findings.
    Json,
    /// A List of `PolicyReport` and `ClusterPolicyReport` of wgpolicyk8s.io/v1alpha2, as JSON.
    Wgpolicy,
    /// A List of `Report` and `ClusterReport` of openreports.io/v1alpha1, as JSON.
    Openreports,
}
