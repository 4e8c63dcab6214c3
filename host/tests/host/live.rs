//! The watches of a live cluster, against an API server made for the test.

use std::time::Duration;

use rollgate::cluster::{DirectCluster, Fields, KindStatus, LiveCluster, Pace};
use rollgate::runtime::{Capabilities, ResourceKind};
use serde_json::{Value, json};

use crate::api_server::ApiServer;

/// Long enough for a busy machine; never waited for when things go right.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a state that must come is looked for.
const GLANCE: Duration = Duration::from_millis(2);

fn kind() -> ResourceKind {
    ResourceKind { api_version: "flagger.app/v1beta1".into(), kind: "Canary".into() }
}

fn canary(namespace: &str, name: &str, weight: u32) -> Value {
    json!({"metadata": {"namespace": namespace, "name": name, "managedFields": [{"manager": "x"}],
        "labels": {"app": name}}, "spec": {"weight": weight}, "status": {"phase": "Succeeded"}})
}

/// A cluster that watches Canaries, of which it keeps `spec`.
fn live(server: &ApiServer) -> LiveCluster {
    let pace = Pace { least: Duration::from_millis(1), most: Duration::from_millis(20) };
    let annotations =
        [("dev.rollgate.policy.fields".to_owned(), "flagger.app/v1beta1/Canary: spec".to_owned())].into();
    let fields = Fields::new(Some(&annotations), &[kind()].into()).expect("fields");
    LiveCluster::watch(&client(server), [kind()], &fields, pace)
}

fn client(server: &ApiServer) -> kube::Client {
    let config = kube::Config::new(server.address().parse().expect("an address"));
    kube::Client::try_from(config).expect("a client")
}

fn ask(live: &impl Capabilities, operation: &str, mut question: Value) -> Result<Value, String> {
    question["api_version"] = "flagger.app/v1beta1".into();
    question["kind"] = "Canary".into();
    let answer = live.call("kubernetes", operation, question.to_string().as_bytes())?;
    Ok(serde_json::from_slice(&answer).expect("JSON"))
}

fn get(live: &impl Capabilities, namespace: &str, name: &str) -> Result<Value, String> {
    ask(live, "get_resource", json!({"namespace": namespace, "name": name}))
}

