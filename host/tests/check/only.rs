//! Reporting on some files of a set that is read whole.

use crate::command::{bare, check, directory, root, write};

#[test]
fn other_files_are_read_and_not_reported_on() {
    let directory = directory(&[("a.yaml", &bare("a")), ("b.yaml", &bare("b"))]);
    let path = directory.path();
    let report = check(path, &["--output", "json", ".", "--only", "./b.yaml", "README.md"]);
    assert_eq!(report.rules(), ["no-bypass"]);
    assert_eq!(report.json()["objects"][0]["name"], "b");
    let nothing = check(path, &["--output", "json", ".", "--only"]);
    assert_eq!((nothing.code, nothing.rules().len()), (0, 0));
}

/// Who changes a template changes every release that uses it.
#[test]
fn a_release_is_reported_on_when_what_it_uses_is_among_them() {
    let all = std::fs::read_to_string(root().join("gallery/success-rate-only.yaml")).expect("a manifest");
    let directory = directory(&[("other.yaml", &bare("other"))]);
    let path = directory.path();
    for (number, document) in all.split("\n---\n").enumerate() {
        write(path, &format!("{number}.yaml"), document);
    }
    let template = (0..6)
        .map(|number| format!("{number}.yaml"))
        .find(|file| {
            std::fs::read_to_string(path.join(file)).is_ok_and(|text| text.contains("name: request-signals"))
                && !std::fs::read_to_string(path.join(file)).is_ok_and(|text| text.contains("kind: Rollout"))
        })
        .expect("a template");
    let report = check(path, &["--output", "json", ".", "--only", &template]);
    assert_eq!((report.code, report.rules()), (1, vec!["analysis-signals".to_owned()]));
}
