//! Examples of requests and responses, and the responses that rankings share. Names no handler.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::{
    IntoResponses,
    openapi::{
        Content, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
    },
};

use crate::{
    auth::AuthError,
    config,
    domain::{
        unrankable::{Unrankable, UnrankableReason},
        warning::Warning,
    },
    error::Error,
    http::error::HttpError,
};

/// The request that `/` and `/ui/` offer where no other is configured.
pub(in crate::http) fn request() -> Value {
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

/// A response to [`request`].
pub(in crate::http) fn response() -> Value {
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
        "warnings": [tes_unavailable().to_string()]
    })
}

/// The request for a task that `/ui/` offers, to the services of `request`.
pub(super) fn task_request(request: &Value) -> Value {
    json!({
        "task": {
            "name": "alignment statistics",
            "inputs": [{"url": first_object(request), "path": "/data/sample.bam", "type": "FILE"}],
            "outputs": [{"url": "s3://results/sample.txt", "path": "/out/sample.txt", "type": "FILE"}],
            "executors": [{
                "image": "quay.io/biocontainers/samtools:1.20",
                "command": ["samtools", "flagstat", "/data/sample.bam"],
                "stdout": "/out/sample.txt"
            }]
        },
        "tes_uris": request.get("tes_uris"),
        "drs_uris": request.get("drs_uris"),
        "mode": 0.5,
        "execution_time_sec": 1800,
        "sizes": {"/out/sample.txt": 2_000_000}
    })
}

fn first_object(request: &Value) -> &str {
    request
        .pointer("/object_ids/0")
        .and_then(Value::as_str)
        .unwrap_or("drs://drs-1.example/a001")
}

/// A response to [`task_request`].
pub(in crate::http) fn task_response() -> Value {
    let mut response = response();
    let uri = "ftp://ftp-1.example/a001.fa.gz";
    let tes = "https://tes-2.example/ga4gh/tes/v1/";
    let mut task = task_request(&request())
        .get("task")
        .cloned()
        .unwrap_or_default();
    if let Some(url) = task.pointer_mut("/inputs/0/url") {
        *url = uri.into();
    }
    if let Some(Value::Object(combination)) = response.pointer_mut("/service_combinations/0") {
        let uris = json!({"/data/sample.bam": uri, "tes_uri": tes});
        combination.insert("access_uris".to_owned(), uris);
        combination.insert("task".to_owned(), task);
    }
    if let Some(response) = response.as_object_mut() {
        response.insert("tes_uris".to_owned(), json!([tes]));
    }
    response
}

/// The response of `/readyz` during shutdown.
pub(in crate::http) fn not_ready() -> Value {
    json!(HttpError::ShuttingDown.problem())
}

/// The response to a request without a token where one is required.
pub(in crate::http) fn unauthorized() -> Value {
    json!(HttpError::from(Error::from(AuthError::Missing)).problem())
}

/// The response for a path that there is not.
pub(in crate::http) fn not_found() -> Value {
    json!(HttpError::NotFound.problem())
}

fn tes_unavailable() -> Warning {
    Warning::TesUnavailable {
        service: "https://tes-1.example/ga4gh/tes/v1/".to_owned(),
        cause: "did not answer within 2 s".to_owned(),
    }
}

/// The error responses of rankings.
pub(in crate::http) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let unrankable = Unrankable {
            reasons: vec![UnrankableReason::NoOffer],
            warnings: vec![tes_unavailable()],
        };
        let max_body_bytes = config::Server::default().max_body_bytes;
        [
            (
                Error::from(unrankable).into(),
                "The request breaks its schema or makes no sense (`ValidationError`, one entry for each fault), or nothing \
                 can be ranked (`ResourceUnavailableError`).",
            ),
            (
                Error::from(AuthError::Missing).into(),
                "A token is required, and there is none or it is not valid.",
            ),
            (
                HttpError::PayloadTooLarge(max_body_bytes),
                "The body is too large.",
            ),
            (
                HttpError::UnsupportedMediaType,
                "The body is not said to be JSON.",
            ),
            (
                HttpError::TooManyRequests(6),
                "Too many requests of this caller, within a minute or at once.",
            ),
            (HttpError::Internal, "A fault of the service."),
            (HttpError::Overloaded, "Too many requests at once."),
            (HttpError::DeadlineExceeded, "The answer took too long."),
        ]
        .into_iter()
        .map(|(error, description)| refusal(&error, description))
        .collect()
    }
}

/// The status of `error`, and its response.
fn refusal(error: &HttpError, description: &str) -> (String, RefOr<Response>) {
    let problem = error.problem();
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    content.example = Some(json!(problem));
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/json", content);
    let response = match problem.code {
        401 => response.header(
            "WWW-Authenticate",
            header(Type::String, "The scheme that is asked for: `Bearer`."),
        ),
        429 | 503 => response.header(
            "Retry-After",
            header(Type::Integer, "Seconds to wait before the next try."),
        ),
        _ => response,
    };
    (problem.code.to_string(), response.build().into())
}

fn header(kind: Type, description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .description(Some(description))
        .build()
}