fn names(live: &impl Capabilities) -> Result<Vec<String>, String> {
    let list = ask(live, "list_resources_all", json!({}))?;
    let items = list["items"].as_array().expect("items");
    Ok(items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name").to_owned()).collect())
}

fn status(live: &LiveCluster) -> KindStatus {
    live.status().pop().expect("a kind")
}

/// Waits for a state that must come.
async fn until<T>(what: &str, mut look: impl FnMut() -> T, found: impl Fn(&T) -> bool) -> T {
    let waiting = async {
        loop {
            let state = look();
            if found(&state) {
                return state;
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("{what} never came"))
}

async fn synced(live: &LiveCluster) {
    until("the first sync", || status(live), |status| status.synced).await;
}

#[tokio::test]
async fn objects_are_listed_page_by_page_and_kept_without_what_no_rule_reads() {
    let server = ApiServer::start();
    for number in 0..1201 {
        server.put(canary(&format!("team-{}", number % 3), &format!("c{number:04}"), number));
    }
    let live = live(&server);
    synced(&live).await;
    assert_eq!(server.pages(), 3);
    assert_eq!(names(&live).expect("a list").len(), 1201);
    assert_eq!(
        get(&live, "team-1", "c0001"),
        Ok(json!({"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "spec": {"weight": 1},
            "metadata": {"namespace": "team-1", "name": "c0001", "labels": {"app": "c0001"},
                "resourceVersion": "2"}}))
    );
    let question = json!({"label_selector": "app=c0002", "field_masks": ["status"]});
    let labelled = ask(&live, "list_resources_all", question).expect("a list");
    assert_eq!(labelled["items"].as_array().expect("items").len(), 1);
    let here = ask(&live, "list_resources_by_namespace", json!({"namespace": "team-2"})).expect("a list");
    assert_eq!(here["items"].as_array().expect("items").len(), 400);
    assert_eq!(
        get(&live, "team-2", "c0001"),
        Err(r#"Cannot find flagger.app/v1beta1/Canary named 'c0001' inside of namespace 'Some("team-2")'"#
            .into())
    );
    let requests = server.requests();
    names(&live).expect("a list");
    assert_eq!(server.requests(), requests, "a look-up asked the API server");
}

#[tokio::test]
async fn changes_arrive() {
    let server = ApiServer::start();
    server.put(canary("shop", "first", 1));
    let live = live(&server);
    synced(&live).await;
    server.put(canary("shop", "second", 1));
    server.put(canary("shop", "first", 50));
    let changed =
        |found: &Result<Value, String>| found.as_ref().is_ok_and(|found| found["spec"]["weight"] == 50);
    let _ = until("the change", || get(&live, "shop", "first"), changed).await;
    assert_eq!(names(&live), Ok(vec!["first".into(), "second".into()]));
    server.delete("shop", "first");
    let _ = until("the deletion", || get(&live, "shop", "first"), Result::is_err).await;
    assert_eq!(names(&live), Ok(vec!["second".into()]));
}

#[tokio::test]
async fn a_forgotten_version_is_read_anew() {
    let server = ApiServer::start();
    server.put(canary("shop", "gone", 1));
    server.put(canary("shop", "kept", 1));
    let live = live(&server);
    synced(&live).await;
    // Nobody hears of this one: the watches are cut first, and the history with them.
    server.forget_history(|server| {
        server.delete("shop", "gone");
        server.put(canary("shop", "new", 1));
    });
    let _ =
        until("the new list", || names(&live), |names| *names == Ok(vec!["kept".into(), "new".into()])).await;
    assert_eq!(status(&live).errors, 0, "what a restart of the API server brings is no error");
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_where_it_was() {
    let server = ApiServer::start();
    server.put(canary("shop", "first", 1));
    let live = live(&server);
    synced(&live).await;
    server.end_watches();
    server.put(canary("shop", "second", 1));
    let _ = until("the change", || get(&live, "shop", "second"), Result::is_ok).await;
    assert_eq!(server.pages(), 1, "the list was read again");
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_empty_until_it_is_installed() {
    let server = ApiServer::start();
    server.serve_kind(false);
    server.put(canary("shop", "first", 1));
    let live = live(&server);
    let absent = until("an answer", || status(&live), |status| status.synced).await;
    assert!(!absent.served);
    assert_eq!(get(&live, "shop", "first"), Err("Cannot find resource flagger.app/v1beta1/Canary".into()));
    server.serve_kind(true);
    let _ = until("the kind", || get(&live, "shop", "first"), Result::is_ok).await;
    assert!(status(&live).served);
    server.serve_kind(false);
    server.end_watches();
    until("its end", || status(&live), |status| !status.served).await;
    assert_eq!(status(&live).objects, 0);
}

#[tokio::test]
async fn what_may_not_be_read_is_an_error_that_names_it() {
    let server = ApiServer::start();
    server.forbid(true);
    server.put(canary("shop", "first", 1));
    let live = live(&server);
    until("the refusal", || status(&live), |status| status.trouble.is_some()).await;
    assert!(!status(&live).synced);
    assert_eq!(
        get(&live, "shop", "first"),
        Err("flagger.app/v1beta1/Canary could not be read from the cluster yet: canaries.flagger.app is forbidden (403)"
            .into())
    );
    server.forbid(false);
    synced(&live).await;
    assert!(get(&live, "shop", "first").is_ok());
}

#[tokio::test]
async fn what_was_read_is_served_while_the_api_server_is_away() {
    let mut server = ApiServer::start();
    server.put(canary("shop", "first", 1));
    let live = live(&server);
    synced(&live).await;
    server.stop().await;
    let broken = until("the failure", || status(&live), |status| status.trouble.is_some()).await;
    assert!(broken.synced && broken.errors > 0 && broken.contact_age.is_some());
    assert!(get(&live, "shop", "first").is_ok());
    server.put(canary("shop", "second", 1));
    server.restart();
    let _ = until("the change", || get(&live, "shop", "second"), Result::is_ok).await;
    until("the end of the trouble", || status(&live), |status| status.trouble.is_none()).await;
}

#[test]
fn a_cluster_that_is_asked_each_time_gives_the_answers_of_a_watched_one() {
    let server = ApiServer::start();
    for number in 0..600 {
        server.put(canary(&format!("team-{}", number % 2), &format!("c{number:03}"), number));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = runtime.block_on(async { client(&server) });
    let direct = DirectCluster::new(runtime, client).expect("a cluster");
    let found = get(&direct, "team-1", "c001").expect("an object");
    assert_eq!((&found["kind"], &found["spec"]["weight"]), (&"Canary".into(), &1.into()));
    assert_eq!(
        get(&direct, "team-0", "c001"),
        Err(r#"Cannot find flagger.app/v1beta1/Canary named 'c001' inside of namespace 'Some("team-0")'"#
            .into())
    );
    assert_eq!(names(&direct).expect("a list").len(), 600);
    let here = ask(&direct, "list_resources_by_namespace", json!({"namespace": "team-1"})).expect("a list");
    assert_eq!(here["items"].as_array().expect("items").len(), 300);
    server.forbid(true);
    assert_eq!(names(&direct), Err("canaries.flagger.app is forbidden (403)".into()));
    server.serve_kind(false);
    assert_eq!(names(&direct), Err("Cannot find resource flagger.app/v1beta1/Canary".into()));
}
