//! `POST /rank-tasks`: whole TES tasks as clients send them.

use axum::{
    Json, Router,
    routing::{get, post},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, assert_problem, drs, drs_root, tes, tes_root, warnings},
};

const GB: u64 = 1_000_000_000;

const CONFIG: &str = "
drs: {missing_size: zero, plain_http_hosts: [127.0.0.1]}
estimation: {transfer_model: network}
";

/// Two TES and a DRS.
struct Network {
    service: Service,
    tes: [Server; 2],
    drs: Server,
}

impl Network {
    async fn start() -> Self {
        Self {
            service: Service::start_with(CONFIG).await,
            tes: [
                tes("127.0.0.1", "EUR", 1.0, 0.1, 500.0).await,
                tes("127.0.0.2", "EUR", 2.0, 0.1, 10.0).await,
            ],
            drs: drs(&[
                (
                    "a",
                    GB,
                    &["https://near.example/a", "https://far.example/a"],
                ),
                ("b", 2 * GB, &["https://near.example/b"]),
            ])
            .await,
        }
    }

    /// The `drs://` URI of an object.
    fn uri(&self, id: &str) -> String {
        format!("drs://{}/{id}", self.drs.address)
    }

    fn request(&self, task: &Value) -> Value {
        let tes: Vec<_> = self.tes.iter().map(tes_root).collect();
        json!({"task": task, "tes_uris": tes})
    }

    async fn ask(&self, request: &Value) -> (StatusCode, Value) {
        let response = self
            .service
            .post_to("/rank-tasks")
            .json(request)
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn rank(&self, request: &Value) -> Value {
        let (status, body) = self.ask(request).await;
        assert_eq!(status, StatusCode::OK, "{body:#}");
        body
    }
}

fn task(inputs: &Value) -> Value {
    json!({"inputs": inputs, "executors": [{"image": "alpine", "command": ["true"]}]})
}

/// Every task of the fixtures with its name, each `drs://` URL at the DRS of the test.
fn fixtures(network: &Network) -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/tasks");
    let mut tasks = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut task: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let inputs = task.get_mut("inputs").and_then(Value::as_array_mut);
        for (number, input) in inputs.into_iter().flatten().enumerate() {
            if input["url"]
                .as_str()
                .is_some_and(|url| url.starts_with("drs://"))
            {
                input["url"] = network.uri(["a", "b"][number % 2]).into();
            }
        }
        tasks.push((path.file_name().unwrap().to_string_lossy().into(), task));
    }
    tasks
}

