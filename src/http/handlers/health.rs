//! `GET /healthz` and `GET /readyz`: probes for supervisors and load balancers.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::problem::Problem,
    http::{error::HttpError, openapi::examples, state::AppState},
};

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// Is the service alive?
///
/// For supervisors: a service that does not answer is to be started again.
#[utoipa::path(
    get, path = "/healthz", operation_id = "getHealth", tag = "service",
    responses(
        (status = 200, description = "The service is alive.", body = Health, example = json!({"status": "ok"})),
        (status = "4XX", description = "The request line or the headers cannot be read."),
    ),
)]
pub(in crate::http) async fn healthz() -> Json<Health> {
    OK
}

/// Is the service ready for requests?
///
/// For load balancers: a service that is stopping is ready no more.
#[utoipa::path(
    get, path = "/readyz", operation_id = "getReadiness", tag = "service",
    responses(
        (status = 200, description = "The service is ready.", body = Health, example = json!({"status": "ok"})),
        (status = "4XX", description = "The request line or the headers cannot be read."),
        (status = 503, description = "The service is stopping.", body = Problem,
         headers(("Retry-After" = u32, description = "Seconds to wait before the next try.")),
         example = examples::not_ready),
    ),
)]
pub(in crate::http) async fn readyz(
    State(state): State<Arc<AppState>>,
) -> Result<Json<Health>, HttpError> {
    if state.readiness.is_ready() {
        Ok(OK)
    } else {
        Err(HttpError::ShuttingDown)
    }
}
