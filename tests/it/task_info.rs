//! Task info is asked for anew by every request, but by one for all that ask the same at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    http::{StatusCode, Uri},
    response::IntoResponse,
    routing::post,
};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::support::{
    Server,
    network::{Service, request, warnings},
    texts::{status, tes_unavailable},
};

/// A TES that answers only when it is told to.
struct Slow {
    server: Server,
    calls: Arc<AtomicUsize>,
    answers: Arc<Semaphore>,
    /// Gets a permit for each call to another TES, below `/other/`, which answers at once.
    others: Arc<Semaphore>,
}

impl Slow {
    async fn start(status: StatusCode) -> Self {
        let calls: Arc<AtomicUsize> = Arc::default();
        let answers = Arc::new(Semaphore::new(0));
        let others = Arc::new(Semaphore::new(0));
        let (seen, may_answer, witness) = (
            Arc::clone(&calls),
            Arc::clone(&answers),
            Arc::clone(&others),
        );
        let slow = post(async move || {
            seen.fetch_add(1, Ordering::SeqCst);
            may_answer.acquire().await.unwrap().forget();
            let number = seen.load(Ordering::SeqCst);
            (status, Json(task_info(number))).into_response()
        });
        let quick = post(async move |_: Uri| {
            witness.add_permits(1);
            Json(task_info(1000))
        });
        let router = Router::new()
            .route("/slow/tasks/task-info", slow)
            .route("/other/{number}/tasks/task-info", quick);
        Self {
            server: Server::start(router).await,
            calls,
            answers,
            others,
        }
    }

    /// A request for the slow one and, after it, for one that no other request asks.
    fn request(&self, number: usize) -> Value {
        let other = self.server.url(&format!("/other/{number}/"));
        request(&[self.server.url("/slow/"), other], &[], &[])
    }

    /// Ready when so many requests have put their questions: the slow one's question comes first.
    async fn asked_by(&self, requests: usize) {
        let requests = u32::try_from(requests).unwrap();
        self.others.acquire_many(requests).await.unwrap().forget();
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn task_info(queue: usize) -> Value {
    let price = json!({"amount": 1, "currency": "EUR"});
    json!({
        "estimated_compute_costs": price, "estimated_storage_costs": price, "unit_costs_data_transfer": price,
        "estimated_queue_time_sec": queue
    })
}

/// Sends the requests of `tokens` at the same time; the answers come as they come.
fn send(service: &Arc<Service>, slow: &Slow, tokens: &[&str]) -> JoinSet<Value> {
    let mut answers = JoinSet::new();
    for (number, token) in tokens.iter().enumerate() {
        let (service, request) = (Arc::clone(service), slow.request(number));
        let token = (*token).to_owned();
        answers.spawn(async move {
            let sent = service.post().bearer_auth(token).json(&request).send();
            sent.await.unwrap().json().await.unwrap()
        });
    }
    answers
}

fn queue(answer: &Value) -> &Value {
    &answer["service_combinations"][0]["time_breakdown"]["queue"]
}

#[tokio::test]
async fn those_who_ask_the_same_at_the_same_time_get_one_answer_and_those_who_come_later_another() {
    let service = Arc::new(Service::start().await);
    let slow = Slow::start(StatusCode::OK).await;
    for round in 1..=2 {
        let answers = send(&service, &slow, &["ann"; 8]);
        slow.asked_by(8).await;
        slow.answers.add_permits(1);
        for answer in answers.join_all().await {
            assert_eq!(warnings(&answer), [""; 0]);
            assert_eq!(queue(&answer), round);
        }
        assert_eq!(slow.calls(), round);
    }
}

#[tokio::test]
async fn no_one_gets_the_answer_to_another_token_or_another_task() {
    let service = Arc::new(Service::start().await);
    let slow = Slow::start(StatusCode::OK).await;
    let answers = send(&service, &slow, &["ann", "bob"]);
    slow.asked_by(2).await;
    let mut larger = slow.request(2);
    larger["resource_requirements"]["cpu_cores"] = json!(64);
    let response = service.post().bearer_auth("ann").json(&larger).send();
    let larger = tokio::spawn(response);
    slow.asked_by(1).await;
    slow.answers.add_permits(3);
    assert_eq!(answers.join_all().await.len(), 2);
    assert!(larger.await.unwrap().unwrap().status().is_success());
    assert_eq!(slow.calls(), 3);
}

#[tokio::test]
async fn a_failure_is_shared_too_and_not_kept() {
    let service = Arc::new(Service::start().await);
    let slow = Slow::start(StatusCode::INTERNAL_SERVER_ERROR).await;
    for round in 1..=2 {
        let answers = send(&service, &slow, &["ann"; 4]);
        slow.asked_by(4).await;
        slow.answers.add_permits(1);
        for answer in answers.join_all().await {
            let told = warnings(&answer);
            assert_eq!(told.len(), 1, "{told:?}");
            let root = slow.server.url("/slow/");
            assert_eq!(told[0], tes_unavailable(&root, &status(500)));
        }
        assert_eq!(slow.calls(), round);
    }
}

#[tokio::test]
async fn whoever_goes_away_does_not_take_the_answer_from_the_others() {
    let service = Arc::new(Service::start().await);
    let slow = Slow::start(StatusCode::OK).await;
    let mut first = send(&service, &slow, &["ann"]);
    slow.asked_by(1).await;
    let others = send(&service, &slow, &["ann"; 3]);
    slow.asked_by(3).await;
    first.shutdown().await;
    // One of the others asks again, in the place of the one who left.
    slow.answers.add_permits(2);
    for answer in others.join_all().await {
        assert_eq!(warnings(&answer), [""; 0]);
    }
}
