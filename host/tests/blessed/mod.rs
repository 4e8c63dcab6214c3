//! What people are shown, held against what they were shown before.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// `rollgate`, from the folder of the repository, in a terminal that shows blocks.
pub fn rollgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
    command.args(args).current_dir(root()).env("LC_ALL", "C.UTF-8").env("TERM", "xterm");
    command.env_remove("COLUMNS").stdin(Stdio::null());
    command
}

pub fn run(args: &[&str]) -> Output {
    rollgate(args).output().expect("rollgate")
}

/// What a command prints that exits with `code`.
pub fn printed(args: &[&str], code: i32) -> String {
    let output = run(args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Every manifest of the fixtures, the gallery and the examples, from the folder of the repository.
#[allow(dead_code, reason = "not every test looks at all of them")]
pub fn manifests() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = ["tests/fixtures", "gallery", "delivery/_examples"].map(PathBuf::from).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else {
                found.push(path.to_str().expect("UTF-8").to_owned());
            }
        }
    }
    found.sort();
    assert!(found.len() > 100);
    found
}

/// Holds `text` against a file in `tests/shown`, which BLESS=1 in the environment rewrites.
pub fn same_as(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shown").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, text).expect("a file that can be written");
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        text == expected,
        "{name} is no longer what is shown; when it should be, run BLESS=1 cargo test. Shown now:\n{text}"
    );
}
