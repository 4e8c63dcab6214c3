//! Whether the one who signed is the one who should have.

use sigstore_verify::SubjectAltName;

use super::config::{Requirement, Subject};

/// The identity provider of GitHub's workflows.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// The identity provider that must know who signed; `None` where a key is asked for.
pub(super) fn issuer(requirement: &Requirement) -> Option<&str> {
    match requirement {
        Requirement::PubKey { .. } => None,
        Requirement::GenericIssuer { issuer, .. } => Some(issuer),
        Requirement::GithubAction { .. } => Some(GITHUB),
    }
}

/// Whether a certificate for this identity is one of those asked for.
pub(super) fn matches(requirement: &Requirement, identity: &SubjectAltName) -> bool {
    match requirement {
        Requirement::PubKey { .. } => false,
        Requirement::GenericIssuer { subject: Subject::Equal(expected), .. } => identity.as_str() == expected,
        Requirement::GenericIssuer { subject: Subject::UrlPrefix(prefix), .. } => below(identity, prefix),
        Requirement::GithubAction { owner, repo: None, .. } => {
            below(identity, &format!("https://github.com/{owner}"))
        }
        Requirement::GithubAction { owner, repo: Some(repo), .. } => {
            below(identity, &format!("https://github.com/{owner}/{repo}"))
        }
    }
}

/// Whether the identity is an address below another: `…/owner` is not above `…/owner-of-something-else`.
fn below(identity: &SubjectAltName, prefix: &str) -> bool {
    let SubjectAltName::Uri(uri) = identity else { return false };
    let rest = uri.strip_prefix(prefix.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a text is a name at GitHub: with a slash in it, it would name more or less than it seems to.
pub(super) fn check_name(name: &str) -> anyhow::Result<()> {
    let known = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    anyhow::ensure!(!name.is_empty() && name.chars().all(known), "{name:?} is no name at GitHub");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow(path: &str) -> SubjectAltName {
        SubjectAltName::Uri(format!("https://github.com/{path}/.github/workflows/release.yml@refs/tags/v1"))
    }

    #[test]
    fn a_prefix_ends_where_a_name_ends() {
        let of = |repo: Option<&str>| Requirement::GithubAction {
            owner: "kubewarden".into(),
            repo: repo.map(str::to_owned),
            annotations: None,
        };
        assert!(matches(&of(None), &workflow("kubewarden/policies")));
        assert!(!matches(&of(None), &workflow("kubewarden-too/policies")));
        assert!(matches(&of(Some("policies")), &workflow("kubewarden/policies")));
        assert!(!matches(&of(Some("policies")), &workflow("kubewarden/policies-too")));
        let email = SubjectAltName::Email("https://github.com/kubewarden/policies/".into());
        assert!(!matches(&of(None), &email));
    }

    #[test]
    fn names_have_no_slashes() {
        assert!(check_name("kubewarden").is_ok());
        for wrong in ["", "a/b", "..%2f", "a?b"] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
