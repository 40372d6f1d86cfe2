//! Limits per caller: who is told apart from whom, and what the refused are told.

use std::{convert::Infallible, future::pending, net::IpAddr, pin::pin};

use axum::{body::Body, http::Request};
use futures_util::{
    FutureExt,
    stream::{self, once},
};
use jsonwebtoken::Algorithm;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, sync::oneshot, task::yield_now};
use tower::ServiceExt;

use crate::support::{
    front::Front,
    idp::{Draft, Provider},
    network::{assert_problem, config, router},
};

/// The service behind its own server loop, which knows addresses.
async fn front(more: &str) -> Front {
    let config = config(more);
    Front::open(&config.server, None, router(&config), pending()).await
}

/// Sends a request that is admitted, and then refused for its contents.
async fn ask(front: &Front, from: &str, headers: &[(&str, &str)]) -> Response {
    let from: IpAddr = from.parse().unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .local_address(from)
        .build()
        .unwrap();
    let mut request = client.post(format!("http://{}/rank-services", front.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.json(&json!({})).send().await.unwrap()
}

async fn statuses(front: &Front, from: &str, headers: &[(&str, &str)], count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(ask(front, from, headers).await.status().as_u16());
    }
    statuses
}

const SLOW: &str = "limits: {requests_per_minute: 1, burst: 2}";

#[tokio::test]
async fn who_sends_too_much_is_told_when_to_try_again() {
    let front = front(SLOW).await;
    assert_eq!(statuses(&front, "127.0.0.1", &[], 2).await, [400, 400]);
    let refused = ask(&front, "127.0.0.1", &[]).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let body: Value = refused.json().await.unwrap();
    assert_problem(&body, 429, "TooManyRequests");
    // Another address is another caller.
    assert_eq!(statuses(&front, "127.0.0.2", &[], 1).await, [400]);
}

/// The status of a request whose body comes after its head, and whether the body was taken.
async fn with_a_late_body(router: &axum::Router, headers: &[(&str, &str)]) -> (u16, bool) {
    let (note, taken) = oneshot::channel();
    let body = once(async move {
        yield_now().await;
        note.send(()).unwrap();
        Ok::<_, Infallible>("{}")
    });
    let mut request = Request::post("/rank-services").header("content-length", "2");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from_stream(body)).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    (response.status().as_u16(), taken.await.is_ok())
}

#[tokio::test]
async fn the_body_of_a_refused_request_does_not_stay_in_its_connection() {
    let json = ("content-type", "application/json");
    let limited = router(&config("limits: {requests_per_minute: 1, burst: 2}"));
    assert_eq!(with_a_late_body(&limited, &[json]).await, (400, true));
    assert_eq!(with_a_late_body(&limited, &[]).await, (415, true));
    assert_eq!(with_a_late_body(&limited, &[json]).await, (429, true));
    // A client that waits for `100 Continue` sends none.
    let asks = [json, ("expect", "100-continue")];
    assert_eq!(with_a_late_body(&limited, &asks).await, (429, false));

    let closed =
        "security: {authorization_required: true, jwt: {issuers: ['http://127.0.0.1:1/']}}";
    let closed = router(&config(closed));
    assert_eq!(with_a_late_body(&closed, &[json]).await, (401, true));
    let busy = router(&config("server: {max_in_flight: 1}"));
    let endless = Body::from_stream(stream::pending::<Result<&str, Infallible>>());
    let first = Request::post("/rank-services").header("content-type", "application/json");
    let mut first = pin!(busy.clone().oneshot(first.body(endless).unwrap()));
    assert!(first.as_mut().now_or_never().is_none(), "it is in flight");
    assert_eq!(with_a_late_body(&busy, &[json]).await, (503, true));
}

