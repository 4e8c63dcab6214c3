//! Exemptions: rules that a release may break for a while, because somebody else agreed.

use std::collections::BTreeMap;

use chrono::DateTime;

use crate::duration::human;
use crate::finding::{Finding, Level};
use crate::plan::Mistake;

/// Names the rules, separated by commas.
pub const EXEMPT: &str = "rollgate.dev/exempt";
/// Says why.
pub const JUSTIFICATION: &str = "rollgate.dev/justification";
/// Names who agreed; not the requester.
pub const APPROVED_BY: &str = "rollgate.dev/approved-by";
/// Says until when, as RFC 3339.
pub const EXPIRES: &str = "rollgate.dev/expires";

/// Rules that keep the others honest and so cannot be set aside.
pub(crate) const NEVER_EXEMPT: [&str; 2] = ["valid-exemption", "valid-spec"];

/// The exemption an object claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exemption {
    /// The rules it names.
    pub rules: Vec<String>,
    /// Reason, approver and expiry in one line, for the audit log.
    pub summary: String,
    /// Why it does not hold; with any, it exempts nothing.
    pub defects: Vec<Mistake>,
}

/// Who asks, when, and for how long an exemption may run at most.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// User name of the requester; empty when unknown.
    pub requester: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub now: i64,
    /// Longest time to run, in seconds.
    pub longest: f64,
    /// The names of all rules.
    pub rules: &'a [&'a str],
    /// Whether the requester is one of those who may set rules aside.
    pub allowed: bool,
}

impl Exemption {
    /// Reads the exemption from an object's annotations; an empty one when it claims none.
    #[must_use]
    pub fn read(annotations: &BTreeMap<String, String>, terms: Terms<'_>) -> Self {
        let Some(names) = annotations.get(EXEMPT) else { return Self::default() };
        let mut exemption = Self::default();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if NEVER_EXEMPT.contains(&name) {
                exemption.defect(EXEMPT, format!("{name} cannot be exempted"), "leave it out");
            } else if terms.rules.contains(&name) {
                exemption.rules.push(name.to_owned());
            } else {
                exemption.defect(EXEMPT, format!("there is no rule {name}"), "name a rule");
            }
        }
        if exemption.rules.is_empty() && exemption.defects.is_empty() {
            exemption.defect(EXEMPT, "the exemption names no rule", "name the rules it is about");
        }
        if !terms.allowed {
            let message = format!("{} is not among those who may set rules aside", terms.requester);
            exemption.defect(EXEMPT, message, "let one of them send the request");
        }
        let text = |key| annotations.get(key).map(|value| value.trim()).filter(|value| !value.is_empty());
        let (justification, approver) = (text(JUSTIFICATION), text(APPROVED_BY));
        if justification.is_none() {
            exemption.defect(JUSTIFICATION, "the exemption gives no reason", "say why, with a reference");
        }
        match approver {
            None => exemption.defect(APPROVED_BY, "nobody approved the exemption", "name who approved it"),
            // People are known by addresses, in which case does not matter.
            Some(approver) if approver.eq_ignore_ascii_case(terms.requester) => {
                exemption.defect(
                    APPROVED_BY,
                    "the requester approved the exemption",
                    "let somebody else approve it",
                );
            }
            Some(_) => {}
        }
        let expires = text(EXPIRES);
        exemption.check_expiry(expires, terms);
        exemption.summary = format!(
            "{}: {} (approved by {} until {})",
            exemption.rules.join(", "),
            justification.unwrap_or_default(),
            approver.unwrap_or_default(),
            expires.unwrap_or_default()
        );
        exemption
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    fn check_expiry(&mut self, expires: Option<&str>, terms: Terms<'_>) {
        let Some(expires) = expires else {
            return self.defect(
                EXPIRES,
                "the exemption has no end",
                "set a time such as 2026-12-01T18:00:00Z",
            );
        };
        let Ok(end) = DateTime::parse_from_rfc3339(expires) else {
            let message = format!("{expires:?} is no time");
            return self.defect(EXPIRES, message, "write it as 2026-12-01T18:00:00Z");
        };
        let left = (end.timestamp() - terms.now) as f64;
        if left <= 0.0 {
            self.defect(EXPIRES, format!("the exemption expired at {expires}"), "remove it");
        } else if left > terms.longest {
            let message = format!(
                "the exemption runs for {}, the longest allowed is {}",
                human(left),
                human(terms.longest)
            );
            self.defect(EXPIRES, message, "let it end earlier");
        }
    }

