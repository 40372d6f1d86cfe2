//! A service, the TES and DRS that it asks, and those who ask it, all over loopback.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
};
use reqwest::Client;
use serde_json::{Value, json};
use testribute::{
    Ranker,
    config::Config,
    http::{self, Readiness},
};
use testribute_mock::{
    AccessMethod, AccessUrl, Checksum, DataObject, DrsScenario, Queue, TesScenario,
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    time::sleep,
};

/// What differs from the defaults: where the mocks are, and that nothing is fetched from elsewhere.
const CONFIG: &str = "
outbound: {allowed_networks: [127.0.0.0/8]}
locations:
  database: none
  overrides:
    - {match: 127.0.0.1, latitude: 47.56, longitude: 7.59}
    - {match: files-1.example, latitude: 60.17, longitude: 24.94}
    - {match: files-2.example, latitude: 38.9, longitude: -77.0}
exchange_rates: {source: static, rates: {CHF: 0.93}, as_of: 2025-10-09}
";

/// The default configuration, for these mocks.
pub(crate) fn config() -> Config {
    let config: Config = yaml_serde::from_str(CONFIG).unwrap();
    config.check().unwrap();
    config
}

/// Threads of their own, as many as there are processors: a service shares its threads with no one who asks or is asked.
pub(crate) fn threads(name: &str) -> Runtime {
    Builder::new_multi_thread()
        .thread_name(name)
        .enable_all()
        .build()
        .unwrap()
}

/// Serves `router` on a free port; gives back its URL, without a slash at the end.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

/// Serves testribute as `testribute serve` does; gives back the URL to POST to.
pub(crate) async fn testribute(config: &Config) -> String {
    let ranker = Arc::new(Ranker::new(config).unwrap());
    let readiness = Readiness::default();
    let router = http::router(ranker, config, readiness.clone(), None).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/rank-services", listener.local_addr().unwrap());
    let forever = std::future::pending();
    tokio::spawn(http::serve(
        listener,
        router,
        readiness,
        forever,
        Duration::ZERO,
    ));
    url
}

/// The root URI of a TES that answers after `delay`.
pub(crate) async fn tes(currency: &str, queue: f64, delay: Duration) -> String {
    let scenario = TesScenario {
        currency: currency.to_owned(),
        queue: Queue::Fixed(queue),
        ..TesScenario::default()
    };
    let late = middleware::from_fn(move |request: Request, next: Next| async move {
        sleep(delay).await;
        next.run(request).await
    });
    let router = testribute_mock::tes::router(scenario);
    let router = if delay.is_zero() {
        router
    } else {
        router.layer(late)
    };
    format!("{}/ga4gh/tes/v1/", serve(router).await)
}

/// The root URI of a DRS that has all `ids` at `host`.
pub(crate) async fn drs(host: &str, ids: &[&str]) -> String {
    let object = |id: &&str| DataObject {
        id: (*id).to_owned(),
        name: None,
        size: 3_000_000_000,
        created_time: "2020-01-01T00:00:00Z".to_owned(),
        checksums: vec![Checksum {
            checksum: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            r#type: "md5".to_owned(),
        }],
        access_methods: vec![AccessMethod {
            r#type: "ftp".to_owned(),
            access_id: None,
            access_url: Some(AccessUrl {
                url: format!("ftp://{host}/data/{id}.fa.gz"),
                headers: Vec::new(),
            }),
            region: None,
        }],
        more: std::collections::BTreeMap::new(),
    };
    let scenario = DrsScenario {
        objects: ids.iter().map(object).collect(),
        ..DrsScenario::default()
    };
    format!(
        "{}/ga4gh/drs/v1/",
        serve(testribute_mock::drs::router(scenario)).await
    )
}

/// What the task needs.
pub(crate) fn needs() -> Value {
    json!({
        "cpu_cores": 2, "ram_gb": 4, "disk_gb": 10, "execution_time_sec": 1800, "preemptible": true, "zones": []
    })
}

/// Someone who asks.
pub(crate) fn caller() -> Client {
    Client::builder().no_proxy().no_gzip().build().unwrap()
}
