//! Following one kind: a list, then its changes, for ever.

use std::sync::Arc;
use std::time::Duration;

use kube::api::WatchEvent;
use serde_json::Value;

use super::api::{self, Api, Served, Trouble};
use super::watched::Watched;

/// How long to wait before the API server is asked again.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After a first failure, and after the API server has ended a watch. Doubled with each failure in a row.
    pub least: Duration,
    /// After any number of failures, and before a kind that is not served is looked for again.
    pub most: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { least: Duration::from_millis(250), most: Duration::from_secs(5) }
    }
}

impl Pace {
    fn after(self, failures: u32) -> Duration {
        self.most.min(self.least.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))))
    }
}

/// After so many failures in a row the whole list is read again: what was remembered may be of no use any more.
const LIST_AGAIN: u32 = 5;

/// Where a watch goes on.
struct Position {
    served: Served,
    version: String,
}

/// Keeps `watched` as the API server has it; never ends.
pub(super) async fn follow(watched: Arc<Watched>, api: Api, pace: Pace) {
    let mut position = None;
    let mut failures = 0;
    loop {
        let pause = match step(&watched, &api, &mut position, &mut failures).await {
            Ok(()) => pace.least,
            Err(Trouble::NotServed) => {
                watched.not_served();
                position = None;
                pace.most
            }
            // The API server keeps a history of some minutes, and none over its restart: nothing is wrong yet.
            Err(Trouble::Expired { .. }) if failures == 0 => {
                failures = 1;
                position = None;
                pace.least
            }
            Err(trouble) => {
                failures += 1;
                if matches!(trouble, Trouble::Expired { .. }) || failures.is_multiple_of(LIST_AGAIN) {
                    position = None;
                }
                watched.failed(trouble.to_string());
                pace.after(failures)
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Lists if need be, and watches until the API server ends the watch.
async fn step(
    watched: &Watched,
    api: &Api,
    position: &mut Option<Position>,
    failures: &mut u32,
) -> Result<(), Trouble> {
    let position = match position {
        Some(position) => position,
        None => position.insert(list(watched, api).await?),
    };
    let mut events = api.watch(&position.served, &position.version).await?;
    watched.contacted();
    while let Some(event) = api::next(&mut events).await? {
        *failures = 0;
        match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                position.reached(version(&object));
                watched.insert(vec![object]);
            }
            WatchEvent::Deleted(object) => {
                position.reached(version(&object));
                watched.remove(&object);
            }
            WatchEvent::Bookmark(bookmark) => {
                position.reached(Some(&bookmark.metadata.resource_version));
                watched.contacted();
            }
            // Made an error where it was read.
            WatchEvent::Error(_) => {}
        }
    }
    *failures = 0;
    watched.contacted();
    Ok(())
}

impl Position {
    fn reached(&mut self, version: Option<&str>) {
        if let Some(version) = version {
            version.clone_into(&mut self.version);
        }
    }
}

fn version(object: &Value) -> Option<&str> {
    object.pointer("/metadata/resourceVersion")?.as_str()
}

async fn list(watched: &Watched, api: &Api) -> Result<Position, Trouble> {
    let served = api.discover(&watched.kind.api_version, &watched.kind.kind).await?;
    watched.begin_list();
    let mut token = None;
    loop {
        let page = api.page::<Value>(&served, None, token.as_deref()).await?;
        watched.insert(page.items);
        let version = page.metadata.resource_version.clone();
        token = page.metadata.next();
        if token.is_none() {
            watched.end_list();
            return Ok(Position { served, version });
        }
    }
}
