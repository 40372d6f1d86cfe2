//! The mock TES and DRS as a client sees them: what they compute is worked out by hand here, and shares no code with them.

use std::fs;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use testribute::mock::{self, DrsScenario, TesScenario};

use crate::support::Server;

const TES: &str = "/ga4gh/tes/v1";
const DRS: &str = "/ga4gh/drs/v1";

async fn tes(scenario: &str) -> Server {
    Server::start(mock::tes::router(TesScenario::parse(scenario).unwrap())).await
}

async fn drs(scenario: &str) -> Server {
    Server::start(mock::drs::router(DrsScenario::parse(scenario).unwrap())).await
}

/// Sends `body` as it is; gives back the answer, which must be JSON.
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

fn assert_refused((status, body): (StatusCode, Value), expected: StatusCode, what: &str) {
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

/// The price of `what` in an answer to task info.
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
async fn prices_change_while_the_tes_runs_and_what_is_not_named_stays() {
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
async fn a_bad_update_changes_no_price() {
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
        assert_refused(answer, StatusCode::BAD_REQUEST, &bad.to_string());
    }
    let (_, now) = post(&tes, &path, &json!({})).await;
    assert_eq!(now["currency"], "CHF");
    assert_eq!(now["unit_costs"]["cpu_usage"], 0.001);
}

#[tokio::test]
async fn a_task_that_makes_no_sense_is_refused() {
    let tes = tes(PRICES).await;
    let path = format!("{TES}/tasks/task-info");
    for (member, value) in [
        ("cpu_cores", json!(-1)),
        ("cpu_cores", json!(1.5)),
        ("cpu_cores", Value::Null),
        ("ram_gb", json!(-0.1)),
        ("ram_gb", json!("8")),
        ("disk_gb", json!(-1)),
        ("execution_time_sec", json!(-1)),
        ("execution_time_sec", json!(0.5)),
        ("preemptible", json!("yes")),
        ("zones", json!("eu-west-1")),
        ("zones", json!([1])),
    ] {
        let mut bad = task();
        bad[member] = value;
        let answer = post(&tes, &path, &bad).await;
        assert_refused(answer, StatusCode::BAD_REQUEST, &bad.to_string());
    }
    for required in ["cpu_cores", "ram_gb", "disk_gb", "execution_time_sec"] {
        let mut bad = task();
        bad.as_object_mut().unwrap().remove(required);
        let answer = post(&tes, &path, &bad).await;
        assert_refused(answer, StatusCode::BAD_REQUEST, required);
    }
    for bad in ["", "{", "null", "[]", "\u{0}"] {
        let answer = send(&tes, Method::POST, &path, bad).await;
        assert_refused(answer, StatusCode::BAD_REQUEST, bad);
    }
    let answer = send(&tes, Method::POST, &path, vec![b' '; 3 << 20]).await;
    assert_refused(answer, StatusCode::PAYLOAD_TOO_LARGE, "3 MiB");
}

/// Three queue times in a row.
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
async fn a_seed_decides_the_queue_times_that_are_drawn() {
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
    assert_refused(answer, StatusCode::NOT_FOUND, id);
    let answer = post(&tes, &format!("{tasks}/{id}:cancel"), &json!({})).await;
    assert_refused(answer, StatusCode::NOT_FOUND, id);
    for bad in [
        json!({}),
        json!([]),
        json!({"executors": []}),
        json!({"executors": 1}),
    ] {
        let answer = post(&tes, &tasks, &bad).await;
        assert_refused(answer, StatusCode::BAD_REQUEST, &bad.to_string());
    }
}

#[tokio::test]
async fn every_refusal_has_the_body_of_ga4gh() {
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
        assert_refused(send(server, method, &path, "").await, expected, &what);
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
async fn an_object_is_served_as_it_was_given_with_a_uri_of_its_own() {
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
async fn ids_are_read_through_their_percent_encoding() {
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
        assert_refused(answer, StatusCode::NOT_FOUND, unknown);
    }
}

#[tokio::test]
async fn an_access_id_leads_to_the_url_and_its_headers() {
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
        assert_refused(get(&drs, &unknown).await, StatusCode::NOT_FOUND, &unknown);
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
    let gone = get(&drs, &format!("{DRS}/objects/b")).await;
    assert_refused(gone, StatusCode::NOT_FOUND, "b");
}

#[tokio::test]
async fn a_bad_update_changes_no_object() {
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
        assert_refused(answer, StatusCode::BAD_REQUEST, &update.to_string());
    }
    let (status, _) = get(&drs, &format!("{DRS}/objects/a001")).await;
    assert_eq!(status, StatusCode::OK);
    let added = get(&drs, &format!("{DRS}/objects/c")).await;
    assert_refused(added, StatusCode::NOT_FOUND, "c");
}

#[tokio::test]
async fn a_drs_says_what_it_is() {
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
async fn a_mock_serves_until_it_is_told_to_stop() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let router = mock::tes::router(TesScenario::default());
    let served = tokio::spawn(mock::serve(listener, router, async {
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

fn demo(file: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    fs::read_to_string(format!("{root}/config/demo/{file}.yaml")).unwrap()
}

#[test]
fn the_demonstration_offers_a_choice_between_dear_and_slow() {
    let [basel, helsinki] =
        ["tes-basel", "tes-helsinki"].map(|file| TesScenario::parse(&demo(file)).unwrap());
    assert_eq!((&*basel.currency, &*helsinki.currency), ("CHF", "EUR"));
    // What the request of the demonstration costs before anything is moved: 2 cores, 8 GB, 50 GB of disk, 1800 s.
    let cost = |tes: &TesScenario| {
        let prices = tes.unit_costs;
        1800.0 * (2.0 * prices.cpu_usage + 8.0 * prices.memory_consumption)
            + 50.0 * prices.data_storage
    };
    let seconds = |tes: &TesScenario| match tes.queue {
        mock::Queue::Fixed(seconds) => seconds,
        mock::Queue::Range { .. } => panic!("{} is not the same each time", tes.name),
    };
    assert_close(cost(&basel), 0.416);
    assert_close(cost(&helsinki), 0.2008);
    assert!(seconds(&basel) < seconds(&helsinki));
}

#[test]
fn the_objects_of_the_demonstration_are_the_same_at_both_drs() {
    let [one, two] = ["drs-1", "drs-2"].map(|file| DrsScenario::parse(&demo(file)).unwrap());
    let ids = |drs: &DrsScenario| {
        let objects = drs.objects.iter();
        objects.map(|object| object.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&one), ["a001", "a002", "a003"]);
    assert_eq!(ids(&two), ["a001", "a002", "a004"]);
    for (first, second) in one.objects.iter().zip(&two.objects).take(2) {
        assert_eq!(first.size, second.size, "{}", first.id);
        assert_eq!(first.checksums, second.checksums, "{}", first.id);
        assert_ne!(first.access_methods, second.access_methods, "{}", first.id);
    }
}

#[test]
fn every_object_of_the_demonstration_may_be_had_in_two_places_that_the_service_knows() {
    let scenarios = ["drs-1", "drs-2"].map(|file| DrsScenario::parse(&demo(file)).unwrap());
    let known: Value = yaml_serde::from_str(&demo("config")).unwrap();
    let places = known["locations"]["overrides"].as_array().unwrap();
    let mut hosts = std::collections::BTreeMap::<_, std::collections::BTreeSet<_>>::new();
    for object in scenarios.iter().flat_map(|drs| &drs.objects) {
        for method in &object.access_methods {
            let url = method.access_url.as_ref().unwrap().url.as_str();
            let host = url.split('/').nth(2).unwrap();
            assert!(
                places.iter().any(|place| place["match"] == host),
                "{host} is nowhere"
            );
            hosts.entry(&object.id).or_default().insert(host);
        }
    }
    for (id, hosts) in hosts {
        assert!(hosts.len() >= 2, "{id}: {hosts:?}");
    }
}
