//! A TES that replays a server in production: no task info, but a list of tasks with timestamps.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    TesFlavour,
    behaviour::{TesBehaviour, Timestamps},
};

/// The tag of a task to create that sets its state; without it, the state is `COMPLETE`.
const STATE_TAG: &str = "mock-state";

/// The tag of a task to create that sets how long ago it was created, in seconds; without it, it has just ended.
const AGE_TAG: &str = "mock-age-sec";

/// The tag of a task to create that sets how long it was queued, in seconds.
const QUEUE_TAG: &str = "mock-queue-sec";

/// The run time of tasks that are created.
const RUN_SECONDS: f64 = 1.0;

/// The time between the repetitions of a task at the start.
const REPEAT_SECONDS: f64 = 600.0;

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
/// Otherwise it starts with the tasks of its file, the latest of which is of that moment, and a task that is created has not
/// been queued. Tags of a task that is created change it: `mock-state`, `mock-age-sec` and `mock-queue-sec`.
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
    tasks_until_now(&behaviour, &mut tasks);
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
        self.behaviour.timestamps.write(time)
    }
}

impl Timestamps {
    fn write(&self, time: Timestamp) -> String {
        let utc = format!("{time:.*}", self.fraction_digits);
        format!("{}{}", utc.trim_end_matches('Z'), self.utc_offset)
    }
}

#[derive(Deserialize)]
struct TaskQuery {
    view: Option<String>,
    state: Option<String>,
    page_size: Option<usize>,
    /// The number of tasks on earlier pages, or the id of the last of them.
    page_token: Option<String>,
}

/// Sets the times of `tasks` so that the latest is now, and repeats the last one.
fn tasks_until_now(behaviour: &TesBehaviour, tasks: &mut Vec<Value>) {
    let mut latest = None;
    for task in tasks.iter_mut() {
        each_time(task, &mut |time| {
            latest = latest.max(time.parse::<Timestamp>().ok());
        });
    }
    let Some(latest) = latest else { return };
    let shift = Timestamp::now().duration_since(latest);
    let shifted = |task: &mut Value, by: SignedDuration| {
        each_time(task, &mut |time| {
            let at = time.parse::<Timestamp>().ok();
            if let Some(at) = at.and_then(|at| at.checked_add(by).ok()) {
                *time = behaviour.timestamps.write(at);
            }
        });
    };
    let last = tasks.last().cloned();
    for task in tasks.iter_mut() {
        shifted(task, shift);
    }
    let repeated = (1..=behaviour.repeat_last).zip(std::iter::repeat(last).flatten());
    tasks.extend(repeated.map(|(number, mut task)| {
        #[expect(clippy::cast_precision_loss, reason = "there are few")]
        let earlier = SignedDuration::from_secs_f64(number as f64 * REPEAT_SECONDS);
        shifted(&mut task, shift - earlier);
        if let Some(Value::String(id)) = task.get_mut("id") {
            *id = format!("{id}-{number}");
        }
        task
    }));
}

/// Calls `change` for each time in `value`.
fn each_time(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    const TIMES: [&str; 3] = ["creation_time", "start_time", "end_time"];
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_time(item, change)),
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(time) if TIMES.contains(&key.as_str()) => change(time),
                    _ => each_time(value, change),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl ReplayTes {
    /// The reply to a caller without a token, if one is required.
    fn refusal(&self, headers: &HeaderMap) -> Option<Response> {
        let has_token = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("Bearer "));
        let error = self.behaviour.token_error.as_ref()?;
        (!has_token).then(|| error.response())
    }

    /// The reply to a question with a state or a view that the server does not know.
    fn bad_query(&self, query: &TaskQuery) -> Option<Response> {
        const VIEWS: [&str; 3] = ["MINIMAL", "BASIC", "FULL"];
        let error = self.behaviour.query_error.as_ref()?;
        let knows_state = query
            .state
            .as_ref()
            .is_none_or(|state| error.states.contains(state));
        let knows_view = query
            .view
            .as_deref()
            .is_none_or(|view| VIEWS.contains(&view));
        (!knows_state || !knows_view).then(|| error.reply.response())
    }
}

