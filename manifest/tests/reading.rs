//! What becomes of a text: documents, places, and what cannot be read.

use rollgate_manifest::{Document, Limits, MAX_DOCUMENT_BYTES, Position, Reading, Text};

fn stdin(text: impl AsRef<[u8]>) -> Reading {
    let limits = Limits::default();
    match Text::from_bytes("-", text.as_ref().to_vec(), limits) {
        Ok(text) => text.read(limits),
        Err(error) => Reading { documents: Vec::new(), errors: vec![error] },
    }
}

fn object(name: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n")
}

fn names(reading: &Reading) -> Vec<String> {
    let name = |document: &Document| {
        let json: serde_json::Value = serde_json::from_str(&document.json).unwrap();
        json["metadata"]["name"].as_str().unwrap_or_default().to_owned()
    };
    reading.documents.iter().map(name).collect()
}

fn at(line: usize, column: usize) -> Position {
    Position { line, column }
}

#[test]
fn empty_files_and_documents_are_nothing() {
    for text in [
        "",
        "\n",
        "---\n",
        "# a comment\n---\n---\n# another\n",
        "---\n...\n",
        "null\n",
        "\u{feff}",
        "%YAML 1.2\n---\n",
    ] {
        let reading = stdin(text);
        assert_eq!((reading.documents.len(), &reading.errors[..]), (0, &[][..]), "{text:?}");
    }
}

#[test]
fn documents_are_found_around_comments_directives_and_windows_line_ends() {
    let text = format!(
        "\u{feff}# head\n%YAML 1.2\n--- # first\n{}---\r\n# nothing\r\n---\r\n{}...\n---\n{}",
        object("a"),
        object("b").replace('\n', "\r\n"),
        object("c")
    );
    let reading = stdin(text);
    assert_eq!(reading.errors, []);
    assert_eq!(names(&reading), ["a", "b", "c"]);
    assert_eq!(
        reading.documents.iter().map(|d| (d.index, d.line)).collect::<Vec<_>>(),
        [(0, 4), (1, 11), (2, 17)]
    );
    assert_eq!(reading.documents[1].locate("metadata.name"), at(14, 3));
}

#[test]
fn paths_lead_to_keys_items_and_the_nearest_ancestor() {
    let text = "apiVersion: v1\nkind: X\nmetadata:\n  annotations:\n    rollgate.dev/exempt: a\nspec:\n  steps:\n  - setWeight: 10\n  - pause: {duration: 5m}\n";
    let reading = stdin(text);
    let document = &reading.documents[0];
    for (path, place) in [
        ("", at(1, 1)),
        ("metadata.annotations[rollgate.dev/exempt]", at(5, 5)),
        ("spec.steps[0]", at(8, 5)),
        ("spec.steps[1].pause.duration", at(9, 13)),
        ("spec.steps[1].pause.nothing", at(9, 5)),
        ("spec.steps[7].setWeight", at(7, 3)),
        ("spec.strategy.canary", at(6, 1)),
        ("status", at(1, 1)),
    ] {
        assert_eq!(document.locate(path), place, "{path}");
    }
}

#[test]
fn lists_become_their_items_with_their_places() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: v1\n  kind: ServiceList\n  items:\n  - metadata: {name: b}\n";
    let reading = stdin(text);
    assert_eq!(reading.errors, []);
    assert_eq!(names(&reading), ["a", "b"]);
    assert_eq!(reading.documents[0].line, 4);
    assert_eq!(reading.documents[0].locate("metadata.name"), at(6, 14));
    assert_eq!(reading.documents[1].json, r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"b"}}"#);
    assert_eq!(reading.documents[1].locate("metadata"), at(10, 5));
    for nothing in ["", "items: []\n", "items:\n"] {
        let reading = stdin(format!("apiVersion: v1\nkind: List\n{nothing}"));
        assert_eq!((reading.documents.len(), reading.errors), (0, vec![]), "{nothing}");
    }
    // A kind may end in "List" without being a list.
    assert_eq!(stdin("apiVersion: v1\nkind: AllowList\nspec: {}\n").documents.len(), 1);
}

