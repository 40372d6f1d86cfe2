//! DRS that say far more than there can be to say: it is told, and takes no memory.

use serde_json::{Value, json};

use crate::support::{
    network::{Service, drs, drs_root, request, tes, tes_root, warnings},
    recorder::Recorder,
    texts::{ANY, UnrankableReason, assert_like, drs_unavailable, malformed},
};

/// An object with so many access URIs and checksums.
fn object(uris: usize, checksums: usize) -> Value {
    let methods: Vec<_> = (0..uris)
        .map(|n| json!({"type": "https", "access_url": {"url": format!("https://near.example/{n}")}}))
        .collect();
    let checksums: Vec<_> = (0..checksums)
        .map(|n| json!({"type": format!("kind{n}"), "checksum": "ab"}))
        .collect();
    json!({"id": "x", "size": 1, "access_methods": methods, "checksums": checksums})
}

/// A DRS whose objects are all like this one.
async fn drs_of(object: Value) -> Recorder {
    Recorder::start(move |line, _| {
        line.starts_with("GET /objects/")
            .then(|| (200, object.clone()))
    })
    .await
}

#[tokio::test]
async fn more_access_methods_or_checksums_than_any_object_has_are_a_warning() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let good = drs(&[("x", 1, &["https://near.example/x"])]).await;
    for (object, reason) in [
        (object(256, 64), None),
        (
            object(257, 1),
            Some(format!("at access_methods: {ANY} 256 {ANY}")),
        ),
        (object(1, 65), Some(format!("at checksums: {ANY} 64 {ANY}"))),
    ] {
        let odd = drs_of(object).await;
        let roots = [odd.server.url("/"), drs_root(&good)];
        let request = request(&[tes_root(&tes)], &roots, &["x"]);
        let answer = service.rank(&request).await;
        let told = warnings(&answer);
        match reason {
            None => assert_eq!(told, [""; 0]),
            Some(reason) => {
                let expected = drs_unavailable(&roots[0], &malformed(reason), &["x"]);
                assert_eq!(told.len(), 1, "{told:?}");
                assert_like(told[0], expected);
            }
        }
    }
}

#[tokio::test]
async fn what_would_take_more_memory_than_a_request_may_is_refused() {
    let service = Service::start_with("limits: {findings_bytes: 100000}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let copious = drs_of(object(100, 0)).await;
    let ids = ["a", "b", "c", "d", "e", "f"];
    let refused = |tes: Vec<String>, ids: &[&str]| {
        let request = request(&tes, &[copious.server.url("/")], ids);
        let service = &service;
        async move { service.refuse(&request, "ResourceUnavailableError").await }
    };
    let one = request(&[tes_root(&tes)], &[copious.server.url("/")], &ids[..2]);
    service.rank(&one).await;
    let told = refused(vec![tes_root(&tes)], &ids).await;
    let too_much = UnrankableReason::TooMuchData(100_000).to_string();
    assert_eq!(told, [too_much.as_str()]);
    // The same objects, but estimates for each of twenty.
    let many = (0..20).map(|n| format!("{}{n}/", tes_root(&tes))).collect();
    let told = refused(many, &ids[..2]).await;
    assert_eq!(told[0], too_much);
}
