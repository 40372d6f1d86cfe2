//! `GET /service-info`: what the service is, as in GA4GH service-info 1.0.

use axum::Json;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What the service is, as in GA4GH service-info 1.0.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ServiceInfo {
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
    #[schema(example = "0.4.0")]
    version: &'static str,
}

/// What kind of service it is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ServiceType {
    /// The namespace of the kind.
    #[schema(example = "testribute")]
    group: &'static str,
    /// The name of the kind.
    #[schema(example = "testribute")]
    artifact: &'static str,
    /// The version of the interface.
    #[schema(example = "0.4.0")]
    version: &'static str,
}

/// Who makes a service.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Organization {
    /// Its name.
    #[schema(example = "testribute")]
    name: &'static str,
    /// Where it is found.
    #[schema(example = "https://github.com/elixir-cloud-aai/TEStribute")]
    url: &'static str,
}

/// What is this service?
///
/// GA4GH service-info 1.0: its name, version, type and organization.
#[utoipa::path(
    get, path = "/service-info", operation_id = "getServiceInfo", tag = "service",
    responses(
        (status = 200, description = "The service, as in GA4GH service-info 1.0.", body = ServiceInfo, example = this_service),
        (status = "4XX", description = "The request line or the headers cannot be read."),
    ),
)]
pub(in crate::http) async fn service_info() -> Json<ServiceInfo> {
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
