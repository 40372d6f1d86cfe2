//! What is said of answers that break their specifications, driven through the router and servers on loopback.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Path,
    http::Request,
    routing::any,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::{Section, section};
use crate::{
    Ranker,
    config::Config,
    http::{self, Readiness},
};

/// Answers of a TES to a request for task info.
const TASK_INFOS: [&str; 7] = [
    "<html>",
    "[]",
    "{}",
    r#"{"estimated_compute_costs": {"amount": "1"}}"#,
    r#"{"estimated_compute_costs": {"amount": -1, "currency": "EUR"},
        "estimated_storage_costs": {"amount": 1, "currency": "EUR"},
        "unit_costs_data_transfer": {"amount": 1, "currency": "EUR"}, "estimated_queue_time_sec": 1}"#,
    r#"{"estimated_compute_costs": {"amount": 1, "currency": "XXX"},
        "estimated_storage_costs": {"amount": 1, "currency": "EUR"},
        "unit_costs_data_transfer": {"amount": 1, "currency": "EUR"}, "estimated_queue_time_sec": 1}"#,
    r#"{"estimated_compute_costs": {"amount": 1, "currency": "EUR"},
        "estimated_storage_costs": {"amount": 1, "currency": "EUR"},
        "unit_costs_data_transfer": {"amount": 1, "currency": "EUR"}, "estimated_queue_time_sec": -1}"#,
];

/// A valid answer to a request for task info.
const GOOD_TASK_INFO: &str = r#"{"estimated_compute_costs": {"amount": 1, "currency": "CHF"},
    "estimated_storage_costs": {"amount": 1, "currency": "BTC"},
    "unit_costs_data_transfer": {"amount": 1, "currency": "EUR"}, "estimated_queue_time_sec": 1}"#;

/// Answers of a DRS to a request for an object.
const OBJECTS: [&str; 6] = [
    "{}",
    r#"{"size": "many"}"#,
    r#"{"size": -1}"#,
    r#"{"size": 1, "access_methods": "none"}"#,
    "[]",
    "{\"size\": 1",
];

/// Answers of the European Central Bank and of the ticker.
const RATES: [(&str, &str); 3] = [
    ("<a></b>", "{}"),
    ("<html/>", r#"{"USD": null}"#),
    ("<E><Cube time='2025-10-09'/></E>", "[]"),
];

pub(super) async fn sections() -> Vec<Section> {
    let root = serve().await;
    let config = config("");
    let tes: Vec<_> = (0..TASK_INFOS.len())
        .map(|n| format!("{root}/tes-{n}/"))
        .collect();
    let drs: Vec<_> = (0..OBJECTS.len())
        .map(|n| format!("{root}/drs-{n}/"))
        .collect();
    let messages = ask(&config, &tes, &drs).await;
    let mut texts: Vec<_> = messages
        .into_iter()
        .filter(|text| text.contains(&root))
        .collect();
    for n in 0..RATES.len() {
        let config = self::config(&format!(
            "{{ecb_url: '{root}/ecb-{n}', btc_url: '{root}/btc-{n}'}}"
        ));
        let messages = ask(&config, &[format!("{root}/good/")], &[]).await;
        texts.extend(messages.into_iter().filter(|text| !text.contains(&root)));
    }
    let texts = texts
        .into_iter()
        .map(|text| text.replace(&root, "http://127.0.0.1"));
    vec![section("Warnings about invalid answers", texts)]
}

fn config(rates: &str) -> Config {
    let mut config = Config::default();
    config.outbound.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    config.locations.database = crate::config::Database::None;
    if !rates.is_empty() {
        config.exchange_rates = yaml_serde::from_str(rates).unwrap();
    }
    config.timeout = 60.0;
    config.server.request_deadline_sec = 600.0;
    config
}

/// Serves the answers below `/tes-0/`, `/drs-0/` and so on; returns the root URL.
async fn serve() -> String {
    let router = Router::new().route(
        "/{service}/{*path}",
        any(async |Path((service, _)): Path<(String, String)>| answer(&service)),
    );
    let router = router.route(
        "/{service}",
        any(async |Path(service): Path<String>| answer(&service)),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    root
}

fn answer(service: &str) -> &'static str {
    let (kind, number) = service.split_once('-').unwrap_or((service, "0"));
    let number: usize = number.parse().unwrap();
    match kind {
        "tes" => TASK_INFOS[number],
        "drs" => OBJECTS[number],
        "ecb" => RATES[number].0,
        "btc" => RATES[number].1,
        _ => GOOD_TASK_INFO,
    }
}

/// All messages of the refusal of a request with these services, or all warnings of its answer.
async fn ask(config: &Config, tes: &[String], drs: &[String]) -> Vec<String> {
    let ranker = Arc::new(Ranker::new(config).unwrap());
    let router = http::router(ranker, config, Readiness::default(), None).unwrap();
    let objects = if drs.is_empty() {
        json!([])
    } else {
        json!(["a1"])
    };
    let body = json!({
        "tes_uris": tes, "drs_uris": drs, "object_ids": objects, "resource_requirements":
            {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1}
    });
    let request = Request::post("/rank-services")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let mut answer: Value = serde_json::from_slice(&body).unwrap();
    let messages = match answer.get_mut("warnings") {
        Some(warnings) => warnings.take(),
        None => answer["errors"][0]["message"].take(),
    };
    serde_json::from_value(messages).unwrap()
}
