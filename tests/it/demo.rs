//! The scenarios of the demonstration.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;
use testribute_mock::{DrsScenario, Queue, TesScenario};

fn demo(file: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    fs::read_to_string(format!("{root}/config/demo/{file}.yaml")).unwrap()
}

#[test]
fn the_demonstration_has_a_fast_expensive_and_a_slow_cheap_tes() {
    let [basel, helsinki] =
        ["tes-basel", "tes-helsinki"].map(|file| TesScenario::parse(&demo(file)).unwrap());
    assert_eq!((&*basel.currency, &*helsinki.currency), ("CHF", "EUR"));
    // The cost of the request of the demonstration without transfer: 2 cores, 8 GB, 50 GB of disk, 1800 s.
    let cost = |tes: &TesScenario| {
        let prices = tes.unit_costs;
        1800.0 * (2.0 * prices.cpu_usage + 8.0 * prices.memory_consumption)
            + 50.0 * prices.data_storage
    };
    let seconds = |tes: &TesScenario| match tes.queue {
        Queue::Fixed(seconds) => seconds,
        Queue::Range { .. } => panic!("{} has random queue times", tes.name),
    };
    assert!((cost(&basel) - 0.416).abs() < 1e-12);
    assert!((cost(&helsinki) - 0.2008).abs() < 1e-12);
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
fn every_object_of_the_demonstration_has_two_hosts_with_a_configured_location() {
    let scenarios = ["drs-1", "drs-2"].map(|file| DrsScenario::parse(&demo(file)).unwrap());
    let config: Value = yaml_serde::from_str(&demo("config")).unwrap();
    let locations = config["locations"]["overrides"].as_array().unwrap();
    let mut hosts = BTreeMap::<_, BTreeSet<_>>::new();
    for object in scenarios.iter().flat_map(|drs| &drs.objects) {
        for method in &object.access_methods {
            let url = method.access_url.as_ref().unwrap().url.as_str();
            let host = url.split('/').nth(2).unwrap();
            assert!(
                locations.iter().any(|location| location["match"] == host),
                "{host} has no location"
            );
            hosts.entry(&object.id).or_default().insert(host);
        }
    }
    for (id, hosts) in hosts {
        assert!(hosts.len() >= 2, "{id}: {hosts:?}");
    }
}
