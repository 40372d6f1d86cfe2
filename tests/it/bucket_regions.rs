//! The regions of buckets, which S3 gives to anonymous callers.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::Request,
    http::{
        StatusCode,
        header::{AUTHORIZATION, LOCATION},
    },
};
use serde_json::Value;

use crate::support::{
    Server,
    faulty::nobody,
    network::{Service, drs, drs_root, request, tes, tes_root, warnings},
    texts::{ANY, FetchError, LocateError, assert_like, unknown_location},
};

/// An S3 that knows the regions of three buckets, and keeps what it is asked.
async fn s3() -> (Server, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let router = Router::new().fallback(async move |request: Request| {
        assert!(!request.headers().contains_key(AUTHORIZATION));
        let line = format!("{} {}", request.method(), request.uri());
        kept.lock().unwrap().push(line);
        let elsewhere = "https://bucket.s3.eu-central-1.amazonaws.com/";
        match request.uri().path() {
            "/frankfurt" => (
                StatusCode::MOVED_PERMANENTLY,
                [
                    ("x-amz-bucket-region", "eu-central-1"),
                    (LOCATION.as_str(), elsewhere),
                ],
            ),
            "/private" => (
                StatusCode::FORBIDDEN,
                [("x-amz-bucket-region", "us-east-1"), ("x-other", "")],
            ),
            "/atlantis" => (
                StatusCode::OK,
                [("x-amz-bucket-region", "sea-bottom-1"), ("x-other", "")],
            ),
            _ => (StatusCode::NOT_FOUND, [("x-none", ""), ("x-other", "")]),
        }
    });
    (Server::start(router).await, asked)
}

async fn rank(s3_url: &str, ask: bool, uris: &[&str]) -> (Value, Service) {
    let service = Service::start_with(&format!(
        "locations: {{ask_bucket_region: {ask}, s3_url: '{s3_url}'}}"
    ))
    .await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let mut all = vec!["https://near.example/x"];
    all.extend(uris);
    let drs = drs(&[("a", 1_000_000_000, all.as_slice())]).await;
    let mut request = request(&[tes_root(&tes)], &[drs_root(&drs)], &["a"]);
    request["explain"] = true.into();
    let sent = service.post().bearer_auth("secret").json(&request).send();
    let answer: Value = sent.await.unwrap().json().await.unwrap();
    let again = service.rank(&request).await;
    assert_eq!(again["places"], answer["places"]);
    (answer, service)
}

const URIS: [&str; 7] = [
    "s3://frankfurt/key",
    "s3://private/key",
    "s3://private/other",
    "s3://atlantis/key",
    "s3://nowhere/key",
    "s3://No_Name/key",
    "gs://frankfurt/key",
];

#[tokio::test]
async fn a_bucket_is_in_the_region_that_s3_names() {
    let (s3, asked) = s3().await;
    let (answer, _service) = rank(&s3.url("/"), true, &URIS).await;
    let near = |bucket: &str, latitude: f64| {
        let place = &answer["places"][bucket];
        assert_eq!(place["source"], "region", "{bucket}: {answer:#}");
        assert!(
            (place["latitude"].as_f64().unwrap() - latitude).abs() < 1.0,
            "{place}"
        );
    };
    near("s3://frankfurt", 50.1);
    near("s3://private", 38.9);
    let told = warnings(&answer);
    for unknown in [
        "s3://atlantis",
        "s3://nowhere",
        "s3://No_Name",
        "gs://frankfurt",
    ] {
        let text = unknown_location(unknown, &LocateError::Bucket);
        assert!(told.contains(&text.as_str()), "{unknown}: {told:#?}");
    }
    // Each once, in two requests; and nothing else.
    let mut asked = asked.lock().unwrap().clone();
    asked.sort();
    assert_eq!(
        asked,
        [
            "HEAD /atlantis",
            "HEAD /frankfurt",
            "HEAD /nowhere",
            "HEAD /private"
        ]
    );
}

#[tokio::test]
async fn s3_is_not_asked_unless_the_operator_wants_it() {
    let (s3, asked) = s3().await;
    let (answer, _service) = rank(&s3.url("/"), false, &URIS).await;
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_s3_that_does_not_answer_costs_a_warning() {
    let nobody = nobody();
    let (answer, _service) = rank(&nobody, true, &["s3://frankfurt/key"]).await;
    let told = warnings(&answer);
    let cause = LocateError::S3(FetchError::Unreachable(ANY.to_owned()));
    assert_like(told[0], unknown_location("s3://frankfurt", &cause));
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
}
