//! The HTTP service: routes, and what every request goes through.

mod connection;
mod cors;
mod error;
mod extract;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
#[cfg(test)]
#[path = "../../tests/golden/http.rs"]
pub(crate) mod golden;
mod headers;
mod health;
mod json;
mod openapi;
mod rank;
mod request_id;
mod serve;
mod tls;
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
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
    cors::CorsLayer,
};

use self::{error::Failure, validate::RequestValidator};
pub use self::{
    health::Readiness,
    openapi::{Unwritable, document},
    serve::{Door, serve},
    tls::{Tls, TlsError},
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
    let token_header = TokenHeader::new(&config.security.jwt);
    let cors = cors::layer(&config.server.cors_allowed_origins, token_header.name());
    let service = Arc::new(Service {
        ranker,
        validator: RequestValidator::new(&as_json, config.limits)?,
        token_header,
        readiness,
        places: Semaphore::new(config.server.max_in_flight),
        deadline: Duration::from_secs_f64(config.server.request_deadline_sec),
        max_body_bytes: config.server.max_body_bytes,
    });
    let routes = Router::new()
        .route("/rank-services", post(rank::rank_services))
        .route_layer(from_fn_with_state(Arc::clone(&service), gate::admit))
        .route("/service-info", get(health::service_info))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(openapi::routes(&document)?)
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed);
    Ok(with_layers(routes, cors).with_state(service))
}

/// What every request goes through on its way in, and every answer on its way out.
fn with_layers<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    cors: Option<CorsLayer>,
) -> Router<S> {
    // As one layer, the first outermost: the router would box each by itself.
    routes.layer(
        ServiceBuilder::new()
            .map_response(headers::for_every_answer)
            .layer(from_fn(request_id::trace))
            .option_layer(cors)
            .layer(compression())
            .layer(CatchPanicLayer::custom(after_panic))
            .map_response(error::tell_all_failures)
            .layer(from_fn(gate::measure)),
    )
}

/// Compresses what takes more than one round trip to send: below, compressing takes longer than it saves. Ten packets
/// are sent before the first one is confirmed (RFC 6928).
fn compression() -> CompressionLayer<impl Predicate> {
    const TEN_PACKETS: u64 = 14_600;
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(TEN_PACKETS).and(NotForContentType::IMAGES))
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

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, http::Request};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500_with_the_error_body_and_without_its_words() {
        async fn fails() -> &'static str {
            panic!("the secret is 42")
        }
        let router: Router = with_layers(Router::new().route("/", get(fails)), None);
        let response = router.oneshot(Request::<Body>::default()).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errors"][0]["reason"], "InternalServerError");
        assert!(!body.to_string().contains("42"), "{body}");
    }
}
