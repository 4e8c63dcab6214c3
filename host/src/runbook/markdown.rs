//! Writing Markdown that says what it was given, whatever that holds.

/// What the manifests do not say.
pub(super) fn missing(what: &str) -> String {
    format!("**missing**: {what}")
}

/// Plain text on one line.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' => out.extend(['\\', character]),
            character => out.push(character),
        }
    }
    out
}

/// A short piece of code on one line.
pub(super) fn code(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fence = "`".repeat(longest_run(&text) + 1);
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// The same in a table's cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A block of code.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

/// A list.
pub(super) fn list(items: &[String]) -> String {
    items.iter().flat_map(|item| ["- ", item, "\n"]).collect()
}

/// A table with its first row as heads.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rule = vec!["---".to_owned(); heads.len()];
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{}{rows}", line(&heads), line(&rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_may_hold_backticks() {
        assert_eq!(code("a  b\nc"), "`a b c`");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!(block("", "```\n"), "````\n```\n````\n");
        assert_eq!(plain("a*b\n|c"), "a\\*b \\|c");
    }
}
