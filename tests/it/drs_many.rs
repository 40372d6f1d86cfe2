//! Many objects, many DRS, and large bundles.

use axum::{
    Json, Router,
    body::Bytes,
    http::{Method, StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_root},
    texts::{BundleFault, bundle},
};

fn object(id: &str) -> Value {
    let url = format!("https://near.example/{id}");
    json!({"id": id, "size": 1, "access_methods": [{"type": "https", "access_url": {"url": url}}]})
}

/// A DRS that has every object, and takes many at once if `has_bulk`.
async fn drs(has_bulk: bool) -> Server {
    Server::start(
        Router::new().fallback(async move |method: Method, uri: Uri, body: Bytes| {
            let path = uri.path().trim_start_matches("/ga4gh/drs/v1/");
            match (method, path) {
                (Method::GET, "service-info") if has_bulk => Json(json!({
                    "type": {"artifact": "drs", "version": "1.5.0"}, "maxBulkRequestLength": 100
                }))
                .into_response(),
                (Method::POST, "objects") if has_bulk => {
                    let request: Value = serde_json::from_slice(&body).unwrap();
                    let ids = request["bulk_object_ids"].as_array().unwrap();
                    let found: Vec<_> = ids.iter().map(|id| object(id.as_str().unwrap())).collect();
                    Json(json!({"resolved_drs_object": found})).into_response()
                }
                (Method::GET, "objects/wide") => {
                    let contents: Vec<_> = (0..5000)
                        .map(|n| json!({"name": format!("f{n}"), "id": format!("o{n}")}))
                        .collect();
                    Json(json!({"id": "wide", "contents": contents})).into_response()
                }
                (Method::GET, path) if path.starts_with("objects/") => {
                    Json(object(path.trim_start_matches("objects/"))).into_response()
                }
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        }),
    )
    .await
}

#[tokio::test]
async fn a_thousand_objects_at_five_drs_are_ranked_with_and_without_bulk() {
    let service = Service::start_with("{timeout: 60, server: {request_deadline_sec: 300}}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ids: Vec<_> = (0..1000).map(|number| format!("o{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    for has_bulk in [true, false] {
        let mut servers = Vec::new();
        for _ in 0..5 {
            servers.push(drs(has_bulk).await);
        }
        let roots: Vec<_> = servers
            .iter()
            .map(|server| server.url("/ga4gh/drs/v1/"))
            .collect();
        let answer = service
            .rank(&request(&[tes_root(&tes)], &roots, &ids))
            .await;
        assert_eq!(answer["warnings"], json!([]));
        let uris = answer["service_combinations"][0]["access_uris"]
            .as_object()
            .unwrap();
        assert_eq!(uris.len(), 1001);
    }
}

#[tokio::test]
async fn a_bundle_of_five_thousand_is_refused_with_the_number_and_the_key() {
    let service = Service::start_with("timeout: 20").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = drs(false).await;
    let request = request(&[tes_root(&tes)], &[drs.url("/ga4gh/drs/v1/")], &["wide"]);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    let fault = BundleFault::TooLarge {
        found: 5000,
        limit: 1000,
    };
    assert_eq!(messages, [bundle("wide", fault)]);
}
