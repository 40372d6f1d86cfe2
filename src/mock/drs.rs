//! A DRS instance that holds nothing, but knows where it would be.

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

use super::{
    reply::{Body, Ids, nothing_here, refusal, service_info, wrong_method},
    scenario::{DataObject, DrsScenario},
};

/// All but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The routes of a DRS that plays `scenario`, under `/ga4gh/drs/v1`.
pub fn router(scenario: DrsScenario) -> Router {
    let drs = Arc::new(Drs {
        name: scenario.name,
        objects: Mutex::default(),
    });
    drs.add(scenario.objects, false);
    let v1 = Router::new()
        .route("/objects/{id}", get(get_object))
        .route("/objects/{id}/access/{access_id}", get(get_access))
        .route("/service-info", get(info))
        .route("/update-db", post(update_db))
        .with_state(drs);
    Router::new()
        .nest("/ga4gh/drs/v1", v1)
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
}

struct Drs {
    name: String,
    objects: Mutex<BTreeMap<String, DataObject>>,
}

impl Drs {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, DataObject>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds objects or replaces those with the same ids, or all if it `clears`; gives back the ids.
    fn add(&self, objects: Vec<DataObject>, clears: bool) -> Vec<String> {
        let mut known = self.objects();
        if clears {
            known.clear();
        }
        objects
            .into_iter()
            .map(|mut object| {
                if object.id.is_empty() {
                    object.id = format!("{:08x}", rand::random::<u32>());
                }
                let id = object.id.clone();
                known.insert(id.clone(), object);
                id
            })
            .collect()
    }
}

async fn get_object(
    State(drs): State<Arc<Drs>>,
    Ids(id): Ids<String>,
    headers: HeaderMap,
) -> Response {
    let objects = drs.objects();
    let Some(object) = objects.get(&id) else {
        return refusal(
            StatusCode::NOT_FOUND,
            &format!("There is no object '{id}'."),
        );
    };
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let mut answer = json!(object);
    if let Some(members) = answer.as_object_mut() {
        let self_uri = format!("drs://{host}/{}", utf8_percent_encode(&id, RESERVED));
        members.insert("self_uri".to_owned(), json!(self_uri));
    }
    Json(answer).into_response()
}

async fn get_access(
    State(drs): State<Arc<Drs>>,
    Ids((id, access_id)): Ids<(String, String)>,
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
        None => refusal(
            StatusCode::NOT_FOUND,
            &format!("There is no access '{access_id}' to an object '{id}'."),
        ),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    #[serde(default)]
    clear_db: bool,
    #[serde(default)]
    data_objects: Vec<DataObject>,
}

async fn update_db(State(drs): State<Arc<Drs>>, Body(update): Body<Update>) -> Response {
    for object in &update.data_objects {
        if let Err(message) = object.check() {
            return refusal(StatusCode::BAD_REQUEST, &message);
        }
    }
    let ids = drs.add(update.data_objects, update.clear_db);
    Json(json!({"objects": ids})).into_response()
}

async fn info(State(drs): State<Arc<Drs>>) -> Json<Value> {
    Json(service_info(&drs.name, "drs", "1.2.0", json!({})))
}
