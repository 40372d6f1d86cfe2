//! Limits on requests: the length of the URI, and how many rankings are in flight and for how long.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::time::{Instant, timeout};

use crate::{
    domain::query::RequestFaultReason,
    http::{error::HttpError, extract::discard, state::AppState},
    ranker::{Deadline, DeadlineOwner},
    telemetry::metrics::Refusal,
};

/// The longest path and query, in bytes: ten times what any route needs.
const MAX_URI_BYTES: usize = 8 << 10;

/// Refuses longer URIs, before they are matched and logged.
pub(super) async fn limit_uri(request: Request, next: Next) -> Result<Response, HttpError> {
    let length = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    if length > MAX_URI_BYTES {
        return Err(HttpError::invalid(RequestFaultReason::UriTooLong {
            limit: MAX_URI_BYTES,
            length,
        }));
    }
    Ok(next.run(request).await)
}

/// Admits `server.max_in_flight` requests at once, each for `server.request_deadline_sec`. Reading the body counts, so
/// that a client that sends slowly cannot hold a permit for longer.
pub(in crate::http) async fn admit(
    State(state): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Result<Response, HttpError> {
    let metrics = &state.ranker.metrics().requests;
    let Ok(_permit) = state.in_flight.try_acquire() else {
        metrics.refused(Refusal::Overloaded);
        let (parts, body) = request.into_parts();
        discard(&parts.headers, body);
        return Err(HttpError::Overloaded);
    };
    let _counted = metrics.begin_ranking();
    let (start, length) = (Instant::now(), state.deadline);
    request.extensions_mut().insert(Deadline {
        start,
        length,
        set_by: DeadlineOwner::Service,
    });
    timeout(length, next.run(request))
        .await
        .map_err(|_| HttpError::DeadlineExceeded)
}
