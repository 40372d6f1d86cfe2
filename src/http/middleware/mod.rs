//! What every request and response goes through. Admission, which is for rankings alone, is a layer of its route.

pub(super) mod admission;
mod compression;
pub(super) mod cors;
mod metrics;
mod panic;
mod request_id;
pub(super) mod security_headers;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, cors::CorsLayer};

use super::error::with_error_body;
use crate::telemetry::metrics::Metrics;

/// `routes` behind all layers.
pub(super) fn with_layers<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    cors: Option<CorsLayer>,
    metrics: &Arc<Metrics>,
) -> Router<S> {
    // As one layer, the first outermost: the router would box each by itself.
    routes.layer(
        ServiceBuilder::new()
            .map_response(security_headers::for_every_response)
            .layer(from_fn(request_id::trace))
            .layer(from_fn_with_state(Arc::clone(metrics), metrics::count))
            .option_layer(cors)
            .layer(compression::layer())
            .layer(CatchPanicLayer::custom(panic::response))
            .map_response(with_error_body)
            .layer(from_fn(admission::limit_uri)),
    )
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::Request,
        routing::get,
    };
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500_with_the_error_body_and_without_its_message() {
        async fn fails() -> &'static str {
            panic!("the secret is 42")
        }
        let metrics = Arc::new(Metrics::new().unwrap());
        let router: Router = with_layers(Router::new().route("/", get(fails)), None, &metrics);
        let response = router.oneshot(Request::<Body>::default()).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errors"][0]["reason"], "InternalServerError");
        assert!(!body.to_string().contains("42"), "{body}");
    }
}
