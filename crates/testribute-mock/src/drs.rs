//! A DRS 1.2 that stores no data: the objects of a scenario and their access URLs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::HOST},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    http::{JsonBody, PathParams, error_response, method_not_allowed, not_found, service_info},
    scenario::{DataObject, DrsScenario},
};

/// All characters but the unreserved ones (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The routes of a DRS with this `scenario`, under `/ga4gh/drs/v1`.
pub fn router(scenario: DrsScenario) -> Router {
    let mut objects = Objects::new();
    insert(&mut objects, scenario.objects);
    let drs = Drs {
        name: scenario.name,
        objects: Mutex::new(objects),
    };
    let v1 = Router::new()
        .route("/objects/{id}", get(get_object))
        .route("/objects/{id}/access/{access_id}", get(get_access_url))
        .route("/service-info", get(get_service_info))
        .route("/update-db", post(update_db))
        .with_state(Arc::new(drs));
    Router::new()
        .nest("/ga4gh/drs/v1", v1)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

struct Drs {
    name: String,
    objects: Mutex<Objects>,
}

/// Objects by id.
type Objects = BTreeMap<String, DataObject>;

impl Drs {
    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores `new` objects, some in place of those with the same ids; returns the ids.
fn insert(objects: &mut Objects, new: Vec<DataObject>) -> Vec<String> {
    new.into_iter()
        .map(|mut object| {
            if object.id.is_empty() {
                object.id = format!("{:08x}", rand::random::<u32>());
            }
            let id = object.id.clone();
            objects.insert(id.clone(), object);
            id
        })
        .collect()
}

async fn get_object(
    State(drs): State<Arc<Drs>>,
    PathParams(id): PathParams<String>,
    headers: HeaderMap,
) -> Response {
    let objects = drs.objects();
    let Some(object) = objects.get(&id) else {
        return error_response(StatusCode::NOT_FOUND, &format!("Object '{id}' not found."));
    };
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let mut body = json!(object);
    if let Some(members) = body.as_object_mut() {
        let self_uri = format!("drs://{host}/{}", utf8_percent_encode(&id, RESERVED));
        members.insert("self_uri".to_owned(), json!(self_uri));
    }
    Json(body).into_response()
}

async fn get_access_url(
    State(drs): State<Arc<Drs>>,
    PathParams((id, access_id)): PathParams<(String, String)>,
) -> Response {
    let objects = drs.objects();
    let url = objects
        .get(&id)
        .into_iter()
        .flat_map(|object| &object.access_methods)
        .filter(|method| method.access_id.as_ref() == Some(&access_id))
        .find_map(|method| method.access_url.as_ref());
    match url {
        Some(url) => Json(json!(url)).into_response(),
        None => error_response(
            StatusCode::NOT_FOUND,
            &format!("Access id '{access_id}' of object '{id}' not found."),
        ),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DbUpdate {
    /// Whether to delete all objects first.
    #[serde(default)]
    clear_db: bool,
    #[serde(default)]
    data_objects: Vec<DataObject>,
}

async fn update_db(State(drs): State<Arc<Drs>>, JsonBody(update): JsonBody<DbUpdate>) -> Response {
    for object in &update.data_objects {
        if let Err(message) = object.check() {
            return error_response(StatusCode::BAD_REQUEST, &message);
        }
    }
    let mut objects = drs.objects();
    if update.clear_db {
        objects.clear();
    }
    let ids = insert(&mut objects, update.data_objects);
    Json(json!({"objects": ids})).into_response()
}

async fn get_service_info(State(drs): State<Arc<Drs>>) -> Json<Value> {
    Json(service_info(&drs.name, "drs", "1.2.0", json!({})))
}
