//! Answers of DRS instances that strict parsers break on.

use axum::{Json, Router, extract::Path, routing::get};
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_root, warnings},
    texts::{Difference, UnrankableReason, Warning, access_methods_unavailable, conflict},
};

/// A DRS that gives `answer` for every id.
async fn says(answer: Value) -> Server {
    let answer = move |Path(_): Path<String>| async move { Json(answer) };
    Server::start(Router::new().route("/objects/{id}", get(answer))).await
}

fn copy(uri: &str) -> Value {
    json!([{"type": "https", "access_url": {"url": uri}}])
}

#[tokio::test]
async fn a_size_that_no_drs_knows_is_refused_or_counts_as_nothing() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let silent = says(json!({"size": null, "access_methods": copy("https://far.example/a")})).await;
    let request = request(&[tes_root(&tes)], &[silent.url("/")], &["a"]);

    let messages = Service::start()
        .await
        .refuse(&request, "ResourceUnavailableError")
        .await;
    assert_eq!(
        messages,
        [UnrankableReason::UnknownSize("a".into()).to_string()]
    );

    let lenient = Service::start_with("drs: {missing_size: zero}").await;
    let answer = lenient.rank(&request).await;
    assert_eq!(
        warnings(&answer),
        [Warning::UnknownSize("a".into()).to_string()]
    );
    let best = &answer["service_combinations"][0];
    assert_eq!(best["cost_breakdown"]["transfer"], 0.0);
    assert_eq!(best["access_uris"]["a"], "https://far.example/a");
}

#[tokio::test]
async fn a_size_that_one_drs_knows_is_known() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let silent = says(json!({"access_methods": copy("https://near.example/a")})).await;
    let knows =
        says(json!({"size": "1000", "access_methods": copy("https://far.example/a")})).await;
    let drs = [silent.url("/"), knows.url("/")];
    let answer = service
        .rank(&request(&[tes_root(&tes)], &drs, &["a"]))
        .await;
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 2);
    assert_eq!(answer["warnings"], json!([]));
}

#[tokio::test]
async fn checksums_agree_however_they_are_written() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let mut servers = Vec::new();
    for checksums in [
        json!([{"checksum": "B89297EF", "type": "sha-256"}, {"checksum": "4c555f6a-43", "type": "etag"}]),
        json!([{"sha256": "b89297ef"}, {"etag": "something else"}]),
        json!([{"checksum": "None", "type": "SHA256"}, {"checksum": "", "type": "md5"}]),
        json!(null),
    ] {
        let access = copy("https://near.example/a");
        servers
            .push(says(json!({"size": 1, "checksums": checksums, "access_methods": access})).await);
    }
    let drs: Vec<_> = servers.iter().map(|server| server.url("/")).collect();
    let answer = service
        .rank(&request(&[tes_root(&tes)], &drs, &["a"]))
        .await;
    assert_eq!(answer["warnings"], json!([]));

    let other = says(
        json!({"size": 1, "checksums": [{"sha_256": "00"}], "access_methods": copy("https://far.example/a")}),
    );
    let other = other.await;
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[drs[0].clone(), other.url("/")], &["a"]),
            "ResourceUnavailableError",
        )
        .await;
    let checksum = Difference::Checksum {
        kind: "sha256".to_owned(),
        first: "b89297ef".to_owned(),
        second: "00".to_owned(),
    };
    assert_eq!(
        messages,
        [conflict("a", [&drs[0], &other.url("/")], checksum)]
    );
}

#[tokio::test]
async fn a_method_that_is_not_available_is_left_out_with_a_warning() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = says(json!({"size": 1, "access_methods": [
        {"type": "s3", "access_url": {"url": "s3://glacier/a"}, "available": false},
        {"type": "https", "access_url": {"url": "https://near.example/a"}, "available": true}
    ]}))
    .await;
    let answer = service
        .rank(&request(&[tes_root(&tes)], &[drs.url("/")], &["a", "b"]))
        .await;
    assert_eq!(
        warnings(&answer),
        [access_methods_unavailable(&drs.url("/"), &["a", "b"])]
    );
    let uris = &answer["service_combinations"][0]["access_uris"];
    assert_eq!(uris["a"], "https://near.example/a");
}
