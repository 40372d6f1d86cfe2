//! Every configuration of 0.3 starts: files as that version shipped them, and one with every key that it had.

use std::{fs, path::Path, sync::Arc};

use testribute::{
    Ranker,
    config::Config,
    http::{self, Readiness},
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/config-0.3");

fn load(name: &str) -> Config {
    let path = Path::new(FIXTURES).join(name);
    Config::load(Some(&path), std::iter::empty()).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn every_configuration_of_0_3_starts() {
    let mut fixtures = 0;
    for entry in fs::read_dir(FIXTURES).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let config = load(&name);
        let ranker = Ranker::new(&config).unwrap_or_else(|error| panic!("{name}: {error}"));
        let router = http::router(Arc::new(ranker), &config, Readiness::default(), None);
        assert!(router.is_ok(), "{name}");
        fixtures += 1;
    }
    assert_eq!(fixtures, 4);
}

#[test]
fn limits_that_0_3_did_not_have_limit_no_one_who_does_not_set_them() {
    let config = load("every_key.yaml");
    assert_eq!(config.limits.requests_per_minute, 0);
    assert!((config.limits.caller_in_flight_share - 1.0).abs() < f64::EPSILON);
    assert!(config.server.readiness_delay_sec.abs() < f64::EPSILON);
    assert!(config.server.trusted_proxies.is_empty());
    assert_eq!(config.telemetry.otlp_endpoint, None);
    assert_eq!(config.telemetry.metrics_port, None);
}
