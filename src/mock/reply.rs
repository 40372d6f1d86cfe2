//! Answers of a mock.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The error body of the GA4GH specifications.
pub(super) fn refusal(status: StatusCode, message: &str) -> Response {
    let body = json!({"msg": message, "status_code": status.as_u16()});
    (status, Json(body)).into_response()
}

pub(super) async fn nothing_here() -> Response {
    refusal(StatusCode::NOT_FOUND, "There is nothing at this path.")
}

pub(super) async fn wrong_method() -> Response {
    refusal(
        StatusCode::METHOD_NOT_ALLOWED,
        "This path does not take this method.",
    )
}

/// GA4GH service-info with `more` members.
pub(super) fn service_info(name: &str, artifact: &str, version: &str, more: Value) -> Value {
    let mut info = json!({
        "id": format!("org.example.{artifact}"),
        "name": name,
        "type": {"group": "org.ga4gh", "artifact": artifact, "version": version},
        "description": "A mock: it computes and holds nothing.",
        "organization": {"name": "testribute", "url": "https://www.example.org/"},
        "version": env!("CARGO_PKG_VERSION")
    });
    if let (Some(info), Value::Object(more)) = (info.as_object_mut(), more) {
        info.extend(more);
    }
    info
}
