//! How many requests at once, and for how long.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::time::{Instant, timeout};

use super::{Service, error::Failure};
use crate::ranker::Deadline;

/// Lets `server.max_in_flight` requests in, each for `server.request_deadline_sec`. The body counts against both, so that
/// a slow sender cannot hold a place for ever.
pub(super) async fn admit(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let _place = service
        .places
        .try_acquire()
        .map_err(|_| Failure::Overloaded)?;
    let (since, length) = (Instant::now(), service.deadline);
    request.extensions_mut().insert(Deadline { since, length });
    timeout(length, next.run(request))
        .await
        .map_err(|_| Failure::DeadlineExceeded)
}
