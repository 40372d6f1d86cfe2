//! The HTTP service: its routes and their layers.

mod body;
mod caller_limits;
mod client_address;
mod error;
mod extract;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(test)]
#[path = "../../tests/golden/http.rs"]
pub(crate) mod golden;
mod handlers;
mod middleware;
mod openapi;
mod page;
mod readiness;
mod requests;
mod serve;
mod state;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use serde_json::Value;
use tokio::sync::Semaphore;

use self::{
    body::RequestReader,
    caller_limits::CallerLimits,
    client_address::TrustedProxies,
    error::HttpError,
    handlers::{health, metrics, rank_services, rank_tasks, service_info},
    middleware::{admission, cors, with_layers},
    state::AppState,
};
pub use self::{
    openapi::{DocumentError, document},
    readiness::Readiness,
    requests::JsonRequests,
    serve::{Listener, Tls, TlsError, serve},
};
use crate::{auth::TokenHeader, config::Config, ranker::Ranker};

/// The routes cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The OpenAPI document cannot be serialised.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Its schema of requests cannot be compiled.
    #[error("the schema of a request cannot be compiled: {0}")]
    Schema(#[from] Box<jsonschema::ValidationError<'static>>),
}

/// `/metrics` alone, for a port of its own: without authorization.
pub fn metrics_router(ranker: Arc<Ranker>) -> Router {
    metrics::router(ranker)
}

/// The routes of the service, with all layers. `example` is the request that `/` and `/ui/` offer to send.
///
/// # Errors
/// Any [`RouterError`].
pub fn router(
    ranker: Arc<Ranker>,
    config: &Config,
    readiness: Readiness,
    example: Option<Value>,
) -> Result<Router, RouterError> {
    let example = example.unwrap_or_else(openapi::examples::request);
    let document = document(&config.limits, Some(example.clone()));
    let document_json = serde_json::to_value(&document).map_err(DocumentError::from)?;
    let token_header = TokenHeader::new(&config.security.jwt);
    let cors = cors::layer(&config.server.cors_allowed_origins, token_header.name());
    let counted = Arc::clone(ranker.metrics());
    counted
        .requests
        .set_rankings_limit(config.server.max_in_flight);
    let state = Arc::new(AppState {
        ranker,
        requests: RequestReader::new(&document_json, config.limits)?,
        token_header,
        readiness,
        callers: CallerLimits::new(config),
        trusted_proxies: TrustedProxies::new(config.server.trusted_proxies.clone()),
        in_flight: Semaphore::new(config.server.max_in_flight),
        deadline: Duration::from_secs_f64(config.server.request_deadline_sec),
        max_body_bytes: config.server.max_body_bytes,
    });
    let rankings = Router::new()
        .route("/rank-services", post(rank_services::rank_services))
        .route("/rank-tasks", post(rank_tasks::rank_tasks))
        .route_layer(from_fn_with_state(Arc::clone(&state), admission::admit));
    let telemetry = &config.telemetry;
    let routes = if telemetry.metrics && telemetry.metrics_port.is_none() {
        Router::new().route("/metrics", get(metrics::metrics))
    } else {
        Router::new()
    };
    let routes = routes
        .merge(rankings)
        .route("/service-info", get(service_info::service_info))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(openapi::routes(&document)?)
        .merge(page::routes(page::Settings::new(
            config, &document, example,
        )))
        .fallback(async || HttpError::NotFound)
        .method_not_allowed_fallback(async || HttpError::MethodNotAllowed);
    Ok(with_layers(routes, cors, &counted).with_state(state))
}
