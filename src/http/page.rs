//! `GET /`: the page for people, with the files that it loads and what it needs to know of the service.
//!
//! `ui/` has its source; what is served, `ui/dist`, is committed, so that building the service needs no Node.js.

use std::borrow::Cow;

use axum::{
    Json, Router,
    extract::Path,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::Value;

use super::{error::HttpError, middleware::security_headers};
use crate::config::{Config, Limits};

#[derive(RustEmbed)]
#[folder = "ui/dist"]
struct Files;

/// Names in `assets/` contain a hash of the content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Checked with the service before each use.
const REVALIDATE: &str = "no-cache";

/// What the page needs to know of the service.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Settings {
    version: &'static str,
    /// The paths of the OpenAPI document.
    paths: Vec<String>,
    token: TokenSettings,
    limits: Limits,
    /// The request that the form starts with.
    example: Value,
}

/// How the page sends a token.
#[derive(Debug, Clone, Serialize)]
struct TokenSettings {
    header: String,
    prefix: String,
}

impl Settings {
    pub(super) fn new(
        config: &Config,
        document: &utoipa::openapi::OpenApi,
        example: Value,
    ) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            paths: document.paths.paths.keys().cloned().collect(),
            token: TokenSettings {
                header: config.security.jwt.auth_header_key.clone(),
                prefix: config.security.jwt.jwt_prefix.clone(),
            },
            limits: config.limits,
            example,
        }
    }
}

/// `/`, `/page.json`, `/assets/`, and the licences of the libraries that the page is built with.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(settings: Settings) -> Router<S> {
    let settings = async move || ([(CACHE_CONTROL, REVALIDATE)], Json(settings));
    let routes = Router::new()
        .route("/", get(async || file("index.html", REVALIDATE)))
        .route("/page.json", get(settings))
        .route(
            "/licenses.txt",
            get(async || file("licenses.txt", REVALIDATE)),
        )
        .route("/assets/{name}", get(asset));
    security_headers::for_page(routes, security_headers::PAGE_POLICY)
}

async fn asset(Path(name): Path<String>) -> Result<impl IntoResponse, HttpError> {
    // A name with a path in it is no asset: debug builds read from the disk.
    if name.contains(['/', '\\']) {
        return Err(HttpError::NotFound);
    }
    file(&format!("assets/{name}"), IMMUTABLE)
}

/// The file at `path` in `ui/dist`.
fn file(path: &str, cache: &'static str) -> Result<impl IntoResponse + use<>, HttpError> {
    let file = Files::get(path).ok_or(HttpError::NotFound)?;
    let body = match file.data {
        Cow::Borrowed(bytes) => axum::body::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Ok((
        [(CONTENT_TYPE, media_type(path)), (CACHE_CONTROL, cache)],
        body,
    ))
}

/// By the ending of the name.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