#[tokio::test]
async fn tasks_as_real_clients_send_them_are_ranked_and_rewritten_for_a_tes_1_1() {
    let schema = include_str!("fixtures/tes_task.schema.json");
    let schema = jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap();
    let network = Network::start().await;
    let tasks = fixtures(&network);
    assert_eq!(tasks.len(), 10);
    for (name, task) in tasks {
        let answer = network.rank(&network.request(&task)).await;
        assert_eq!(answer["tes_uris"].as_array().unwrap().len(), 2, "{name}");
        for combination in answer["service_combinations"].as_array().unwrap() {
            let written = &combination["task"];
            let faults: Vec<_> = schema.iter_errors(written).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
            let uris = combination["access_uris"].as_object().unwrap();
            assert!(uris.contains_key("tes_uri"), "{name}");
            for input in written["inputs"].as_array().into_iter().flatten() {
                let path = input["path"].as_str().unwrap();
                assert_eq!(uris.get(path), input.get("url"), "{name}: {path}");
                let url = input["url"].as_str().unwrap_or_default();
                assert!(!url.starts_with("drs://"), "{name}: {url}");
            }
            assert_eq!(
                written["executors"],
                without_nulls(&task["executors"]),
                "{name}"
            );
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members = members.map(|(name, value)| (name.clone(), without_nulls(value)));
            Value::Object(members.collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn inputs_are_rewritten_to_the_chosen_copies_by_path() {
    let network = Network::start().await;
    let mut request = network.request(&task(&json!([
        {"url": network.uri("a"), "path": "/data/a", "type": "FILE"},
        {"content": "x", "path": "/data/x"},
    ])));
    request["explain"] = json!(true);
    let answer = network.rank(&request).await;
    let combinations = answer["service_combinations"].as_array().unwrap();
    assert_eq!(combinations.len(), 4);
    let best = &combinations[0];
    assert_eq!(best["access_uris"]["/data/a"], "https://near.example/a");
    assert_eq!(best["task"]["inputs"][0]["url"], "https://near.example/a");
    assert_eq!(
        best["task"]["inputs"][1],
        json!({"content": "x", "path": "/data/x"})
    );
    assert!(best["distances"]["/data/a"].is_object(), "{best:#}");
    assert_eq!(answer["tes_uris"][0], best["access_uris"]["tes_uri"]);
}

#[tokio::test]
async fn all_sites_are_named_best_first_however_few_combinations_are_listed() {
    let network = Network::start().await;
    let mut request = network.request(&task(&json!([{"url": network.uri("a"), "path": "/a"}])));
    request["limit"] = json!(1);
    for mode in [json!("cost"), json!("time"), json!("random")] {
        request["mode"] = mode.clone();
        let answer = network.rank(&request).await;
        assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
        let sites = answer["tes_uris"].as_array().unwrap();
        assert_eq!(sites.len(), 2, "{mode}");
        assert_eq!(
            sites[0],
            answer["service_combinations"][0]["access_uris"]["tes_uri"]
        );
    }
}

#[tokio::test]
async fn defaults_stand_in_for_what_a_task_leaves_out_and_are_named() {
    let network = Network::start().await;
    let mut request = network.request(&task(&json!([])));
    request["mode"] = json!("cost");
    let answer = network.rank(&request).await;
    let told = warnings(&answer).join("\n");
    for need in ["cpu_cores", "ram_gb", "disk_gb", "Run time assumed"] {
        assert!(told.contains(need), "{need}: {told}");
    }
    // 1 core for an hour and 10 GB.
    let first = &answer["service_combinations"][0];
    assert_eq!(first["cost_breakdown"]["compute"], 3600.0);
    assert_eq!(first["cost_breakdown"]["storage"], 10.0);

    request["task"]["resources"] = json!({"cpu_cores": 2, "ram_gb": 1, "disk_gb": 0});
    request["execution_time_sec"] = json!(10);
    let answer = network.rank(&request).await;
    assert_eq!(warnings(&answer), [""; 0]);
    let first = &answer["service_combinations"][0];
    assert_eq!(first["cost_breakdown"]["compute"], 20.0);
}

/// A TES with task info and finished tasks with these images and run times in seconds.
async fn tes_with_runs(runs: &[(&str, u32)]) -> Server {
    let tasks: Vec<_> = runs
        .iter()
        .enumerate()
        .map(|(number, (image, seconds))| {
            let created = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(2);
            let start = created + jiff::SignedDuration::from_secs(60);
            let end = start + jiff::SignedDuration::from_secs((*seconds).into());
            json!({
                "id": number.to_string(), "state": "COMPLETE", "creation_time": created.to_string(),
                "executors": [{"image": image, "command": ["true"]}],
                "logs": [{"start_time": start.to_string(), "end_time": end.to_string(), "logs": [
                    {"start_time": start.to_string(), "end_time": end.to_string(), "exit_code": 0}
                ]}]
            })
        })
        .collect();
    let list = json!({ "tasks": tasks });
    let info = async |Json(needs): Json<Value>| {
        let price = |amount: f64| json!({"amount": amount, "currency": "EUR"});
        Json(json!({
            "estimated_compute_costs": price(needs["execution_time_sec"].as_f64().unwrap()),
            "estimated_storage_costs": price(0.0), "unit_costs_data_transfer": price(0.0),
            "estimated_queue_time_sec": 0
        }))
    };
    let router = Router::new()
        .route("/ga4gh/tes/v1/tasks", get(async || Json(list)))
        .route("/ga4gh/tes/v1/tasks/task-info", post(info));
    Server::start(router).await
}

#[tokio::test]
async fn the_run_time_is_that_of_earlier_tasks_with_the_same_image_at_each_site() {
    let network = Network::start().await;
    let fast = tes_with_runs(&[("samtools", 100), ("samtools", 120), ("samtools", 5000)]).await;
    let unknown = tes_with_runs(&[("bwa", 7)]).await;
    let executors = json!([{"image": "samtools", "command": ["x"]}]);
    let mut request = json!({
        "task": {"executors": executors}, "tes_uris": [tes_root(&unknown), tes_root(&fast)], "mode": "time"
    });
    let answer = network.rank(&request).await;
    let combinations = answer["service_combinations"].as_array().unwrap();
    let times = |one: &Value| {
        (
            one["time_breakdown"]["execution"].clone(),
            one["cost_breakdown"]["compute"].clone(),
        )
    };
    assert_eq!(
        times(&combinations[0]),
        (json!(120), json!(120.0)),
        "{answer:#}"
    );
    assert_eq!(combinations[0]["access_uris"]["tes_uri"], tes_root(&fast));
    assert_eq!(times(&combinations[1]), (json!(3600), json!(3600.0)));
    let assumed: Vec<_> = warnings(&answer)
        .into_iter()
        .filter(|told| told.starts_with("Run time assumed") && told.contains("samtools"))
        .collect();
    assert_eq!(assumed.len(), 1, "only where there is none: {assumed:?}");

    request["execution_time_sec"] = json!(30);
    let answer = network.rank(&request).await;
    for combination in answer["service_combinations"].as_array().unwrap() {
        assert_eq!(times(combination), (json!(30), json!(30.0)));
    }
}

#[tokio::test]
async fn book_prices_charge_a_measured_run_time_without_the_speed() {
    let service = Service::start_with(
        "
drs: {missing_size: zero}
estimation: {transfer_model: network}
tes:
    task_info: never
    price_book:
      - match: \"*\"
        currency: EUR
        unit_costs: {cpu_usage: 0.001, memory_consumption: 0, data_storage: 0}
        speed: 4
",
    )
    .await;
    let tes = tes_with_runs(&[("samtools", 400)]).await;
    for (image, time, compute) in [("samtools", 400.0, 0.4), ("unknown", 900.0, 0.9)] {
        let request = json!({
            "task": {"executors": [{"image": image, "command": ["x"]}], "resources": {"cpu_cores": 1}},
            "tes_uris": [tes_root(&tes)]
        });
        let response = service.post_to("/rank-tasks").json(&request).send().await;
        let answer: Value = response.unwrap().json().await.unwrap();
        let first = &answer["service_combinations"][0];
        assert_eq!(first["time_breakdown"]["execution"], time, "{answer:#}");
        assert_eq!(first["cost_breakdown"]["compute"], compute, "{answer:#}");
    }
}

#[tokio::test]
async fn all_faults_of_a_task_are_told_at_once_with_pointers_into_it() {
    let network = Network::start().await;
    let bad = json!({
        "inputs": [
            {"path": "/a"},
            {"url": "drs://x", "path": "b"},
            {"url": "s3://x/y", "path": "/c"},
            {"content": "x", "path": "/c"},
            {"url": 7, "path": "/e"},
            {"url": "https://x.example/", "path": "/f", "type": "LINK"},
            null
        ],
        "outputs": [{"path": "/out"}, {"url": "s3://x/z", "path": "out"}],
        "resources": {"cpu_cores": -1, "ram_gb": "4", "zones": "eu"},
        "executors": [{"command": ["x"]}, {"image": "", "command": "x"}],
        "tags": {"a": 1}
    });
    let mut request = network.request(&bad);
    request["tes_uris"] = json!(["ftp://tes.example/"]);
    request["sizes"] = json!({"/a": -1});
    request["execution_time_sec"] = json!("soon");
    let (status, body) = network.ask(&request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = assert_problem(&body, 400, "ValidationError");
    for pointer in [
        "/task/inputs/0/url",
        "/task/inputs/1/path",
        "/task/inputs/1/url",
        "/task/inputs/3/path",
        "/task/inputs/4/url",
        "/task/inputs/5/type",
        "/task/inputs/6",
        "/task/outputs/0/url",
        "/task/outputs/1/path",
        "/task/resources/cpu_cores",
        "/task/resources/ram_gb",
        "/task/resources/zones",
        "/task/executors/0/image",
        "/task/executors/1/image",
        "/task/executors/1/command",
        "/task/tags/a",
        "/tes_uris/0",
        "/sizes/~1a",
        "/execution_time_sec",
    ] {
        let prefix = format!("{pointer}: ");
        let count = told.iter().filter(|one| one.starts_with(&prefix)).count();
        assert_eq!(count, 1, "{pointer}: {told:#?}");
    }
    for body in [
        json!({}),
        json!({"task": null}),
        json!({"task": []}),
        json!({"task": {"executors": []}}),
    ] {
        let (status, answer) = network.ask(&body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_problem(&answer, 400, "ValidationError");
    }
}

#[tokio::test]
async fn sizes_that_belong_to_no_file_are_named() {
    let network = Network::start().await;
    let mut request = network.request(&task(&json!([])));
    request["sizes"] = json!({"/no/such": 1});
    request["tes_urls"] = json!([]);
    let answer = network.rank(&request).await;
    let told = warnings(&answer).join("\n");
    assert!(told.contains("/sizes/~1no~1such"), "{told}");
    assert!(told.contains("did you mean tes_uris?"), "{told}");
}

#[tokio::test]
async fn a_bundle_becomes_the_files_in_it() {
    let network = Network::start().await;
    let bundle = json!({"objects": [
        {"id": "set", "size": 3, "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
            "contents": [{"name": "one.fa", "id": "one"}, {"name": "..", "id": "two"}]},
        {"id": "one", "size": 1, "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
            "access_methods": [{"type": "https", "access_url": {"url": "https://near.example/one.fa"}}]},
        {"id": "two", "size": 2, "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
            "access_methods": [{"type": "https", "access_url": {"url": "https://near.example/two.fa"}}]}
    ]});
    let scenario = testribute_mock::DrsScenario::parse(&bundle.to_string()).unwrap();
    let drs = Server::start(testribute_mock::drs::router(scenario)).await;
    let mut request = network.request(&task(&json!([
        {"url": "set", "path": "/data/set", "type": "DIRECTORY"}
    ])));
    request["drs_uris"] = json!([drs_root(&drs)]);
    let answer = network.rank(&request).await;
    let inputs = &answer["service_combinations"][0]["task"]["inputs"];
    assert_eq!(
        inputs[0],
        json!({"url": "https://near.example/one.fa", "path": "/data/set/one.fa", "type": "FILE"})
    );
    // A name in a bundle cannot lead out of the directory.
    assert!(inputs[1]["path"].as_str().unwrap().starts_with("/data/set"));
}

#[tokio::test]
async fn a_url_is_its_own_access_uri_and_its_secret_stays_with_the_caller() {
    let network = Network::start().await;
    let url = "https://near.example/x.bam?X-Amz-Signature=f00dcafe";
    let mut request = network.request(&task(&json!([
        {"url": url, "path": "/data/x.bam"},
        {"url": url, "path": "/data/again.bam"},
    ])));
    request["sizes"] = json!({"/data/x.bam": 3 * GB});
    let answer = network.rank(&request).await;
    for combination in answer["service_combinations"].as_array().unwrap() {
        for path in ["/data/x.bam", "/data/again.bam"] {
            assert_eq!(combination["access_uris"][path], url);
        }
        assert_eq!(combination["task"]["inputs"][1]["url"], url);
        let moved = combination["cost_breakdown"]["transfer"].as_f64().unwrap();
        assert!(moved > 0.0, "{combination:#}");
    }
    let told = warnings(&answer).join("\n");
    assert!(!told.contains("f00dcafe"), "{told}");

    request["explain"] = json!(true);
    let answer = network.rank(&request).await;
    let first = &answer["service_combinations"][0];
    assert!(first["transfers"]["/data/x.bam"].is_object(), "{first:#}");
    assert_eq!(first["execution"]["source"], "default");
}
