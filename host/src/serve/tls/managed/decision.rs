//! What is to become of the Secret: decided from what it holds and the time alone.

use super::super::issue::{self, Issued, Life};
use super::super::pair::certificates;
use super::material::{Certificate, Material, Reading, pem};

/// How many authorities are kept. One that two newer ones have followed has ended before: nothing it signed is valid.
pub(super) const KEPT: usize = 3;

/// How many times longer an authority lives than what it signs. When two thirds of its life have passed, what remains
/// is more than the life of one certificate.
const AUTHORITY: i64 = 4;

/// How much earlier than now a life begins, in seconds, at most: clocks differ.
const EARLIER: i64 = 3600;

/// As many names are put into one certificate for replicas that do not agree on them.
const NAMES: usize = 64;

/// What to issue, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Everything is in order.
    Nothing,
    /// A newer authority is there, and the API server may not know it yet.
    Wait,
    /// A new authority, beside the ones there are; the certificate stays.
    Authority(String),
    /// A new certificate for these names, of the first authority.
    Certificate(String, Vec<String>),
    /// A new authority and a certificate of it: nothing can be used.
    Both(String),
}

impl Decision {
    /// Decides for a server that has to be known by `names`. `is_known`: the API server trusts the first authority.
    pub(super) fn make(reading: &Reading, names: &[String], now: i64, is_known: bool) -> Self {
        let certificate = |why: &str| Self::Certificate(why.to_owned(), names.to_vec());
        let serving = match (&reading.serves, &reading.signs) {
            (Err(certificate), Err(authority)) => return Self::Both(format!("{authority}; {certificate}")),
            (Err(why), Ok(_)) => return certificate(why),
            (Ok(_), Err(why)) => return Self::Authority(why.clone()),
            (Ok(_), Ok(_)) if !reading.is_signed_by_the_first() => {
                return if is_known {
                    certificate("an older authority has signed tls.crt")
                } else {
                    Self::Wait
                };
            }
            (Ok(_), Ok(authority)) if authority.is_due(now) => {
                return Self::Authority("two thirds of the authority's life have passed".to_owned());
            }
            (Ok(serving), Ok(_)) => serving,
        };
        let facts = serving.pair.facts();
        if let Some(missing) = names.iter().find(|name| !facts.names.contains(name)) {
            // Replicas of two versions would take turns in taking each other's names away.
            let mut all = names.to_vec();
            all.extend(facts.names.iter().filter(|name| !names.contains(name)).cloned());
            all.truncate(NAMES.max(names.len()));
            return Self::Certificate(format!("tls.crt is not good for {missing}"), all);
        }
        if facts.is_due(now) {
            return certificate("two thirds of the certificate's life have passed");
        }
        Self::Nothing
    }

    /// The material after what was decided, if anything was: certificates live for `lifetime` seconds.
    pub(super) fn carry_out(
        &self,
        material: &Material,
        reading: &Reading,
        names: &[String],
        now: i64,
        lifetime: i64,
    ) -> Result<Option<Material>, rcgen::Error> {
        let from = now - EARLIER.min(lifetime / 10);
        let certificate = |authority: &Issued, names: &[String], until: i64| {
            issue::server(authority, names, Some(Life { from, until: until.min(now + lifetime) }))
        };
        let end = now + AUTHORITY * lifetime;
        let authority = || issue::authority(&format!("rollgate {now}"), Some(Life { from, until: end }));
        let next = match self {
            Self::Nothing | Self::Wait => return Ok(None),
            Self::Authority(_) => with_authority(material, reading, &authority()?)?,
            Self::Certificate(_, names) => {
                let key = String::from_utf8_lossy(&material.authority_key).into_owned();
                let first = pem(reading.authorities.get(..1).unwrap_or_default());
                let first = Issued { certificate: String::from_utf8_lossy(&first).into_owned(), key };
                let until = reading.signs.as_ref().map_or(end, |facts| facts.not_after);
                with_certificate(material.clone(), certificate(&first, names, until)?)
            }
            Self::Both(_) => {
                let authority = authority()?;
                let issued = certificate(&authority, names, end)?;
                with_certificate(with_authority(material, reading, &authority)?, issued)
            }
        };
        Ok(Some(next))
    }

    /// What is to be issued.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Nothing | Self::Wait => "nothing",
            Self::Authority(_) => "an authority",
            Self::Certificate(..) => "a certificate",
            Self::Both(_) => "an authority and a certificate",
        }
    }

    /// Why something is to be issued.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Nothing | Self::Wait => None,
            Self::Authority(why) | Self::Certificate(why, _) | Self::Both(why) => Some(why),
        }
    }
}

