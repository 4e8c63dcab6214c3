//! Reading everything that a person names.

use std::io::{self, Read};
use std::path::PathBuf;

use super::find::{Input, find};
use super::text::{Limits, Text};
use super::{Document, ReadError};

/// Where manifests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or a directory that is searched for `*.yaml`, `*.yml` and `*.json` at any depth. Names that
    /// begin with a dot are passed over in a search, and so are files without any Kubernetes object. What is neither
    /// may be a pattern of names.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

impl From<&PathBuf> for Source {
    /// `-` is standard input, all else a path.
    fn from(argument: &PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::Path(argument.clone()) }
    }
}

/// Everything that was found: the documents that could be read and the errors of those that could not.
#[derive(Debug, Default)]
pub struct Reading {
    /// The objects, in the order of the sources, of the names in a directory, and of the file.
    pub documents: Vec<Document>,
    /// What could not be read, in the same order.
    pub errors: Vec<ReadError>,
}

/// Reads all sources, all or nothing.
///
/// # Errors
///
/// Every error of every source, when there is any.
pub fn read(sources: &[Source]) -> Result<Vec<Document>, Vec<ReadError>> {
    let reading = gather(sources);
    if reading.errors.is_empty() { Ok(reading.documents) } else { Err(reading.errors) }
}

/// Reads all sources and keeps what could be read beside what could not.
#[must_use]
pub fn gather(sources: &[Source]) -> Reading {
    gather_from(sources, &mut io::stdin().lock())
}

/// [`gather`] with another standard input.
#[must_use]
pub fn gather_from(sources: &[Source], stdin: &mut dyn Read) -> Reading {
    let limits = Limits::default();
    let mut reading = Reading::default();
    for input in find(sources) {
        let text = input.and_then(|input| match input {
            Input::Stdin => Text::from_reader("-", stdin, false, limits),
            Input::File(_) | Input::Found(_) => Text::load(&input, limits),
        });
        match text.map(|text| text.read(limits)) {
            Ok(mut read) => {
                reading.documents.append(&mut read.documents);
                reading.errors.append(&mut read.errors);
            }
            Err(error) => reading.errors.push(error),
        }
    }
    reading
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::{MAX_DOCUMENT_BYTES, Position};
    use super::*;

    /// A directory that goes away with the test.
    struct Dir(PathBuf);

    impl Dir {
        fn new() -> Self {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let name =
                format!("rollgate-manifest-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            self
        }

        fn gather(&self) -> Reading {
            gather(&[Source::Path(self.0.clone())])
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn stdin(text: impl AsRef<[u8]>) -> Reading {
        gather_from(&[Source::Stdin], &mut text.as_ref())
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
    fn a_directory_is_searched_in_order_and_only_for_manifests() {
        let dir = Dir::new();
        dir.write("b.yml", object("b"))
            .write("a/z.yaml", object("z"))
            .write("c.json", "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"c\"}}");
        dir.write("README.md", "---\nnot: a manifest").write(".hidden/x.yaml", "broken: [");
        let reading = dir.gather();
        assert_eq!(reading.errors, []);
        assert_eq!(names(&reading), ["z", "b", "c"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_loops_end() {
        let dir = Dir::new();
        dir.write("real/a.yaml", object("a"));
        std::os::unix::fs::symlink(&dir.0, dir.0.join("real/loop")).unwrap();
        std::os::unix::fs::symlink(dir.0.join("real"), dir.0.join("same")).unwrap();
        std::os::unix::fs::symlink(dir.0.join("gone"), dir.0.join("dangling.yaml")).unwrap();
        let reading = dir.gather();
        assert_eq!(names(&reading), ["a"]);
        assert_eq!(reading.errors.len(), 1);
        assert!(reading.errors[0].file.ends_with("dangling.yaml"));
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let dir = Dir::new();
        dir.write("a.yaml", object("a"));
        let reading = gather(&[Source::Path(dir.0.join("a.yaml")), Source::Path(dir.0.clone())]);
        assert_eq!((names(&reading), reading.errors), (vec!["a".to_owned()], vec![]));
    }

    #[test]
    fn nothing_to_read_is_an_error_that_says_so() {
        let dir = Dir::new();
        let missing = dir.0.join("nowhere.yaml");
        let errors = read(&[Source::Path(missing.clone()), Source::Path(dir.0.clone())]).unwrap_err();
        assert_eq!(errors[0].file, missing.display().to_string());
        assert!(errors[0].problem.contains("cannot be read"), "{}", errors[0]);
        assert!(errors[1].problem.contains("no manifests"), "{}", errors[1]);
    }

    #[test]
    fn a_broken_file_or_document_does_not_hide_its_neighbours() {
        let dir = Dir::new();
        dir.write("a.yaml", format!("{}---\nx: [\n---\n{}", object("a"), object("b")))
            .write("c.yaml", object("c"));
        let reading = dir.gather();
        assert_eq!(names(&reading), ["a", "b", "c"]);
        assert_eq!(
            reading.documents.iter().map(|d| (d.index, d.line)).collect::<Vec<_>>(),
            [(0, 1), (2, 8), (0, 1)]
        );
        assert_eq!(reading.errors.len(), 1);
        let error = &reading.errors[0];
        assert!(error.position.is_some_and(|p| (6..=7).contains(&p.line)), "{error}");
        assert!(error.to_string().contains("a.yaml:"), "{error}");
        assert!(dir.0.join("a.yaml").exists() && read(&[Source::Path(dir.0.clone())]).is_err());
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
        assert_eq!(
            reading.documents[1].json,
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"b"}}"#
        );
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
}
