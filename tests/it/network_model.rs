//! The transfer model `network` in the service: prices, who is billed, sites, and what `explain` tells.

use axum::{
    Json, Router,
    http::{Method, StatusCode},
    response::IntoResponse,
};
use serde_json::{Value, json};
use testribute::domain::{
    assumed::Assumed,
    transfer::{route::Assumption, warning::TransferWarning},
    warning::Warning,
};

use crate::support::{
    Server,
    network::{Service, drs, drs_root, request, warnings},
    texts::{Exclusion, tes_excluded},
};

/// The host of the TES, which has no place of its own.
const TES: &str = "127.0.0.3";

/// A service, and a TES without task info and tasks.
struct Network {
    service: Service,
    tes: Server,
}

impl Network {
    /// A service with this configuration.
    async fn start(config: &str) -> Self {
        let tes = Router::new().fallback(async |method: Method| match method {
            Method::GET => Json(json!({"tasks": []})).into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        });
        Self {
            service: Service::start_with(config).await,
            tes: Server::start_on(TES, tes).await,
        }
    }

    fn root(&self) -> String {
        self.tes.url("/")
    }

    async fn rank(&self, request: &Value) -> Value {
        self.service.rank(request).await
    }
}

/// A service with one entry of the price book for `TES`, and `more` keys of the entry and of the configuration.
async fn service(entry: &str, more: &str) -> Network {
    let estimation = if more.contains("estimation:") {
        ""
    } else {
        "estimation: {transfer_model: network}"
    };
    Network::start(&format!(
        "
target_currency: USD
{estimation}
tes:
  task_info: never
  price_book:
    - match: {TES}
      queue: {{signal: fixed, default_sec: 60}}
{entry}
{more}"
    ))
    .await
}

const UNIT_COSTS: &str = "      currency: USD
      unit_costs: {cpu_usage: 0.01, memory_consumption: 0, data_storage: 0}";

fn in_virginia() -> String {
    format!("{UNIT_COSTS}\n      place: {{provider: aws, region: us-east-1}}")
}

const HUNDRED_GB: u64 = 100_000_000_000;

