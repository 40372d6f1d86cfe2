//! TES and DRS with a scenario, over HTTP. Expected values are calculated by hand and share no code with the mocks.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

use std::net::SocketAddr;

use axum::Router;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use testribute_mock::{DrsScenario, TesScenario};
use tokio::{net::TcpListener, task::JoinHandle};

const TES: &str = "/ga4gh/tes/v1";
const DRS: &str = "/ga4gh/drs/v1";

/// A server on a free port, until it is dropped.
struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { address, task }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tes(scenario: &str) -> Server {
    Server::start(testribute_mock::tes::router(
        TesScenario::parse(scenario).unwrap(),
    ))
    .await
}

async fn drs(scenario: &str) -> Server {
    Server::start(testribute_mock::drs::router(
        DrsScenario::parse(scenario).unwrap(),
    ))
    .await
}

/// Sends `body`; returns the answer, which must be JSON.
async fn send(
    server: &Server,
    method: Method,
    path: &str,
    body: impl Into<reqwest::Body>,
) -> (StatusCode, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let response = client
        .request(method, server.url(path))
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    let json = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{path}: {status} {text:?}: {error}"));
    (status, json)
}

async fn get(server: &Server, path: &str) -> (StatusCode, Value) {
    send(server, Method::GET, path, "").await
}

async fn post(server: &Server, path: &str, body: &Value) -> (StatusCode, Value) {
    send(server, Method::POST, path, body.to_string()).await
}

fn assert_error((status, body): (StatusCode, Value), expected: StatusCode, what: &str) {
    assert_eq!(status, expected, "{what}: {body}");
    assert_eq!(body["status_code"], expected.as_u16(), "{what}");
    assert!(
        body["msg"].as_str().is_some_and(|msg| !msg.is_empty()),
        "{what}: {body}"
    );
}

/// Two cores, 8 GB, 50 GB of disk, half an hour.
fn task() -> Value {
    json!({
        "cpu_cores": 2, "ram_gb": 8, "disk_gb": 50, "execution_time_sec": 1800,
        "preemptible": true, "zones": []
    })
}

/// The amount of the price `what` in task info.
fn amount(answer: &Value, what: &str) -> f64 {
    answer[what]["amount"].as_f64().unwrap()
}

fn assert_close(actual: f64, expected: f64) {
    assert!(
        (actual - expected).abs() < 1e-12,
        "{actual} is not {expected}"
    );
}

const PRICES: &str = "{currency: CHF, queue: 714, unit_costs: \
    {cpu_usage: 0.001, memory_consumption: 0.0002, data_storage: 0.03, data_transfer: 0.012}}";

#[tokio::test]
async fn a_task_costs_what_the_formulas_say() {
    let tes = tes(PRICES).await;
    let (status, answer) = post(&tes, &format!("{TES}/tasks/task-info"), &task()).await;
    assert_eq!(status, StatusCode::OK);
    // 1800 s * (2 * 0.001 + 8 * 0.0002) and 50 GB * 0.03.
    assert_close(amount(&answer, "estimated_compute_costs"), 6.48);
    assert_close(amount(&answer, "estimated_storage_costs"), 1.5);
    assert_close(amount(&answer, "unit_costs_data_transfer"), 0.012);
    assert_eq!(answer["estimated_queue_time_sec"], 714.0);
    for price in [
        "estimated_compute_costs",
        "estimated_storage_costs",
        "unit_costs_data_transfer",
    ] {
        assert_eq!(answer[price]["currency"], "CHF", "{price}");
    }
    assert_eq!(answer.as_object().unwrap().len(), 4, "{answer}");
}

#[tokio::test]
async fn an_update_changes_the_prices_that_it_names() {
    let tes = tes(PRICES).await;
    let update = json!({"currency": "USD", "unit_costs": {"cpu_usage": 0.002}});
    let (status, answer) = post(&tes, &format!("{TES}/update-config"), &update).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        answer,
        json!({"currency": "USD", "unit_costs": {
            "cpu_usage": 0.002, "memory_consumption": 0.0002, "data_storage": 0.03, "data_transfer": 0.012
        }})
    );
    let (_, answer) = post(&tes, &format!("{TES}/tasks/task-info"), &task()).await;
    // 1800 s * (2 * 0.002 + 8 * 0.0002).
    assert_close(amount(&answer, "estimated_compute_costs"), 10.08);
    assert_eq!(answer["estimated_compute_costs"]["currency"], "USD");
}

