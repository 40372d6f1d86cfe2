//! Access methods that tell no URL, or one that no one else may see.

use axum::{
    Json, Router,
    http::{StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_root},
};

const GB: u64 = 1_000_000_000;
const SECRET: &str = "af07361682c2c65e6537c99152b3d5a9";

/// A DRS on `host` with one object, which `methods` lead to; its access ids are host names.
async fn drs(host: &str, methods: Value) -> Server {
    let router = Router::new().fallback(async move |uri: Uri| {
        match uri.path().split('/').collect::<Vec<_>>().as_slice() {
            ["", "objects", _] => {
                Json(json!({"size": GB, "access_methods": methods})).into_response()
            }
            ["", "objects", _, "access", "denied"] => StatusCode::FORBIDDEN.into_response(),
            ["", "objects", _, "access", host] => {
                let url = format!("https://{host}/bucket/x?X-Amz-Signature={SECRET}");
                Json(json!({"url": url, "headers": null})).into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    });
    Server::start_on(host, router).await
}

/// The access URIs and costs of transfer of each combination, and all that was answered.
async fn ranked(config: &str, drs: &Server, id: &str) -> (Vec<(String, f64)>, Value) {
    let service = Service::start_with(config).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let answer = service
        .rank(&request(&[tes_root(&tes)], &[drs.url("/")], &[id]))
        .await;
    let combinations = answer["service_combinations"].as_array().unwrap();
    let told = combinations.iter().map(|combination| {
        (
            combination["access_uris"][id].as_str().unwrap().to_owned(),
            combination["cost_breakdown"]["transfer"].as_f64().unwrap(),
        )
    });
    (told.collect(), answer)
}

#[tokio::test]
async fn an_access_id_is_at_the_drs_and_its_uri_leads_there() {
    let drs = drs(
        "127.0.0.2",
        json!([{"type": "s3", "access_id": "near.example"}]),
    )
    .await;
    let (told, answer) = ranked("", &drs, "a/b").await;
    let [(uri, cost)] = told.as_slice() else {
        panic!("{told:?}");
    };
    let port = drs.address.port();
    assert_eq!(*uri, format!("drs://127.0.0.2:{port}/a%2Fb"));
    assert!((1.5..2.0).contains(cost), "Basel to Helsinki, not {cost}");
    assert_eq!(answer["warnings"], json!([]));
}

#[tokio::test]
async fn a_resolved_access_id_places_the_object_and_is_not_told() {
    let methods = json!([
        {"type": "s3", "access_id": "far.example"},
        {"type": "https", "access_id": "denied"},
        {"type": "gs", "access_id": "near.example"}
    ]);
    let drs = drs("127.0.0.2", methods).await;
    let (told, answer) = ranked("drs: {resolve_access_ids: true}", &drs, "x").await;
    let [(uri, cost)] = told.as_slice() else {
        panic!("one URI, of which the nearest place counts: {told:?}");
    };
    assert!(uri.starts_with("drs://127.0.0.2:"), "{uri}");
    assert!(*cost < 0.1, "near.example, not {cost}");
    assert!(!answer.to_string().contains(SECRET), "{answer:#}");
}

#[tokio::test]
async fn a_signed_url_is_not_told_and_its_host_is_the_place() {
    let signed = |query: &str| {
        let url = format!("https://near.example/x?{query}={SECRET}&Expires=1");
        json!({"type": "https", "access_url": {"url": url}})
    };
    let methods = json!([
        signed("X-Amz-Signature"),
        signed("X-Goog-Signature"),
        signed("Signature"),
        signed("sig"),
        {"type": "https", "access_url": {"url": "https://far.example/x?alt=media"}}
    ]);
    let drs = drs("127.0.0.2", methods).await;
    let (told, answer) = ranked("", &drs, "x").await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].0.starts_with("drs://") && told[0].1 < 0.1,
        "{told:?}"
    );
    assert_eq!(told[1].0, "https://far.example/x?alt=media");
    assert!(!answer.to_string().contains(SECRET), "{answer:#}");
}
