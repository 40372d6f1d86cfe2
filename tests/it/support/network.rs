//! A service under test, with mock TES and DRS beside it.

use std::sync::Arc;

use axum::Router;
use reqwest::StatusCode;
use serde_json::{Value, json};
use testribute::{
    Ranker,
    api::problem::Problem,
    config::Config,
    http::{self, Readiness},
};
use testribute_mock::{DrsScenario, TesScenario};

use super::Server;

/// A configuration for tests: calls may stay on this machine, and nothing is fetched from elsewhere.
pub fn config(more: &str) -> Config {
    const BASE: &str = "
timeout: 1
outbound: {allowed_networks: [127.0.0.0/8, '::1/128']}
locations:
  database: none
  overrides:
    - {match: 127.0.0.1, latitude: 47.56, longitude: 7.59}
    - {match: 127.0.0.2, latitude: 60.17, longitude: 24.94}
    - {match: near.example, latitude: 47.0, longitude: 8.0}
    - {match: far.example, latitude: 38.9, longitude: -77.0}
    - {match: '::1', latitude: 47.0, longitude: 8.0}
    - {match: localhost, latitude: 47.0, longitude: 8.0}
estimation: {transfer_model: distance}
exchange_rates: {source: static, rates: {CHF: 0.5, USD: 2}}
";
    let mut value: yaml_serde::Value = yaml_serde::from_str(BASE).unwrap();
    merge(&mut value, yaml_serde::from_str(more).unwrap());
    let config: Config = yaml_serde::from_value(value).unwrap();
    config.check().unwrap();
    config
}

fn merge(base: &mut yaml_serde::Value, more: yaml_serde::Value) {
    use yaml_serde::Value::Mapping;

    match (base, more) {
        (Mapping(base), Mapping(more)) => {
            for (key, value) in more {
                match base.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => drop(base.insert(key, value)),
                }
            }
        }
        (_, yaml_serde::Value::Null) => {}
        (base, more) => *base = more,
    }
}

/// The routes of the service as `config` says.
pub fn router(config: &Config) -> Router {
    let ranker = Arc::new(Ranker::new(config).unwrap());
    http::router(ranker, config, Readiness::default(), None).unwrap()
}

/// The service under test.
#[derive(Debug)]
pub struct Service {
    server: Server,
    client: reqwest::Client,
}

impl Service {
    /// Serves with the configuration for tests.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// Serves with the configuration for tests and `more` of it, in YAML.
    pub async fn start_with(more: &str) -> Self {
        Self {
            server: Server::start(router(&config(more))).await,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(self.url(path))
    }

    pub fn post(&self) -> reqwest::RequestBuilder {
        self.post_to("/rank-services")
    }

    pub fn post_to(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Sends `request` and gives back what comes.
    pub async fn ask(&self, request: &Value) -> (StatusCode, Value) {
        let response = self.post().json(request).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap())
    }

    /// Sends `request` and expects a ranking.
    pub async fn rank(&self, request: &Value) -> Value {
        let (status, body) = self.ask(request).await;
        assert_eq!(status, StatusCode::OK, "{body:#}");
        body
    }

    /// Sends `request` and expects a refusal for `reason`; gives back all its messages.
    pub async fn refuse(&self, request: &Value, reason: &str) -> Vec<String> {
        let (status, body) = self.ask(request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body:#}");
        assert_problem(&body, 400, reason)
    }
}

/// The messages of an error body, which must have the promised shape.
pub fn assert_problem(body: &Value, code: u16, reason: &str) -> Vec<String> {
    assert_eq!(body["code"], code, "{body:#}");
    assert_eq!(body["message"], Problem::MESSAGE, "{body:#}");
    let errors = body["errors"].as_array().unwrap();
    assert!(!errors.is_empty());
    errors
        .iter()
        .flat_map(|error| {
            assert_eq!(error["reason"], reason, "{body:#}");
            error["message"].as_array().unwrap()
        })
        .map(|message| message.as_str().unwrap().to_owned())
        .collect()
}

/// A TES with a price of 1 for each core-second, 1 for each gigabyte of disk and `transfer` for moving data.
pub async fn tes(host: &str, currency: &str, price: f64, transfer: f64, queue: f64) -> Server {
    let scenario = format!(
        "{{name: tes, currency: {currency}, queue: {queue}, unit_costs: {{cpu_usage: {price}, \
         memory_consumption: 0, data_storage: 1, data_transfer: {transfer}}}}}"
    );
    let scenario = TesScenario::parse(&scenario).unwrap();
    Server::start_on(host, testribute_mock::tes::router(scenario)).await
}

/// A DRS with `objects`: id, size and access URIs of each.
pub async fn drs(objects: &[(&str, u64, &[&str])]) -> Server {
    let objects: Vec<_> = objects
        .iter()
        .map(|(id, size, uris)| {
            let methods: Vec<_> = uris
                .iter()
                .map(|uri| json!({"type": "https", "access_url": {"url": uri}}))
                .collect();
            json!({
                "id": id, "size": size, "created_time": "2020-01-01T00:00:00Z",
                "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}],
                "access_methods": methods
            })
        })
        .collect();
    let scenario = json!({"name": "drs", "objects": objects}).to_string();
    let scenario = DrsScenario::parse(&scenario).unwrap();
    Server::start(testribute_mock::drs::router(scenario)).await
}

/// The root URI of a mock TES.
pub fn tes_root(server: &Server) -> String {
    server.url("/ga4gh/tes/v1/")
}

/// The root URI of a mock DRS.
pub fn drs_root(server: &Server) -> String {
    server.url("/ga4gh/drs/v1/")
}

/// A request for a small task.
pub fn request(tes: &[String], drs: &[String], objects: &[&str]) -> Value {
    json!({
        "tes_uris": tes, "drs_uris": drs, "object_ids": objects,
        "resource_requirements": {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 10}
    })
}

/// The warnings of an answer.
pub fn warnings(answer: &Value) -> Vec<&str> {
    let warnings = answer["warnings"].as_array().unwrap();
    warnings.iter().map(|text| text.as_str().unwrap()).collect()
}

/// The `tes_uri` of each combination, best first.
pub fn tes_of(answer: &Value) -> Vec<&str> {
    let combinations = answer["service_combinations"].as_array().unwrap();
    combinations
        .iter()
        .map(|combination| combination["access_uris"]["tes_uri"].as_str().unwrap())
        .collect()
}
