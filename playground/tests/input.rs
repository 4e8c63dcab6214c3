//! Whatever is typed gets an answer.

use proptest::prelude::{ProptestConfig, any, prop, proptest};
use rollgate_playground::{Verdict, catalogue, review, review_as_json};
use serde_json::Value;

const CANARY: &str = include_str!("../../gallery/success-rate-only.yaml");
const FLAGGER: &str = include_str!("../../delivery/_examples/flagger-canary.yaml");

/// Asks as the page does, and looks at the answer as it does.
fn ask(manifests: &str, settings: &str) {
    let answer: Value = serde_json::from_str(&review_as_json(manifests, settings, 1e9)).expect("JSON");
    assert!(answer["verdict"].is_string(), "{answer}");
    let units: Vec<usize> = manifests.split('\n').map(|line| line.encode_utf16().count()).collect();
    let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("a small one");
    let places = ["problems", "findings"].iter().flat_map(|list| answer[list].as_array().expect("a list"));
    for place in places {
        let [line, column, end_line, end_column] =
            ["line", "column", "endLine", "endColumn"].map(|field| number(&place[field]));
        assert!((line, column) <= (end_line, end_column), "{place}");
        assert!(line >= 1 && end_line <= units.len(), "{place}");
        assert!(column >= 1 && column <= units[line - 1] + 1, "{place}");
        assert!(end_column <= units[end_line - 1] + 1, "{place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(manifests in any::<String>(), settings in any::<String>()) {
        ask(&manifests, "");
        ask(CANARY, &settings);
    }

    #[test]
    fn any_text_of_marks(manifests in "[-a:{}\\[\\],&*!|>#'\"%@`? \n\t\u{feff}é😀~<]{0,200}") {
        ask(&manifests, &manifests);
    }

    #[test]
    fn any_part_of_a_manifest(
        which in prop::sample::select(vec![CANARY, FLAGGER]),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        inserted in "[-a0:{}\\[\\]&*|#'\" \n😀]{0,3}",
    ) {
        let characters: Vec<char> = which.chars().collect();
        let (from, to) = (from.index(characters.len()), to.index(characters.len()));
        let head: String = characters[..from.min(to)].iter().collect();
        let tail: String = characters[from.max(to)..].iter().collect();
        ask(&head, "");
        ask(&format!("{head}{inserted}{tail}"), "{profile: strict}");
    }

    #[test]
    fn any_value_in_the_place_of_another(
        at in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![
            "null", "-1", "1e308", "99999999999999999999", "[]", "{}", "''", "true", "'9999999h'", "NaN", "\"\\u0000\"",
        ]),
    ) {
        for text in [CANARY, FLAGGER] {
            let lines: Vec<&str> = text.lines().collect();
            let at = at.index(lines.len());
            let Some((key, _)) = lines[at].split_once(": ") else { continue };
            let changed = format!("{key}: {value}");
            let mut lines = lines;
            lines[at] = &changed;
            ask(&lines.join("\n"), "");
        }
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let large = "#".repeat(1024 * 1024 + 1);
    let answer = review(&large, "", 0);
    assert_eq!((answer.verdict, answer.problems.len()), (Verdict::Unread, 1));
    let answer = review(CANARY, &large, 0);
    assert_eq!((answer.verdict, answer.settings.len(), answer.objects.len()), (Verdict::Unread, 1, 0));
    assert_eq!(review(&large[1..], "", 0).verdict, Verdict::Nothing);
}

#[test]
fn deep_and_long_input_has_an_end() {
    for text in ["[".repeat(500_000), "a: ".repeat(100_000), "- ".repeat(300_000), "---\n".repeat(200_000)] {
        ask(&text, "");
    }
    let condition = CANARY.replace("result[0]", &format!("{}result[0]", "(".repeat(100_000)));
    ask(&condition, "");
}

#[test]
fn settings_that_cannot_be_used_say_where() {
    let answer = review(CANARY, "profile: strict\nrules:\n  no-such-rule: deny\n  blast-radius: maybe\n", 0);
    let lines: Vec<usize> = answer.settings.iter().map(|problem| problem.place.line).collect();
    assert_eq!((answer.verdict, lines), (Verdict::Unread, vec![3, 4]));
    assert!(answer.objects.is_empty() && answer.findings.is_empty() && answer.releases.is_empty());
}

#[test]
fn what_is_not_governed_is_nothing() {
    let answer = review("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", "", 0);
    assert_eq!((answer.verdict, answer.objects.len()), (Verdict::Nothing, 0));
    assert_eq!(review("", "", 0).verdict, Verdict::Nothing);
    assert_eq!(review("a: [", "", 0).verdict, Verdict::Unread);
}

#[test]
fn only_so_many_releases_are_drawn() {
    let of =
        |name: usize| format!("{}\n---\n", CANARY.replace("name: payments\n", &format!("name: p{name}\n")));
    let answer = review(&(0..60).map(of).collect::<String>(), "", 0);
    assert_eq!((answer.releases.len(), answer.releases_left_out), (50, 10));
}

#[test]
fn the_catalogue_has_its_schema_and_its_examples() {
    let catalogue = catalogue();
    assert!(catalogue.settings_schema.is_some());
    for group in ["Canonical", "Gallery", "Rules"] {
        assert!(catalogue.examples.iter().any(|example| example.group == group), "{group}");
    }
}
