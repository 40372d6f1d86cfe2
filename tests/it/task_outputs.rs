//! What outputs of a task cost and take on their way out of a TES.

use axum::{
    Json, Router,
    http::{Method, StatusCode},
    response::IntoResponse,
};
use serde_json::{Value, json};
use testribute::domain::{task::TaskWarning, transfer::warning::TransferWarning, warning::Warning};

use crate::support::{
    Server,
    network::{Service, drs, tes, tes_root, warnings},
};

/// The host of the TES, which has no place of its own.
const TES: &str = "127.0.0.3";

const HUNDRED_GB: u64 = 100_000_000_000;

const AWS: &str = "place: {provider: aws, region: us-east-1}";

/// A service whose price book has one entry, for a TES without task info.
struct Network {
    service: Service,
    tes: Server,
}

impl Network {
    /// `entry` are further keys of the entry, `more` those of the configuration.
    async fn start(entry: &str, more: &str) -> Self {
        let router = Router::new().fallback(async |method: Method| match method {
            Method::GET => Json(json!({"tasks": []})).into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        });
        let model = if more.contains("estimation:") {
            ""
        } else {
            "estimation: {transfer_model: network}"
        };
        let config = format!(
            "
target_currency: USD
{model}
drs: {{missing_size: zero, plain_http_hosts: [127.0.0.1]}}
tes:
  task_info: never
  price_book:
    - match: {TES}
      queue: {{signal: fixed, default_sec: 60}}
      currency: USD
      unit_costs: {{cpu_usage: 0.01, memory_consumption: 0, data_storage: 0}}
      {entry}
{more}"
        );
        Self {
            service: Service::start_with(&config).await,
            tes: Server::start_on(TES, router).await,
        }
    }

    /// The answer for a task with `outputs`, URL and size each.
    async fn rank(&self, outputs: &[(&str, u64)]) -> Value {
        self.ask(&request(&[self.tes.url("/")], outputs)).await
    }

