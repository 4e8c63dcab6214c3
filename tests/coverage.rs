//! What `docs/coverage.md` claims is proven where it says so: by a manifest, a request or a test in which the rules that
//! it names are found. Of the ways around a controller, and of the shapes that look safe, every claim is.

use std::fs::read_to_string;
use std::path::Path;

/// What stands in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a proof finds: the findings of a manifest, the verdict of a request, the body of a test. `None` for what
/// proves nothing.
fn found(proof: &str, findings: &str, tests: &str) -> Option<String> {
    if proof.starts_with("tests/requests/") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(proof);
        let text = read_to_string(file).expect("a request");
        return Some(text.replace("# rejected:", "deny"));
    }
    if proof.starts_with("tests/fixtures/") || proof.starts_with("gallery/") {
        let mut lines = findings.lines().skip_while(|line| *line != proof);
        assert!(lines.next().is_some(), "{proof} is no manifest");
        return Some(lines.take_while(|line| line.starts_with("  ")).collect::<Vec<_>>().join("\n"));
    }
    if !proof.contains('_') || proof.contains('/') {
        return None;
    }
    let (_, body) =
        tests.split_once(&format!("fn {proof}() {{")).unwrap_or_else(|| panic!("{proof} is no test"));
    body.split("\n}\n").next().map(str::to_owned)
}

#[test]
fn every_claim_has_its_proof() {
    let coverage = include_str!("../docs/coverage.md");
    let (findings, tests) = (include_str!("findings.txt"), include_str!("requests.rs"));
    let (_, traps) = coverage.split_once("## Requests that bypass Argo Rollouts").expect("the tables");
    let mut claims = 0;
    for row in coverage.lines().filter(|line| line.starts_with("| ") && !line.contains("| held by |")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, held_by, how] = cells[..] else { panic!("not three cells: {row}") };
        let proofs: Vec<String> = quoted(how).filter_map(|proof| found(proof, findings, tests)).collect();
        let rules: Vec<&str> = quoted(held_by).collect();
        let is_trap = traps.contains(row);
        for rule in rules.iter().filter(|_| is_trap) {
            assert!(proofs.iter().any(|proof| proof.contains(rule)), "no proof finds {rule}: {row}");
        }
        for proof in &proofs {
            let holds = rules.iter().any(|rule| proof.contains(rule));
            let accepted = !proof.contains("deny ");
            assert!(
                if rules.is_empty() { accepted } else { holds },
                "a proof of something else: {row}\n{proof}"
            );
        }
        claims += usize::from(is_trap && !rules.is_empty());
    }
    assert!(claims > 80, "{claims} claims");
}
