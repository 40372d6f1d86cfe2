//! Counts and times every request by its route.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use crate::telemetry::metrics::Metrics;

/// What requests to no route are counted as.
const NO_ROUTE: &str = "none";

/// Counts by the pattern of the route, as paths are chosen by callers.
pub(super) async fn count(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let _in_flight = metrics.requests.begin();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    let requests = &metrics.requests;
    requests.ended(route, status.as_str(), started.elapsed());
    response
}
