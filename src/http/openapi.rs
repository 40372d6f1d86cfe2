//! The OpenAPI document, made from the types, and the page that shows it.

use std::collections::BTreeMap;

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use serde_json::{Value, json};
use utoipa::{
    IntoResponses, OpenApi,
    openapi::{
        Content, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
        schema::Schema,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config as UiConfig, SwaggerUi};

use super::{headers, health, rank};
use crate::config::Limits;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "testribute",
        description = "Decides where a computational task should run in a federated network of GA4GH services: asks TES instances for \
                       prices and queue times and DRS instances for sizes and places of data, and ranks every combination by cost, \
                       time or both.\n\nAddresses are placed with data made from [IP Geolocation by \
                       DB-IP](https://db-ip.com) (CC BY 4.0).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(rank::rank_services, health::service_info, health::healthz, health::readyz),
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
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "A token of an identity provider that the service trusts. It is sent on to the TES and DRS of the request.",
            ));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
        if let Some(RefOr::T(Schema::Object(request))) = components.schemas.get_mut("RankRequest") {
            for (name, limit) in [
                ("tes_uris", limits.tes_uris),
                ("drs_uris", limits.drs_uris),
                ("object_ids", limits.object_ids),
                ("limit", limits.combinations),
            ] {
                match request.properties.get_mut(name) {
                    Some(RefOr::T(Schema::Array(list))) => list.max_items = Some(limit),
                    Some(RefOr::T(Schema::Object(number))) => {
                        number.maximum = Some(utoipa::Number::UInt(limit));
                        number.default = Some(limit.into());
                    }
                    _ => {}
                }
            }
        }
    }
    let operation = document
        .paths
        .paths
        .get_mut("/rank-services")
        .and_then(|path| path.post.as_mut());
    if let Some(operation) = operation {
        // With or without a token: the configuration decides.
        let token: SecurityRequirement = SecurityRequirement::new("bearer", [] as [&str; 0]);
        operation.security = Some(vec![SecurityRequirement::default(), token]);
        let body = operation.request_body.as_mut();
        if let Some(RefOr::T(body)) = body
            && let Some(RefOr::T(content)) = body.content.get_mut("application/json")
        {
            content.example = Some(example.unwrap_or_else(example_request));
        }
    }
    document
}

/// `/openapi.json`, `/openapi.yaml` and `/ui/`.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(
    document: &utoipa::openapi::OpenApi,
) -> Result<Router<S>, Unwritable> {
    let json = document.to_pretty_json()?;
    let yaml = document.to_yaml()?;
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
        .route("/openapi.json", serve(json, "application/json"))
        .route("/openapi.yaml", serve(yaml, "application/yaml"))
        .merge(headers::for_the_page(Router::from(ui))))
}

/// The OpenAPI document cannot be written out.
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    /// Not as JSON.
    #[error("the OpenAPI document cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Not as YAML.
    #[error("the OpenAPI document cannot be written as YAML: {0}")]
    Yaml(#[from] yaml_serde::Error),
}

/// The refusals of `POST /rank-services`.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let unavailable = [
            "No TES gave a usable offer.",
            "TES unavailable: 'https://tes-1.example/ga4gh/tes/v1/' did not answer within 2 s.",
        ];
        let rows: [(u16, &str, &str, &[&str]); 7] = [
            (
                400,
                "The request breaks its schema or makes no sense (`ValidationError`, one entry for each fault), or nothing \
                   can be ranked (`ResourceUnavailableError`).",
                "ResourceUnavailableError",
                &unavailable,
            ),
            (
                401,
                "A token is required, and there is none or it is not valid.",
                "Unauthorized",
                &["A bearer token is required."],
            ),
            (
                413,
                "The body is too large.",
                "PayloadTooLarge",
                &["The body may have at most 1048576 bytes."],
            ),
            (
                415,
                "The body is not said to be JSON.",
                "UnsupportedMediaType",
                &[
                    "The body must be JSON in UTF-8, not compressed, with 'Content-Type: application/json'.",
                ],
            ),
            (
                500,
                "A fault of the service.",
                "InternalServerError",
                &["The service failed; its log says why, under the request id of this answer."],
            ),
            (
                503,
                "Too many requests at once.",
                "Overloaded",
                &["Too many requests at once; try again after a second."],
            ),
            (
                504,
                "The answer took too long.",
                "DeadlineExceeded",
                &["The answer took too long; ask for fewer services or objects."],
            ),
        ];
        rows.into_iter()
            .map(|(status, description, reason, messages)| {
                let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
                content.example = Some(problem(status, reason, messages));
                let response = ResponseBuilder::new()
                    .description(description)
                    .content("application/json", content);
                let response = match status {
                    401 => response.header(
                        "WWW-Authenticate",
                        header(Type::String, "The scheme that is asked for: `Bearer`."),
                    ),
                    503 => response.header(
                        "Retry-After",
                        header(Type::Integer, "Seconds to wait before the next try."),
                    ),
                    _ => response,
                };
                (status.to_string(), response.build().into())
            })
            .collect()
    }
}

fn header(kind: Type, description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .description(Some(description))
        .build()
}

fn problem(status: u16, reason: &str, messages: &[&str]) -> Value {
    json!({
        "code": status,
        "errors": [{"reason": reason, "message": messages}],
        "message": "The request caused an error."
    })
}

/// What a service that is about to stop says to `/readyz`.
pub(super) fn example_not_ready() -> Value {
    problem(503, "Overloaded", &["The service is about to stop."])
}

/// The request that is offered where no other is configured.
fn example_request() -> Value {
    json!({
        "tes_uris": ["https://tes-1.example/ga4gh/tes/v1/", "https://tes-2.example/ga4gh/tes/v1/"],
        "resource_requirements": {
            "cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1800, "preemptible": true, "zones": []
        },
        "object_ids": ["a001", "a002"],
        "drs_uris": ["https://drs-1.example/ga4gh/drs/v1/", "https://drs-2.example/ga4gh/drs/v1/"],
        "mode": 0.5,
        "limit": 100
    })
}

/// An answer to [`example_request`].
pub(super) fn example_answer() -> Value {
    json!({
        "service_combinations": [{
            "rank": 1,
            "access_uris": {
                "a001": "ftp://ftp-1.example/a001.fa.gz",
                "a002": "https://files-2.example/a002.bam",
                "tes_uri": "https://tes-2.example/ga4gh/tes/v1/"
            },
            "cost_estimate": {"amount": 12.5, "currency": "EUR"},
            "time_estimate": 2514,
            "score": 0.93,
            "cost_breakdown": {"compute": 10.0, "storage": 0.5, "transfer": 2.0},
            "time_breakdown": {"queue": 714, "execution": 1800, "transfer": 0},
            "pareto_optimal": true
        }],
        "warnings": ["TES unavailable: 'https://tes-1.example/ga4gh/tes/v1/' did not answer within 2 s."]
    })
}
