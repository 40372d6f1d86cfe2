//! One handler a file, with its part of the OpenAPI document.

pub(super) mod health;
pub(super) mod metrics;
pub(super) mod rank_services;
pub(super) mod rank_tasks;
pub(super) mod service_info;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tracing::info_span;

use crate::telemetry::SPANS;

/// A response with `answer` as its JSON body, in a span of its own: a large one takes time.
fn serialised(answer: &impl Serialize) -> Response {
    let serialise = info_span!(target: SPANS, "serialise");
    serialise.in_scope(|| Json(answer).into_response())
}
