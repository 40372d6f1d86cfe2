//! Ids that say which server to ask: `drs://host/id` and compact ones.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::{Value, json};
use testribute::domain::object_id::BadDrsUri;

use crate::support::{
    Server,
    network::{Service, drs, drs_root, request, tes, tes_root, warnings},
    texts::{
        UnresolvedId, drs_unavailable, fault, no_server, off_limits, token_not_sent_to_unlisted,
    },
};

const NEAR: &[&str] = &["https://near.example/a"];

/// The service, calling drs:// ids on this machine over plain http, with `more` configuration.
async fn service(more: &str) -> Service {
    let config = format!(
        "{{drs: {{plain_http_hosts: [127.0.0.1, localhost], resolve_compact_ids: false, {more}}}}}"
    );
    Service::start_with(&config).await
}

/// Remembers the path and token of each request, and answers with what `answer` makes of the path.
struct Witness {
    server: Server,
    seen: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Witness {
    async fn start(answer: impl Fn(&str) -> Option<Value> + Clone + Send + Sync + 'static) -> Self {
        let seen: Arc<Mutex<Vec<(String, bool)>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let router = Router::new().fallback(async move |uri: Uri, headers: HeaderMap| {
            let has_token = headers.contains_key("authorization");
            kept.lock()
                .unwrap()
                .push((uri.path().to_owned(), has_token));
            match answer(uri.path()) {
                Some(body) => Json(body).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            }
        });
        Self {
            server: Server::start(router).await,
            seen,
        }
    }

    fn paths(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(path, _)| path.clone()).collect()
    }

    fn tokens(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(_, has_token)| *has_token).count()
    }
}

fn object() -> Value {
    json!({"size": 1, "access_methods": [{"type": "https", "access_url": {"url": "https://near.example/a"}}]})
}

#[tokio::test]
async fn an_id_with_a_host_is_asked_for_there_and_needs_no_drs() {
    let service = service("").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = drs(&[("a/b c", 1, NEAR)]).await;
    let id = format!("drs://127.0.0.1:{}/a%2Fb%20c", data.address.port());
    let answer = service.rank(&request(&[tes_root(&tes)], &[], &[&id])).await;
    assert_eq!(answer["warnings"], json!([]));
    let uris = &answer["service_combinations"][0]["access_uris"];
    assert_eq!(uris[id.as_str()], NEAR[0], "the key is the id as given");
}

#[tokio::test]
async fn bare_ids_and_ids_with_a_host_go_together() {
    let service = service("").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let one = drs(&[("a", 1, NEAR), ("b", 1, NEAR)]).await;
    let other = drs(&[("c", 1, NEAR)]).await;
    let ids = [
        format!("drs://127.0.0.1:{}/c", other.address.port()),
        "a".to_owned(),
        format!("drs://127.0.0.1:{}/b", one.address.port()),
    ];
    let given: Vec<_> = ids.iter().map(String::as_str).collect();
    let answer = service
        .rank(&request(&[tes_root(&tes)], &[drs_root(&one)], &given))
        .await;
    assert_eq!(answer["warnings"], json!([]));
    let uris = answer["service_combinations"][0]["access_uris"]
        .as_object()
        .unwrap();
    let keys: Vec<_> = uris.keys().collect();
    assert_eq!(keys, [&ids[0], &ids[1], &ids[2], "tes_uri"]);
}

#[tokio::test]
async fn prefixes_of_the_table_stand_for_hosts_in_any_case_and_either_form() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = drs(&[
        ("dg.TEST/a", 1, NEAR),
        ("v2_a", 1, NEAR),
        ("8080/a", 1, NEAR),
    ])
    .await;
    let host = data.address.to_string();
    let service = service(&format!(
        "prefixes: {{DG.Test: '{host}', drs.test: '{host}'}}"
    ))
    .await;
    for id in [
        "drs://dg.TEST/a",
        "drs://dg.TEST:dg.TEST/a",
        "drs://dg.TEST:a",
        "drs://DRS.test:v2_a",
        "drs://drs.test/v2_a",
        "drs://drs.test:8080/a",
    ] {
        let answer = service.rank(&request(&[tes_root(&tes)], &[], &[id])).await;
        let uris = &answer["service_combinations"][0]["access_uris"];
        assert_eq!(uris[id], NEAR[0], "{id}");
        assert_eq!(answer["warnings"], json!([]), "{id}");
    }
}

