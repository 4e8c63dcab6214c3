//! A small API server that serves one kind, Canaries: discovery, lists in pages, and watches.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

const GROUP: &str = "/apis/flagger.app/v1beta1";

/// The server; what it stores outlives a stop.
pub struct ApiServer {
    address: SocketAddr,
    stored: Stored,
    /// Every connection lives in it.
    running: Option<Runtime>,
}

type Stored = Arc<Store>;

struct Store {
    world: Mutex<World>,
    /// Counts changes that watches must see.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct World {
    objects: BTreeMap<(String, String), Value>,
    version: u64,
    /// Events since the history was forgotten, each a line with its version.
    history: Vec<(u64, String)>,
    forgotten: u64,
    /// Watches that began before are ended.
    epoch: u64,
    absent: bool,
    forbidden: bool,
    /// A list is forgotten after its first page.
    forgetful: bool,
    pages: usize,
    requests: usize,
}

impl Store {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("the world")
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown_background();
        }
    }
}

impl ApiServer {
    pub fn start() -> Self {
        let stored = Arc::new(Store { world: Mutex::default(), changes: watch::Sender::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let running = Some(serve(listener, Arc::clone(&stored)));
        Self { address, stored, running }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and cuts every connection.
    pub async fn stop(&mut self) {
        let running = self.running.take().expect("a running server");
        let stopping = tokio::task::spawn_blocking(|| running.shutdown_timeout(Duration::from_mins(1)));
        stopping.await.expect("the end of the server");
    }

    /// The content of a kubeconfig that leads here, by a context named `test`.
    pub fn kubeconfig(&self) -> String {
        json!({"apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.address()}}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]})
        .to_string()
    }

    pub fn restart(&mut self) {
        let listener = TcpListener::bind(self.address).expect("the same port");
        self.running = Some(serve(listener, Arc::clone(&self.stored)));
    }

    pub fn put(&self, mut object: Value) {
        let mut world = self.stored.world();
        world.version += 1;
        let version = world.version;
        object["metadata"]["resourceVersion"] = version.to_string().into();
        let place = place(&object);
        let changed = world.objects.insert(place, object.clone()).is_some();
        let event = json!({"type": if changed { "MODIFIED" } else { "ADDED" }, "object": object});
        world.history.push((version, format!("{event}\n")));
        drop(world);
        self.stored.changed();
    }

    pub fn delete(&self, namespace: &str, name: &str) {
        let mut world = self.stored.world();
        world.version += 1;
        let version = world.version;
        let mut object = world.objects.remove(&(namespace.to_owned(), name.to_owned())).expect("an object");
        object["metadata"]["resourceVersion"] = version.to_string().into();
        let event = json!({"type": "DELETED", "object": object});
        world.history.push((version, format!("{event}\n")));
        drop(world);
        self.stored.changed();
    }

    /// Makes changes of which no watch hears, and to which none can return.
    pub fn forget_history(&self, change: impl FnOnce(&Self)) {
        self.stored.world().epoch += 1;
        change(self);
        let mut world = self.stored.world();
        world.history.clear();
        world.forgotten = world.version;
        drop(world);
        self.stored.changed();
    }

    pub fn end_watches(&self) {
        self.stored.world().epoch += 1;
        self.stored.changed();
    }

    pub fn serve_kind(&self, served: bool) {
        self.stored.world().absent = !served;
    }

    pub fn forbid(&self, forbidden: bool) {
        self.stored.world().forbidden = forbidden;
    }

    /// Forgets lists after their first page: only as it is now the rest can be had.
    pub fn forget_lists(&self) {
        self.stored.world().forgetful = true;
    }

    /// Pages of lists that were asked for.
    pub fn pages(&self) -> usize {
        self.stored.world().pages
    }

    /// Requests of any sort.
    pub fn requests(&self) -> usize {
        self.stored.world().requests
    }
}

fn place(object: &Value) -> (String, String) {
    let text = |name: &str| object["metadata"][name].as_str().expect("a text").to_owned();
    (text("namespace"), text("name"))
}

fn serve(listener: TcpListener, stored: Stored) -> Runtime {
    let router = Router::new()
        .route("/version", get(async || json_of(200, &json!({"major": "1", "minor": "33"}))))
        .route(GROUP, get(discovery))
        .route(&format!("{GROUP}/canaries"), get(canaries))
        .route(&format!("{GROUP}/namespaces/{{namespace}}/canaries"), get(of_namespace))
        .route(&format!("{GROUP}/namespaces/{{namespace}}/canaries/{{name}}"), get(one))
        .fallback(async || status(404, "the server could not find the requested resource"))
        .layer(middleware::from_fn_with_state(Arc::clone(&stored), count))
        .with_state(stored);
    listener.set_nonblocking(true).expect("a socket");
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.spawn(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        axum::serve(listener, router).await.expect("a server");
    });
    runtime
}

async fn count(State(stored): State<Stored>, request: Request, next: Next) -> Response {
    stored.world().requests += 1;
    next.run(request).await
}

fn json_of(code: u16, value: &Value) -> Response {
    let code = StatusCode::from_u16(code).expect("a code");
    (code, [("content-type", "application/json")], value.to_string()).into_response()
}

fn status(code: u16, message: &str) -> Response {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": "x", "code": code});
    json_of(code, &status)
}

async fn discovery(State(stored): State<Stored>) -> Response {
    if stored.world().absent {
        return status(404, "the server could not find the requested resource");
    }
    let canaries = json!({"name": "canaries", "singularName": "canary", "namespaced": true, "kind": "Canary",
        "verbs": ["get", "list", "watch"]});
    let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "flagger.app/v1beta1",
        "resources": [canaries]});
    json_of(200, &list)
}

async fn canaries(State(stored): State<Stored>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let query: BTreeMap<&str, &str> = query.split('&').filter_map(|part| part.split_once('=')).collect();
    {
        let world = stored.world();
        if world.absent {
            return status(404, "the server could not find the requested resource");
        }
        if world.forbidden {
            return status(403, "canaries.flagger.app is forbidden");
        }
    }
    if query.get("watch") == Some(&"true") {
        let version = query["resourceVersion"].parse().expect("a version");
        return watch(stored, version);
    }
    let mut world = stored.world();
    world.pages += 1;
    let token = query.get("continue").copied().unwrap_or("0");
    if world.forgetful && token != "0" && !token.starts_with("now-") {
        let gone = json!({"kind": "Status", "apiVersion": "v1", "metadata": {"continue": format!("now-{token}")},
            "status": "Failure", "message": "the list is too old", "reason": "Expired", "code": 410});
        return json_of(410, &gone);
    }
    let from: usize = token.trim_start_matches("now-").parse().expect("a token");
    let limit: usize = query["limit"].parse().expect("a limit");
    let items: Vec<&Value> = world.objects.values().skip(from).take(limit).collect();
    let end = from + items.len();
    let next = if end < world.objects.len() { end.to_string() } else { String::new() };
    let list = json!({"kind": "CanaryList", "apiVersion": "flagger.app/v1beta1", "items": items,
        "metadata": {"resourceVersion": world.version.to_string(), "continue": next}});
    json_of(200, &list)
}

async fn of_namespace(State(stored): State<Stored>, Path(namespace): Path<String>) -> Response {
    let world = stored.world();
    let items: Vec<&Value> =
        world.objects.iter().filter(|((home, _), _)| *home == namespace).map(|(_, object)| object).collect();
    json_of(200, &json!({"metadata": {"resourceVersion": world.version.to_string()}, "items": items}))
}

async fn one(State(stored): State<Stored>, Path(place): Path<(String, String)>) -> Response {
    match stored.world().objects.get(&place) {
        Some(object) => json_of(200, object),
        None => status(404, "canaries.flagger.app not found"),
    }
}

/// Sends the events after `version` until the watches are ended.
fn watch(stored: Stored, version: u64) -> Response {
    let epoch = stored.world().epoch;
    let changes = stored.changes.subscribe();
    let events = futures_util::stream::unfold(
        (stored, changes, version),
        move |(stored, mut changes, version)| {
            async move {
                loop {
                    changes.mark_unchanged();
                    let text = {
                        let world = stored.world();
                        if world.epoch != epoch {
                            return None;
                        }
                        if version < world.forgotten {
                            // Ends the stream, for nothing comes after it.
                            let gone = json!({"type": "ERROR", "object": {"kind": "Status", "code": 410,
                            "message": "too old resource version", "reason": "Expired", "status": "Failure"}});
                            Some((u64::MAX, format!("{gone}\n")))
                        } else {
                            let later: Vec<_> =
                                world.history.iter().filter(|(at, _)| *at > version).collect();
                            let text: String = later.iter().map(|(_, line)| line.as_str()).collect();
                            later.last().map(|(at, _)| (*at, text))
                        }
                    };
                    if let Some((version, text)) = text {
                        return Some((Ok::<_, Infallible>(Bytes::from(text)), (stored, changes, version)));
                    }
                    if changes.changed().await.is_err() {
                        return None;
                    }
                }
            }
        },
    );
    Body::from_stream(events).into_response()
}