#[tokio::test]
async fn an_invalid_update_changes_no_price() {
    let tes = tes(PRICES).await;
    let path = format!("{TES}/update-config");
    for bad in [
        json!({"currency": "USD", "unit_costs": {"cpu_usage": -1}}),
        json!({"currency": "USD", "unit_costs": {"gpu_usage": 1}}),
        json!({"currency": "USD", "unit_costs": 1}),
        json!({"currency": 1}),
        json!({"queue": 1}),
        json!([]),
    ] {
        let answer = post(&tes, &path, &bad).await;
        assert_error(answer, StatusCode::BAD_REQUEST, &bad.to_string());
    }
    let (_, now) = post(&tes, &path, &json!({})).await;
    assert_eq!(now["currency"], "CHF");
    assert_eq!(now["unit_costs"]["cpu_usage"], 0.001);
}

#[tokio::test]
async fn invalid_resource_requirements_are_rejected() {
    let tes = tes(PRICES).await;
    let path = format!("{TES}/tasks/task-info");
    for (member, value) in [
        ("cpu_cores", json!(-1)),
        ("cpu_cores", json!("1.5")),
        ("cpu_cores", Value::Null),
        ("ram_gb", json!(-0.1)),
        ("ram_gb", json!("8")),
        ("disk_gb", json!(-1)),
        ("execution_time_sec", json!(-1)),
        ("execution_time_sec", json!("0.5")),
        ("preemptible", json!("yes")),
        ("zones", json!("eu-west-1")),
        ("zones", json!([1])),
    ] {
        let mut bad = task();
        bad[member] = value;
        let answer = post(&tes, &path, &bad).await;
        assert_error(answer, StatusCode::BAD_REQUEST, &bad.to_string());
    }
    for required in ["cpu_cores", "ram_gb", "disk_gb", "execution_time_sec"] {
        let mut bad = task();
        bad.as_object_mut().unwrap().remove(required);
        let answer = post(&tes, &path, &bad).await;
        assert_error(answer, StatusCode::BAD_REQUEST, required);
    }
    for bad in ["", "{", "null", "[]", "\u{0}"] {
        let answer = send(&tes, Method::POST, &path, bad).await;
        assert_error(answer, StatusCode::BAD_REQUEST, bad);
    }
    let answer = send(&tes, Method::POST, &path, vec![b' '; 3 << 20]).await;
    assert_error(answer, StatusCode::PAYLOAD_TOO_LARGE, "3 MiB");
}

/// The queue times of three requests.
async fn queue_times(scenario: &str) -> Vec<f64> {
    let tes = tes(scenario).await;
    let mut times = Vec::new();
    for _ in 0..3 {
        let (_, answer) = post(&tes, &format!("{TES}/tasks/task-info"), &task()).await;
        times.push(answer["estimated_queue_time_sec"].as_f64().unwrap());
    }
    times
}

#[tokio::test]
async fn random_queue_times_depend_on_the_seed_alone() {
    let one = queue_times("{queue: {min: 60, max: 600}, seed: 1}").await;
    assert_eq!(
        one,
        queue_times("{queue: {min: 60, max: 600}, seed: 1}").await
    );
    assert_ne!(
        one,
        queue_times("{queue: {min: 60, max: 600}, seed: 2}").await
    );
    assert!(
        one.iter().all(|time| (60.0..=600.0).contains(time)),
        "{one:?}"
    );
    assert_ne!(one[0].to_bits(), one[1].to_bits(), "{one:?}");
    assert_eq!(queue_times("{queue: 714}").await, [714.0; 3]);
}

