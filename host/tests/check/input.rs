//! What people give: patterns, pipes, and files that are not what they should be.

use crate::command::{bare, check, command, directory, finish, root};

#[test]
fn patterns_that_no_shell_expands() {
    let directory = directory(&[
        ("apps/a/deploy.yaml", &bare("a")),
        ("apps/b/deploy.yaml", &bare("b")),
        ("apps/b/.hidden/deploy.yaml", &bare("hidden")),
        ("apps/b/notes.txt", "no manifest"),
    ]);
    let path = directory.path();
    let found = |pattern: &str| check(path, &["--output", "json", pattern]).rules().len();
    assert_eq!([found("apps/**/*.yaml"), found("apps/*"), found("apps/[a]/*"), found("**/*")], [2, 2, 1, 2]);
    let nothing = check(path, &["apps/*/rollout.yaml"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.out.contains("no manifest matches this pattern"), "{nothing:?}");
    assert!(check(path, &["a/***"]).out.contains("no pattern"));
}

#[test]
fn a_pipe_is_a_file_without_a_name() {
    let mut command = command(&root());
    command.args(["--isolated", "-"]);
    let report = finish(command, &bare("piped"));
    assert_eq!(report.code, 1);
    assert!(report.out.contains("--> -:2:1"), "{}", report.out);
    assert!(report.out.contains("kind: Deployment"), "{}", report.out);
}

#[test]
fn windows_files_and_byte_order_marks_show_their_lines() {
    let windows = format!("\u{feff}{}", bare("é").replace('\n', "\r\n"));
    let directory = directory(&[("windows.yaml", &windows)]);
    let report = check(directory.path(), &["windows.yaml"]);
    assert!(report.out.contains("2 | kind: Deployment\n"), "{:?}", report.out);
}

#[test]
fn large_files_are_read_when_asked_for() {
    let large = format!("{}---\n# {}\n", bare("large"), "x".repeat(3 << 20));
    let directory = directory(&[("large.yaml", &large)]);
    let refused = check(directory.path(), &["--max-file-size", "2Mi", "large.yaml"]);
    assert_eq!(refused.code, 2);
    assert!(refused.out.contains("larger than 2 MB"), "{}", refused.out);
    assert_eq!(check(directory.path(), &["large.yaml"]).code, 1);
}

#[test]
fn long_lines_are_not_shown() {
    let json = format!(
        "{{\"apiVersion\":\"apps/v1\",\"metadata\":{{\"name\":\"a\",\"annotations\":{{\"a\":\"{}\"}}}},\"kind\":\"Deployment\"}}",
        "x".repeat(5000)
    );
    let directory = directory(&[("long.json", &json)]);
    let report = check(directory.path(), &["long.json"]);
    assert!(report.code == 1 && report.out.len() < 2000, "{report:?}");
    assert!(report.out.contains("--> long.json:1:50"), "{}", report.out);
}

#[test]
fn anchors_and_merge_keys_lead_to_where_they_are_used() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: &m {name: a}\nspec:\n  template:\n    metadata:\n      <<: *m\n";
    let directory = directory(&[("anchors.yaml", text)]);
    assert_eq!(check(directory.path(), &["--output", "json", "."]).rules(), ["no-bypass"]);
}

#[cfg(unix)]
#[test]
fn links_that_go_round_and_files_that_are_gone() {
    let directory = directory(&[("a/deploy.yaml", &bare("a"))]);
    let path = directory.path();
    std::os::unix::fs::symlink(path, path.join("a/loop")).expect("a link");
    std::os::unix::fs::symlink(path.join("gone"), path.join("gone.yaml")).expect("a link");
    let report = check(path, &["--output", "json", "."]);
    assert_eq!((report.code, report.rules().len()), (2, 1), "{report:?}");
    assert!(report.json()["errors"][0].as_str().is_some_and(|error| error.contains("gone.yaml")));
}

#[test]
fn kinds_that_nobody_judges_are_counted() {
    let widgets = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\n---\n".repeat(3);
    let directory = directory(&[("widgets.yaml", &widgets)]);
    let report = check(directory.path(), &["."]);
    assert_eq!(report.code, 0);
    assert!(report.out.contains("3 of other kinds ignored"), "{}", report.out);
}

#[test]
fn what_a_search_comes_upon_may_be_something_else_and_what_is_named_may_not() {
    let directory = directory(&[
        ("deploy.yaml", &bare("a")),
        ("compose.yml", "services: {a: {image: a}}\n"),
        ("package.json", "{\"name\": \"a\"}"),
    ]);
    let report = check(directory.path(), &["."]);
    assert!(report.code == 1 && report.out.contains("2 files without objects"), "{report:?}");
    let report = check(directory.path(), &["compose.yml"]);
    assert!(report.code == 2 && report.out.contains("it has no apiVersion"), "{report:?}");
    // Broken files are told of in any case: they may have been manifests.
    crate::command::write(directory.path(), "broken.yaml", "a: [\n");
    assert_eq!(check(directory.path(), &["."]).code, 2);
}

#[test]
fn a_thousand_files_are_reported_in_their_order() {
    let files: Vec<(String, String)> =
        (0..1000).map(|n| (format!("{n:04}.yaml"), bare(&format!("d{n:04}")))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    let report = check(directory(&files).path(), &["--output", "json", "."]).json();
    let names: Vec<String> = report["objects"]
        .as_array()
        .expect("objects")
        .iter()
        .map(|object| object["name"].as_str().expect("a name").to_owned())
        .collect();
    assert!(names.len() == 1000 && names.is_sorted());
}
