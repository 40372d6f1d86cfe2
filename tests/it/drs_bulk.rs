//! Many objects in one question, answers that take a while, and refusals.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::Request,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    Server,
    network::{Service, request, tes, tes_root, warnings},
    recorder::Recorder,
    texts::{FetchError, drs_refuses_token, drs_unavailable, status},
};

/// What a DRS does with `POST /objects`.
#[derive(Clone, Copy, PartialEq)]
enum Bulk {
    /// Takes this many at most.
    Takes(usize),
    /// Says that it takes some, and does not.
    Refuses,
    /// Does not say that it takes any.
    Unknown,
}

/// A DRS that has all objects but those that begin with `no`, and keeps what it is asked.
struct Drs {
    server: Server,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Drs {
    async fn start(bulk: Bulk) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let router = Router::new().fallback(async move |request: Request| {
            let line = format!("{} {}", request.method(), request.uri().path());
            kept.lock().unwrap().push(line.clone());
            let body = axum::body::to_bytes(request.into_body(), 1 << 20)
                .await
                .unwrap();
            answer(bulk, &line, &body)
        });
        Self {
            server: Server::start(router).await,
            asked,
        }
    }

    /// How often it was asked for service-info, for many and for single objects.
    fn counts(&self) -> (usize, usize, usize) {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let count = |start: &str| asked.iter().filter(|line| line.starts_with(start)).count();
        (
            count("GET /service-info"),
            count("POST /objects"),
            count("GET /objects/"),
        )
    }
}

fn object(id: &str) -> Value {
    json!({"id": id, "size": "1", "access_methods": [{"type": "https", "access_url": {"url": "https://near.example/x"}}]})
}

