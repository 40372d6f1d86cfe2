//! `explain` lists every default that the estimates rest on.

use serde_json::{Value, json};
use testribute::domain::{assumed::Assumed, exact::Seconds, transfer::route::Assumption};

use crate::support::{
    Server,
    network::{Service, drs, drs_root, request},
    recorder::Recorder,
    texts::{NoQueueTime, Warning, queue_time_assumed},
};

/// A TES without task info and tasks, at no place.
async fn tes() -> Recorder {
    Recorder::start(|line, _| {
        line.starts_with("GET /tasks")
            .then(|| (200, json!({"tasks": []})))
    })
    .await
}

fn root(tes: &Recorder) -> String {
    tes.server.url("/")
}

/// What is assumed for one object at `uri`, with `keys` of the entry and `estimation`.
async fn assumptions(
    tes: &Recorder,
    keys: &str,
    estimation: &str,
    uri: Option<&str>,
    preemptible: Option<bool>,
) -> Vec<String> {
    let service = Service::start_with(&format!(
        "
target_currency: USD
estimation: {estimation}
tes:
  task_info: never
  price_book:
    - match: \"*\"
      queue: {{signal: fixed}}
      {keys}
"
    ))
    .await;
    let drs: Option<Server> = match uri {
        Some(uri) => Some(drs(&[("a", 1_000_000_000, &[uri])]).await),
        None => None,
    };
    let roots: Vec<_> = drs.iter().map(drs_root).collect();
    let ids: Vec<_> = drs.iter().map(|_| "a").collect();
    let mut request = request(&[root(tes)], &roots, &ids);
    request["explain"] = true.into();
    request["resource_requirements"] = json!({
        "cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 100, "preemptible": preemptible
    });
    texts(&service.rank(&request).await["assumptions"])
}

fn texts(list: &Value) -> Vec<String> {
    serde_json::from_value(list.clone()).unwrap()
}

