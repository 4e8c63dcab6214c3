//! A certificate that the replicas issue and renew themselves, and share in a Secret.
//!
//! Each replica looks at the Secret and at the registration again and again. Whatever it does next follows from what it
//! sees then, and every write fails if somebody was faster; so it does not matter who does what, nor when one stops. In
//! this order nothing is lost:
//!
//! - A certificate is shown only when the registration has held its authority at two looks in a row, unless nothing else
//!   could be shown.
//! - A new authority is in the Secret and in the registration before it signs anything.
//! - An authority leaves the registration only when others have followed it, and not while this replica shows what it
//!   has signed.

mod decision;
mod material;
mod registration;
mod store;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use kube::Client;

use super::endpoint::Endpoint;
use crate::clock::now;
use decision::Decision;
use material::{Material, Reading, Serving};
use registration::{Registration, Trust};
pub(in crate::serve) use store::Place;
use store::{Store, Trouble};

/// How long to wait after a change or a first failure; doubled with each further failure.
const LEAST: Duration = Duration::from_millis(250);

/// How long to wait at most before something is issued again, when it is issued again and again.
const MOST: Duration = Duration::from_hours(1);

/// What is managed, and how.
pub(super) struct Plan {
    pub(super) secret: Place,
    pub(super) registration: String,
    pub(super) names: Vec<String>,
    pub(super) interval: Duration,
    pub(super) lifetime: Duration,
}

/// One replica's part in it.
pub(super) struct Manager {
    store: Store,
    endpoint: Arc<Endpoint>,
    plan: Plan,
    /// What the shown certificate came with.
    held: Option<Material>,
    trust: Trust,
    restraint: Restraint,
}

impl Manager {
    pub(super) fn new(client: Client, plan: Plan, endpoint: Arc<Endpoint>) -> Self {
        endpoint.set_lack(Some(format!("Secret {} was not read yet", plan.secret)));
        let store = Store::new(client, plan.secret.clone(), plan.registration.clone());
        Self { store, endpoint, plan, held: None, trust: Trust::default(), restraint: Restraint::default() }
    }

    /// Looks after the certificate for as long as the server runs.
    pub(super) async fn run(mut self) {
        let mut failures = 0_u32;
        let mut told = None;
        loop {
            let pause = match self.look(now()).await {
                Ok(changed) => {
                    if told.take().is_some() {
                        tracing::info!("the certificate is looked after again");
                    }
                    failures = 0;
                    if changed { LEAST.min(self.plan.interval) } else { self.plan.interval }
                }
                Err(Trouble::Outrun) => LEAST,
                Err(Trouble::Failed(reason)) => {
                    if self.endpoint.lack().is_some() {
                        self.endpoint.set_lack(Some(reason.clone()));
                    }
                    if told.as_ref() != Some(&reason) {
                        tracing::warn!(%reason, "cannot look after the certificate; what is in use stays");
                    }
                    told = Some(reason);
                    failures = failures.saturating_add(1);
                    let pause = LEAST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
                    pause.min(self.plan.interval)
                }
            };
            tokio::time::sleep(jittered(pause)).await;
        }
    }

    /// Looks once, and does what is to be done; whether that was anything.
    async fn look(&mut self, now: i64) -> Result<bool, Trouble> {
        let secret = self.store.secret().await?;
        let material = Material::read(secret.as_ref().and_then(|secret| secret.data.as_ref()));
        let reading = Reading::of(&material, now);
        // Nothing is lost by showing what may not be trusted yet where nothing else can be shown.
        if self.shown(now).is_none() {
            self.show(&material, &reading)?;
        }
        let registration = self.store.registration().await?;
        let patched = self.make_trusted(&registration, &reading, now).await?;
        self.trust.look(registration);
        if reading.serves.as_ref().is_ok_and(|serving| self.trust.is_settled(&serving.authority)) {
            self.show(&material, &reading)?;
        }
        if self.shown(now).is_some_and(|shown| self.trust.is_there(&shown.authority)) {
            self.endpoint.set_lack(None);
        }
        let issued = self.issue(secret, material, reading, now).await?;
        Ok(patched || issued)
    }

    /// Sees to it that the API server trusts whatever a replica may show; whether it did not.
    async fn make_trusted(
        &self,
        registration: &Registration,
        reading: &Reading,
        now: i64,
    ) -> Result<bool, Trouble> {
        let mut needed = reading.authorities.clone();
        let own = self.shown(now).map(|shown| shown.authority);
        needed.extend(own.filter(|own| !needed.contains(own)));
        let Some(patch) = registration.patch(&needed) else { return Ok(false) };
        self.store.change_registration(&patch).await?;
        let name = &self.plan.registration;
        tracing::info!(%name, "added the authority of the certificate to the registration");
        Ok(true)
    }