#[tokio::test]
async fn health_checks_and_metrics_are_not_limited() {
    let front = front("limits: {requests_per_minute: 1, burst: 1}").await;
    for path in ["/healthz", "/readyz", "/metrics", "/service-info"].repeat(3) {
        let url = format!("http://{}{path}", front.address);
        assert_eq!(reqwest::get(url).await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_callers_are_told_apart_by_what_it_reports() {
    let front = front(&format!(
        "{SLOW}\nserver: {{trusted_proxies: [127.0.0.1/32]}}"
    ))
    .await;
    let from = |address| [("x-forwarded-for", address)];
    assert_eq!(
        statuses(&front, "127.0.0.1", &from("192.0.2.1"), 3).await,
        [400, 400, 429]
    );
    // What the caller itself wrote stands before what the proxy adds.
    assert_eq!(
        statuses(&front, "127.0.0.1", &from("6.6.6.6, 192.0.2.1"), 1).await,
        [429]
    );
    assert_eq!(
        statuses(&front, "127.0.0.1", &from("192.0.2.2"), 1).await,
        [400]
    );
    // From elsewhere, no header is believed.
    assert_eq!(
        statuses(&front, "127.0.0.3", &from("192.0.2.3"), 2).await,
        [400, 400]
    );
    assert_eq!(
        statuses(&front, "127.0.0.3", &from("192.0.2.4"), 1).await,
        [429]
    );
}

#[tokio::test]
async fn with_a_valid_token_the_subject_counts_and_not_the_address() {
    let provider = Provider::start().await;
    let front = front(&format!(
        "{SLOW}\nsecurity: {{authorization_required: true, jwt: {{issuers: ['{}'], validation_methods: [public_key]}}}}",
        provider.issuer
    ))
    .await;
    let token = |subject: &str, id: &str| {
        let mut draft = Draft::good(&provider.issuer, Algorithm::RS256);
        draft.claims["sub"] = subject.into();
        draft.claims["jti"] = id.into();
        format!("Bearer {}", draft.sign())
    };
    let (ann, anns_other, bob) = (token("ann", "1"), token("ann", "2"), token("bob", "1"));
    assert_eq!(
        statuses(&front, "127.0.0.1", &[("authorization", &ann)], 2).await,
        [400, 400]
    );
    assert_eq!(
        statuses(&front, "127.0.0.2", &[("authorization", &anns_other)], 1).await,
        [429]
    );
    assert_eq!(
        statuses(&front, "127.0.0.1", &[("authorization", &bob)], 1).await,
        [400]
    );
    // Who tries tokens is limited by address.
    let forged = [("authorization", "Bearer e30.e30.e30")];
    assert_eq!(
        statuses(&front, "127.0.0.4", &forged, 3).await,
        [401, 401, 429]
    );
}

#[tokio::test]
async fn a_caller_cannot_have_all_requests_in_flight() {
    let front = front(
        "server: {max_in_flight: 4, request_deadline_sec: 60}\nlimits: {caller_in_flight_share: 0.5}",
    )
    .await;
    let head = "POST /rank-services HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    let mut in_flight = vec![front.say(head).await, front.say(head).await];
    // Until both are in flight, the third may be admitted: its body is complete, and it is refused for that.
    let third = loop {
        let response = ask(&front, "127.0.0.1", &[]).await;
        if response.status() != StatusCode::BAD_REQUEST {
            break response;
        }
    };
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third.headers()["retry-after"], "1");
    let body: Value = third.json().await.unwrap();
    assert_problem(&body, 429, "TooManyRequests");
    assert_eq!(statuses(&front, "127.0.0.2", &[], 1).await, [400]);
    // A caller that goes away has none in flight.
    drop(in_flight.pop());
    while ask(&front, "127.0.0.1", &[]).await.status() == StatusCode::TOO_MANY_REQUESTS {
        yield_now().await;
    }
    let mut first = in_flight.remove(0);
    tokio::io::AsyncWriteExt::write_all(&mut first, b"}        ")
        .await
        .unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
}
