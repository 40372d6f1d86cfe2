//! A TES that replays a server in production: no task info, but a list of tasks with timestamps.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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

use crate::{TesFlavour, behaviour::TesBehaviour};

/// The tag of a task to create that sets its state; without it, the state is `COMPLETE`.
const STATE_TAG: &str = "mock-state";

/// The run time of tasks that are created.
const RUN_SECONDS: f64 = 1.0;

/// The path of the API that the server of this `flavour` documents, with a slash at the end.
///
/// # Errors
/// If the file of the flavour is invalid.
pub fn base_path(flavour: TesFlavour) -> Result<String, yaml_serde::Error> {
    let paths = flavour.behaviour()?.base_paths;
    Ok(format!("{}/", paths.first().map_or("", String::as_str)))
}

/// The routes of a server of this `flavour`.
///
/// With `queue_seconds` the server starts without tasks, and every task that is created has been queued for that time.
/// Otherwise it starts with the tasks of its file, and a task that is created has not been queued.
///
/// # Errors
/// If the file of the flavour is invalid.
pub fn router(
    flavour: TesFlavour,
    queue_seconds: Option<f64>,
) -> Result<Router, yaml_serde::Error> {
    let mut behaviour = flavour.behaviour()?;
    let mut tasks = mem::take(&mut behaviour.tasks);
    if queue_seconds.is_some() {
        tasks.clear();
    }
    let base_paths = behaviour.base_paths.clone();
    let tes = ReplayTes {
        behaviour,
        queue_seconds: queue_seconds.unwrap_or_default(),
        tasks: Mutex::new(tasks),
    };
    let api = Router::new()
        .route("/tasks", get(list_tasks).post(create_task))
        .route("/tasks/{id}", get(get_task).post(cancel_task))
        .route("/service-info", get(get_service_info));
    Ok(base_paths
        .iter()
        .fold(Router::new(), |router, path| router.nest(path, api.clone()))
        .fallback(not_found)
        .with_state(Arc::new(tes)))
}

struct ReplayTes {
    behaviour: TesBehaviour,
    queue_seconds: f64,
    /// Newest first.
    tasks: Mutex<Vec<Value>>,
}

impl ReplayTes {
    fn tasks(&self) -> MutexGuard<'_, Vec<Value>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time `seconds` before `now`, in the format of the server.
    fn timestamp(&self, now: Timestamp, seconds: f64) -> String {
        let time = now
            .checked_sub(SignedDuration::try_from_secs_f64(seconds).unwrap_or_default())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let format = &self.behaviour.timestamps;
        let utc = format!("{time:.*}", format.fraction_digits);
        format!("{}{}", utc.trim_end_matches('Z'), format.utc_offset)
    }
}

#[derive(Deserialize)]
struct TaskQuery {
    view: Option<String>,
    state: Option<String>,
    page_size: Option<usize>,
    /// The number of tasks on earlier pages.
    page_token: Option<usize>,
}

async fn list_tasks(State(tes): State<Arc<ReplayTes>>, Query(query): Query<TaskQuery>) -> Response {
    let pages = &tes.behaviour.pages;
    let page_size = query.page_size.unwrap_or(pages.default_size);
    if let Some(error) = &pages.size_error
        && page_size > pages.max_size
    {
        return error.response();
    }
    let state = query.state.filter(|_| tes.behaviour.filters_state);
    let start = query.page_token.unwrap_or_default();
    let all = tes.tasks();
    let mut tasks = all
        .iter()
        .filter(|task| state.as_ref().is_none_or(|state| task["state"] == **state))
        .skip(start);
    let page: Vec<_> = tasks
        .by_ref()
        .take(page_size.clamp(1, pages.max_size))
        .map(|task| task_view(task, query.view.as_deref()))
        .collect();
    let next_page_token = match tasks.next() {
        Some(_) => Some(json!((start + page.len()).to_string())),
        None => pages.last_token.clone(),
    };
    let mut body = json!({ "tasks": page });
    if let (Some(body), Some(token)) = (body.as_object_mut(), next_page_token) {
        body.insert("next_page_token".to_owned(), token);
    }
    Json(body).into_response()
}

/// The members of `task` in this `view`, which is `MINIMAL` by default.
fn task_view(task: &Value, view: Option<&str>) -> Value {
    match view {
        Some("FULL") => task.clone(),
        Some("BASIC") => {
            let mut task = task.clone();
            for log in elements(&mut task, "logs") {
                remove(log, &["system_logs"]);
                for executor_log in elements(log, "logs") {
                    remove(executor_log, &["stdout", "stderr"]);
                }
            }
            for input in elements(&mut task, "inputs") {
                remove(input, &["content"]);
            }
            task
        }
        _ => json!({"id": task["id"], "state": task["state"]}),
    }
}

/// The elements of the list `key` of `object`.
fn elements<'a>(object: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    object
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

fn remove(object: &mut Value, keys: &[&str]) {
    if let Some(object) = object.as_object_mut() {
        object.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

/// Stores the task with the timestamps of one that has been queued and has run.
async fn create_task(State(tes): State<Arc<ReplayTes>>, body: Bytes) -> Response {
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
        let (start_time, end_time) = (tes.timestamp(now, RUN_SECONDS), tes.timestamp(now, 0.0));
        json!({"start_time": start_time, "end_time": end_time, "logs": [], "outputs": []})
    } else {
        json!({"logs": [], "outputs": []})
    };
    let creation_time = tes.timestamp(now, RUN_SECONDS + tes.queue_seconds);
    task.extend([
        ("id".to_owned(), json!(id)),
        ("state".to_owned(), json!(state)),
        ("creation_time".to_owned(), json!(creation_time)),
        ("logs".to_owned(), json!([log])),
    ]);
    tes.tasks().insert(0, Value::Object(task));
    Json(json!({ "id": id })).into_response()
}

async fn get_task(
    State(tes): State<Arc<ReplayTes>>,
    Path(id): Path<String>,
    Query(query): Query<TaskQuery>,
) -> Response {
    let tasks = tes.tasks();
    match tasks.iter().find(|task| task["id"] == *id) {
        Some(task) => Json(task_view(task, query.view.as_deref())).into_response(),
        None => tes.behaviour.not_found.response(),
    }
}

/// `POST /tasks/{id}:cancel`: the colon is part of the last segment. `POST /tasks/task-info` has the same route.
async fn cancel_task(State(tes): State<Arc<ReplayTes>>, Path(id): Path<String>) -> Response {
    let Some(id) = id.strip_suffix(":cancel") else {
        return tes.behaviour.task_info_error.response();
    };
    match tes.tasks().iter_mut().find(|task| task["id"] == *id) {
        Some(Value::Object(task)) => {
            task.insert("state".to_owned(), json!("CANCELED"));
            Json(json!({})).into_response()
        }
        _ => tes.behaviour.not_found.response(),
    }
}

async fn get_service_info(State(tes): State<Arc<ReplayTes>>) -> Json<Value> {
    Json(tes.behaviour.service_info.clone())
}

async fn not_found(State(tes): State<Arc<ReplayTes>>) -> Response {
    tes.behaviour.not_found.response()
}