#[track_caller]
fn assert_assumed(found: &[String], expected: &[Assumed]) {
    let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

const NETWORK: &str = "{transfer_model: network}";
const PRICES: &str =
    "currency: USD\n      unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0}";
const VIRGINIA: &str = "place: {provider: aws, region: us-east-1}";

#[tokio::test]
async fn an_entry_without_more_rests_on_these() {
    let tes = tes().await;
    let keys = format!("{PRICES}\n      {VIRGINIA}");
    let uri = "https://b.s3.eu-central-1.amazonaws.com/x";
    let found = assumptions(&tes, &keys, NETWORK, Some(uri), None).await;
    let names = || vec![root(&tes)];
    assert_assumed(
        &found,
        &[
            Assumed::FirstTier,
            Assumed::Streams(names(), 8.0),
            Assumed::NoLink(names()),
            Assumed::Speed(names()),
            Assumed::NoFailures(names()),
            Assumed::PreemptibleUnstated,
        ],
    );
}

#[tokio::test]
async fn what_the_configuration_states_is_not_assumed() {
    let tes = tes().await;
    let keys = format!(
        "{PRICES}
      {VIRGINIA}
      link: {{in_mbps: 10000, streams: 16}}
      speed: 1.2
      failures: 0.02
      preemptions_per_hour: 0.1"
    );
    let estimation = "{transfer_model: network, network: {monthly_egress_gb: 5000}}";
    let uri = "https://b.s3.eu-central-1.amazonaws.com/x";
    let found = assumptions(&tes, &keys, estimation, Some(uri), Some(false)).await;
    assert_assumed(&found, &[Assumed::Tries(root(&tes), 1.0 / 0.98)]);
}

#[tokio::test]
async fn unknown_places_prices_and_rates_are_assumed() {
    let tes = tes().await;
    let uri = "https://nowhere.example/x";
    let keys = format!("{PRICES}\n      place: {{provider: aws}}");
    let found = assumptions(&tes, &keys, NETWORK, Some(uri), Some(true)).await;
    let names = || vec![root(&tes)];
    assert_assumed(
        &found,
        &[
            Assumed::Price(Assumption::SourceUnknown),
            Assumed::UnknownRate(1000.0),
            Assumed::NoRoundTrip,
            Assumed::NoLink(names()),
            Assumed::Speed(names()),
            Assumed::NoFailures(names()),
            Assumed::NoPreemptions(names()),
        ],
    );
    // Between regions that are not known, by the price that most share.
    let found = assumptions(&tes, &keys, NETWORK, Some("s3://bucket/x"), Some(true)).await;
    let common = Assumed::Price(Assumption::CommonRegion).to_string();
    assert!(found.contains(&common), "{found:#?}");
    // A region that the table does not list.
    let uri = "https://b.s3.us-iso-east-1.amazonaws.com/x";
    let found = assumptions(&tes, &keys, NETWORK, Some(uri), Some(true)).await;
    assert!(!found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn list_prices_name_their_date_free_disk_and_the_price_of_spot_machines() {
    let tes = tes().await;
    let keys = |list: &str, place: &str, more: &str| {
        format!("list_prices: {list}\n      place: {place}\n      {more}")
    };
    let virginia = "{provider: aws, region: us-east-1}";
    let priced = |as_of: &str, is_of_any_region| {
        Assumed::ListPrices {
            service: root(&tes),
            as_of: as_of.to_owned(),
            is_of_any_region,
        }
        .to_string()
    };
    let free = Assumed::FreeStorage(vec![root(&tes)]).to_string();
    let spot = |found: &[String]| found.iter().any(|text| text.starts_with("Spot machines"));

    let usual = keys("{}", virginia, "");
    let found = assumptions(&tes, &usual, NETWORK, None, Some(true)).await;
    assert!(found.contains(&priced("2025-03-02", false)), "{found:#?}");
    assert!(found.contains(&free) && !spot(&found), "{found:#?}");

    let on_spot = keys("{spot: true}", virginia, "unit_costs: {data_storage: 0.1}");
    let found = assumptions(&tes, &on_spot, NETWORK, None, Some(true)).await;
    let expected = Assumed::Spot {
        service: root(&tes),
        ratio: 0.34,
        is_measured: true,
    };
    assert!(found.contains(&expected.to_string()), "{found:#?}");
    assert!(!found.contains(&free), "{found:#?}");
    for stated in [Some(false), None] {
        let found = assumptions(&tes, &on_spot, NETWORK, None, stated).await;
        assert!(!spot(&found), "{found:#?}");
    }

    let oci = keys("{}", "{provider: oci}", "");
    let found = assumptions(&tes, &oci, NETWORK, None, Some(true)).await;
    assert!(
        found
            .iter()
            .any(|text| text.starts_with("Machines at") && text.contains("all regions")),
        "{found:#?}"
    );
}

#[tokio::test]
async fn by_distance_transfers_that_take_no_time_are_told() {
    let tes = tes().await;
    let keys = "currency: USD
      unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0.1}
      place: {latitude: 47, longitude: 8}";
    let uri = Some("https://far.example/x");
    let model = "{transfer_model: distance}";
    let found = assumptions(&tes, keys, model, uri, Some(false)).await;
    assert!(
        found.contains(&Assumed::NoTransferTime.to_string()),
        "{found:#?}"
    );
    let model = "{transfer_model: distance, transfer_rate_mbps: 10}";
    let found = assumptions(&tes, keys, model, uri, Some(false)).await;
    assert!(
        !found.contains(&Assumed::NoTransferTime.to_string()),
        "{found:#?}"
    );
}

#[tokio::test]
async fn warnings_about_defaults_are_among_the_assumptions() {
    let tes = tes().await;
    let service = Service::start_with(&format!(
        "
tes:
  task_info: never
  price_book: [{{match: \"*\", {}, queue: {{signal: history, default_sec: 77}}}}]
",
        "currency: EUR, unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}"
    ))
    .await;
    let mut request = request(&[root(&tes)], &[], &[]);
    request["explain"] = true.into();
    let answer = service.rank(&request).await;
    let cause = NoQueueTime::NoRecentTask { max_age_days: 7.0 };
    let expected = queue_time_assumed(&root(&tes), cause, 77.0);
    let found = texts(&answer["assumptions"]);
    assert!(found.contains(&expected), "{found:#?}");
    for warning in [
        Warning::UnknownSize("a".into()),
        Warning::DistanceAssumed { km: 1.0 },
        Warning::QueueTimeAssumed {
            service: String::new(),
            cause: NoQueueTime::NotInTaskInfo,
            seconds: Seconds::ZERO,
            is_default_sec: false,
        },
    ] {
        assert!(warning.is_assumption(), "{warning}");
    }
    assert!(!Warning::NoNeeds.is_assumption());
}