/// The first combination for objects of 100 GB, each at one URI.
async fn first(service: &Network, uris: &[&str]) -> (Value, Value) {
    let ids: Vec<_> = (0..uris.len()).map(|id| format!("o{id}")).collect();
    let lists: Vec<_> = uris.iter().map(|uri| [*uri]).collect();
    let objects: Vec<_> = ids
        .iter()
        .zip(&lists)
        .map(|(id, uris)| (id.as_str(), HUNDRED_GB, &uris[..]))
        .collect();
    let drs = drs(&objects).await;
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let mut request = request(&[service.root()], &[drs_root(&drs)], &ids);
    request["explain"] = true.into();
    let answer = service.rank(&request).await;
    (answer["service_combinations"][0].clone(), answer)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

#[tokio::test]
async fn an_explained_answer_tells_every_price_and_rate() {
    let service = service(&in_virginia(), "").await;
    let (first, answer) = first(
        &service,
        &[
            "https://b.s3.us-east-1.amazonaws.com/x",
            "https://b.s3.us-east-2.amazonaws.com/x",
            "https://b.s3.us-west-2.amazonaws.com/x",
            "https://b.s3.eu-central-1.amazonaws.com/x",
            "https://us-east4-storage.googleapis.com/b/x",
            "https://us-central1-storage.googleapis.com/b/x",
            "ftp://ftp.ebi.ac.uk/x",
        ],
    )
    .await;
    let transfers = &first["transfers"];
    let expected = [0.0, 1.0, 2.0, 2.0, 11.1759, 11.1759, 0.0];
    for (id, expected) in expected.iter().enumerate() {
        let cost = number(&transfers[format!("o{id}")]["cost"]);
        assert!(
            (cost - expected).abs() < 5e-5,
            "o{id}: {cost} is not {expected}"
        );
    }
    let part = |id: &str, key: &str| transfers[id][key].clone();
    assert_eq!(part("o0", "charged_as"), "same-region");
    assert_eq!(part("o1", "charged_as"), "inter-region");
    assert_eq!(part("o4", "charged_as"), "internet");
    assert_eq!(part("o6", "charged_as"), "free-network");
    assert_eq!(part("o4", "billed_to"), "owner");
    assert_eq!(part("o6", "billed_to"), "nobody");
    assert_eq!(part("o4", "from_source"), "region");
    assert_eq!(part("o4", "to_source"), "override");
    assert_eq!(part("o6", "from_source"), "domain");
    assert_eq!(part("o4", "price_per_gb")["currency"], "USD");
    assert_eq!(part("o4", "verified"), true);
    assert!(
        part("o4", "price_source")
            .as_str()
            .unwrap()
            .contains("2026-04-23")
    );
    assert_eq!(part("o0", "limited_by"), "class");
    assert_eq!(part("o0", "size_bytes"), HUNDRED_GB);
    assert!(
        part("o4", "from")
            .as_str()
            .unwrap()
            .ends_with("(gcp/us-east4)")
    );
    for id in 0..7 {
        let transfer = &transfers[format!("o{id}")];
        let seconds = 8e11 / (number(&transfer["rate_mbps"]) * 1e6);
        assert!((number(&transfer["seconds"]) - seconds).abs() < 1e-6 * seconds);
    }
    let breakdown = &first["cost_breakdown"];
    assert_eq!(breakdown["billed_to_others"], breakdown["transfer"]);
    assert_eq!(
        first["execution"],
        json!({"source": "request", "speed": 1.0, "tries": 1.0})
    );
    assert_eq!(answer["space_size"], "1");
    assert_eq!(answer["means"]["cost"], first["cost_estimate"]["amount"]);
    assert_eq!(answer["means"]["time"], first["time_estimate"]);
    let place = &answer["places"][TES];
    assert_eq!(
        (&place["provider"], &place["region"]),
        (&json!("aws"), &json!("us-east-1"))
    );
    assert_eq!(answer["places"]["ftp.ebi.ac.uk"]["network"], "academic");
}

#[tokio::test]
async fn a_source_without_a_network_is_a_warning_with_the_line_that_ends_it() {
    let more = "estimation: {transfer_model: network, network: {unknown: {price_per_gb: 0.5}}}";
    let service = service(&in_virginia(), more).await;
    let (first, answer) = first(
        &service,
        &["https://near.example/x", "https://near.example/y"],
    )
    .await;
    assert!((number(&first["cost_breakdown"]["transfer"]) - 100.0).abs() < 1e-9);
    let warning = TransferWarning::UnknownNetwork {
        host: "near.example".to_owned(),
        price_per_gb: 0.5,
        currency: "USD",
    };
    assert_eq!(warnings(&answer), [Warning::Transfer(warning).to_string()]);
    let assumed = [
        Assumed::Price(Assumption::SourceUnknown),
        Assumed::UnknownRate(1000.0),
    ];
    let told = answer["assumptions"].as_array().unwrap();
    for assumed in assumed {
        assert!(told.contains(&assumed.to_string().into()), "{told:#?}");
    }

    let known =
        "estimation: {transfer_model: network, network: {networks: {academic: [near.example]}}}";
    let service = self::service(&in_virginia(), known).await;
    let (first, answer) = self::first(&service, &["https://near.example/x"]).await;
    assert_eq!(first["cost_breakdown"]["transfer"], 0.0);
    assert_eq!(warnings(&answer), Vec::<&str>::new());
}

#[tokio::test]
async fn a_tes_at_an_unknown_place_is_a_warning_and_is_ranked() {
    let service = service(UNIT_COSTS, "").await;
    let (first, answer) = first(&service, &["https://b.s3.us-east-1.amazonaws.com/x"]).await;
    assert!((number(&first["cost_breakdown"]["transfer"]) - 9.0).abs() < 1e-9);
    let warning = TransferWarning::UnknownTesPlace {
        service: service.root(),
    };
    let warning = Warning::Transfer(warning).to_string();
    assert!(warnings(&answer).contains(&warning.as_str()), "{answer:#}");
    // Nor is the region of the source known.
    let (_, answer) = self::first(&service, &["s3://bucket/x"]).await;
    assert!(warnings(&answer).contains(&warning.as_str()), "{answer:#}");
}

#[tokio::test]
async fn what_others_are_billed_can_be_left_out() {
    let more = "
estimation: {transfer_model: network, billed_to: caller}
locations:
  buckets:
    \"s3://asks\": {region: us-west-2, requester_pays: true}
    \"s3://other\": {region: us-west-2}
    \"s3://open\": {region: us-west-2, open_data: true}";
    let service = service(&in_virginia(), more).await;
    let (first, _) = first(&service, &["s3://asks/x", "s3://other/x", "s3://open/x"]).await;
    assert!((number(&first["cost_breakdown"]["transfer"]) - 2.0).abs() < 1e-9);
    assert_eq!(first["cost_breakdown"]["billed_to_others"], 0.0);
    let payers = ["o0", "o1", "o2"].map(|id| first["transfers"][id]["billed_to"].clone());
    assert_eq!(payers, ["caller", "owner", "nobody"]);
}

#[tokio::test]
async fn speed_failures_and_preemptions_make_a_task_longer_and_more_expensive() {
    let entry = format!(
        "{}\n      speed: 2\n      failures: 0.5\n      preemptions_per_hour: 36",
        in_virginia()
    );
    let service = service(&entry, "").await;
    let drs = drs(&[("a", HUNDRED_GB, &["https://b.s3.us-west-2.amazonaws.com/x"])]).await;
    let mut request = request(&[service.root()], &[drs_root(&drs)], &["a"]);
    request["explain"] = true.into();
    request["resource_requirements"]["execution_time_sec"] = 200.into();
    request["resource_requirements"]["preemptible"] = false.into();
    let answer = service.rank(&request).await;
    let first = &answer["service_combinations"][0];
    // 100 s at twice the speed, each attempt repeated once.
    assert_eq!(first["time_breakdown"]["execution"], 200.0);
    assert_eq!(first["cost_breakdown"]["compute"], 2.0);
    assert!((number(&first["cost_breakdown"]["transfer"]) - 4.0).abs() < 1e-9);
    assert_eq!(first["time_breakdown"]["queue"], 60.0);
    assert_eq!(first["execution"]["tries"], 2.0);

    request["resource_requirements"]["preemptible"] = true.into();
    let answer = service.rank(&request).await;
    let first = &answer["service_combinations"][0];
    let e = std::f64::consts::E;
    assert!((number(&first["time_breakdown"]["execution"]) - 200.0 * (e - 1.0)).abs() < 1e-6);
    assert!((number(&first["cost_breakdown"]["transfer"]) - 4.0 * e).abs() < 1e-6);

    // Machines that are not preemptible are not preempted.
    let entry = format!("{entry}\n      capacity: {{preemptible: false}}");
    let without = self::service(&entry, "").await;
    let mut elsewhere = request.clone();
    elsewhere["tes_uris"] = json!([without.root()]);
    let answer = without.rank(&elsewhere).await;
    let first = &answer["service_combinations"][0];
    assert_eq!(first["time_breakdown"]["execution"], 200.0);

    request["resource_requirements"]["execution_time_sec"] = 2000.into();
    let refused = service
        .service
        .refuse(&request, "ResourceUnavailableError")
        .await;
    let excluded = tes_excluded(&service.root(), Exclusion::Preempted(10.0));
    assert!(refused.contains(&excluded), "{refused:?}");
}

#[tokio::test]
async fn list_prices_are_those_of_the_place() {
    let place = "      place: {provider: aws, region: us-east-1}";
    let on_demand = service(&format!("      list_prices: {{}}\n{place}"), "").await;
    let spot = service(&format!("      list_prices: {{spot: true}}\n{place}"), "").await;
    let mut request = request(&[], &[], &[]);
    request["resource_requirements"] = json!({
        "cpu_cores": 4, "ram_gb": 16, "disk_gb": 100, "execution_time_sec": 3600, "preemptible": true
    });
    let usual = 4.0 * 0.035 + 16.0 / 1.073_741_824 * 0.003_46;
    for (service, preemptible, expected) in [
        (&on_demand, true, usual),
        (&spot, true, usual * 0.34),
        (&spot, false, usual),
    ] {
        request["tes_uris"] = json!([service.root()]);
        request["resource_requirements"]["preemptible"] = preemptible.into();
        let answer = service.rank(&request).await;
        let breakdown = &answer["service_combinations"][0]["cost_breakdown"];
        let compute = number(&breakdown["compute"]);
        assert!(
            (compute - expected).abs() < 1e-9,
            "{compute} is not {expected}"
        );
        assert_eq!(breakdown["storage"], 0.0);
    }
}

#[test]
fn list_prices_of_an_unknown_region_stop_the_start() {
    let text = format!(
        "tes: {{price_book: [{{match: '{TES}', list_prices: {{}}, place: {{provider: aws, region: mars-1}}}}]}}"
    );
    let config: testribute::config::Config = yaml_serde::from_str(&text).unwrap();
    config.check().unwrap();
    let error = testribute::Ranker::new(&config).unwrap_err().to_string();
    assert!(
        error.starts_with("tes.price_book[0].list_prices: "),
        "{error}"
    );
}

#[tokio::test]
async fn prices_in_dollars_are_converted_offline() {
    let service = Network::start(&format!(
        "
target_currency: NOK
estimation: {{transfer_model: network}}
tes: {{task_info: never, price_book: [{{match: '{TES}', currency: NOK, place: {{network: academic}},
  unit_costs: {{cpu_usage: 0, memory_consumption: 0, data_storage: 0}}, queue: {{signal: fixed}}}}]}}"
    ))
    .await;
    let (first, answer) = first(&service, &["https://b.s3.us-east-1.amazonaws.com/x"]).await;
    let cost = number(&first["cost_breakdown"]["transfer"]);
    assert!((cost - 9.0 * 11.624 / 1.1611).abs() < 1e-9, "{cost}");
    let warning = TransferWarning::EmbeddedRates {
        currency: "USD",
        as_of: "2025-10-09",
    };
    let warning = Warning::Transfer(warning).to_string();
    assert!(warnings(&answer).contains(&warning.as_str()), "{answer:#}");
}

#[tokio::test]
async fn a_price_that_the_tes_states_counts_by_distance() {
    let entry = "      currency: USD
      unit_costs: {cpu_usage: 0, memory_consumption: 0, data_storage: 0, data_transfer: 0.02}
      place: {provider: aws, region: us-east-1}";
    let service = service(entry, "").await;
    let (first, _) = first(&service, &["https://far.example/x"]).await;
    let transfer = &first["transfers"]["o0"];
    assert_eq!(transfer["charged_as"], "distance");
    assert_eq!(transfer["billed_to"], "caller");
    let km = number(&first["distances"]["o0"]["km"]);
    assert!((number(&transfer["cost"]) - 100.0 * km / 1000.0 * 0.02).abs() < 1e-9);
}

#[tokio::test]
async fn a_configured_network_has_the_coordinates_of_the_host() {
    let entry = format!("{UNIT_COSTS}\n      place: {{network: academic}}");
    let more = "locations: {overrides: [{match: 127.0.0.3, latitude: 47.56, longitude: 7.59}]}";
    let service = service(&entry, more).await;
    let (first, answer) = first(&service, &["https://b.s3.eu-central-1.amazonaws.com/x"]).await;
    let place = &answer["places"][TES];
    assert_eq!(
        (&place["network"], &place["latitude"]),
        (&json!("academic"), &json!(47.56))
    );
    assert!(number(&first["distances"]["o0"]["km"]) < 400.0);
    assert_eq!(first["transfers"]["o0"]["to_source"], "override");
    assert_eq!(warnings(&answer), Vec::<&str>::new());
}

#[tokio::test]
async fn prices_of_offers_are_converted_offline_too() {
    let tes = async |currency: &str| {
        crate::support::network::tes("127.0.0.1", currency, 2.0, 1.0, 60.0).await
    };
    let (swedish, rouble) = (tes("SEK").await, tes("RUB").await);
    let service = Service::start_with(
        "{target_currency: NOK, exchange_rates: {source: static, base: NOK, rates: {}}}",
    )
    .await;
    let roots = [&swedish, &rouble].map(crate::support::network::tes_root);
    let answer = service.rank(&request(&roots, &[], &[])).await;
    let combinations = answer["service_combinations"].as_array().unwrap();
    assert_eq!(combinations.len(), 1, "{answer:#}");
    let embedded = TransferWarning::EmbeddedRates {
        currency: "SEK",
        as_of: "2025-10-09",
    };
    let excluded = Exclusion::NoExchangeRate {
        currencies: [testribute::domain::money::Currency::RUB].into(),
        target: testribute::domain::money::Currency::NOK,
    };
    assert_eq!(
        warnings(&answer),
        [
            Warning::Transfer(embedded).to_string(),
            tes_excluded(&roots[1], excluded)
        ]
    );
    // 10 s on one core at 2 SEK, and a GB of disk at 1.
    let cost = number(&combinations[0]["cost_estimate"]["amount"]);
    assert!((cost - 21.0 * 11.624 / 10.987).abs() < 1e-6, "{cost}");
}
