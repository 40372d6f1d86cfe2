//! How many requests at once, how long, and with how long a URI.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::time::{Instant, timeout};

use super::{
    Service,
    error::{Failure, invalid},
};
use crate::ranker::Deadline;

/// The longest URI that is looked at, in bytes. None of ours needs a tenth of it.
const LONGEST_URI: usize = 8 << 10;

/// Refuses what no client sends that means well.
pub(super) async fn measure(request: Request, next: Next) -> Result<Response, Failure> {
    let length = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    if length > LONGEST_URI {
        return Err(invalid(format!(
            "the URI may have at most {LONGEST_URI} bytes, this one has {length}"
        )));
    }
    Ok(next.run(request).await)
}

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
    let (start, length) = (Instant::now(), service.deadline);
    request.extensions_mut().insert(Deadline { start, length });
    timeout(length, next.run(request))
        .await
        .map_err(|_| Failure::DeadlineExceeded)
}
