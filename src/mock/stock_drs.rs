//! A DRS server as it is in the world.

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

use super::{
    drs_flavour::{DrsFlavour, Manners, Unexpanded},
    reply::{Body, Ids},
};

/// The routes of a server of this `flavour`, under `/ga4gh/drs/v1`.
///
/// # Errors
/// If the file of the flavour cannot be read.
pub fn router(flavour: DrsFlavour) -> Result<Router, yaml_serde::Error> {
    let manners = flavour.manners()?;
    let mut api = Router::new()
        .route("/objects/{id}", get(get_object))
        .route("/objects/{id}/access/{access_id}", get(get_access))
        .route("/service-info", get(info));
    if manners.bulk {
        api = api.route("/objects", post(get_objects));
    }
    let server = Arc::new(Server {
        manners,
        waited_for: Mutex::default(),
    });
    let nothing = async |State(server): State<Arc<Server>>| server.manners.not_found.reply();
    Ok(Router::new()
        .nest("/ga4gh/drs/v1", api)
        .fallback(nothing)
        .with_state(server))
}

struct Server {
    manners: Manners,
    /// The access ids that someone was already told to come back for.
    waited_for: Mutex<BTreeSet<(String, String)>>,
}

type Parameters = Query<HashMap<String, String>>;

impl Server {
    /// Why whoever sends this gets to see nothing.
    fn refusal(&self, headers: &HeaderMap, parameters: &Parameters) -> Option<Response> {
        let manners = &self.manners;
        if let Some(refusal) = &manners.needs_token
            && !has_token(headers)
        {
            return Some(refusal.reply());
        }
        match &manners.strict_query {
            Some(refusal) if !parameters.is_empty() => Some(refusal.reply()),
            _ => None,
        }
    }

    /// The object `id`, as it is shown.
    fn object(&self, id: &str, headers: &HeaderMap, expand: bool) -> Option<Value> {
        let object = self
            .manners
            .objects
            .iter()
            .find(|object| object["id"] == *id)?;
        let host = headers.get(HOST)?.to_str().ok()?;
        let text = object.to_string().replace("{host}", host);
        let mut object: Value = serde_json::from_str(&text).ok()?;
        if !expand && let Some(Value::Array(contents)) = object.get_mut("contents") {
            match self.manners.unexpanded {
                Unexpanded::Everything => {}
                Unexpanded::OneLevel => contents
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|content| drop(content.remove("contents"))),
                Unexpanded::Nothing => contents.clear(),
            }
        }
        Some(object)
    }
}

fn has_token(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}

fn wants_all(parameters: &Parameters) -> bool {
    parameters
        .get("expand")
        .is_some_and(|expand| expand == "true")
}

async fn get_object(
    State(server): State<Arc<Server>>,
    Ids(id): Ids<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    if let Some(refusal) = server.refusal(&headers, &parameters) {
        return refusal;
    }
    match server.object(&id, &headers, wants_all(&parameters)) {
        Some(object) => Json(object).into_response(),
        None => server.manners.not_found.reply(),
    }
}

#[derive(Deserialize)]
struct Wanted {
    bulk_object_ids: Vec<String>,
}

async fn get_objects(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    parameters: Parameters,
    Body(wanted): Body<Wanted>,
) -> Response {
    if let Some(refusal) = server.refusal(&headers, &parameters) {
        return refusal;
    }
    let ids = wanted.bulk_object_ids;
    let (mut resolved, mut unresolved) = (Vec::new(), Vec::new());
    for id in &ids {
        match server.object(id, &headers, wants_all(&parameters)) {
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

async fn get_access(
    State(server): State<Arc<Server>>,
    Ids((id, access_id)): Ids<(String, String)>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    let manners = &server.manners;
    if let Some(refusal) = server.refusal(&headers, &parameters) {
        return refusal;
    }
    let known = manners
        .access
        .get(&id)
        .and_then(|urls| urls.get(&access_id));
    let Some(url) = known else {
        return manners.not_found.reply();
    };
    if manners.access_needs_token && !has_token(&headers) {
        let body = json!({"msg": "Unauthorized", "status_code": 401});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    if manners.access_takes_a_while {
        let mut waited_for = server
            .waited_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if waited_for.insert((id, access_id)) {
            return (StatusCode::ACCEPTED, [(RETRY_AFTER, "0")]).into_response();
        }
    }
    let url = match &manners.signature {
        Some(parameter) => format!("{url}?{parameter}=0f1e2d3c4b5a&Expires=1"),
        None => url.clone(),
    };
    Json(json!({ "url": url })).into_response()
}

async fn info(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(server.manners.service_info.clone())
}