async fn list_tasks(
    State(tes): State<Arc<ReplayTes>>,
    headers: HeaderMap,
    Query(query): Query<TaskQuery>,
) -> Response {
    let refusal = tes.refusal(&headers).or_else(|| tes.bad_query(&query));
    if let Some(refusal) = refusal {
        return refusal;
    }
    let pages = &tes.behaviour.pages;
    let page_size = query.page_size.unwrap_or(pages.default_size);
    if let Some(error) = &pages.size_error
        && page_size > pages.max_size
    {
        return error.response();
    }
    let state = query.state.filter(|_| tes.behaviour.filters_state);
    let stored = tes.tasks();
    let mut all: Vec<_> = stored
        .iter()
        .filter(|task| state.as_ref().is_none_or(|state| task["state"] == **state))
        .collect();
    if tes.behaviour.oldest_first {
        all.reverse();
    }
    let start = match &query.page_token {
        None => Some(0),
        Some(token) if pages.token_is_id => {
            let last = all.iter().position(|task| task["id"] == **token);
            last.map(|last| last + 1)
        }
        Some(token) => token.parse().ok(),
    };
    let Some(start) = start else {
        return (StatusCode::BAD_REQUEST, "page_token: is unknown").into_response();
    };
    let size = page_size.clamp(1, pages.max_size);
    let page: Vec<_> = all
        .iter()
        .skip(start)
        .take(size)
        .map(|task| task_view(task, query.view.as_deref()))
        .collect();
    let next_page_token = match (all.get(start + size), page.last()) {
        (Some(_), Some(last)) if pages.token_is_id => Some(last["id"].clone()),
        (Some(_), _) => Some(json!((start + size).to_string())),
        (None, _) => pages.last_token.clone(),
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
async fn create_task(
    State(tes): State<Arc<ReplayTes>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(refusal) = tes.refusal(&headers) {
        return refusal;
    }
    let mut task = match serde_json::from_slice(&body) {
        Ok(Value::Object(task)) if task.contains_key("executors") => task,
        Ok(_) => return (StatusCode::BAD_REQUEST, "executors: is required").into_response(),
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let has_name = task.get("name").is_some_and(Value::is_string);
    if let (Some(error), false) = (&tes.behaviour.name_error, has_name) {
        return error.response();
    }
    let tag = |name: &str| task.get("tags").and_then(|tags| tags.get(name)?.as_str());
    let seconds = |name: &str| tag(name).and_then(|text| text.parse::<f64>().ok());
    let state = match tag(STATE_TAG) {
        Some("QUEUED") => tes.behaviour.queued_state.clone(),
        state => state.unwrap_or("COMPLETE").to_owned(),
    };
    let queued = seconds(QUEUE_TAG).unwrap_or(tes.queue_seconds);
    let age = seconds(AGE_TAG).unwrap_or(RUN_SECONDS + queued);
    let now = Timestamp::now();
    let start_time = tes.timestamp(now, age - queued);
    let end_time = tes.timestamp(now, age - queued - RUN_SECONDS);
    let log = match state.as_str() {
        "QUEUED" | "INITIALIZING" | "PAUSED" => json!({"logs": [], "outputs": []}),
        "RUNNING" => json!({"start_time": start_time, "logs": [], "outputs": []}),
        _ => json!({"start_time": start_time, "end_time": end_time, "logs": [], "outputs": []}),
    };
    let id = format!("{:016x}", rand::random::<u64>());
    let creation_time = tes.timestamp(now, age);
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
    headers: HeaderMap,
    Query(query): Query<TaskQuery>,
) -> Response {
    let refusal = tes.refusal(&headers).or_else(|| tes.bad_query(&query));
    if let Some(refusal) = refusal {
        return refusal;
    }
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