    fn defect(&mut self, annotation: &str, message: impl Into<String>, help: &str) {
        self.defects.push(Mistake::new(format!("metadata.annotations[{annotation}]"), message, help));
    }

    /// Lowers the findings of the exempted rules to warnings; whether there were any.
    pub fn apply(&self, findings: &mut [Finding]) -> bool {
        if !self.defects.is_empty() {
            return false;
        }
        let mut used = false;
        for finding in findings {
            if finding.level == Level::Deny && self.rules.iter().any(|rule| rule == finding.rule) {
                finding.level = Level::Warn;
                used = true;
            }
        }
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 2] = ["no-bypass", "smoke-verification"];
    const NOON: i64 = 1_796_126_400; // 2026-12-01T12:00:00Z

    fn read(changes: &[(&str, Option<&str>)]) -> Exemption {
        let mut annotations: BTreeMap<String, String> = [
            (EXEMPT, "smoke-verification"),
            (JUSTIFICATION, "INC-4211"),
            (APPROVED_BY, "lead@example.com"),
            (EXPIRES, "2026-12-01T18:00:00Z"),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
        for (key, value) in changes {
            match value {
                Some(value) => annotations.insert((*key).to_owned(), (*value).to_owned()),
                None => annotations.remove(*key),
            };
        }
        let terms = Terms {
            requester: "dev@example.com",
            now: NOON,
            longest: 86_400.0,
            rules: &RULES,
            allowed: true,
        };
        Exemption::read(&annotations, terms)
    }

    fn finding() -> Finding {
        Finding {
            rule: "smoke-verification",
            requirement: "",
            level: Level::Deny,
            path: String::new(),
            message: String::new(),
            help: String::new(),
            mend: None,
        }
    }

    #[test]
    fn a_complete_exemption_lowers_its_rules_only() {
        let mut findings = [finding(), Finding { rule: "no-bypass", ..finding() }];
        assert!(read(&[]).apply(&mut findings));
        assert_eq!([findings[0].level, findings[1].level], [Level::Warn, Level::Deny]);
    }

    #[test]
    fn every_missing_or_wrong_part_is_a_defect_and_exempts_nothing() {
        for change in [
            (EXEMPT, Some("")),
            (EXEMPT, Some("no-such-rule")),
            (EXEMPT, Some("smoke-verification, valid-exemption")),
            (JUSTIFICATION, None),
            (JUSTIFICATION, Some(" ")),
            (APPROVED_BY, None),
            (APPROVED_BY, Some("dev@example.com")),
            (APPROVED_BY, Some(" Dev@Example.com ")),
            (EXPIRES, None),
            (EXPIRES, Some("tomorrow")),
            (EXPIRES, Some("2026-12-01T11:59:59Z")),
            (EXPIRES, Some("2026-12-03T18:00:00Z")),
        ] {
            let exemption = read(&[change]);
            assert_eq!(exemption.defects.len(), 1, "{change:?}");
            let mut findings = [finding()];
            assert!(!exemption.apply(&mut findings));
            assert_eq!(findings[0].level, Level::Deny, "{change:?}");
        }
    }

    #[test]
    fn no_claim_is_no_exemption() {
        assert_eq!(read(&[(EXEMPT, None)]), Exemption::default());
    }
}
