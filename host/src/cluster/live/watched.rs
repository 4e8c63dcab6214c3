//! One kind in memory, and how its watch is doing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::mask::Mask;
use super::super::objects::{Object, Objects};
use super::super::question::{Question, Unplaced, not_served};
use crate::runtime::ResourceKind;

/// A kind, its objects, and what is known of its watch.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) kind: ResourceKind,
    fields: Option<Mask>,
    objects: RwLock<Objects>,
    changes: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    synced: bool,
    absent: bool,
    contact: Option<Instant>,
    errors: u64,
    trouble: Option<String>,
}

/// How a watched kind is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindStatus {
    /// The kind.
    pub kind: ResourceKind,
    /// Whether it was read once: its objects, or that it is not served.
    pub synced: bool,
    /// Whether the API server serves it, as far as is known.
    pub served: bool,
    /// Objects in memory.
    pub objects: usize,
    /// What their texts take in memory, in bytes.
    pub bytes: usize,
    /// Time since the API server last answered; `None` when it never did.
    pub contact_age: Option<Duration>,
    /// Failed lists and broken watches.
    pub errors: u64,
    /// Why it cannot be read at present.
    pub trouble: Option<String>,
}

impl Watched {
    pub(super) fn new(kind: ResourceKind, fields: Option<Mask>) -> Self {
        Self {
            kind,
            fields,
            objects: RwLock::default(),
            changes: AtomicU64::default(),
            state: Mutex::default(),
        }
    }

    pub(super) fn is(&self, api_version: &str, kind: &str) -> bool {
        self.kind.api_version == api_version && self.kind.kind == kind
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    pub(super) fn status(&self) -> KindStatus {
        let (objects, bytes) = {
            let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
            (objects.len(), objects.bytes())
        };
        let State { synced, absent, contact, errors, ref trouble } = *self.state();
        KindStatus {
            kind: self.kind.clone(),
            synced,
            served: !absent,
            objects,
            bytes,
            contact_age: contact.map(|contact| contact.elapsed()),
            errors,
            trouble: trouble.clone(),
        }
    }

    pub(super) fn answer(&self, question: &Question) -> Result<Vec<u8>, String> {
        {
            let state = self.state();
            if state.absent {
                return Err(not_served(question.kind()));
            }
            if !state.synced {
                let why = state.trouble.as_deref().unwrap_or("its first list is under way");
                return Err(format!("{} could not be read from the cluster yet: {why}", self.kind));
            }
        }
        question.answer(&self.objects.read().unwrap_or_else(PoisonError::into_inner), Unplaced::Nowhere)
    }

    /// The API server has answered.
    pub(super) fn contacted(&self) {
        let mut state = self.state();
        state.contact = Some(Instant::now());
        state.trouble = None;
    }

    pub(super) fn begin_list(&self) {
        self.change(Objects::begin_list);
    }

    /// Takes in objects of a list, or an object that was added or changed.
    pub(super) fn insert(&self, values: Vec<Value>) {
        let ResourceKind { api_version, kind } = &self.kind;
        let read =
            values.into_iter().map(|value| Object::new(api_version, kind, value, self.fields.as_ref()));
        // Outside the lock, which answers wait for.
        let read: Vec<_> = read.collect();
        self.change(|objects| {
            for object in read {
                match object {
                    Ok(object) => objects.insert(object),
                    Err(error) => tracing::warn!(kind = %self.kind, %error, "the API server sent no object"),
                }
            }
        });
        self.contacted();
    }

    pub(super) fn remove(&self, value: &Value) {
        self.change(|objects| {
            if let Err(error) = objects.remove(value) {
                tracing::warn!(kind = %self.kind, %error, "the API server sent no object");
            }
        });
        self.contacted();
    }

    /// The list is whole.
    pub(super) fn end_list(&self) {
        self.change(Objects::end_list);
        let mut state = self.state();
        if !state.synced || state.absent {
            tracing::info!(kind = %self.kind, "read from the cluster, and watched");
        }
        (state.synced, state.absent) = (true, false);
    }

    /// Nobody serves the kind: it has no objects.
    pub(super) fn not_served(&self) {
        self.contacted();
        let mut state = self.state();
        if !state.absent {
            tracing::info!(kind = %self.kind, "the cluster does not serve it, so there is none");
        }
        (state.synced, state.absent) = (true, true);
        drop(state);
        self.change(Objects::clear);
    }

    pub(super) fn failed(&self, trouble: String) {
        let mut state = self.state();
        if state.trouble.as_ref() != Some(&trouble) {
            tracing::warn!(kind = %self.kind, error = trouble, "cannot read from the cluster");
        }
        state.errors += 1;
        state.trouble = Some(trouble);
    }

    fn change(&self, change: impl FnOnce(&mut Objects)) {
        change(&mut self.objects.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