    async fn ask(&self, request: &Value) -> Value {
        let response = self.service.post_to("/rank-tasks").json(request).send();
        let response = response.await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{body:#}");
        body
    }

    /// The first combination, and the transfer of the only output of 100 GB.
    async fn first(&self, url: &str) -> (Value, Value) {
        let answer = self.rank(&[(url, HUNDRED_GB)]).await;
        let first = &answer["service_combinations"][0];
        (first.clone(), first["output_transfers"]["/out/0"].clone())
    }
}

/// A request for a task with `outputs`, each with its URL and its size at `/out/N`.
fn request(tes: &[String], outputs: &[(&str, u64)]) -> Value {
    let files = outputs.iter().enumerate();
    let list: Vec<_> = files
        .clone()
        .map(|(number, (url, _))| json!({"url": url, "path": format!("/out/{number}")}))
        .collect();
    let sizes = files.map(|(number, (_, size))| (format!("/out/{number}"), json!(size)));
    json!({
        "task": {
            "outputs": list,
            "resources": {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1},
            "executors": [{"image": "alpine", "command": ["true"]}],
        },
        "sizes": sizes.collect::<serde_json::Map<_, _>>(),
        "execution_time_sec": 100,
        "explain": true,
        "tes_uris": tes,
    })
}

fn warns(answer: &Value, warning: &Warning) -> bool {
    warnings(answer).contains(&warning.to_string().as_str())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

fn assert_close(found: &Value, expected: f64) {
    let found = number(found);
    let error = (found - expected).abs();
    assert!(error <= 1e-4 * expected, "{found} is not {expected}");
}

#[tokio::test]
async fn outputs_cost_the_egress_of_the_tes_by_the_place_they_go_to() {
    let more = "locations: {buckets: {results-eu: {region: eu-central-1}}}";
    let network = Network::start(AWS, more).await;
    for (url, cost, charge) in [
        // 0.09 USD per GB to the internet, be it a university or another provider.
        ("https://data.unibas.ch/x", 9.0, "internet"),
        (
            "https://b.storage.us-east4.rep.googleapis.com/x",
            9.0,
            "internet",
        ),
        ("ftp://data.unibas.ch/x", 9.0, "internet"),
        ("https://b.s3.us-east-1.amazonaws.com/x", 0.0, "same-region"),
        ("s3://s3.us-east-1.amazonaws.com/b/x", 0.0, "same-region"),
        (
            "https://b.s3.us-east-2.amazonaws.com/x",
            1.0,
            "inter-region",
        ),
        (
            "https://b.s3.us-west-2.amazonaws.com/x",
            2.0,
            "inter-region",
        ),
        ("s3://results-eu/x", 2.0, "inter-region"),
        // Most regions of the provider share this price.
        ("s3://anywhere/x", 2.0, "inter-region"),
    ] {
        let (first, transfer) = network.first(url).await;
        assert_close(&transfer["cost"], cost);
        assert_eq!(transfer["charged_as"], charge, "{url}");
        let payer = if cost > 0.0 { "caller" } else { "nobody" };
        assert_eq!(transfer["billed_to"], payer, "{url}");
        assert_eq!(transfer["size_bytes"], HUNDRED_GB);
        let from = transfer["from"].as_str().unwrap();
        assert_eq!(from, format!("{TES} (aws/us-east-1)"));
        let breakdown = &first["cost_breakdown"];
        assert_eq!(breakdown["outputs"], transfer["cost"]);
        assert_eq!(breakdown["transfer"], transfer["cost"]);
        assert_eq!(breakdown["billed_to_others"], 0.0);
        // 100 s of one core at 0.01.
        assert_close(&first["cost_estimate"]["amount"], 1.0 + cost);
        assert_eq!(first["time_breakdown"]["outputs"], transfer["seconds"]);
    }
}

#[tokio::test]
async fn an_academic_tes_and_google_charge_for_outputs_by_their_own_rows() {
    let bucket =
        "locations: {buckets: {\"gs://multi\": {region: us}, \"gs://dual\": {region: nam4}}}";
    let google = Network::start("place: {provider: gcp, region: us-east1}", bucket).await;
    for (url, cost, charge) in [
        // 0.12 USD per GiB.
        (
            "https://b.s3.us-east-1.amazonaws.com/x",
            11.1759,
            "internet",
        ),
        (
            "https://us-east1-storage.googleapis.com/b/x",
            0.0,
            "same-region",
        ),
        // 0.02 USD per GiB between regions of North America.
        (
            "https://us-west1-storage.googleapis.com/b/x",
            1.862_645,
            "inter-region",
        ),
        // A bucket in several regions has a copy in that of the TES.
        ("gs://multi/x", 0.0, "same-region"),
        ("gs://dual/x", 0.0, "same-region"),
    ] {
        let (_, transfer) = google.first(url).await;
        assert_close(&transfer["cost"], cost);
        assert_eq!(transfer["charged_as"], charge, "{url}: {transfer:#}");
    }
    let academic = Network::start("place: {network: academic}", "").await;
    let (_, transfer) = academic.first("s3://anywhere/x").await;
    assert_eq!(transfer["cost"], 0.0);
    assert_eq!(transfer["charged_as"], "free-network");
    assert_eq!(transfer["billed_to"], "nobody");
}

#[tokio::test]
async fn outputs_take_the_time_of_the_link_out_of_the_tes() {
    let bucket = "https://b.s3.us-east-1.amazonaws.com/x";
    let network = Network::start(AWS, "").await;
    let (_, transfer) = network.first(bucket).await;
    // 8 connections of 0.7 Gbit/s.
    assert_close(&transfer["seconds"], 8e11 / 5.6e9);
    assert_eq!(transfer["limited_by"], "class");

    let link = format!("{AWS}\n      link: {{in_mbps: 1, out_mbps: 1000}}");
    let network = Network::start(&link, "").await;
    let (first, transfer) = network.first(bucket).await;
    assert_close(&transfer["seconds"], 800.0);
    assert_eq!(transfer["limited_by"], "site");
    assert_close(&first["time_estimate"], 60.0 + 100.0 + 800.0);

    // FTP has one connection.
    let (_, transfer) = network.first("ftp://ftp.ebi.ac.uk/x").await;
    assert_close(&transfer["rate_mbps"], 500.0);
}

#[tokio::test]
async fn outputs_are_moved_once_however_often_a_task_is_tried() {
    let network = Network::start(&format!("{AWS}\n      failures: 0.5"), "").await;
    let (first, transfer) = network.first("https://data.unibas.ch/x").await;
    assert_close(&transfer["cost"], 9.0);
    assert_eq!(first["execution"]["tries"], 2.0);
}

#[tokio::test]
async fn overrides_count_in_both_directions() {
    let contract = "
estimation:
  transfer_model: network
  network:
    overrides:
      - {from: aws, to: academic, price_per_gb: 0.01, currency: USD}
      - {from: aws/us-east-1, rate_mbps: 100}
      - {to: data.example.org, price_per_gb: 1, currency: USD}";
    let network = Network::start(AWS, contract).await;
    let (_, transfer) = network.first("https://data.unibas.ch/x").await;
    assert_close(&transfer["cost"], 1.0);
    assert_eq!(transfer["charged_as"], "override");
    assert_eq!(transfer["billed_to"], "caller");
    assert_close(&transfer["rate_mbps"], 100.0);
    assert_eq!(transfer["limited_by"], "site");
    let (_, transfer) = network.first("https://data.example.org/x").await;
    assert_close(&transfer["cost"], 100.0);
}

#[tokio::test]
async fn the_owner_of_the_task_pays_for_outputs_whatever_costs_count() {
    let network = Network::start(
        AWS,
        "estimation: {transfer_model: network, billed_to: caller}",
    )
    .await;
    let (first, _) = network.first("https://data.unibas.ch/x").await;
    assert_close(&first["cost_breakdown"]["outputs"], 9.0);
}

#[tokio::test]
async fn outputs_that_stay_at_the_tes_are_free() {
    let network = Network::start(AWS, "").await;
    for url in [
        "/shared/x",
        "file:///shared/x",
        "https://127.0.0.3/x",
        "http://127.0.0.3:8080/x",
        "ftp://[::ffff:127.0.0.3]/x",
    ] {
        let (first, transfer) = network.first(url).await;
        assert_eq!(transfer["charged_as"], "same-host", "{url}");
        assert_eq!(first["cost_breakdown"]["outputs"], 0.0, "{url}");
        assert_eq!(first["time_breakdown"]["outputs"], 0.0, "{url}");
    }
}

#[tokio::test]
async fn what_is_unknown_of_outputs_is_assumed_and_named() {
    let network = Network::start(AWS, "").await;
    let answer = network
        .rank(&[("https://nowhere.invalid/x", HUNDRED_GB)])
        .await;
    let first = &answer["service_combinations"][0];
    assert_close(&first["cost_breakdown"]["outputs"], 9.0);
    let unknown = TransferWarning::UnknownDestination {
        host: "nowhere.invalid".to_owned(),
    };
    assert!(warns(&answer, &Warning::Transfer(unknown)));
    assert!(!answer["assumptions"].as_array().unwrap().is_empty());

    let network = Network::start("", "").await;
    let answer = network
        .rank(&[("https://data.unibas.ch/x", HUNDRED_GB)])
        .await;
    let first = &answer["service_combinations"][0];
    assert_eq!(first["output_transfers"]["/out/0"]["charged_as"], "unknown");
    assert_close(&first["cost_breakdown"]["outputs"], 9.0);
    let unknown = TransferWarning::UnknownTesNetwork {
        service: network.tes.url("/"),
        price_per_gb: 0.09,
        currency: "USD",
    };
    assert!(warns(&answer, &Warning::Transfer(unknown)));
}

#[tokio::test]
async fn outputs_without_a_size_are_left_out_and_named() {
    let network = Network::start(AWS, "").await;
    let mut request = request(
        &[network.tes.url("/")],
        &[("s3://b/0", 1), ("/local", 1), ("https://", 1)],
    );
    request["sizes"] = json!({});
    request["task"]["outputs"][2]["path"] = "/out/2?X-Amz-Signature=secret".into();
    let answer = network.ask(&request).await;
    let named = TaskWarning::OutputsOfUnknownSize(vec!["/out/0".to_owned()]);
    assert!(warns(&answer, &Warning::Task(named)), "{answer:#}");
    let first = &answer["service_combinations"][0];
    assert_eq!(first["cost_breakdown"].get("outputs"), None);
    assert_eq!(first.get("output_transfers"), None);

    request["sizes"] = json!({"/out/0": 0, "/out/2?X-Amz-Signature=secret": 7});
    let answer = network.ask(&request).await;
    let first = &answer["service_combinations"][0];
    assert_eq!(first["cost_breakdown"]["outputs"], 0.0);
    let unreadable =
        TaskWarning::OutputsUnreadable(vec!["/out/2?X-Amz-Signature=secret".to_owned()]);
    assert!(warns(&answer, &Warning::Task(unreadable)), "{answer:#}");
}

#[tokio::test]
async fn the_dearest_egress_decides_where_a_task_with_a_large_output_runs() {
    // The same prices but for the egress: the TES in the region of the bucket is the best.
    let entries = "place: {provider: gcp, region: us-east1}
    - match: 127.0.0.4
      queue: {signal: fixed, default_sec: 60}
      currency: USD
      unit_costs: {cpu_usage: 0.02, memory_consumption: 0, data_storage: 0}
      place: {provider: aws, region: us-east-1}";
    let network = Network::start(entries, "").await;
    let router = Router::new().fallback(async || Json(json!({"tasks": []})));
    let other = Server::start_on("127.0.0.4", router).await;
    let both = [network.tes.url("/"), other.url("/")];
    let bucket = "https://b.s3.us-east-1.amazonaws.com/x";
    for (size, best) in [(1_000_000, 0), (HUNDRED_GB, 1)] {
        let mut request = request(&both, &[(bucket, size)]);
        request["mode"] = "cost".into();
        let answer = network.ask(&request).await;
        assert_eq!(answer["tes_uris"][0], both[best], "{size}");
        assert_eq!(answer["service_combinations"][0]["pareto_optimal"], true);
    }
}

#[tokio::test]
async fn under_distance_outputs_cost_the_predecessors_formula() {
    let more = "
estimation: {transfer_model: distance, transfer_rate_mbps: 1000}
locations:
  overrides:
    - {match: 127.0.0.1, latitude: 0, longitude: 0}
    - {match: data.example.org, latitude: 0, longitude: 1}";
    let service = Service::start_with(more).await;
    let stating = tes("127.0.0.1", "EUR", 1.0, 2.0, 10.0).await;
    let network = Network {
        service,
        tes: stating,
    };
    let root = tes_root(&network.tes);
    let ask = async |url: &str| {
        network
            .ask(&request(std::slice::from_ref(&root), &[(url, HUNDRED_GB)]))
            .await
    };
    let answer = ask("https://data.example.org/x").await;
    let transfer = &answer["service_combinations"][0]["output_transfers"]["/out/0"];
    // A degree of longitude on the equator; 2 EUR per GB and 1000 km.
    assert_close(&transfer["cost"], 100.0 * 0.111_319_490_793 * 2.0);
    assert_close(&transfer["seconds"], 800.0);
    assert_eq!(transfer["charged_as"], "distance");

    let answer = ask("https://nowhere.invalid/x").await;
    let first = &answer["service_combinations"][0];
    assert_eq!(first["cost_breakdown"]["outputs"], 0.0);
    let unknown = TransferWarning::UnknownDistanceOfOutputs {
        host: "nowhere.invalid".to_owned(),
    };
    assert!(warns(&answer, &Warning::Transfer(unknown)));
}

#[tokio::test]
async fn a_signed_url_of_an_output_is_in_the_task_alone() {
    let network = Network::start(AWS, "").await;
    let secret =
        "https://ann:hunter2@results.example.org/x?X-Amz-Signature=5ec3e7&X-Amz-Credential=AKIA";
    for sizes in [json!({"/out/0": 7}), json!({})] {
        let mut request = request(&[network.tes.url("/")], &[(secret, 7)]);
        request["sizes"] = sizes;
        let mut answer = network.ask(&request).await;
        let combinations = answer["service_combinations"].as_array_mut().unwrap();
        for combination in combinations {
            let written = combination["task"].take();
            assert_eq!(written["outputs"][0]["url"], secret);
        }
        let rest = answer.to_string();
        for part in ["hunter2", "5ec3e7", "AKIA", "ann"] {
            assert!(!rest.contains(part), "{part}: {rest}");
        }
    }
}

#[tokio::test]
async fn a_thousand_outputs_are_estimated_and_more_are_refused() {
    let network = Network::start(AWS, "").await;
    let urls: Vec<_> = (0..1001)
        .map(|number| format!("s3://bucket-{}/x", number % 10))
        .collect();
    let outputs: Vec<_> = urls
        .iter()
        .map(|url| (url.as_str(), 9_007_199_254_740_992))
        .collect();
    let answer = network.rank(&outputs[..1000]).await;
    let first = &answer["service_combinations"][0];
    assert_eq!(first["output_transfers"].as_object().unwrap().len(), 1000);
    // 2^53 bytes at 0.02 USD.
    assert_close(
        &first["cost_breakdown"]["outputs"],
        1000.0 * 9_007_199.254_740_992 * 0.02,
    );

    let request = request(&[network.tes.url("/")], &outputs);
    let response = network.service.post_to("/rank-tasks").json(&request).send();
    let body: Value = response.await.unwrap().json().await.unwrap();
    let fault = body["errors"][0]["message"][0].as_str().unwrap();
    assert!(fault.starts_with("/task/outputs: "), "{body:#}");
}

#[tokio::test]
async fn one_path_may_go_to_several_urls() {
    let network = Network::start(AWS, "").await;
    let mut request = request(
        &[network.tes.url("/")],
        &[
            ("https://data.unibas.ch/x", HUNDRED_GB),
            ("s3://b/x", HUNDRED_GB),
        ],
    );
    request["task"]["outputs"][1]["path"] = "/out/0".into();
    request["sizes"] = json!({"/out/0": HUNDRED_GB});
    let answer = network.ask(&request).await;
    let first = &answer["service_combinations"][0];
    assert_close(&first["output_transfers"]["/out/0"]["cost"], 9.0);
    assert_close(&first["output_transfers"]["/out/0 #2"]["cost"], 2.0);
    assert_close(&first["cost_breakdown"]["outputs"], 11.0);
}

#[tokio::test]
async fn inputs_and_outputs_add_up() {
    let network = Network::start(AWS, "").await;
    let objects = drs(&[("a", HUNDRED_GB, &["https://b.s3.us-west-2.amazonaws.com/a"])]).await;
    let mut request = request(
        &[network.tes.url("/")],
        &[("https://data.unibas.ch/x", HUNDRED_GB)],
    );
    request["task"]["inputs"] =
        json!([{"url": format!("drs://{}/a", objects.address), "path": "/out/0"}]);
    let answer = network.ask(&request).await;
    let first = &answer["service_combinations"][0];
    assert_close(&first["transfers"]["/out/0"]["cost"], 2.0);
    assert_close(&first["output_transfers"]["/out/0"]["cost"], 9.0);
    let breakdown = &first["cost_breakdown"];
    assert_close(&breakdown["transfer"], 11.0);
    assert_close(&breakdown["outputs"], 9.0);
    assert_close(&breakdown["billed_to_others"], 2.0);
}