fn with_authority(material: &Material, reading: &Reading, new: &Issued) -> Result<Material, rcgen::Error> {
    let new_one = certificates(new.certificate.as_bytes());
    let mut authorities = new_one.map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
    authorities.extend(reading.serves.as_ref().ok().map(|serving| serving.authority.clone()));
    add(&mut authorities, &reading.authorities);
    Ok(Material {
        authorities: pem(&authorities),
        authority_key: new.key.clone().into_bytes(),
        ..material.clone()
    })
}

fn with_certificate(material: Material, new: Issued) -> Material {
    Material { certificate: new.certificate.into_bytes(), key: new.key.into_bytes(), ..material }
}

/// Adds what is not there yet, until there are as many as are kept.
pub(super) fn add(authorities: &mut Vec<Certificate>, more: &[Certificate]) {
    for authority in more {
        if authorities.len() < KEPT && !authorities.contains(authority) {
            authorities.push(authority.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::tls::certificate::{Facts, believed};

    const NOW: i64 = 1_800_000_000;
    const DAY: i64 = 86_400;
    const LIFE: i64 = 90 * DAY;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn decide(material: &Material, now: i64, is_known: bool) -> Decision {
        Decision::make(&Reading::of(material, now), &names(&["a.svc"]), now, is_known)
    }

    /// The material after one step for `a.svc`, and what the step was.
    fn step(material: &Material, now: i64, is_known: bool) -> (&'static str, Material) {
        let decision = decide(material, now, is_known);
        let reading = Reading::of(material, now);
        let next = decision.carry_out(material, &reading, &names(&["a.svc"]), now, LIFE).expect("issued");
        (decision.what(), next.unwrap_or_else(|| material.clone()))
    }

    fn fresh() -> Material {
        let (what, material) = step(&Material::default(), NOW, false);
        assert_eq!(what, "an authority and a certificate");
        material
    }

    fn authorities(material: &Material) -> Vec<Certificate> {
        certificates(&material.authorities).expect("authorities")
    }

    fn facts(material: &Material, now: i64) -> Facts {
        Reading::of(material, now).serves.expect("a certificate").pair.facts().clone()
    }

    #[test]
    fn an_empty_secret_gets_everything_and_then_nothing_is_to_do() {
        let material = fresh();
        let issued = facts(&material, NOW);
        assert_eq!(issued.not_after, NOW + LIFE);
        assert_eq!(issued.not_before, NOW - EARLIER);
        assert_eq!(issued.names, ["a.svc"]);
        let authority = Facts::of(&authorities(&material)[0]).expect("an authority");
        assert_eq!(authority.not_after, NOW + 4 * LIFE);
        assert_eq!(decide(&material, NOW, false), Decision::Nothing);
        assert_eq!(decide(&material, NOW + LIFE / 2, false), Decision::Nothing);
    }

    #[test]
    fn a_certificate_is_renewed_when_two_thirds_of_its_life_have_passed() {
        let old = fresh();
        assert_eq!(decide(&old, NOW + 59 * DAY, false), Decision::Nothing);
        let (what, new) = step(&old, NOW + 61 * DAY, false);
        assert_eq!(what, "a certificate");
        assert!(new.authorities == old.authorities && new.authority_key == old.authority_key);
        assert!(new.key != old.key);
        assert_eq!(facts(&new, NOW + 61 * DAY).not_after, NOW + 61 * DAY + LIFE);
    }

    #[test]
    fn clocks_that_jump_cost_a_certificate_and_its_authority_only_when_it_is_over_too() {
        let material = fresh();
        for (now, expected) in [
            (NOW + LIFE + DAY, "a certificate"),
            (NOW - DAY, "an authority and a certificate"),
            (NOW + 5 * LIFE, "an authority and a certificate"),
        ] {
            let (what, next) = step(&material, now, false);
            assert_eq!(what, expected, "{now}");
            assert_eq!(decide(&next, now, false), Decision::Nothing);
            assert!(authorities(&next).contains(&authorities(&material)[0]), "another replica may show it");
        }
    }

    #[test]
    fn other_names_are_added_so_that_replicas_do_not_take_turns() {
        let material = fresh();
        let wanted = names(&["b.svc", "10.0.0.1", "::1"]);
        let reading = Reading::of(&material, NOW);
        let decision = Decision::make(&reading, &wanted, NOW, false);
        assert_eq!(decision.reason(), Some("tls.crt is not good for b.svc"));
        let next =
            decision.carry_out(&material, &reading, &wanted, NOW, LIFE).expect("issued").expect("some");
        assert_eq!(facts(&next, NOW).names, ["b.svc", "10.0.0.1", "::1", "a.svc"]);
        assert_eq!(decide(&next, NOW, false), Decision::Nothing);
        assert_eq!(Decision::make(&Reading::of(&next, NOW), &wanted, NOW, false), Decision::Nothing);
    }

    #[test]
    fn of_what_is_half_written_the_usable_half_is_kept() {
        let whole = fresh();
        let other = fresh();
        let half = |text: &[u8]| text[..text.len() / 2].to_vec();
        let none = Vec::new;
        let with = |change: &dyn Fn(&mut Material)| {
            let mut material = whole.clone();
            change(&mut material);
            material
        };
        let both = "an authority and a certificate";
        for (expected, reason, material) in [
            ("a certificate", "there is no tls.crt", with(&|all| all.certificate = none())),
            ("a certificate", "tls.crt and tls.key: ", with(&|all| all.certificate = half(&all.certificate))),
            ("a certificate", "tls.crt and tls.key: ", with(&|all| all.key = none())),
            ("a certificate", "tls.crt and tls.key: ", with(&|all| all.key.clone_from(&other.key))),
            (
                "a certificate",
                "tls.crt: ",
                with(&|all| (all.certificate, all.key) = (other.certificate.clone(), other.key.clone())),
            ),
            ("an authority", "there is no ca.key", with(&|all| all.authority_key = none())),
            ("an authority", "ca.key: ", with(&|all| all.authority_key = half(&all.authority_key))),
            (
                "an authority",
                "ca.key is not the key of ca.crt",
                with(&|all| all.authority_key.clone_from(&other.authority_key)),
            ),
            (both, "there is no ca.crt", with(&|all| all.authorities = none())),
            (both, "ca.crt: ", with(&|all| all.authorities = half(&all.authorities))),
            (both, "ca.crt: ", with(&|all| all.authorities = b"garbage".to_vec())),
            (
                both,
                "ca.crt: it is the certificate of no authority",
                with(&|all| {
                    all.authorities.clone_from(&other.certificate);
                }),
            ),
        ] {
            let decision = decide(&material, NOW, false);
            assert_eq!(decision.what(), expected, "{decision:?}");
            assert!(decision.reason().is_some_and(|why| why.starts_with(reason)), "{decision:?}");
            let (_, next) = step(&material, NOW, false);
            let (_, last) = step(&next, NOW, true);
            assert_eq!(decide(&last, NOW, true), Decision::Nothing);
        }
    }

    #[test]
    fn a_new_authority_is_known_before_it_signs_and_the_old_one_stays() {
        let old = fresh();
        let due = NOW + 241 * DAY;
        let (_, current) = step(&old, due - DAY, false);
        let (what, announced) = step(&current, due, true);
        assert_eq!(what, "an authority");
        assert!(announced.certificate == current.certificate && announced.key == current.key);
        assert_eq!(authorities(&announced)[1..], authorities(&current)[..]);
        assert_eq!(decide(&announced, due, false), Decision::Wait);
        let (what, signed) = step(&announced, due, true);
        assert_eq!(what, "a certificate");
        assert!(signed.authorities == announced.authorities);
        assert!(Reading::of(&signed, due).is_signed_by_the_first());
        assert_eq!(decide(&signed, due, true), Decision::Nothing);
    }

    /// However long a replica goes without looking: what it shows is trusted until it ends by itself.
    #[test]
    fn in_ten_years_no_certificate_outlives_the_trust_in_its_authority() {
        let mut material = fresh();
        let mut shown = vec![material.clone()];
        let (mut issued, mut most) = (0, 0);
        for now in (0..3650).map(|day| NOW + day * DAY) {
            let (what, next) = step(&material, now, now % (3 * DAY) == 0);
            issued += usize::from(what == "an authority");
            if next.certificate != material.certificate {
                shown.push(next.clone());
            }
            material = next;
            let trusted = authorities(&material);
            most = most.max(trusted.len());
            let reading = Reading::of(&material, now);
            assert!(reading.serves.is_ok(), "day {}", (now - NOW) / DAY);
            shown.retain(|material| Reading::of(material, now).serves.is_ok());
            for older in &shown {
                let chain = certificates(&older.certificate).expect("a certificate");
                assert!(
                    trusted.iter().any(|authority| believed(&chain, authority, now).is_ok()),
                    "day {}",
                    (now - NOW) / DAY
                );
            }
        }
        assert_eq!((issued, most), (15, KEPT));
    }
}
