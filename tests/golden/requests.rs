//! What is said of requests that are not valid, as the router refuses them.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Section, section};
use crate::{
    Ranker,
    api::problem::Problem,
    config::Config,
    http::{self, Readiness},
};

pub(super) async fn sections() -> Vec<Section> {
    let mut config = Config::default();
    config.locations.database = crate::config::Database::None;
    let ranker = Arc::new(Ranker::new(&config).unwrap());
    let router = http::router(ranker, &config, Readiness::default(), None).unwrap();
    let mut texts = Vec::new();
    for body in bodies() {
        let request = Request::post("/rank-services")
            .header("content-type", "application/json")
            .body(Body::from(body.clone()))
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: Problem = serde_json::from_slice(&bytes).unwrap();
        texts.extend(problem.errors.into_iter().flat_map(|entry| entry.message));
    }
    vec![section("Refusals of invalid requests", texts)]
}

/// Bodies with one fault each, but for the last ones.
fn bodies() -> Vec<String> {
    let mut bodies: Vec<_> = [
        "",
        "{",
        "[]",
        "null",
        "true",
        "7",
        "\"x\"",
        r#"{"mode": 1, "mode": 0}"#,
    ]
    .map(str::to_owned)
    .into();
    let long = |length: usize| vec!["https://tes.example/"; length];
    for (field, value) in [
        ("tes_uris", json!([])),
        ("tes_uris", json!("https://tes.example/")),
        ("tes_uris", json!([7])),
        ("tes_uris", json!(["ftp://tes.example/"])),
        ("tes_uris", json!(["https://tes.example/?x"])),
        ("tes_uris", json!(long(101))),
        ("drs_uris", json!(["drs.example"])),
        ("drs_uris", json!(long(101))),
        ("drs_uris", Value::Null),
        ("object_ids", json!(["a1"])),
        ("object_ids", json!([""])),
        ("object_ids", json!([7])),
        ("object_ids", json!(["drs://host"])),
        ("object_ids", json!(vec!["drs://drs.example/a"; 1001])),
        ("mode", json!("Cost")),
        ("mode", json!(2)),
        ("limit", json!(0)),
        ("limit", json!(1001)),
        ("limit", json!(1.5)),
        ("limit", json!("10")),
        ("explain", json!("yes")),
        ("resource_requirements", json!([])),
    ] {
        let mut request = valid();
        request[field] = value;
        bodies.push(request.to_string());
    }
    let mut request = valid();
    request["object_ids"] = json!(["tes_uri"]);
    request["drs_uris"] = json!(["https://drs.example/"]);
    bodies.push(request.to_string());
    for (field, value) in [
        ("cpu_cores", json!(-1)),
        ("cpu_cores", json!(1.5)),
        ("cpu_cores", json!(1e300)),
        ("cpu_cores", json!(u64::MAX)),
        ("ram_gb", json!(-0.5)),
        ("ram_gb", json!("8")),
        ("disk_gb", Value::Null),
        ("execution_time_sec", json!({})),
        ("preemptible", json!("yes")),
        ("zones", json!([1])),
    ] {
        let mut request = valid();
        request["resource_requirements"][field] = value;
        bodies.push(request.to_string());
    }
    bodies.push(json!({}).to_string());
    bodies.push(
        json!({"tes_uris": ["https://tes.example/"], "resource_requirements": {}}).to_string(),
    );
    bodies
}

fn valid() -> Value {
    json!({
        "tes_uris": ["https://tes.example/"],
        "resource_requirements": {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1}
    })
}