#[tokio::test]
async fn other_prefixes_are_resolved_once_and_get_no_token() {
    let also =
        Witness::start(|path| path.starts_with("/ga4gh/drs/v1/objects/ns").then(object)).await;
    let url = also.server.url("/ga4gh/drs/v1/objects/ns%3A");
    let registry = Witness::start(move |path| {
        let accession = path.strip_prefix("/drs.x:")?;
        Some(json!({"apiVersion": "1.0", "errorMessage": null, "payload": {"resolvedResources": [
            {"official": true, "compactIdentifierResolvedUrl": format!("https://www.example.org/?id={accession}")},
            {"official": false, "compactIdentifierResolvedUrl": format!("{url}{accession}")}
        ]}}))
    })
    .await;
    let config = format!(
        "drs: {{compact_id_resolver: '{}'}}",
        registry.server.url("/")
    );
    let service = Service::start_with(&config).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let request = request(&[tes_root(&tes)], &[], &["drs://drs.x:1", "drs://drs.x:2"]);
    let response = service
        .post()
        .bearer_auth("secret")
        .json(&request)
        .send()
        .await
        .unwrap();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        warnings(&answer),
        [token_not_sent_to_unlisted(
            &also.server.url("/ga4gh/drs/v1")
        )],
    );
    let mut asked = also.paths();
    asked.sort();
    assert_eq!(
        asked,
        [
            "/ga4gh/drs/v1/objects/ns%3A1",
            "/ga4gh/drs/v1/objects/ns%3A2"
        ]
    );
    assert_eq!((also.tokens(), registry.tokens()), (0, 0));
    service.rank(&request).await;
    assert_eq!(registry.paths().len(), 1, "one call for a prefix");
}

#[tokio::test]
async fn a_prefix_that_no_one_knows_is_told() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let request = request(&[tes_root(&tes)], &[], &["drs://nothing:1"]);
    let off = service("").await;
    let messages = off.refuse(&request, "ResourceUnavailableError").await;
    let prefix = || "nothing".to_owned();
    let expected = no_server("drs://nothing:1", &UnresolvedId::NotListed(prefix()));
    assert_eq!(messages, [expected]);
    let registry = Witness::start(|_| None).await;
    let config = format!(
        "drs: {{compact_id_resolver: '{}'}}",
        registry.server.url("/")
    );
    let messages = Service::start_with(&config)
        .await
        .refuse(&request, "ResourceUnavailableError")
        .await;
    let expected = no_server("drs://nothing:1", &UnresolvedId::NoDrs(prefix()));
    assert_eq!(messages, [expected]);
}

#[tokio::test]
async fn a_host_in_an_id_is_guarded_like_any_other() {
    let data = drs(&[("a", 1, NEAR)]).await;
    let service = Service::start_with(
        "{outbound: {allowed_networks: ['::1/128']}, drs: {plain_http_hosts: [127.0.0.1]}}",
    )
    .await;
    let tes = tes("::1", "EUR", 1.0, 1.0, 0.0).await;
    let id = format!("drs://127.0.0.1:{}/a", data.address.port());
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[], &[&id]),
            "ResourceUnavailableError",
        )
        .await;
    let root = format!("http://{}/ga4gh/drs/v1/", data.address);
    let expected = drs_unavailable(&root, &off_limits("127.0.0.1"), &[&id]);
    assert_eq!(messages[1], expected);
}

#[tokio::test]
async fn an_id_that_names_nothing_is_a_fault() {
    let service = service("").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[], &["drs://host", "drs://x.example/a"]),
            "ValidationError",
        )
        .await;
    assert_eq!(messages, [fault("/object_ids/0", BadDrsUri)]);
}
