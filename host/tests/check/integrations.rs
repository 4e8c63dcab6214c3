//! The files for CI services: their own commands are run, with the service's part played here.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::command::{bare, directory, root};

fn yaml(file: &str) -> Value {
    let text = std::fs::read_to_string(root().join(file)).expect("a file");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A script as CI services run it, with `rollgate` on the PATH.
fn shell(script: &str, directory: &Path, variables: &[(&str, &str)]) -> (i32, String) {
    let command = Path::new(env!("CARGO_BIN_EXE_rollgate")).parent().expect("a directory");
    let path = format!("{}:{}", command.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .current_dir(directory)
        .env("PATH", path)
        .envs(variables.iter().copied())
        .output()
        .expect("bash");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().expect("a code"), String::from_utf8(text).expect("text"))
}

#[test]
fn the_github_action_annotates() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let check = steps.last().expect("a step");
    // Every input is given to the script, and by no other way than its environment.
    for (variable, value) in check["env"].as_object().expect("variables") {
        let input = format!("${{{{ inputs.{} }}}}", variable.to_lowercase());
        assert_eq!(value, &Value::from(input));
        assert!(action["inputs"][variable.to_lowercase()]["default"].is_string(), "{variable}");
    }
    let script = check["run"].as_str().expect("a script");
    assert!(!script.contains("${{"), "{script}");
    let directory = directory(&[("a b.yaml", &bare("a")), ("c.yaml", &bare("c"))]);
    let run = |paths, only, arguments| {
        let variables = [("PATHS", paths), ("ONLY", only), ("ARGUMENTS", arguments)];
        let (code, text) = shell(script, directory.path(), &variables);
        (code, text.matches("::error ").count(), text)
    };
    assert!(matches!(run(".", "", ""), (1, 2, _)), "{:?}", run(".", "", ""));
    assert!(matches!(run("a b.yaml\nc.yaml", "", "--isolated\n"), (1, 2, _)));
    assert!(matches!(run(".", "a b.yaml\n", ""), (1, 1, _)), "{:?}", run(".", "a b.yaml\n", ""));
    assert_eq!(run("nowhere", "", "").0, 2);
    // What is not installed is built from the action's own files.
    let build = steps[0]["run"].as_str().expect("a script");
    let package = build.split("$GITHUB_ACTION_PATH/").nth(1).and_then(|rest| rest.split('"').next());
    assert!(root().join(package.expect("a path")).join("Cargo.toml").is_file());
    assert_eq!(shell(build, directory.path(), &[]).0, 0);
}

#[test]
fn the_gitlab_job_leaves_its_reports() {
    let job = &yaml("integrations/gitlab-ci.yml")["rollgate"];
    let script: Vec<&str> = job["script"]
        .as_array()
        .expect("a script")
        .iter()
        .map(|line| line.as_str().expect("a line"))
        .collect();
    let directory = directory(&[("a.yaml", &bare("a"))]);
    assert_eq!(shell(&script.join("\n"), directory.path(), &[]).0, 1);
    for report in ["codequality", "junit"] {
        let file = job["artifacts"]["reports"][report].as_str().expect("a file");
        let text = std::fs::read_to_string(directory.path().join(file)).expect("a report");
        assert!(text.contains("no-bypass"), "{text}");
    }
}

#[test]
fn the_hooks_report_on_what_is_staged() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let directory = directory(&[("a.yaml", &bare("a")), ("b.yaml", &bare("b"))]);
    for hook in hooks.as_array().expect("hooks") {
        for key in ["id", "name", "description"] {
            assert!(hook[key].is_string(), "{hook}");
        }
        assert_eq!(hook["language"], "system");
        let script = format!("{} b.yaml", hook["entry"].as_str().expect("a command"));
        let (code, text) = shell(&script, directory.path(), &[]);
        assert!(code == 1 && text.contains("b.yaml") && !text.contains("a.yaml"), "{text}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = directory(&[]);
    let (code, text) = shell("rollgate man pages", directory.path(), &[]);
    assert_eq!((code, &*text), (0, ""));
    for page in ["rollgate.1", "rollgate-check.1", "rollgate-explain.1", "rollgate-serve.1"] {
        let text = std::fs::read_to_string(directory.path().join("pages").join(page)).expect("a page");
        assert!(text.contains(".TH ") && text.contains("SYNOPSIS"), "{page}");
    }
}
