//! An id for every request, in its log lines and in its response.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use rand::random;
use tokio::time::Instant;
use tracing::{Instrument, debug, info, info_span};

use crate::telemetry::{TraceContext, traces};

/// The header of the request id.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is accepted from the caller.
const MAX_ID_LENGTH: usize = 64;

/// How many characters of a path are logged.
const MAX_LOGGED_PATH: usize = 256;

/// Takes the caller's `X-Request-Id` or a random one, logs request and response under it, and adds it to the response.
/// Neither query nor headers are logged.
pub(super) async fn trace(mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&X_REQUEST_ID)
        .filter(|id| is_acceptable(id))
        .cloned()
        .unwrap_or_else(random_id);
    let span = info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = truncated(request.uri().path()),
    );
    if let Some(context) = TraceContext::of_request(request.headers()) {
        traces::set_parent(&span, &context);
    }
    request.headers_mut().insert(X_REQUEST_ID, id.clone());
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let started = Instant::now();
    async move {
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        let milliseconds = started.elapsed().as_millis();
        // Probes come every few seconds.
        if is_probe {
            debug!(status, milliseconds, "answered");
        } else {
            info!(status, milliseconds, "answered");
        }
        response.headers_mut().insert(X_REQUEST_ID, id);
        response
    }
    .instrument(span)
    .await
}

fn truncated(path: &str) -> &str {
    let end = path.char_indices().nth(MAX_LOGGED_PATH).map(|(end, _)| end);
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

/// Visible ASCII only, as it goes into logs.
fn is_acceptable(id: &HeaderValue) -> bool {
    (1..=MAX_ID_LENGTH).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}

fn random_id() -> HeaderValue {
    HeaderValue::try_from(format!("{:032x}", random::<u128>()))
        .unwrap_or(HeaderValue::from_static("0"))
}
