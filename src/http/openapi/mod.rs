//! The OpenAPI document, made from the types and the handlers, and the page that shows it.

pub(super) mod examples;

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use serde_json::Value;
use utoipa::{
    OpenApi,
    openapi::{
        Components, RefOr,
        path::Operation,
        schema::Schema,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        server::ServerBuilder,
    },
};
use utoipa_swagger_ui::{Config as UiConfig, SwaggerUi};

use super::{
    handlers::{health, metrics, rank_services, rank_tasks, service_info},
    middleware::security_headers,
};
use crate::config::Limits;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "testribute",
        description = "Decides where a computational task should run in a federated network of GA4GH services: asks TES instances for \
                       prices and queue times and DRS instances for sizes and places of data, and ranks every combination by cost, \
                       time or both.\n\n[A page](../) shows cost against time of all combinations, and where everything is.\n\nAddresses are placed with data made from [IP Geolocation by \
                       DB-IP](https://db-ip.com) (CC BY 4.0).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "The operator of the service"),
    ),
    paths(rank_services::rank_services, rank_tasks::rank_tasks, service_info::service_info, health::healthz, health::readyz, metrics::metrics),
    components(schemas(crate::api::problem::Problem)),
    tags(
        (name = "ranking", description = "Where should a task run?"),
        (name = "service", description = "Is the service there, is it ready, what is it?"),
    ),
)]
struct Document;

/// The OpenAPI 3.1 document of a service with these `limits`. `example` is the request that `/ui/` offers to send.
pub fn document(limits: &Limits, example: Option<Value>) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    if let Some(components) = &mut document.components {
        add_bearer(components);
        set_limits(components, limits);
        widen_limit(components);
    }
    document.servers = Some(vec![
        ServerBuilder::new()
            .url("/")
            .description(Some("The service that serves this document."))
            .build(),
    ]);
    // Generated clients send a token where an operation does not say that it needs none.
    for path in document.paths.paths.values_mut() {
        for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
            operation.security = Some(Vec::new());
        }
    }
    // With or without a token: the configuration decides.
    let token: SecurityRequirement = SecurityRequirement::new("bearer", [] as [&str; 0]);
    let optional_token = vec![SecurityRequirement::default(), token];
    let metrics = document.paths.paths.get_mut("/metrics");
    if let Some(operation) = metrics.and_then(|path| path.get.as_mut()) {
        operation.security = Some(optional_token.clone());
    }
    let example = example.unwrap_or_else(examples::request);
    let of_task = examples::task_request(&example);
    for (path, example) in [("/rank-services", example), ("/rank-tasks", of_task)] {
        let operation = document.paths.paths.get_mut(path);
        if let Some(operation) = operation.and_then(|path| path.post.as_mut()) {
            operation.security = Some(optional_token.clone());
            set_example(operation, example);
        }
    }
    document
}

fn add_bearer(components: &mut Components) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A token of an identity provider that the service trusts. It is sent on to the TES and DRS of the request.",
        ));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
}

fn set_limits(components: &mut Components, limits: &Limits) {
    for (schema, name, limit) in [
        ("RankRequest", "tes_uris", limits.tes_uris),
        ("RankRequest", "drs_uris", limits.drs_uris),
        ("RankRequest", "object_ids", limits.object_ids),
        ("TaskRequest", "tes_uris", limits.tes_uris),
        ("TaskRequest", "drs_uris", limits.drs_uris),
        ("TesTask", "inputs", limits.object_ids),
    ] {
        if let Some(RefOr::T(Schema::Object(request))) = components.schemas.get_mut(schema)
            && let Some(RefOr::T(Schema::Array(list))) = request.properties.get_mut(name)
        {
            list.max_items = Some(limit);
        }
    }
}

/// Takes any number as a limit, however many bits it has: it is clamped.
fn widen_limit(components: &mut Components) {
    for schema in ["RankRequest", "TaskRequest"] {
        if let Some(RefOr::T(Schema::Object(request))) = components.schemas.get_mut(schema)
            && let Some(RefOr::T(Schema::Object(limit))) = request.properties.get_mut("limit")
        {
            limit.format = None;
        }
    }
}

fn set_example(operation: &mut Operation, example: Value) {
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && let Some(RefOr::T(content)) = body.content.get_mut("application/json")
    {
        content.example = Some(example);
    }
}

/// `/openapi.json`, `/openapi.yaml` and `/ui/`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(
    document: &utoipa::openapi::OpenApi,
) -> Result<Router<S>, DocumentError> {
    let serve = |text: String, media_type: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, media_type)], text) })
    };
    let ui = SwaggerUi::new("/ui").config(
        // Relative, so that the page works behind a proxy that adds a path.
        UiConfig::from("../openapi.json")
            .try_it_out_enabled(true)
            .display_request_duration(true)
            .default_models_expand_depth(0)
            .validator_url("none")
            .use_base_layout(),
    );
    Ok(Router::new()
        .route(
            "/openapi.json",
            serve(document.to_pretty_json()?, "application/json"),
        )
        .route(
            "/openapi.yaml",
            serve(document.to_yaml()?, "application/yaml"),
        )
        .merge(security_headers::for_page(
            Router::from(ui),
            security_headers::SWAGGER_UI_POLICY,
        )))
}

/// The OpenAPI document cannot be serialised.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not as JSON.
    #[error("the OpenAPI document cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Not as YAML.
    #[error("the OpenAPI document cannot be written as YAML: {0}")]
    Yaml(#[from] yaml_serde::Error),
}
