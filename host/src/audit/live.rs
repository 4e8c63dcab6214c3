//! The objects of a live cluster.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use futures_util::{StreamExt, stream};
use rollgate_policy::cluster::Kind;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};

use super::context;
use super::judge::Audited;
use super::object::Object;
use super::report::{Family, report};
use crate::cluster::{Lists, Place, Snapshot, connect};
use crate::progress::Progress;

/// How many reports are on their way at once.
const WRITES: usize = 16;

/// A connection to the cluster.
pub(super) struct Live {
    runtime: Runtime,
    lists: Lists,
}

/// Where reports are written.
pub(super) struct Reports<'a> {
    live: &'a Live,
    family: Family,
    namespaced: Place,
    unplaced: Place,
    failed: usize,
    reason: Option<String>,
    hopeless: bool,
}

impl Live {
    /// Connects as kubectl does.
    pub(super) fn connect(kubeconfig: Option<&Path>, context: Option<&str>) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("cannot set up the connection to the cluster")?;
        let lists = runtime
            .block_on(async { Lists::new(connect(kubeconfig, context).await?).await.map_err(unreached) })?;
        Ok(Self { runtime, lists })
    }

    /// Reads what rules may ask for. What cannot be read is added to `errors`.
    pub(super) fn snapshot(&self, errors: &mut Vec<String>) -> anyhow::Result<Snapshot> {
        let mut snapshot = Snapshot::new(context::fields()?);
        let progress = Progress::new("reading the cluster", Kind::ALL.len());
        for kind in Kind::ALL {
            if let Err(reason) = self.runtime.block_on(self.remember(kind, &mut snapshot)) {
                errors.push(unreadable(kind, &reason));
                snapshot.cannot_read(kind, reason);
            }
            progress.step();
        }
        Ok(snapshot)
    }

    async fn remember(&self, kind: Kind, snapshot: &mut Snapshot) -> Result<(), String> {
        let Some(place) = self.lists.find(kind.api_version, kind.kind).await? else { return Ok(()) };
        let mut listing = self.lists.list(place, None);
        while let Some(items) = listing.next::<Value>().await? {
            for object in items {
                snapshot.insert(kind, object);
            }
        }
        Ok(())
    }

    /// Shows every object of a kind to `visit`, a page at a time; the next page is fetched meanwhile. What cannot be
    /// read is added to `errors`.
    pub(super) fn pages(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        errors: &mut Vec<String>,
        mut visit: impl FnMut(Vec<Object>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let place = match self.runtime.block_on(self.lists.find(kind.api_version, kind.kind)) {
            Ok(Some(place)) if place.namespaced() || namespace.is_none() => place,
            Ok(_) => return Ok(()),
            Err(reason) => {
                errors.push(unreadable(kind, &reason));
                return Ok(());
            }
        };
        let mut listing = self.lists.list(place, namespace);
        let mut fetched = self.runtime.block_on(listing.next::<Box<RawValue>>());
        loop {
            let page = match fetched {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(()),
                Err(reason) => {
                    errors.push(unreadable(kind, &reason));
                    return Ok(());
                }
            };
            let next = self.runtime.spawn(async move {
                let page = listing.next::<Box<RawValue>>().await;
                (listing, page)
            });
            visit(page.into_iter().map(|json| Object::listed(kind, json)).collect())?;
            (listing, fetched) =
                self.runtime.block_on(next).context("the connection to the cluster broke down")?;
        }
    }

    /// Finds out where reports are to be written.
    pub(super) fn reports(&self, family: Family) -> anyhow::Result<Reports<'_>> {
        let place = |namespaced| {
            let (api_version, kind) = (family.api_version(), family.kind(namespaced));
            match self.runtime.block_on(self.lists.find(api_version, kind)) {
                Ok(Some(place)) => Ok(place),
                Ok(None) => bail!(
                    "no reports can be written: the cluster does not serve {kind} of {api_version}; install its \
                     definition, or write reports of the other group"
                ),
                Err(reason) => Err(unreached(reason)),
            }
        };
        let (namespaced, unplaced) = (place(true)?, place(false)?);
        Ok(Reports { live: self, family, namespaced, unplaced, failed: 0, reason: None, hopeless: false })
    }
}

impl Reports<'_> {
    /// Writes the reports on these objects.
    pub(super) fn write<'a>(&mut self, audited: impl Iterator<Item = &'a Audited>) {
        if self.hopeless {
            self.failed += audited.count();
            return;
        }
        let this = &*self;
        let writes = audited.map(|audited| async move {
            let place = if audited.namespace.is_some() { &this.namespaced } else { &this.unplaced };
            this.live.lists.apply(place, &report(this.family, audited)).await
        });
        let writes: Vec<_> = writes.collect();
        let writing = stream::iter(writes).buffer_unordered(WRITES).collect::<Vec<_>>();
        let written = self.live.runtime.block_on(writing);
        let failures: Vec<&String> = written.iter().filter_map(|result| result.as_ref().err()).collect();
        self.failed += failures.len();
        // Nobody may write them, or there is no API server any more.
        self.hopeless = !written.is_empty() && failures.len() == written.len();
        if let (None, Some(reason)) = (&self.reason, failures.first()) {
            self.reason = Some((*reason).clone());
        }
    }

    /// Why not all were written, if so.
    pub(super) fn trouble(self) -> Option<String> {
        let reason = self.reason?;
        let kinds = [self.family.kind(true), self.family.kind(false)].join(" and ");
        Some(format!(
            "{} report(s) could not be written: {reason}; docs/audit.md lists what rollgate may need to do with {kinds}",
            self.failed
        ))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn unreached(reason: String) -> anyhow::Error {
    anyhow!(
        "cannot read from the cluster: {reason}. Choose another with --kubeconfig or --context, or name a dump"
    )
}

fn unreadable(kind: Kind, reason: &str) -> String {
    format!(
        "cannot read {} of {}: {reason}; let rollgate list them (docs/audit.md has the ClusterRole)",
        kind.kind, kind.api_version
    )
}
