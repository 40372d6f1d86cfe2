//! What servers of scenarios share: the error body and service-info of GA4GH, and extractors that reject with that body.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A JSON body of any media type.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| error_response(rejection.status(), &rejection.body_text()))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| error_response(StatusCode::BAD_REQUEST, &error.to_string()))
    }
}

/// The parameters of the path, percent-decoded.
pub(crate) struct PathParams<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(params)) => Ok(Self(params)),
            Err(rejection) => Err(error_response(rejection.status(), &rejection.body_text())),
        }
    }
}

/// An error with the body of the GA4GH specifications.
pub(crate) fn error_response(status: StatusCode, message: &str) -> Response {
    let body = json!({"msg": message, "status_code": status.as_u16()});
    (status, Json(body)).into_response()
}

/// The fallback for unknown paths.
pub(crate) async fn not_found() -> Response {
    error_response(StatusCode::NOT_FOUND, "This path does not exist.")
}

/// The fallback for known paths.
pub(crate) async fn method_not_allowed() -> Response {
    error_response(
        StatusCode::METHOD_NOT_ALLOWED,
        "This path does not support this method.",
    )
}

/// GA4GH service-info with `more` members.
pub(crate) fn service_info(name: &str, artifact: &str, version: &str, more: Value) -> Value {
    let mut info = json!({
        "id": format!("org.example.{artifact}"),
        "name": name,
        "type": {"group": "org.ga4gh", "artifact": artifact, "version": version},
        "description": "A mock: it runs no tasks and stores no data.",
        "organization": {"name": "testribute", "url": "https://www.example.org/"},
        "version": env!("CARGO_PKG_VERSION")
    });
    if let (Some(info), Value::Object(more)) = (info.as_object_mut(), more) {
        info.extend(more);
    }
    info
}