fn answer(bulk: Bulk, line: &str, body: &[u8]) -> Response {
    if line == "GET /service-info" {
        let limit = match bulk {
            Bulk::Takes(limit) => Some(limit),
            Bulk::Refuses => Some(100),
            Bulk::Unknown => None,
        };
        let kind = json!({"group": "org.ga4gh", "artifact": "drs", "version": "1.3.0"});
        return Json(json!({"type": kind, "maxBulkRequestLength": limit})).into_response();
    }
    if let Some(id) = line.strip_prefix("GET /objects/") {
        return if id.starts_with("no") {
            StatusCode::NOT_FOUND.into_response()
        } else {
            Json(object(id)).into_response()
        };
    }
    let Bulk::Takes(limit) = bulk else {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    };
    let question: Value = serde_json::from_slice(body).unwrap();
    let ids: Vec<_> = question["bulk_object_ids"].as_array().unwrap().clone();
    if ids.len() > limit {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let ids: Vec<_> = ids.iter().map(|id| id.as_str().unwrap()).collect();
    let (gone, there): (Vec<&str>, Vec<&str>) = ids.iter().partition(|id| id.starts_with("no"));
    // One that cannot be read, one that is left out, and one that is a bundle.
    let told: Vec<_> = there
        .iter()
        .filter(|id| **id != "o1")
        .map(|id| match *id {
            "o0" => json!({"id": "o0", "size": "many"}),
            id => object(id),
        })
        .collect();
    Json(json!({
        "summary": {"requested": ids.len(), "resolved": told.len(), "unresolved": gone.len()},
        "unresolved_drs_objects": [{"error_code": 404, "object_ids": gone}],
        "resolved_drs_object": told
    }))
    .into_response()
}

/// Ranks a task with so many objects.
async fn rank(service: &Service, drs: &Drs, objects: usize) -> Value {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ids: Vec<_> = (0..objects).map(|number| format!("o{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let drs = [drs.server.url("/")];
    service.rank(&request(&[tes_root(&tes)], &drs, &ids)).await
}

#[tokio::test]
async fn many_objects_are_asked_for_in_few_questions() {
    let service = Service::start_with("drs: {cache_ttl_sec: 0}").await;
    let drs = Drs::start(Bulk::Takes(20)).await;
    for service_infos in [1, 0] {
        let answer = rank(&service, &drs, 50).await;
        assert_eq!(answer["warnings"], json!([]));
        let uris = &answer["service_combinations"][0]["access_uris"];
        assert_eq!(uris.as_object().unwrap().len(), 51);
        // o0 and o1 are asked for once more, by themselves.
        assert_eq!(drs.counts(), (service_infos, 3, 2));
    }
}

#[tokio::test]
async fn few_objects_are_asked_for_one_by_one() {
    let service = Service::start().await;
    let drs = Drs::start(Bulk::Takes(20)).await;
    rank(&service, &drs, 10).await;
    assert_eq!(drs.counts(), (0, 0, 10));
}

#[tokio::test]
async fn what_came_in_bulk_is_kept_too() {
    let service = Service::start().await;
    let drs = Drs::start(Bulk::Takes(20)).await;
    rank(&service, &drs, 20).await;
    assert_eq!(drs.counts(), (1, 1, 2));
    rank(&service, &drs, 20).await;
    assert_eq!(drs.counts(), (0, 0, 0));
}

#[tokio::test]
async fn a_drs_that_takes_no_bulk_is_asked_one_by_one() {
    let service = Service::start_with("drs: {cache_ttl_sec: 0}").await;
    for (bulk, posts) in [(Bulk::Unknown, 0), (Bulk::Refuses, 1), (Bulk::Takes(1), 0)] {
        let drs = Drs::start(bulk).await;
        rank(&service, &drs, 20).await;
        assert_eq!(drs.counts(), (1, posts, 20));
        rank(&service, &drs, 20).await;
        assert_eq!(drs.counts(), (0, 0, 20), "remembered");
    }
}

#[tokio::test]
async fn what_a_bulk_answer_says_is_not_there_is_asked_for_once_by_itself() {
    let service = Service::start().await;
    let drs = Drs::start(Bulk::Takes(100)).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ids: Vec<_> = (0..20).map(|number| format!("no{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let request = request(&[tes_root(&tes)], &[drs.server.url("/")], &ids);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(messages.len(), 20);
    // At the root that is given, and, as nothing was found there, not at the usual one: the service info told.
    assert_eq!(drs.counts(), (1, 1, 20));
}

/// A DRS that is ready at the second question, after so many seconds.
async fn slow(seconds: u64) -> Server {
    let first = Arc::new(Mutex::new(true));
    Server::start(Router::new().fallback(async move || {
        if std::mem::take(&mut *first.lock().unwrap()) {
            (StatusCode::ACCEPTED, [(RETRY_AFTER, seconds.to_string())]).into_response()
        } else {
            Json(object("a")).into_response()
        }
    }))
    .await
}

#[tokio::test]
async fn an_answer_that_takes_a_while_is_waited_for_within_the_timeout() {
    let service = Service::start_with("timeout: 20").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ready_soon = slow(0).await;
    let asked = request(&[tes_root(&tes)], &[ready_soon.url("/")], &["a"]);
    assert_eq!(service.rank(&asked).await["warnings"], json!([]));

    for seconds in [86_400, u64::MAX] {
        let ready_too_late = slow(seconds).await;
        let asked = request(&[tes_root(&tes)], &[ready_too_late.url("/")], &["a"]);
        let refused = service.refuse(&asked, "ResourceUnavailableError");
        let messages = timeout(Duration::from_secs(15), refused).await.unwrap();
        let not_ready = FetchError::NotReady(Duration::from_secs(seconds));
        assert_eq!(
            messages[1],
            drs_unavailable(&ready_too_late.url("/"), &not_ready, &["a"])
        );
    }
}

#[tokio::test]
async fn a_refusal_is_told_apart_from_what_is_not_there() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let good = Drs::start(Bulk::Unknown).await;
    for code in [401, 403] {
        let refuses = Server::start(
            Router::new().fallback(async move || StatusCode::from_u16(code).unwrap()),
        )
        .await;
        let drs = [refuses.url("/"), good.server.url("/")];
        let request = request(&[tes_root(&tes)], &drs, &["a"]);
        let answer = service.rank(&request).await;
        assert_eq!(
            warnings(&answer),
            [drs_unavailable(&drs[0], &status(code), &["a"])]
        );
        let sent = service.post().bearer_auth("t").json(&request).send();
        let answer: Value = sent.await.unwrap().json().await.unwrap();
        assert_eq!(
            warnings(&answer)[0],
            drs_refuses_token(&drs[0], code, &["a"])
        );
    }
}

#[tokio::test]
async fn a_drs_that_refuses_one_token_is_asked_for_many_objects_with_another() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Recorder::start(|line, authorization| {
        if authorization != Some("Bearer friend") {
            return Some((401, json!({})));
        }
        let kind = json!({"artifact": "drs", "version": "1.3.0"});
        let objects: Vec<_> = (0..20).map(|n| object(&format!("o{n}"))).collect();
        match line {
            "GET /service-info" => Some((200, json!({"type": kind, "maxBulkRequestLength": 100}))),
            "POST /objects" => Some((200, json!({"resolved_drs_object": objects}))),
            _ => None,
        }
    })
    .await;
    let ids: Vec<_> = (0..20).map(|n| format!("o{n}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let request = request(&[tes_root(&tes)], &[drs.server.url("/")], &ids);
    for (token, expected) in [("stranger", 400), ("friend", 200)] {
        drs.lines();
        let asked = service.post().bearer_auth(token).json(&request);
        assert_eq!(asked.send().await.unwrap().status(), expected, "{token}");
    }
    assert_eq!(drs.lines(), ["GET /service-info", "POST /objects"]);
}
