//! What a mock reads, and what it answers when it cannot.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A JSON body, whatever its media type.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| refusal(rejection.status(), &rejection.body_text()))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| refusal(StatusCode::BAD_REQUEST, &error.to_string()))
    }
}

/// The parts of the path in braces, percent-decoded.
pub(super) struct Ids<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(rejection) => Err(refusal(rejection.status(), &rejection.body_text())),
        }
    }
}

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
