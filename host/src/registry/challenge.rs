//! How a registry asks who is there: the header `WWW-Authenticate`.

use std::collections::HashMap;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password.
    Basic,
    /// A token.
    Bearer {
        /// Where tokens are to be had.
        realm: String,
        /// For which service, if the registry says so.
        service: Option<String>,
    },
}

impl Challenge {
    /// The challenge in the headers of an answer; tokens go before passwords.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let challenges =
            headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| parse(value.to_str().ok()?));
        challenges.reduce(|first, next| if first == Self::Basic { next } else { first })
    }
}

fn parse(text: &str) -> Option<Challenge> {
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = parameters(rest);
    Some(Challenge::Bearer { realm: parameters.remove("realm")?, service: parameters.remove("service") })
}

/// `key="value",key=value`; a comma may stand in a quoted value.
fn parameters(mut text: &str) -> HashMap<String, String> {
    let mut all = HashMap::new();
    while let Some((key, rest)) = text.split_once('=') {
        let rest = rest.trim_start();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        all.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        text = rest.trim_start().trim_start_matches(',');
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&'static str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, reqwest::header::HeaderValue::from_static(value));
        }
        Challenge::read(&headers)
    }

    #[test]
    fn tokens_go_before_passwords_and_commas_may_be_quoted() {
        let bearer = r#"Bearer realm="https://auth/token?a,b" , service=host,scope="repository:a:pull,push""#;
        let expected =
            Challenge::Bearer { realm: "https://auth/token?a,b".into(), service: Some("host".into()) };
        assert_eq!(read(&[r#"basic realm="x""#, bearer]), Some(expected));
        assert_eq!(read(&["Basic"]), Some(Challenge::Basic));
    }

    #[test]
    fn what_cannot_be_answered_is_none() {
        assert_eq!(read(&["Negotiate", "Bearer service=\"host\"", "Bearer realm"]), None);
        assert_eq!(read(&[]), None);
    }
}
