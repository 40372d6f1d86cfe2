//! A TES 1.1 instance that computes nothing, but knows what it would cost.

use std::sync::{Arc, Mutex, PoisonError};

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

use super::{
    reply::{Body, Ids, nothing_here, refusal, service_info, wrong_method},
    scenario::{Queue, TesScenario, UnitCosts, is_amount},
};

/// The routes of a TES that plays `scenario`, under `/ga4gh/tes/v1`.
pub fn router(scenario: TesScenario) -> Router {
    let chance = Chance::seed_from_u64(scenario.seed);
    let tes = Arc::new(Tes(Mutex::new((scenario, chance))));
    let v1 = Router::new()
        .route("/tasks/task-info", post(task_info))
        .route("/tasks", post(create_task).get(list_tasks))
        .route("/tasks/{id}", get(get_task).post(cancel_task))
        .route("/service-info", get(info))
        .route("/update-config", post(update_config))
        .with_state(tes);
    Router::new()
        .nest("/ga4gh/tes/v1", v1)
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
}

/// The same seed gives the same numbers on every machine.
type Chance = Xoshiro256PlusPlus;

/// Prices may change while it runs.
struct Tes(Mutex<(TesScenario, Chance)>);

impl Tes {
    fn with<T>(&self, act: impl FnOnce(&mut TesScenario, &mut Chance) -> T) -> T {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (scenario, chance) = &mut *guard;
        act(scenario, chance)
    }
}

#[derive(Deserialize)]
struct Resources {
    cpu_cores: f64,
    ram_gb: f64,
    disk_gb: f64,
    execution_time_sec: f64,
    #[expect(dead_code, reason = "costs nothing, but must be a flag")]
    preemptible: Option<bool>,
    #[expect(dead_code, reason = "costs nothing, but must be names")]
    zones: Option<Vec<String>>,
}

impl Resources {
    fn check(&self) -> Result<(), &'static str> {
        let is_whole = |number: f64| is_amount(number) && number.fract() == 0.0;
        if !is_whole(self.cpu_cores) || !is_whole(self.execution_time_sec) {
            return Err("cpu_cores, execution_time_sec: must be whole numbers of at least 0");
        }
        if !is_amount(self.ram_gb) || !is_amount(self.disk_gb) {
            return Err("ram_gb, disk_gb: must be numbers of at least 0");
        }
        Ok(())
    }
}

async fn task_info(State(tes): State<Arc<Tes>>, Body(task): Body<Resources>) -> Response {
    if let Err(message) = task.check() {
        return refusal(StatusCode::BAD_REQUEST, message);
    }
    tes.with(|scenario, chance| {
        let price = |amount: f64| json!({"amount": amount, "currency": scenario.currency});
        let costs = scenario.unit_costs;
        let per_second = task.cpu_cores * costs.cpu_usage + task.ram_gb * costs.memory_consumption;
        let queue = match scenario.queue {
            Queue::Fixed(seconds) => seconds,
            Queue::Range { min, max } => chance.random_range(min..=max),
        };
        Json(json!({
            "estimated_compute_costs": price(task.execution_time_sec * per_second),
            "estimated_storage_costs": price(task.disk_gb * costs.data_storage),
            "unit_costs_data_transfer": price(costs.data_transfer),
            "estimated_queue_time_sec": queue
        }))
        .into_response()
    })
}

/// New prices; what is not named stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    currency: Option<String>,
    unit_costs: Option<Value>,
}

async fn update_config(State(tes): State<Arc<Tes>>, Body(update): Body<Update>) -> Response {
    tes.with(|scenario, _| {
        let costs = match updated(scenario.unit_costs, update.unit_costs) {
            Ok(costs) => costs,
            Err(message) => return refusal(StatusCode::BAD_REQUEST, &message),
        };
        scenario.unit_costs = costs;
        if let Some(currency) = update.currency {
            scenario.currency = currency;
        }
        Json(json!({"currency": scenario.currency, "unit_costs": costs})).into_response()
    })
}

fn updated(costs: UnitCosts, changes: Option<Value>) -> Result<UnitCosts, String> {
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

/// What every task must have.
#[derive(Deserialize)]
struct Task {
    executors: Vec<Value>,
}

/// Takes any task and runs none.
async fn create_task(Body(task): Body<Task>) -> Response {
    if task.executors.is_empty() {
        return refusal(StatusCode::BAD_REQUEST, "executors: at least one is needed");
    }
    let id = format!("{:016x}", rand::random::<u64>());
    Json(json!({ "id": id })).into_response()
}

async fn list_tasks() -> Json<Value> {
    Json(json!({"tasks": []}))
}

async fn get_task(Ids(id): Ids<String>) -> Response {
    refusal(StatusCode::NOT_FOUND, &format!("There is no task '{id}'."))
}

/// `POST /tasks/{id}:cancel`: the colon is part of the last segment.
async fn cancel_task(Ids(id): Ids<String>) -> Response {
    match id.strip_suffix(":cancel") {
        Some(id) => refusal(StatusCode::NOT_FOUND, &format!("There is no task '{id}'.")),
        None => wrong_method().await,
    }
}

async fn info(State(tes): State<Arc<Tes>>) -> Json<Value> {
    let more = json!({"storage": [], "tesResources_backend_parameters": []});
    let name = tes.with(|scenario, _| scenario.name.clone());
    Json(service_info(&name, "tes", "1.1.0", more))
}
