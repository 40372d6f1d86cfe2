//! A TES server as it is in the world: no task info, but a list of tasks that have run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::flavour::{Flavour, Manners, Refusal};

/// The tag by which whoever creates a task says what becomes of it; without it, it is `COMPLETE` at once.
const STATE_TAG: &str = "mock-state";

/// How long tasks run, in seconds.
const RUNS: f64 = 1.0;

/// The routes of a server of this `flavour`. With `queue_seconds` it has no tasks to begin with, and those that are
/// created have waited for so long; without, it has those of its file, and new ones have not waited.
///
/// # Errors
/// If the file of the flavour cannot be read.
pub fn router(flavour: Flavour, queue_seconds: Option<f64>) -> Result<Router, yaml_serde::Error> {
    let mut manners = flavour.manners()?;
    let mut tasks = std::mem::take(&mut manners.tasks);
    if queue_seconds.is_some() {
        tasks.clear();
    }
    let bases = manners.bases.clone();
    let server = Arc::new(Server {
        manners,
        queue_seconds: queue_seconds.unwrap_or_default(),
        tasks: Mutex::new(tasks),
    });
    let api = Router::new()
        .route("/tasks", get(list).post(create))
        .route("/tasks/{id}", get(one).post(cancel))
        .route("/service-info", get(info));
    let nothing = async |State(server): State<Arc<Server>>| server.manners.not_found.reply();
    let all = bases
        .iter()
        .fold(Router::new(), |all, base| all.nest(base, api.clone()));
    Ok(all.fallback(nothing).with_state(server))
}

struct Server {
    manners: Manners,
    queue_seconds: f64,
    /// The latest first.
    tasks: Mutex<Vec<Value>>,
}

impl Server {
    fn tasks(&self) -> MutexGuard<'_, Vec<Value>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `seconds` before `now`, as this server writes it.
    fn ago(&self, now: Timestamp, seconds: f64) -> String {
        let then = now
            .checked_sub(SignedDuration::try_from_secs_f64(seconds).unwrap_or_default())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let times = &self.manners.times;
        let written = format!("{then:.*}", times.digits);
        format!("{}{}", written.trim_end_matches('Z'), times.offset)
    }
}

impl Refusal {
    pub(super) fn reply(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match &self.body {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        }
    }
}

#[derive(Deserialize)]
struct Wanted {
    view: Option<String>,
    state: Option<String>,
    page_size: Option<usize>,
    page_token: Option<usize>,
}

async fn list(State(server): State<Arc<Server>>, Query(wanted): Query<Wanted>) -> Response {
    let pages = &server.manners.pages;
    let size = wanted.page_size.unwrap_or(pages.default);
    if let Some(refusal) = pages.beyond.as_ref().filter(|_| size > pages.largest) {
        return refusal.reply();
    }
    let state = wanted.state.filter(|_| server.manners.filters_state);
    let all = server.tasks();
    let mut tasks = all
        .iter()
        .filter(|task| state.as_ref().is_none_or(|state| task["state"] == **state))
        .skip(wanted.page_token.unwrap_or_default());
    let page: Vec<_> = tasks
        .by_ref()
        .take(size.clamp(1, pages.largest))
        .map(|task| seen(task, wanted.view.as_deref()))
        .collect();
    let next = wanted.page_token.unwrap_or_default() + page.len();
    let token = match tasks.next() {
        Some(_) => Some(json!(next.to_string())),
        None => pages.last_token.clone(),
    };
    let mut body = json!({ "tasks": page });
    if let (Some(body), Some(token)) = (body.as_object_mut(), token) {
        body.insert("next_page_token".to_owned(), token);
    }
    Json(body).into_response()
}

/// `task` with as much of it as `view` shows.
fn seen(task: &Value, view: Option<&str>) -> Value {
    match view {
        Some("FULL") => task.clone(),
        Some("BASIC") => {
            let mut task = task.clone();
            for log in lists(&mut task, "logs") {
                remove(log, &["system_logs"]);
                for executor in lists(log, "logs") {
                    remove(executor, &["stdout", "stderr"]);
                }
            }
            for input in lists(&mut task, "inputs") {
                remove(input, &["content"]);
            }
            task
        }
        _ => json!({"id": task["id"], "state": task["state"]}),
    }
}

fn lists<'a>(of: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    of.get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

fn remove(from: &mut Value, keys: &[&str]) {
    if let Some(object) = from.as_object_mut() {
        object.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

/// Takes any task, runs none, and gives it the times of one that did run.
async fn create(State(server): State<Arc<Server>>, body: Bytes) -> Response {
    let mut task = match serde_json::from_slice(&body) {
        Ok(Value::Object(task)) if task.contains_key("executors") => task,
        Ok(_) => return (StatusCode::BAD_REQUEST, "executors: is required").into_response(),
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let id = format!("{:016x}", rand::random::<u64>());
    let state = task
        .get("tags")
        .and_then(|tags| tags.get(STATE_TAG)?.as_str())
        .unwrap_or("COMPLETE")
        .to_owned();
    let now = Timestamp::now();
    let log = if state == "COMPLETE" {
        json!({"start_time": server.ago(now, RUNS), "end_time": server.ago(now, 0.0), "logs": [], "outputs": []})
    } else {
        json!({"logs": [], "outputs": []})
    };
    let created = server.ago(now, RUNS + server.queue_seconds);
    task.extend([
        ("id".to_owned(), json!(id)),
        ("state".to_owned(), json!(state)),
        ("creation_time".to_owned(), json!(created)),
        ("logs".to_owned(), json!([log])),
    ]);
    server.tasks().insert(0, Value::Object(task));
    Json(json!({ "id": id })).into_response()
}

async fn one(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let tasks = server.tasks();
    match tasks.iter().find(|task| task["id"] == *id) {
        Some(task) => Json(seen(task, wanted.view.as_deref())).into_response(),
        None => server.manners.not_found.reply(),
    }
}

/// `POST /tasks/{id}:cancel`: the colon is part of the last segment. Task info is a POST there, too.
async fn cancel(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Response {
    let Some(id) = id.strip_suffix(":cancel") else {
        return server.manners.no_task_info.reply();
    };
    match server.tasks().iter_mut().find(|task| task["id"] == *id) {
        Some(Value::Object(task)) => {
            task.insert("state".to_owned(), json!("CANCELED"));
            Json(json!({})).into_response()
        }
        _ => server.manners.not_found.reply(),
    }
}

async fn info(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(server.manners.service_info.clone())
}
