//! Addresses of what a release asks.

use crate::plan::Reach;

/// How a provider at `address` can be reached.
pub(crate) fn reach(address: &str) -> Reach {
    if address.is_empty() {
        Reach::not("names no address")
    } else if is_http_url(address) {
        Reach::Declared
    } else {
        Reach::not(format!("has the address {address:?}, which is no http or https URL"))
    }
}

/// Whether a client that speaks HTTP can make something of `text`.
pub(crate) fn is_http_url(text: &str) -> bool {
    has_host(text, &["http", "https"])
}

/// Whether `text` is a URL of one of `schemes`, with a host.
pub(crate) fn has_host(text: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.rsplit('@').next().unwrap_or_default();
    schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && !host.is_empty()
        && !host.starts_with(':')
        // What nearly every one is made of needs no look into Unicode's tables.
        && (text.bytes().all(|byte| byte.is_ascii_graphic())
            || !text.contains(|c: char| c.is_whitespace() || c.is_control()))
}

#[cfg(test)]
mod tests {
    use super::is_http_url;

    #[test]
    fn urls_have_a_scheme_and_a_host() {
        for (text, is_url) in [
            ("http://prometheus.monitoring.svc:9090", true),
            ("HTTPS://user:word@prometheus/path?x=y", true),
            ("http://[::1]:9090", true),
            ("prometheus:9090", false),
            ("prometheus.monitoring.svc", false),
            ("http:/prometheus", false),
            ("http://", false),
            ("http:///path", false),
            ("http://:9090", false),
            ("http://a b", false),
            ("http://prometheus\n", false),
            ("ftp://prometheus", false),
            ("", false),
        ] {
            assert_eq!(is_http_url(text), is_url, "{text}");
        }
    }
}