    /// Issues what is due; whether anything was.
    async fn issue(
        &mut self,
        secret: Option<Secret>,
        mut material: Material,
        mut reading: Reading,
        now: i64,
    ) -> Result<bool, Trouble> {
        // What was taken away is not brought back: it is shown until there is something new that is trusted.
        if reading.serves.is_err()
            && reading.signs.is_err()
            && self.shown(now).is_some()
            && let Some(held) = &self.held
        {
            material = Material { authority_key: Vec::new(), ..held.clone() };
            reading = Reading::of(&material, now);
        }
        let is_known = reading.authorities.first().is_some_and(|first| self.trust.is_settled(first));
        let decision = Decision::make(&reading, &self.plan.names, now, is_known);
        let Some(reason) = decision.reason() else {
            if decision == Decision::Nothing {
                self.restraint = Restraint::default();
            }
            return Ok(false);
        };
        if !self.restraint.permits(self.plan.interval) {
            return Ok(false);
        }
        let lifetime = i64::try_from(self.plan.lifetime.as_secs()).unwrap_or(i64::MAX / 8);
        let issued = decision.carry_out(&material, &reading, &self.plan.names, now, lifetime);
        let Some(next) = issued.map_err(|error| Trouble::Failed(format!("cannot issue: {error}")))? else {
            return Ok(false);
        };
        self.store.write(secret, &next).await?;
        self.restraint.issued();
        tracing::info!(secret = %self.plan.secret, reason, "issued {}", decision.what());
        Ok(true)
    }

    /// What is shown, if clients would still believe it.
    fn shown(&self, now: i64) -> Option<Serving> {
        Reading::of(self.held.as_ref()?, now).serves.ok()
    }

    fn show(&mut self, material: &Material, reading: &Reading) -> Result<(), Trouble> {
        let Ok(Serving { pair, .. }) = &reading.serves else { return Ok(()) };
        if self.endpoint.shown().chain() != pair.chain() {
            let shown = self.endpoint.show(pair.clone());
            shown.map_err(|error| {
                Trouble::Failed(format!("cannot use Secret {}: {error}", self.plan.secret))
            })?;
            let not_after = pair.facts().not_after;
            tracing::info!(secret = %self.plan.secret, not_after, "certificate in use");
        }
        self.held = Some(material.clone());
        Ok(())
    }
}

/// Keeps replicas whose clocks disagree from issuing certificates against each other without an end.
#[derive(Default)]
struct Restraint {
    in_a_row: u32,
    last: Option<Instant>,
}

impl Restraint {
    fn permits(&self, interval: Duration) -> bool {
        // An authority and a certificate of it make two.
        let doublings = self.in_a_row.saturating_sub(2).min(32);
        let pause = interval.saturating_mul(2_u32.saturating_pow(doublings)).min(MOST);
        self.in_a_row < 3 || self.last.is_none_or(|last| last.elapsed() >= pause)
    }

    fn issued(&mut self) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.last = Some(Instant::now());
    }
}

/// A quarter more or less: replicas that were started together do not stay in step.
fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 512;
    pause * 3 / 4 + pause * u32::try_from(random).unwrap_or_default() / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_issues_again_and_again_has_to_wait() {
        let mut restraint = Restraint::default();
        let hour = Duration::from_hours(1);
        for _ in 0..3 {
            assert!(restraint.permits(hour));
            restraint.issued();
        }
        assert!(!restraint.permits(hour));
        assert!(!restraint.permits(Duration::from_hours(1000)));
        restraint = Restraint::default();
        assert!(restraint.permits(hour), "all was well in between");
    }

    #[test]
    fn a_pause_is_a_quarter_longer_or_shorter_at_most() {
        let pause = Duration::from_secs(8);
        let (least, most) = (Duration::from_secs(6), Duration::from_secs(10));
        assert!((0..1000).map(|_| jittered(pause)).all(|pause| (least..=most).contains(&pause)));
    }

    #[test]
    fn a_place_has_two_parts() {
        let place: Place = "rollgate/tls".parse().expect("a place");
        assert_eq!(
            (&*place.namespace, &*place.name, place.to_string()),
            ("rollgate", "tls", "rollgate/tls".into())
        );
        for wrong in ["", "tls", "/tls", "rollgate/", "a/b/c"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
