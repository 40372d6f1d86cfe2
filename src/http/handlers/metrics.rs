//! `GET /metrics`: metrics for Prometheus.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    api::problem::Problem,
    http::{error::HttpError, extract::caller_of, openapi::examples, state::AppState},
    ranker::Ranker,
    telemetry::metrics::CONTENT_TYPE,
};

/// Metrics for Prometheus
///
/// In its text format. A token is needed where rankings need one.
#[utoipa::path(
    get, path = "/metrics", operation_id = "getMetrics", tag = "service",
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "text/plain",
         example = json!("testribute_rankings_in_flight 3\n")),
        (status = 401, description = "A token is required, and there is none or it is not valid.", body = Problem,
         headers(("WWW-Authenticate" = String, description = "The scheme that is asked for: `Bearer`.")),
         example = examples::unauthorized),
        (status = 404, description = "The metrics are on another port, or off.", body = Problem, example = examples::not_found),
    ),
)]
pub(in crate::http) async fn metrics(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    caller_of(&headers, &state).await?;
    render(&state.ranker)
}

/// The route alone, without authorization: for a port of its own.
pub(in crate::http) fn router(ranker: Arc<Ranker>) -> Router {
    let metrics = async |State(ranker): State<Arc<Ranker>>| render(&ranker);
    Router::new()
        .route("/metrics", get(metrics))
        .fallback(async || HttpError::NotFound)
        .method_not_allowed_fallback(async || HttpError::MethodNotAllowed)
        .with_state(ranker)
}

fn render(ranker: &Ranker) -> Result<Response, HttpError> {
    ranker.update_metrics();
    let text = ranker.metrics().render().map_err(|error| {
        tracing::error!(%error, "cannot be written");
        HttpError::Internal
    })?;
    let head: [(HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((head, text).into_response())
}
