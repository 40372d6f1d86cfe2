//! Bundles: one id that stands for many objects.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_root, warnings},
    recorder::Recorder,
    texts::{
        BundleFault, Difference, bundle as bundle_fault, conflict, not_found,
        token_not_sent_to_unlisted,
    },
};

const GB: u64 = 1_000_000_000;

/// A DRS that answers what is on the shelf: by `id`, or by `id?expand=true` if that is there.
struct Shelf {
    server: Server,
    tokens: Arc<Mutex<usize>>,
}

impl Shelf {
    async fn start(answers: Vec<(&'static str, Value)>) -> Self {
        let answers: BTreeMap<_, _> = answers.into_iter().collect();
        let tokens: Arc<Mutex<usize>> = Arc::default();
        let seen = Arc::clone(&tokens);
        let router = Router::new().fallback(async move |uri: Uri, headers: HeaderMap| {
            *seen.lock().unwrap() += usize::from(headers.contains_key("authorization"));
            let id = uri.path().rsplit('/').next().unwrap().to_owned();
            let key = uri
                .query()
                .map_or(id.clone(), |query| format!("{id}?{query}"));
            match answers
                .get(key.as_str())
                .or_else(|| answers.get(id.as_str()))
            {
                Some(Value::Null) => StatusCode::BAD_REQUEST.into_response(),
                Some(answer) => Json(answer).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            }
        });
        Self {
            server: Server::start(router).await,
            tokens,
        }
    }

    fn root(&self) -> String {
        self.server.url("/")
    }
}

fn blob(host: &str) -> Value {
    let url = format!("https://{host}/x");
    json!({"size": GB, "contents": [], "access_methods": [{"type": "https", "access_url": {"url": url}}]})
}

fn bundle(contents: &Value) -> Value {
    json!({"size": 2 * GB, "checksums": [{"type": "md5", "checksum": "3de2e595"}], "contents": contents})
}

fn item(id: &str) -> Value {
    json!({"name": format!("file-{id}"), "id": id})
}

async fn task(drs: &[&Shelf], objects: &[&str]) -> (Server, Value) {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs: Vec<_> = drs.iter().map(|shelf| shelf.root()).collect();
    let request = request(&[tes_root(&tes)], &drs, objects);
    (tes, request)
}

fn keys(answer: &Value) -> Vec<&str> {
    let uris = answer["service_combinations"][0]["access_uris"]
        .as_object()
        .unwrap();
    uris.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn each_object_of_a_bundle_counts_for_itself() {
    let service = Service::start().await;
    let shelf = Shelf::start(vec![
        ("set", bundle(&json!([item("a"), {"name": "inner", "id": "in"}]))),
        (
            "set?expand=true",
            bundle(&json!([item("a"), {"name": "inner", "id": "in", "contents": [item("b"), item("c")]}])),
        ),
        ("a", blob("near.example")),
        ("b", blob("near.example")),
        ("c", blob("far.example")),
        ("z", blob("near.example")),
    ])
    .await;
    let (_tes, request) = task(&[&shelf], &["set", "z"]).await;
    let answer = service.rank(&request).await;
    assert_eq!(answer["warnings"], json!([]));
    assert_eq!(
        keys(&answer),
        [
            "set/file-a",
            "set/inner/file-b",
            "set/inner/file-c",
            "z",
            "tes_uri"
        ]
    );
    let cost = answer["service_combinations"][0]["cost_breakdown"]["transfer"]
        .as_f64()
        .unwrap();
    // Three times 1 GB over 69 km, and once over 6700 km, at 1 per 1000 km.
    assert!((6.5..7.5).contains(&cost), "{cost}");
}

#[tokio::test]
async fn bundles_in_bundles_are_opened_although_the_drs_does_not_expand_them() {
    let service = Service::start().await;
    let shelf = Shelf::start(vec![
        (
            "set",
            bundle(&json!([{"name": "inner", "id": "in"}, item("a")])),
        ),
        ("set?expand=true", json!(null)),
        ("in", json!({"form": "bundle", "size": 1, "contents": []})),
        (
            "in?expand=true",
            bundle(&json!([item("b"), {"id": "b", "name": "file-b"}, {"id": "a"}])),
        ),
        ("a", blob("near.example")),
        ("b", blob("near.example")),
    ])
    .await;
    let (_tes, request) = task(&[&shelf], &["set"]).await;
    let answer = service.rank(&request).await;
    assert_eq!(
        keys(&answer),
        [
            "set/file-a",
            "set/inner/file-b",
            "set/inner/file-b~2",
            "set/inner/a",
            "tes_uri"
        ]
    );
}

#[tokio::test]
async fn a_bundle_has_an_end() {
    let shelf = Shelf::start(vec![
        ("loop", bundle(&json!([{"name": "again", "id": "pool"}]))),
        ("pool", bundle(&json!([{"name": "back", "id": "loop"}]))),
        ("deep", bundle(&json!([{"name": "1", "id": "d1"}]))),
        ("d1", bundle(&json!([{"name": "2", "id": "d2"}]))),
        ("d2", bundle(&json!([item("a")]))),
        (
            "wide",
            bundle(&json!([item("a"), item("b"), item("c"), item("d")])),
        ),
        ("empty", bundle(&json!([]))),
        ("a", blob("near.example")),
    ])
    .await;
    let service = Service::start_with("drs: {max_bundle_depth: 2, max_bundle_objects: 3}").await;
    for (id, fault) in [
        ("loop", BundleFault::ContainsItself),
        ("deep", BundleFault::TooDeep(2)),
        ("wide", BundleFault::TooLarge { found: 4, limit: 3 }),
        ("empty", BundleFault::Empty),
    ] {
        let (_tes, request) = task(&[&shelf], &[id]).await;
        let messages = service.refuse(&request, "ResourceUnavailableError").await;
        assert_eq!(messages, [bundle_fault(id, fault)]);
    }
}

#[tokio::test]
async fn an_object_of_a_bundle_that_is_nowhere_is_told_by_its_name() {
    let service = Service::start().await;
    let shelf = Shelf::start(vec![
        (
            "set",
            bundle(&json!([item("a"), item("gone"), {"name": "nameless"}])),
        ),
        ("a", blob("near.example")),
    ])
    .await;
    let (_tes, request) = task(&[&shelf], &["set"]).await;
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(
        messages,
        [not_found("set/file-gone"), not_found("set/nameless")]
    );
}

#[tokio::test]
async fn a_bundle_is_the_same_at_all_drs() {
    let service = Service::start().await;
    let one = Shelf::start(vec![
        ("set", bundle(&json!([item("a"), item("b")]))),
        ("a", blob("near.example")),
        ("b", blob("near.example")),
    ])
    .await;
    // Other ids, the same names.
    let other = Shelf::start(vec![
        (
            "set",
            bundle(&json!([{"name": "file-b", "id": "2"}, {"name": "file-a", "id": "1"}])),
        ),
        ("1", blob("far.example")),
        ("2", blob("near.example")),
    ])
    .await;
    let (_tes, request) = task(&[&one, &other], &["set"]).await;
    let answer = service.rank(&request).await;
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 2);
    assert_eq!(keys(&answer), ["set/file-a", "set/file-b", "tes_uri"]);

    let less = Shelf::start(vec![
        ("set", bundle(&json!([item("a")]))),
        ("a", blob("near.example")),
    ])
    .await;
    let blob = Shelf::start(vec![("set", blob("near.example"))]).await;
    for (drs, difference) in [
        (&less, Difference::Contents(2, 1)),
        (&blob, Difference::BundleAndObject),
    ] {
        let (_tes, request) = task(&[&one, drs], &["set"]).await;
        let messages = service.refuse(&request, "ResourceUnavailableError").await;
        let expected = conflict("set", [&one.root(), &drs.root()], difference);
        assert_eq!(messages, [expected]);
    }
}

#[tokio::test]
async fn a_bundle_may_hold_objects_of_other_servers_which_get_no_token() {
    let service = Service::start_with("drs: {plain_http_hosts: [127.0.0.1]}").await;
    let elsewhere = Shelf::start(vec![("b", blob("near.example"))]).await;
    let uri = format!("drs://{}/b", elsewhere.server.address);
    // One text instead of a list, as Gen3 writes it.
    let held = bundle(&json!([item("a"), {"name": "other", "drs_uri": uri}]));
    // The server is known only after the bundle was expanded.
    let shelf = Shelf::start(Vec::from([("set", held), ("a", blob("near.example"))])).await;
    let (_tes, request) = task(&[&shelf], &["set"]).await;
    let response = service.post().bearer_auth("secret").json(&request);
    let answer: Value = response.send().await.unwrap().json().await.unwrap();
    assert_eq!(keys(&answer), ["set/file-a", "set/other", "tes_uri"]);
    let root = elsewhere.server.url("/ga4gh/drs/v1/");
    assert_eq!(warnings(&answer), [token_not_sent_to_unlisted(&root)]);
    assert_eq!(*elsewhere.tokens.lock().unwrap(), 0);
    assert!(*shelf.tokens.lock().unwrap() > 0);
}

#[tokio::test]
async fn the_query_of_a_listed_uri_is_sent_and_told_only_if_it_is_harmless() {
    let holder = Recorder::start(|line, _| {
        let method = json!({"type": "s3", "access_id": "x"});
        let is_known =
            line.contains("/objects/plain?version=2") || line.contains("/objects/secret?token=zqx");
        is_known.then(|| (200, json!({"size": 1, "access_methods": [method]})))
    })
    .await;
    let address = holder.server.address;
    let contents = json!([
        {"name": "plain", "drs_uri": [format!("drs://{address}/plain?version=2")]},
        {"name": "secret", "drs_uri": [format!("drs://{address}/secret?token=zqx")]},
        {"name": "https://h.example/x?sig=zqx", "drs_uri": format!("drs://{address}/plain?version=2")}
    ]);
    let bundles = Recorder::start(move |line, _| {
        line.contains("/objects/all")
            .then(|| (200, json!({"id": "all", "contents": contents.clone()})))
    })
    .await;
    let service = Service::start_with("drs: {plain_http_hosts: [127.0.0.1]}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let mut asked = request(&[tes_root(&tes)], &[bundles.server.url("/")], &["all"]);
    asked["explain"] = json!(true);
    let answer = service.rank(&asked).await;
    assert!(!answer.to_string().contains("zqx"), "{answer:#}");
    let uris = &answer["service_combinations"][0]["access_uris"];
    assert_eq!(
        uris["all/plain"],
        format!("drs://{address}/plain?version=2")
    );
    assert_eq!(uris["all/secret"], format!("drs://{address}/secret"));
    assert_eq!(uris["all/https://h.example/x"], uris["all/plain"]);
}

#[tokio::test]
async fn what_the_query_names_twice_counts_once() {
    let service = Service::start().await;
    let shelf = Shelf::start(vec![
        ("set", bundle(&json!([item("a")]))),
        ("a", blob("near.example")),
        ("set%2Ffile-a", blob("near.example")),
    ])
    .await;
    let (_tes, request) = task(&[&shelf], &["set/file-a", "set"]).await;
    let answer = service.rank(&request).await;
    assert_eq!(keys(&answer), ["set/file-a", "tes_uri"]);
}