#[test]
fn what_is_no_kubernetes_object_is_named_with_its_place() {
    for (text, place, part) in [
        ("a: 1\n", at(1, 1), "no apiVersion"),
        ("\n\napiVersion: v1\nmetadata: {}\n", at(3, 1), "no kind"),
        ("apiVersion: 1\nkind: X\n", at(1, 1), "apiVersion must be a non-empty string, and is a number"),
        ("apiVersion: v1\nkind: ''\n", at(2, 1), "kind must be"),
        ("- a\n", at(1, 1), "a list"),
        ("hello\n", at(1, 1), "a string"),
        ("apiVersion: v1\nkind: List\nitems:\n- 5\n", at(4, 3), "a number"),
    ] {
        let errors = stdin(text).errors;
        assert_eq!(errors.len(), 1, "{text}");
        assert_eq!(errors[0].position, Some(place), "{text}");
        assert!(errors[0].problem.contains(part), "{}", errors[0]);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let reading = stdin(b"a: 1\nb: \xff\n");
    assert_eq!(reading.errors[0].position, Some(at(2, 4)));
    assert!(stdin(b"\xff\xfea\0").errors[0].problem.contains("UTF-16"));
    assert!(stdin(b"\x7fELF\x02\0\xff").errors[0].problem.contains("binary"));
}

#[test]
fn a_nul_byte_in_yaml_is_an_error() {
    assert_eq!(stdin(b"apiVersion: v1\nkind: \0X\n").errors.len(), 1);
}

#[test]
fn templates_yet_to_be_rendered_get_the_hint() {
    for text in [
        "{{- if .Values.x }}\napiVersion: v1\n{{- end }}\n",
        "apiVersion: v1\nkind: X\nname: {{ .Values.name }}\n",
        "{{ include \"x\" . }}\n",
    ] {
        let errors = stdin(text).errors;
        assert!(!errors.is_empty(), "{text}");
        assert!(errors[0].problem.contains("yet to be rendered"), "{}", errors[0]);
        assert!(errors[0].mend.contains("helm template"), "{}", errors[0]);
    }
    let argo = "apiVersion: v1\nkind: X\nquery: \"{{args.name}}\"\nbroken: [\n";
    assert!(!stdin(argo).errors[0].problem.contains("rendered"));
}

#[test]
fn json_is_read_from_any_source_and_flow_yaml_is_not_taken_for_it() {
    let json = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"X\",\n\t\"n\": 12345678901234567890123\n}\n";
    let reading = stdin(json);
    assert_eq!(reading.errors, []);
    assert_eq!(reading.documents[0].locate("n"), at(4, 2));
    assert!(reading.documents[0].json.contains("12345678901234567890123"));
    assert_eq!(stdin("{apiVersion: v1, kind: X}").documents.len(), 1);
    assert_eq!(stdin("{\"apiVersion\": v1, kind: X}").documents.len(), 1);
    assert_eq!(stdin(format!("{json}---\n{}", object("a"))).documents.len(), 2);
    let errors = stdin("{\"apiVersion\": \"v1\", \"kind\": \"X\"").errors;
    assert!(errors[0].problem.contains("JSON ends too early"), "{}", errors[0]);
}

#[test]
fn oversized_documents_are_refused_and_large_ones_are_read_in_time() {
    let huge = format!("{}data: {}\n---\n{}", object("a"), "x".repeat(MAX_DOCUMENT_BYTES), object("b"));
    let reading = stdin(huge);
    assert_eq!((names(&reading), reading.errors.len()), (vec!["b".to_owned()], 1));
    assert!(reading.errors[0].problem.contains("larger than 16 MB"));

    let mut large = object("a") + "data:\n";
    for i in 0.. {
        let i = i.to_string();
        large.extend(["  key-", &i, ":\n  - name: value-", &i, "\n    weight: ", &i, "\n"]);
        if large.len() > 5_000_000 {
            break;
        }
    }
    let start = std::time::Instant::now();
    let reading = stdin(&large);
    assert_eq!((reading.documents.len(), reading.errors.len()), (1, 0));
    let limit = if cfg!(debug_assertions) { 30 } else { 2 };
    assert!(start.elapsed().as_secs() < limit, "{:?}", start.elapsed());
}
