//! What `rollgate check` is told.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::quantity;

/// What `--help` teaches.
const EXAMPLES: &str = "\
Examples:
  rollgate check deploy/                           every manifest below a directory
  rollgate check 'apps/**/rollout.yaml'            a pattern, in quotes
  helm template ./chart | rollgate check -         what a template engine renders
  kustomize build overlays/prod | rollgate check -
  rollgate check --diff deploy/                    what --fix would change
  rollgate check --context prod rollout.yaml       templates and Services that are in the cluster already
  rollgate check --baseline rollgate-baseline.json --write-baseline deploy/
                                                   take what is found today as known
  git diff --name-only -z origin/main | xargs -0 rollgate check . --only
                                                   read all, report on what changed

Exit codes:
  0  nothing is denied
  1  something is denied; with --diff, something would be changed
  2  not everything could be checked: a file cannot be read, or settings are not valid

Settings are those of the nearest rollgate.yaml in the directory of each manifest or above.";

/// Arguments of `rollgate check`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct Args {
    /// Files, directories, patterns in quotes, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// File with the policy's settings in YAML or JSON, for all manifests
    #[arg(short, long, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,
    /// Look for no rollgate.yaml
    #[arg(long, conflicts_with = "settings")]
    pub(super) isolated: bool,
    /// Form of the report
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Form::Text)]
    pub(super) output: Form,
    /// Report only on these files, and on releases that use what is in them; all are read. Comes last
    #[arg(long, value_name = "FILE", num_args = 0..)]
    pub(super) only: Option<Vec<PathBuf>>,
    /// Ask this context of the kubeconfig for what the manifests refer to and do not hold
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// Ask the cluster of this file for what the manifests refer to and do not hold
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// File with findings that are known, and not reported again
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write what is found to the file of --baseline, instead of reporting it
    #[arg(long, requires = "baseline", conflicts_with_all = ["fix", "diff", "only"])]
    pub(super) write_baseline: bool,
    /// Mend in the files what has one mend only, and report the rest
    #[arg(long)]
    pub(super) fix: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long)]
    pub(super) diff: bool,
    /// The largest file that is read
    #[arg(long, value_name = "SIZE", default_value = "64Mi", value_parser = quantity::bytes)]
    pub(super) max_file_size: usize,
}

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people, with the lines in question.
    Text,
    /// One line for each finding.
    Concise,
    /// For programs.
    Json,
    /// SARIF 2.1.0, which code scanning reads.
    Sarif,
    /// A test report in XML.
    #[value(help = "JUnit XML, which test reports read")]
    Junit,
    /// Workflow commands: annotations in a GitHub pull request.
    Github,
    /// Code Quality: the report in a GitLab merge request.
    Gitlab,
}
