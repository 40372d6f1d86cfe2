//! A TES 1.1 with task info that runs no tasks: the prices and queue times of a scenario.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    http::{JsonBody, PathParams, error_response, method_not_allowed, not_found, service_info},
    scenario::{Queue, TesScenario, UnitCosts, is_amount},
};

/// The routes of a TES with this `scenario`, under `/ga4gh/tes/v1`.
pub fn router(scenario: TesScenario) -> Router {
    let rng = QueueRng::seed_from_u64(scenario.seed);
    let tes = Tes(Mutex::new(TesState { scenario, rng }));
    let v1 = Router::new()
        .route("/tasks/task-info", post(task_info))
        .route("/tasks", post(create_task).get(list_tasks))
        .route("/tasks/{id}", get(get_task).post(cancel_task))
        .route("/service-info", get(get_service_info))
        .route("/update-config", post(update_config))
        .with_state(Arc::new(tes));
    Router::new()
        .nest("/ga4gh/tes/v1", v1)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// Draws queue times: for a seed the same ones on every machine.
type QueueRng = Xoshiro256PlusPlus;

struct Tes(Mutex<TesState>);

struct TesState {
    /// `update-config` changes it.
    scenario: TesScenario,
    rng: QueueRng,
}

impl Tes {
    fn state(&self) -> MutexGuard<'_, TesState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a request for task info.
#[derive(Deserialize)]
struct ResourceRequirements {
    cpu_cores: f64,
    ram_gb: f64,
    disk_gb: f64,
    execution_time_sec: f64,
    #[expect(dead_code, reason = "has no price, but its type is checked")]
    preemptible: Option<bool>,
    #[expect(dead_code, reason = "have no price, but their type is checked")]
    zones: Option<Vec<String>>,
}

impl ResourceRequirements {
    fn check(&self) -> Result<(), &'static str> {
        let needs = [
            self.cpu_cores,
            self.ram_gb,
            self.disk_gb,
            self.execution_time_sec,
        ];
        if needs.into_iter().all(is_amount) {
            return Ok(());
        }
        Err("cpu_cores, ram_gb, disk_gb, execution_time_sec: must be numbers of at least 0")
    }
}

async fn task_info(
    State(tes): State<Arc<Tes>>,
    JsonBody(task): JsonBody<ResourceRequirements>,
) -> Response {
    if let Err(message) = task.check() {
        return error_response(StatusCode::BAD_REQUEST, message);
    }
    let mut state = tes.state();
    let TesState { scenario, rng } = &mut *state;
    let queue_seconds = match scenario.queue {
        Queue::Fixed(seconds) => seconds,
        Queue::Range { min, max } => rng.random_range(min..=max),
    };
    let costs = scenario.unit_costs;
    let price = |amount: f64| json!({"amount": amount, "currency": scenario.currency});
    let per_second = task.cpu_cores * costs.cpu_usage + task.ram_gb * costs.memory_consumption;
    Json(json!({
        "estimated_compute_costs": price(task.execution_time_sec * per_second),
        "estimated_storage_costs": price(task.disk_gb * costs.data_storage),
        "unit_costs_data_transfer": price(costs.data_transfer),
        "estimated_queue_time_sec": queue_seconds
    }))
    .into_response()
}

/// The prices to change; the others stay.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigUpdate {
    currency: Option<String>,
    unit_costs: Option<Value>,
}

async fn update_config(
    State(tes): State<Arc<Tes>>,
    JsonBody(update): JsonBody<ConfigUpdate>,
) -> Response {
    let mut state = tes.state();
    let scenario = &mut state.scenario;
    let costs = match merge_prices(scenario.unit_costs, update.unit_costs) {
        Ok(costs) => costs,
        Err(message) => return error_response(StatusCode::BAD_REQUEST, &message),
    };
    scenario.unit_costs = costs;
    if let Some(currency) = update.currency {
        scenario.currency = currency;
    }
    Json(json!({"currency": scenario.currency, "unit_costs": costs})).into_response()
}

fn merge_prices(costs: UnitCosts, changes: Option<Value>) -> Result<UnitCosts, String> {
    let mut all = json!(costs);
    match (all.as_object_mut(), changes) {
        (_, None) => return Ok(costs),
        (Some(all), Some(Value::Object(changes))) => all.extend(changes),
        _ => return Err("unit_costs: must be an object".to_owned()),
    }
    let costs: UnitCosts = serde_json::from_value(all).map_err(|error| error.to_string())?;
    costs.check()?;
    Ok(costs)
}

/// The member that every task must have.
#[derive(Deserialize)]
struct Task {
    executors: Vec<Value>,
}

/// Accepts any task and stores none.
async fn create_task(JsonBody(task): JsonBody<Task>) -> Response {
    if task.executors.is_empty() {
        return error_response(StatusCode::BAD_REQUEST, "executors: must not be empty");
    }
    let id = format!("{:016x}", rand::random::<u64>());
    Json(json!({ "id": id })).into_response()
}

async fn list_tasks() -> Json<Value> {
    Json(json!({"tasks": []}))
}

async fn get_task(PathParams(id): PathParams<String>) -> Response {
    task_not_found(&id)
}

/// `POST /tasks/{id}:cancel`: the colon is part of the last segment.
async fn cancel_task(PathParams(id): PathParams<String>) -> Response {
    match id.strip_suffix(":cancel") {
        Some(id) => task_not_found(id),
        None => method_not_allowed().await,
    }
}

fn task_not_found(id: &str) -> Response {
    error_response(StatusCode::NOT_FOUND, &format!("Task '{id}' not found."))
}

async fn get_service_info(State(tes): State<Arc<Tes>>) -> Json<Value> {
    let more = json!({"storage": [], "tesResources_backend_parameters": []});
    let name = &tes.state().scenario.name;
    Json(service_info(name, "tes", "1.1.0", more))
}
