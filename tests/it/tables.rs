//! Tables of prices, rates and domains in a file: read again on SIGHUP, and told when they are old.

use std::{fs, path::PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};
use testribute::{
    config::Config,
    domain::{transfer::warning::TransferWarning, warning::Warning},
    estimation::Estimation,
};

use crate::support::{
    network::{Service, request, warnings},
    program::RunningService,
    recorder::Recorder,
};

const EMBEDDED: &str = include_str!("../../src/config/data/network_tables.yaml");

/// A file that is removed in the end.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        let name = format!("tables-{}.yaml", rand::random::<u64>());
        let file = Self(std::env::temp_dir().join(name));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The embedded tables, with every `old` replaced.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = EMBEDDED.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    text
}

async fn tes() -> Recorder {
    Recorder::start(|line, _| {
        line.starts_with("GET /tasks")
            .then(|| (200, json!({"tasks": []})))
    })
    .await
}

/// A configuration with tables in `file`.
fn config(file: &File) -> String {
    format!(
        "
target_currency: USD
outbound: {{allowed_networks: [127.0.0.0/8]}}
estimation: {{transfer_model: network, network: {{tables: '{}'}}}}
tes:
  task_info: never
  price_book:
    - match: \"*\"
      queue: {{signal: fixed}}
      list_prices: {{}}
      place: {{provider: aws, region: us-east-1}}
",
        file.path()
    )
}

/// What a task of an hour on one core and its object at `uri` cost, and the rate of the transfer.
async fn costs(root: &str, tes: &Recorder, uri: &str) -> (f64, f64, f64) {
    let body = json!({
        "tes_uris": [tes.server.url("/")], "object_ids": [uri], "object_sizes": {uri: 100_000_000_000_u64},
        "explain": true, "resource_requirements":
            {"cpu_cores": 1, "ram_gb": 0, "disk_gb": 0, "execution_time_sec": 3600, "preemptible": false}
    });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.post(format!("{root}/rank-services")).json(&body);
    let answer: Value = response.send().await.unwrap().json().await.unwrap();
    let first = &answer["service_combinations"][0];
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{answer:#}"));
    (
        number(&first["cost_breakdown"]["compute"]),
        number(&first["cost_breakdown"]["transfer"]),
        number(&first["transfers"][uri]["rate_mbps"]),
    )
}

fn assert_close(found: (f64, f64, f64), expected: (f64, f64, f64)) {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs();
    assert!(
        close(found.0, expected.0) && close(found.1, expected.1) && close(found.2, expected.2),
        "{found:?} is not {expected:?}"
    );
}

#[tokio::test]
async fn sighup_reads_prices_rates_and_domains_again_and_keeps_what_it_has_on_failure() {
    const URI: &str = "https://data.example.edu/x";
    let tables = File::new(EMBEDDED);
    let configuration = File::new(&config(&tables));
    let mut service = RunningService::start(&[("TESTRIBUTE_CONFIG", configuration.path())]).await;
    let (root, tes) = (service.root.clone(), tes().await);
    let at = async |uri| costs(&root, &tes, uri).await;
    assert_close(at(URI).await, (0.035, 0.0, 2000.0));

    // The price of machines, a rate, and whose domain it is.
    tables.write(&changed(&[
        ("us-east-1: [0.03500,", "us-east-1: [0.07000,"),
        (
            "  aws: [amazonaws.com,",
            "  wasabi: [example.edu]\n  aws: [amazonaws.com,",
        ),
        (
            "  wasabi: [\"{region}.wasabisys.com\", wasabisys.com]\n",
            "",
        ),
    ]));
    service
        .hang_up("the tables of prices and rates were read again")
        .await;
    let (compute, transfer, _) = at(URI).await;
    assert!((compute - 0.07).abs() < 1e-9, "{compute}");
    assert!(transfer.abs() < 1e-9, "Wasabi charges nothing: {transfer}");

    tables.write(&changed(&[(
        "academic_to_cloud: 2",
        "academic_to_cloud: 3",
    )]));
    service
        .hang_up("the tables of prices and rates were read again")
        .await;
    assert_close(at(URI).await, (0.035, 0.0, 3000.0));

    for broken in [
        "schema: [".to_owned(),
        changed(&[("schema: 2", "schema: 9")]),
        // No list price for the entry of the price book.
        changed(&[("      us-east-1: [0.03500,", "      mars-1: [0.03500,")]),
    ] {
        tables.write(&broken);
        let line = service
            .hang_up("the tables of prices and rates stay as they were")
            .await;
        assert!(
            line.contains("estimation.network.tables") || line.contains("tes.price_book[0]"),
            "{line}"
        );
        assert_close(at(URI).await, (0.035, 0.0, 3000.0));
    }
    fs::remove_file(&tables.0).unwrap();
    let line = service
        .hang_up("the tables of prices and rates stay as they were")
        .await;
    assert!(line.contains(tables.path()), "{line}");
    assert_close(at(URI).await, (0.035, 0.0, 3000.0));
    assert_eq!(service.stop().await.0, Some(0));
}

#[tokio::test]
async fn old_tables_are_a_warning_with_their_date() {
    let tables = File::new(&changed(&[("\nas_of: 2026-09\n", "\nas_of: 2020-02\n")]));
    let service = Service::start_with(&config(&tables)).await;
    let tes = tes().await;
    let mut request = request(&[tes.server.url("/")], &[], &[]);
    request["explain"] = true.into();
    let answer = service.rank(&request).await;
    let expected = TransferWarning::OldTables {
        as_of: "2020-02".to_owned(),
    };
    let expected = Warning::Transfer(expected).to_string();
    assert_eq!(warnings(&answer), [expected.as_str()]);
    assert!(expected.contains("2020-02"), "{expected}");
    let assumptions = answer["assumptions"].as_array().unwrap();
    assert!(assumptions.contains(&expected.into()), "{assumptions:#?}");
}

#[test]
fn tables_are_old_after_eighteen_months() {
    let warning = |config: &str, now: &str| {
        let config = Config::from_text(config).unwrap();
        let now: Timestamp = now.parse().unwrap();
        Estimation::new(&config).unwrap().table_warning(now)
    };
    // The embedded tables are of September 2026.
    for today in ["2026-09-30T12:00:00Z", "2028-03-31T23:59:59Z"] {
        assert_eq!(warning("{}", today), None, "{today}");
    }
    let expected = TransferWarning::OldTables {
        as_of: "2026-09".to_owned(),
    };
    for today in ["2028-04-01T00:00:00Z", "2040-01-01T00:00:00Z"] {
        assert_eq!(
            warning("{}", today),
            Some(Warning::Transfer(expected.clone())),
            "{today}"
        );
        let distance = "{estimation: {transfer_model: distance}}";
        assert_eq!(warning(distance, today), None, "no table is used");
        let list_prices = "{estimation: {transfer_model: distance}, tes: {price_book: [{match: '*', list_prices: {},
            place: {provider: aws, region: us-east-1}, unit_costs: {data_transfer: 0}}]}}";
        assert!(
            warning(list_prices, today).is_some(),
            "prices of machines are"
        );
    }
}
