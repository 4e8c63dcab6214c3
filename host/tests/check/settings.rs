//! Settings that are found, named, or left alone.

use crate::command::{bare, check, directory, write};

#[test]
fn the_nearest_file_above_a_manifest_counts() {
    let directory = directory(&[
        ("rollgate.yaml", "rules: {no-bypass: warn}\n"),
        ("a/manifest.yaml", &bare("a")),
        ("b/rollgate.yaml", "rules: {no-bypass: off}\n"),
        ("b/deep/down/manifest.yaml", &bare("b")),
    ]);
    let path = directory.path();
    let report = check(path, &["--output", "json", "."]);
    assert_eq!((report.code, report.rules()), (0, vec!["no-bypass".to_owned()]), "{report:?}");
    assert_eq!(report.json()["summary"]["warnings"], 1);
    assert_eq!(check(&path.join("b/deep"), &["--output", "json", "down/manifest.yaml"]).rules().len(), 0);
    assert_eq!(check(path, &["--isolated", "."]).code, 1);
    write(path, "own.yaml", "enforcement: deny\n");
    assert_eq!(check(path, &["--settings", "own.yaml", "a", "b"]).code, 1);
}

#[test]
fn a_mistake_in_them_has_a_place() {
    let directory = directory(&[
        ("rollgate.yaml", "profile: standard\nrules:\n  no-bypas: warn\nunheard: of\n"),
        ("manifest.yaml", &bare("a")),
    ]);
    let report = check(directory.path(), &["manifest.yaml"]);
    assert_eq!((report.code, &*report.out), (2, ""));
    assert!(report.err.contains("rollgate.yaml:3:3: rules.no-bypas"), "{}", report.err);
    assert!(report.err.contains("rollgate.yaml:4:1: unheard: unknown setting"), "{}", report.err);
    assert_eq!(check(directory.path(), &["--isolated", "manifest.yaml"]).code, 1);
}

#[test]
fn a_manifest_of_that_name_is_a_manifest() {
    let directory = directory(&[("rollgate.yaml", &bare("a")), ("empty/rollgate.yaml", "# nothing yet\n")]);
    let report = check(directory.path(), &["--output", "json", "."]);
    assert_eq!((report.code, report.rules()), (1, vec!["no-bypass".to_owned()]), "{report:?}");
}
