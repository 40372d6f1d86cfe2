//! A DRS that replays a server in production.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, HOST, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    DrsFlavour,
    behaviour::{Contents, DrsBehaviour},
    http::{JsonBody, PathParams},
};

/// The routes of a server of this `flavour`, under `/ga4gh/drs/v1`.
///
/// # Errors
/// If the file of the flavour is invalid.
pub fn router(flavour: DrsFlavour) -> Result<Router, yaml_serde::Error> {
    let behaviour = flavour.behaviour()?;
    let mut api = Router::new()
        .route("/objects/{id}", get(get_object))
        .route("/objects/{id}/access/{access_id}", get(get_access_url))
        .route("/service-info", get(get_service_info));
    if behaviour.bulk {
        api = api.route("/objects", post(get_objects));
    }
    let drs = ReplayDrs {
        behaviour,
        deferred: Mutex::default(),
    };
    Ok(Router::new()
        .nest("/ga4gh/drs/v1", api)
        .fallback(not_found)
        .with_state(Arc::new(drs)))
}

struct ReplayDrs {
    behaviour: DrsBehaviour,
    /// The object ids and access ids for which a request was answered with 202.
    deferred: Mutex<BTreeSet<(String, String)>>,
}

type QueryParams = Query<HashMap<String, String>>;

impl ReplayDrs {
    /// The error that every request with these headers and parameters gets.
    fn error(&self, headers: &HeaderMap, query: &QueryParams) -> Option<Response> {
        let behaviour = &self.behaviour;
        let token_error = behaviour
            .token_error
            .as_ref()
            .filter(|_| !has_token(headers));
        let is_unknown = |name: &String| !behaviour.query_parameters.contains(name);
        let query_error = behaviour
            .query_error
            .as_ref()
            .filter(|_| query.keys().any(is_unknown));
        Some(token_error.or(query_error)?.response())
    }

    fn object(&self, id: &str, headers: &HeaderMap, query: &QueryParams) -> Option<Value> {
        let mut objects = self.behaviour.objects.iter();
        let prefixed = self
            .behaviour
            .optional_prefix
            .as_ref()
            .map(|prefix| format!("{prefix}{id}"));
        let object = objects.find(|object| {
            object["id"] == *id || prefixed.as_ref().is_some_and(|id| object["id"] == **id)
        })?;
        let host = headers.get(HOST)?.to_str().ok()?;
        let json = object.to_string().replace("{host}", host);
        let mut object: Value = serde_json::from_str(&json).ok()?;
        let expand = query.get("expand").is_some_and(|expand| expand == "true");
        if !expand && let Some(Value::Array(contents)) = object.get_mut("contents") {
            match self.behaviour.contents_unless_expanded {
                Contents::All => {}
                Contents::OneLevel => contents
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|nested| drop(nested.remove("contents"))),
                Contents::None => contents.clear(),
            }
        }
        Some(object)
    }

    /// Whether a bulk request for `id` finds the `object` that a single one does.
    fn is_found_in_bulk(&self, id: &str, object: &Value) -> bool {
        self.behaviour.optional_prefix.is_none()
            || (object["id"] == *id && object["form"] != "bundle")
    }

    /// Whether this is the first request for the access URL.
    fn defer(&self, id: String, access_id: String) -> bool {
        let mut deferred = self.deferred.lock().unwrap_or_else(PoisonError::into_inner);
        deferred.insert((id, access_id))
    }
}

fn has_token(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}

async fn get_object(
    State(drs): State<Arc<ReplayDrs>>,
    PathParams(id): PathParams<String>,
    headers: HeaderMap,
    query: QueryParams,
) -> Response {
    if let Some(error) = drs.error(&headers, &query) {
        return error;
    }
    match drs.object(&id, &headers, &query) {
        Some(object) => Json(object).into_response(),
        None => drs.behaviour.not_found.response(),
    }
}

#[derive(Deserialize)]
struct BulkRequest {
    bulk_object_ids: Vec<String>,
}

async fn get_objects(
    State(drs): State<Arc<ReplayDrs>>,
    headers: HeaderMap,
    query: QueryParams,
    JsonBody(request): JsonBody<BulkRequest>,
) -> Response {
    if let Some(error) = drs.error(&headers, &query) {
        return error;
    }
    let ids = request.bulk_object_ids;
    let (mut resolved, mut unresolved) = (Vec::new(), Vec::new());
    for id in &ids {
        let found = drs.object(id, &headers, &query);
        match found.filter(|object| drs.is_found_in_bulk(id, object)) {
            Some(object) => resolved.push(object),
            None => unresolved.push(id),
        }
    }
    Json(json!({
        "summary": {"requested": ids.len(), "resolved": resolved.len(), "unresolved": unresolved.len()},
        "unresolved_drs_objects": [{"error_code": 404, "object_ids": unresolved}],
        "resolved_drs_object": resolved
    }))
    .into_response()
}

async fn get_access_url(
    State(drs): State<Arc<ReplayDrs>>,
    PathParams((id, access_id)): PathParams<(String, String)>,
    headers: HeaderMap,
    query: QueryParams,
) -> Response {
    let behaviour = &drs.behaviour;
    if let Some(error) = drs.error(&headers, &query) {
        return error;
    }
    let urls = behaviour.access_urls.get(&id);
    let Some(url) = urls.and_then(|urls| urls.get(&access_id)) else {
        return behaviour.not_found.response();
    };
    if behaviour.access_requires_token && !has_token(&headers) {
        let body = json!({"msg": "Unauthorized", "status_code": 401});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    if behaviour.access_is_deferred && drs.defer(id, access_id) {
        return (StatusCode::ACCEPTED, [(RETRY_AFTER, "0")]).into_response();
    }
    let url = match &behaviour.signature_parameter {
        Some(parameter) => format!("{url}?{parameter}=0f1e2d3c4b5a&Expires=1"),
        None => url.clone(),
    };
    Json(json!({ "url": url })).into_response()
}

async fn get_service_info(State(drs): State<Arc<ReplayDrs>>) -> Json<Value> {
    Json(drs.behaviour.service_info.clone())
}

async fn not_found(State(drs): State<Arc<ReplayDrs>>) -> Response {
    drs.behaviour.not_found.response()
}
