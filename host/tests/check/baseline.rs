//! Known findings.

use crate::command::{bare, check, directory, write};

#[test]
fn what_is_known_is_not_reported_again_wherever_it_moves() {
    let directory = directory(&[("deploy/a.yaml", &bare("a")), ("deploy/b.yaml", &bare("b"))]);
    let path = directory.path();
    assert_eq!(check(path, &["deploy"]).code, 1);
    let written = check(path, &["--baseline", "ci/known.json", "--write-baseline", "deploy"]);
    assert_eq!(written.code, 2, "{written:?}");
    write(path, "ci/README.md", "");
    let written = check(path, &["--baseline", "ci/known.json", "--write-baseline", "deploy"]);
    assert_eq!((written.code, &*written.out), (0, ""), "{written:?}");

    write(path, "deploy/a.yaml", &format!("# moved\n\n{}", bare("a")));
    std::fs::rename(path.join("deploy/b.yaml"), path.join("deploy/renamed.yaml")).expect("a move");
    let report = check(path, &["--baseline", "ci/known.json", "deploy"]);
    assert_eq!((report.code, &*report.err), (0, ""), "{report:?}");
    assert!(report.out.contains("2 known from the baseline"), "{report:?}");

    write(path, "deploy/c.yaml", &bare("c"));
    let report = check(path, &["--baseline", "ci/known.json", "--output", "json", "deploy"]);
    assert_eq!((report.code, report.rules()), (1, vec!["no-bypass".to_owned()]));
    assert_eq!(report.json()["summary"]["known"], 2);
}

#[test]
fn what_is_gone_is_told_and_costs_nothing() {
    let directory = directory(&[("a.yaml", &bare("a")), ("b.yaml", &bare("b"))]);
    let path = directory.path();
    assert_eq!(check(path, &["--baseline", "known.json", "--write-baseline", "."]).code, 0);
    write(path, "b.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n");
    let report = check(path, &["--baseline", "known.json", "."]);
    assert_eq!(report.code, 0, "{report:?}");
    assert!(report.err.contains("1 finding(s) of known.json are gone"), "{report:?}");
    assert!(report.err.contains("b.yaml: no-bypass of Deployment b at kind"), "{report:?}");
    // Of a file that was not read nothing can be told.
    assert_eq!(check(path, &["--baseline", "known.json", "a.yaml"]).err, "");
}

#[test]
fn sarif_tells_new_from_known() {
    let directory = directory(&[("a.yaml", &bare("a"))]);
    let path = directory.path();
    assert_eq!(check(path, &["--baseline", "known.json", "--write-baseline", "a.yaml"]).code, 0);
    write(path, "b.yaml", &bare("b"));
    let report = check(path, &["--baseline", "known.json", "--output", "sarif", "a.yaml", "b.yaml"]);
    let results = report.json()["runs"][0]["results"].clone();
    let states: Vec<&str> = results
        .as_array()
        .expect("results")
        .iter()
        .map(|r| r["baselineState"].as_str().expect("a state"))
        .collect();
    assert_eq!((report.code, states), (1, vec!["unchanged", "new"]));
    assert!(results[0]["partialFingerprints"]["rollgate/v1"].is_string());
}

#[test]
fn a_baseline_that_cannot_be_used_is_an_error() {
    let directory = directory(&[("a.yaml", &bare("a")), ("odd.json", "{\"version\": 2, \"findings\": []}")]);
    for (file, part) in
        [("none.json", "--write-baseline"), ("a.yaml", "is no baseline"), ("odd.json", "version 2")]
    {
        let report = check(directory.path(), &["--baseline", file, "a.yaml"]);
        assert!(report.code == 2 && report.err.contains(part), "{report:?}");
    }
}
