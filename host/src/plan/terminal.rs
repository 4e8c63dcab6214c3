//! What the terminal can show.

use rollgate_picture::text::Terminal;

/// Columns where there is no terminal.
const DEFAULT_WIDTH: usize = 80;

/// Of standard output, with the width that was asked for.
pub(super) fn terminal(width: Option<usize>) -> Terminal {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let shown = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = width.or_else(shown).or_else(columns).unwrap_or(DEFAULT_WIDTH);
    Terminal { width, unicode: shows_unicode(|name| std::env::var(name).ok()) }
}

/// Whether block characters arrive as such: by the locale, as programs choose it, unless the terminal is a plain one.
fn shows_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    if variable("TERM").is_some_and(|terminal| terminal == "dumb") {
        return false;
    }
    if cfg!(windows) {
        return true;
    }
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default();
    let locale = locale.to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_unless_the_terminal_is_dumb() {
        let shows = |variables: &[(&str, &str)]| {
            shows_unicode(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(shows(&[("LANG", "en_US.UTF-8")]));
        assert!(shows(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!shows(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]) && !shows(&[]));
        assert!(!shows(&[("LANG", "en_US.UTF-8"), ("TERM", "dumb")]));
    }
}
