//! A GA4GH service registry: a list of services.

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};

use crate::http::{method_not_allowed, not_found};

/// The routes of a registry of `services`, each with its type, such as `tes`, and its URL; at the root and under
/// `/ga4gh/registry/v1`.
pub fn router(services: Vec<(&'static str, String)>) -> Router {
    let services: Vec<_> = (1..)
        .zip(services)
        .map(|(number, (artifact, url))| service(number, artifact, &url))
        .collect();
    let list = get(async move || Json(services));
    Router::new()
        .route("/services", list.clone())
        .route("/ga4gh/registry/v1/services", list)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

fn service(number: u32, artifact: &str, url: &str) -> Value {
    json!({
        "id": format!("org.example.{artifact}-{number}"),
        "name": format!("{artifact} {number}"),
        "type": {"group": "org.ga4gh", "artifact": artifact, "version": "1.1.0"},
        "organization": {"name": "Example", "url": "https://example.org"},
        "version": "1.0.0",
        "url": url
    })
}
