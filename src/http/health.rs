//! Is the service there, is it ready, what is it?

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Service, error::Failure};

/// Whether requests should be sent here. All clones say the same.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    /// Ready.
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// From now on `/readyz` says that the service is about to stop.
    pub fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    fn lasts(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

const WELL: Json<Health> = Json(Health { status: "ok" });

/// Is the service alive?
#[utoipa::path(
    get, path = "/healthz", operation_id = "getHealth", tag = "service",
    responses((status = 200, description = "The service is alive.", body = Health, example = json!({"status": "ok"}))),
)]
pub(super) async fn healthz() -> Json<Health> {
    WELL
}

/// Is the service ready for requests?
#[utoipa::path(
    get, path = "/readyz", operation_id = "getReadiness", tag = "service",
    responses(
        (status = 200, description = "The service is ready.", body = Health, example = json!({"status": "ok"})),
        (status = 503, description = "The service is about to stop.", body = crate::api::problem::Problem,
         headers(("Retry-After" = u32, description = "Seconds to wait before the next try.")),
         example = super::openapi::example_not_ready),
    ),
)]
pub(super) async fn readyz(State(service): State<Arc<Service>>) -> Result<Json<Health>, Failure> {
    if service.readiness.lasts() {
        Ok(WELL)
    } else {
        Err(Failure::ShuttingDown)
    }
}

/// What the service is, as in GA4GH service-info 1.0.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceInfo {
    /// A name that is unique among services.
    #[schema(example = "testribute")]
    id: &'static str,
    /// A name for people.
    #[schema(example = "testribute")]
    name: &'static str,
    /// What kind of service it is.
    r#type: ServiceType,
    /// What it does.
    description: &'static str,
    /// Who makes it.
    organization: Organization,
    /// The version of the program.
    #[schema(example = "0.3.0")]
    version: &'static str,
}

/// What kind of service it is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceType {
    /// The namespace of the kind.
    #[schema(example = "testribute")]
    group: &'static str,
    /// The name of the kind.
    #[schema(example = "testribute")]
    artifact: &'static str,
    /// The version of the interface.
    #[schema(example = "0.3.0")]
    version: &'static str,
}

/// Who makes a service.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Organization {
    /// Its name.
    #[schema(example = "testribute")]
    name: &'static str,
    /// Where it is found.
    #[schema(example = "https://github.com/elixir-cloud-aai/TEStribute")]
    url: &'static str,
}

/// What is this service?
#[utoipa::path(
    get, path = "/service-info", operation_id = "getServiceInfo", tag = "service",
    responses((status = 200, description = "The service, as in GA4GH service-info 1.0.", body = ServiceInfo, example = this_service)),
)]
pub(super) async fn service_info() -> Json<ServiceInfo> {
    Json(THIS_SERVICE)
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

const THIS_SERVICE: ServiceInfo = ServiceInfo {
    id: "testribute",
    name: "testribute",
    r#type: ServiceType {
        group: "testribute",
        artifact: "testribute",
        version: VERSION,
    },
    description: env!("CARGO_PKG_DESCRIPTION"),
    organization: Organization {
        name: "testribute",
        url: "https://github.com/elixir-cloud-aai/TEStribute",
    },
    version: VERSION,
};

fn this_service() -> Value {
    json!(THIS_SERVICE)
}
