//! The HTTP service: routes, and what every request goes through.

mod error;
mod extract;
mod gate;
mod health;
mod json;
mod openapi;
mod rank;
mod request_id;
mod serve;
mod validate;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::Response,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use self::{error::Failure, validate::RequestValidator};
pub use self::{
    health::Readiness,
    openapi::{Unwritable, document},
    serve::serve,
};
use crate::{auth::TokenHeader, config::Config, ranker::Ranker};

/// What all requests share.
#[derive(Debug)]
struct Service {
    ranker: Arc<Ranker>,
    validator: RequestValidator,
    token_header: TokenHeader,
    readiness: Readiness,
    /// A permit for each request that may be in flight.
    places: Semaphore,
    deadline: Duration,
    max_body_bytes: usize,
}

/// The service cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The OpenAPI document cannot be written.
    #[error(transparent)]
    Document(#[from] Unwritable),
    /// Requests cannot be checked against it.
    #[error("the schema of a request cannot be compiled: {0}")]
    Schema(#[from] Box<jsonschema::ValidationError<'static>>),
}

/// The routes of the service. `example` is the request that `/ui/` offers to send.
///
/// # Errors
/// [`RouterError`] if the OpenAPI document cannot be used.
pub fn router(
    ranker: Arc<Ranker>,
    config: &Config,
    readiness: Readiness,
    example: Option<Value>,
) -> Result<Router, RouterError> {
    let document = document(&config.limits, example);
    let as_json = serde_json::to_value(&document).map_err(Unwritable::from)?;
    let service = Arc::new(Service {
        ranker,
        validator: RequestValidator::new(&as_json, config.limits)?,
        token_header: TokenHeader::new(&config.security.jwt),
        readiness,
        places: Semaphore::new(config.server.max_in_flight),
        deadline: Duration::from_secs_f64(config.server.request_deadline_sec),
        max_body_bytes: config.server.max_body_bytes,
    });
    Ok(Router::new()
        .route("/rank-services", post(rank::rank_services))
        .route_layer(from_fn_with_state(Arc::clone(&service), gate::admit))
        .route("/service-info", get(health::service_info))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(openapi::routes(&document)?)
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        // As one layer, the first outermost: the router would box each by itself.
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(request_id::trace))
                .layer(CompressionLayer::new())
                .layer(CatchPanicLayer::custom(after_panic))
                .map_response(error::tell_all_failures),
        )
        .with_state(service))
}

/// The log has the whole story; the caller gets none of it.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that the layer asks for"
)]
fn after_panic(payload: Box<dyn std::any::Any + Send>) -> Response<Body> {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("of unknown kind");
    tracing::error!(panic = message, "a request ended in a panic");
    Failure::Internal.into_response()
}
