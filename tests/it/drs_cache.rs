//! What DRS said is kept for a while, and for no one else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::get,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::timeout};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_root},
};

/// A DRS that shows its object to the token `good` alone, and counts questions.
struct Guarded {
    server: Server,
    asked: Arc<AtomicUsize>,
    /// Permits to answer.
    gate: Arc<Semaphore>,
}

impl Guarded {
    async fn start() -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let (count, pass) = (Arc::clone(&asked), Arc::clone(&gate));
        let answer = async move |Path(id): Path<String>, headers: HeaderMap| {
            count.fetch_add(1, Ordering::SeqCst);
            let _permit = pass.acquire().await.unwrap();
            if id != "a" {
                return StatusCode::NOT_FOUND.into_response();
            }
            match headers.get("authorization") {
                Some(token) if token == "Bearer good" => {
                    let method = json!({"access_url": {"url": "https://near.example/a"}});
                    Json(json!({"size": 1, "access_methods": [method]})).into_response()
                }
                _ => StatusCode::FORBIDDEN.into_response(),
            }
        };
        let router = Router::new().route("/objects/{id}", get(answer));
        Self {
            server: Server::start(router).await,
            asked,
            gate,
        }
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

async fn ask(service: &Service, request: &Value, token: &str) -> StatusCode {
    let sent = service.post().bearer_auth(token).json(request).send();
    StatusCode::from_u16(sent.await.unwrap().status().as_u16()).unwrap()
}

#[tokio::test]
async fn an_object_is_asked_for_once_for_each_token() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Guarded::start().await;
    let request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
    for expected in [1, 0, 0] {
        assert_eq!(ask(&service, &request, "good").await, StatusCode::OK);
        assert_eq!(drs.asked(), expected);
    }
    assert_eq!(
        ask(&service, &request, "bad").await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(drs.asked(), 1, "what one may see is not shown to another");
    assert_eq!(
        ask(&service, &request, "bad").await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(drs.asked(), 1, "a refusal is not kept");
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_again() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Guarded::start().await;
    let request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["b"]);
    for _ in 0..2 {
        assert_eq!(
            ask(&service, &request, "good").await,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(drs.asked(), 1);
    }
}

#[tokio::test]
async fn nothing_is_kept_if_the_operator_says_so() {
    let service = Service::start_with("drs: {cache_ttl_sec: 0}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Guarded::start().await;
    let request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
    for _ in 0..2 {
        assert_eq!(ask(&service, &request, "good").await, StatusCode::OK);
        assert_eq!(drs.asked(), 1);
    }
}

#[tokio::test]
async fn an_object_is_asked_for_again_once_its_time_is_over() {
    let service = Service::start_with("drs: {cache_ttl_sec: 1}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Guarded::start().await;
    let request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
    // The cache has a clock of its own, so this takes its second.
    let asked_again = async {
        while drs.asked.load(Ordering::SeqCst) < 2 {
            assert_eq!(ask(&service, &request, "good").await, StatusCode::OK);
        }
    };
    timeout(Duration::from_secs(60), asked_again).await.unwrap();
}

#[tokio::test]
async fn equal_questions_at_the_same_time_are_asked_once() {
    let service = Service::start_with("timeout: 20").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Guarded::start().await;
    let request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
    // No answer leaves the DRS before the first question has arrived.
    drs.gate.forget_permits(Semaphore::MAX_PERMITS);
    let questions = join_all((0..8).map(|_| ask(&service, &request, "good")));
    let open = async {
        while drs.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        drs.gate.add_permits(100);
    };
    let (statuses, ()) = tokio::join!(questions, open);
    assert!(statuses.iter().all(|&status| status == StatusCode::OK));
    assert_eq!(drs.asked(), 1);
}
