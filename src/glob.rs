//! Names by pattern.

/// Whether `text` matches `pattern`, in which `*` stands for any number of characters.
pub(crate) fn matches_glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    match last {
        Some(suffix) => rest.ends_with(suffix),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_by_glob() {
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("kube-*", "kube-system", true),
            ("kube-*", "kube", false),
            ("*-prod", "shop-prod", true),
            ("shop", "shop", true),
            ("shop", "shop-2", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("", "", true),
        ] {
            assert_eq!(matches_glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