#[tokio::test]
async fn the_other_routes_of_a_tes_give_valid_and_empty_answers() {
    let tes = tes("name: Basel").await;
    let (status, info) = get(&tes, &format!("{TES}/service-info")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(info["name"], "Basel");
    assert_eq!(
        info["type"],
        json!({"group": "org.ga4gh", "artifact": "tes", "version": "1.1.0"})
    );
    for text in ["id", "version"] {
        assert!(info[text].is_string(), "{text}: {info}");
    }
    for text in ["name", "url"] {
        assert!(info["organization"][text].is_string(), "{text}: {info}");
    }
    for list in ["storage", "tesResources_backend_parameters"] {
        assert!(info[list].is_array(), "{list}: {info}");
    }

    let tasks = format!("{TES}/tasks");
    let executors = json!({"executors": [{"image": "alpine", "command": ["true"]}]});
    let (status, created) = post(&tes, &tasks, &executors).await;
    assert_eq!(status, StatusCode::OK);
    let id = created["id"].as_str().unwrap();
    assert_eq!(
        get(&tes, &tasks).await,
        (StatusCode::OK, json!({"tasks": []}))
    );
    let answer = get(&tes, &format!("{tasks}/{id}")).await;
    assert_error(answer, StatusCode::NOT_FOUND, id);
    let answer = post(&tes, &format!("{tasks}/{id}:cancel"), &json!({})).await;
    assert_error(answer, StatusCode::NOT_FOUND, id);
    for bad in [
        json!({}),
        json!([]),
        json!({"executors": []}),
        json!({"executors": 1}),
    ] {
        let answer = post(&tes, &tasks, &bad).await;
        assert_error(answer, StatusCode::BAD_REQUEST, &bad.to_string());
    }
}

#[tokio::test]
async fn every_error_has_the_body_of_ga4gh() {
    let (tes, drs) = (tes("{}").await, drs("{}").await);
    for (server, method, path, expected) in [
        (
            &tes,
            Method::GET,
            format!("{TES}/nowhere"),
            StatusCode::NOT_FOUND,
        ),
        (&tes, Method::GET, "/".to_owned(), StatusCode::NOT_FOUND),
        (
            &tes,
            Method::DELETE,
            format!("{TES}/tasks"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (
            &tes,
            Method::POST,
            format!("{TES}/tasks/some"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (
            &tes,
            Method::GET,
            format!("{TES}/tasks/%FF"),
            StatusCode::BAD_REQUEST,
        ),
        (
            &drs,
            Method::GET,
            format!("{DRS}/objects"),
            StatusCode::NOT_FOUND,
        ),
        (
            &drs,
            Method::GET,
            format!("{DRS}/objects/%FF"),
            StatusCode::BAD_REQUEST,
        ),
        (
            &drs,
            Method::GET,
            format!("{DRS}/objects/a/access/%FF"),
            StatusCode::BAD_REQUEST,
        ),
        (
            &drs,
            Method::GET,
            format!("{DRS}/update-db"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
    ] {
        let what = format!("{method} {path}");
        assert_error(send(server, method, &path, "").await, expected, &what);
    }
}

const OBJECTS: &str = "
name: Hinxton
objects:
  - id: a001
    name: genome.fa.gz
    size: 881211416
    created_time: '2022-02-21T09:35:00Z'
    checksums: [{type: md5, checksum: d41d8cd98f00b204e9800998ecf8427e}]
    access_methods:
      - {type: https, access_id: web, access_url: {url: 'https://a.example/g', headers: ['Authorization: Basic eA==']}}
      - {type: s3, access_id: bucket, region: eu-west-1, access_url: {url: 's3://b/g'}}
      - {type: gs, access_id: later}
  - id: sets/a b%2F1
    size: 0
    checksums: [{type: md5, checksum: d41d8cd98f00b204e9800998ecf8427e}]
";

#[tokio::test]
async fn an_object_is_served_unchanged_with_its_self_uri() {
    let drs = drs(OBJECTS).await;
    let (status, object) = get(&drs, &format!("{DRS}/objects/a001")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        object,
        json!({
            "id": "a001", "name": "genome.fa.gz", "size": 881_211_416, "created_time": "2022-02-21T09:35:00Z",
            "self_uri": format!("drs://{}/a001", drs.address),
            "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
            "access_methods": [
                {"type": "https", "access_id": "web", "access_url":
                    {"url": "https://a.example/g", "headers": ["Authorization: Basic eA=="]}},
                {"type": "s3", "access_id": "bucket", "region": "eu-west-1", "access_url": {"url": "s3://b/g"}},
                {"type": "gs", "access_id": "later"}
            ]
        })
    );
}

#[tokio::test]
async fn ids_are_percent_decoded() {
    let drs = drs(OBJECTS).await;
    let encoded = "sets%2Fa%20b%252F1";
    let (status, object) = get(&drs, &format!("{DRS}/objects/{encoded}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(object["id"], "sets/a b%2F1");
    assert_eq!(
        object["self_uri"],
        format!("drs://{}/{encoded}", drs.address)
    );
    for unknown in ["a002", "A001", "sets%2Fa%20b%2F1"] {
        let answer = get(&drs, &format!("{DRS}/objects/{unknown}")).await;
        assert_error(answer, StatusCode::NOT_FOUND, unknown);
    }
}

#[tokio::test]
async fn an_access_id_resolves_to_the_url_and_its_headers() {
    let drs = drs(OBJECTS).await;
    let access = format!("{DRS}/objects/a001/access");
    assert_eq!(
        get(&drs, &format!("{access}/web")).await,
        (
            StatusCode::OK,
            json!({"url": "https://a.example/g", "headers": ["Authorization: Basic eA=="]})
        )
    );
    assert_eq!(
        get(&drs, &format!("{access}/bucket")).await,
        (StatusCode::OK, json!({"url": "s3://b/g"}))
    );
    for unknown in [
        format!("{access}/none"),
        format!("{DRS}/objects/x/access/web"),
    ] {
        assert_error(get(&drs, &unknown).await, StatusCode::NOT_FOUND, &unknown);
    }
}

fn object(id: &str, size: u64) -> Value {
    json!({"id": id, "size": size, "checksums": [{"type": "md5", "checksum": "00"}]})
}

#[tokio::test]
async fn objects_are_added_replaced_and_cleared() {
    let drs = drs(OBJECTS).await;
    let path = format!("{DRS}/update-db");
    let update = json!({"clear_db": false, "data_objects": [object("a001", 1), object("b", 2)]});
    assert_eq!(
        post(&drs, &path, &update).await,
        (StatusCode::OK, json!({"objects": ["a001", "b"]}))
    );
    let (_, replaced) = get(&drs, &format!("{DRS}/objects/a001")).await;
    assert_eq!(replaced["size"], 1);
    assert_eq!(replaced["access_methods"], json!([]));

    let mut nameless = object("", 3);
    nameless.as_object_mut().unwrap().remove("id");
    let update = json!({"clear_db": true, "data_objects": [nameless]});
    let (_, answer) = post(&drs, &path, &update).await;
    let id = answer["objects"][0].as_str().unwrap();
    assert!(!id.is_empty());
    let (_, found) = get(&drs, &format!("{DRS}/objects/{id}")).await;
    assert_eq!((&found["id"], &found["size"]), (&json!(id), &json!(3)));
    let deleted = get(&drs, &format!("{DRS}/objects/b")).await;
    assert_error(deleted, StatusCode::NOT_FOUND, "b");
}

#[tokio::test]
async fn an_invalid_update_changes_no_object() {
    let drs = drs(OBJECTS).await;
    let path = format!("{DRS}/update-db");
    let with_method = |method: Value| {
        let mut object = object("b", 1);
        object["access_methods"] = json!([method]);
        object
    };
    for bad in [
        json!({"id": "b", "checksums": []}),
        json!({"id": "b", "size": -1, "checksums": []}),
        json!({"id": "b", "size": 1}),
        with_method(json!({"type": "https"})),
        with_method(json!({"access_id": "x"})),
        with_method(json!({"type": "https", "access_url": "https://a.example/"})),
    ] {
        let update = json!({"clear_db": true, "data_objects": [object("c", 1), bad]});
        let answer = post(&drs, &path, &update).await;
        assert_error(answer, StatusCode::BAD_REQUEST, &update.to_string());
    }
    let (status, _) = get(&drs, &format!("{DRS}/objects/a001")).await;
    assert_eq!(status, StatusCode::OK);
    let added = get(&drs, &format!("{DRS}/objects/c")).await;
    assert_error(added, StatusCode::NOT_FOUND, "c");
}

#[tokio::test]
async fn a_drs_has_a_service_info() {
    let drs = drs(OBJECTS).await;
    let (status, info) = get(&drs, &format!("{DRS}/service-info")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(info["name"], "Hinxton");
    assert_eq!(
        info["type"],
        json!({"group": "org.ga4gh", "artifact": "drs", "version": "1.2.0"})
    );
}

#[tokio::test]
async fn a_mock_serves_until_shutdown_completes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let router = testribute_mock::tes::router(TesScenario::default());
    let served = tokio::spawn(testribute_mock::serve(listener, router, async {
        stopped.await.ok();
    }));
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}{TES}/service-info");
    assert!(client.get(&url).send().await.unwrap().status().is_success());
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
    let fresh = Client::builder().no_proxy().build().unwrap();
    assert!(fresh.get(&url).send().await.unwrap_err().is_connect());
}
