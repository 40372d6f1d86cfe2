//! A name for every request, in its log lines and in its answer.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use rand::random;
use tracing::{Instrument, debug, info, info_span};

/// The header of the request id.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from the caller.
const LONGEST: usize = 64;

/// How many characters of a path are logged.
const SHOWN: usize = 256;

/// Takes over the caller's `X-Request-Id` or makes one up, gives it back in the answer, and logs request and answer
/// under it. Neither query nor headers are logged.
pub(super) async fn trace(mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&X_REQUEST_ID)
        .filter(|id| id.len() <= LONGEST && is_harmless(id))
        .cloned()
        .unwrap_or_else(make_up);
    let span = info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = shown(request.uri().path()),
    );
    request.headers_mut().insert(X_REQUEST_ID, id.clone());
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let started = tokio::time::Instant::now();
    async move {
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        let milliseconds = started.elapsed().as_millis();
        // Probes ask every few seconds, for ever.
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

fn shown(path: &str) -> &str {
    let end = path.char_indices().nth(SHOWN).map(|(end, _)| end);
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

/// Visible ASCII only: it goes into logs.
fn is_harmless(id: &HeaderValue) -> bool {
    !id.is_empty() && id.as_bytes().iter().all(u8::is_ascii_graphic)
}

fn make_up() -> HeaderValue {
    HeaderValue::try_from(format!("{:032x}", random::<u128>()))
        .unwrap_or(HeaderValue::from_static("0"))
}
