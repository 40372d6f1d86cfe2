//! A service, the mock TES and DRS that it calls, and its callers.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, Request},
    middleware::{self, Next},
    routing::{get, post},
};
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use testribute::{
    Ranker,
    config::{Config, Log},
    http::{self, Readiness},
    telemetry,
};
use testribute_mock as mock;
use tokio::{net::TcpListener, time::sleep};

/// What differs from the defaults: where the mocks are, and that nothing is fetched from elsewhere.
const CONFIG: &str = "
outbound: {allowed_networks: [127.0.0.0/8]}
locations:
  database: none
  overrides:
    - {match: 127.0.0.1, latitude: 47.56, longitude: 7.59}
    - {match: files-0.example, latitude: 60.17, longitude: 24.94}
    - {match: files-1.example, latitude: 38.9, longitude: -77.0}
    - {match: files-2.example, latitude: 35.7, longitude: 139.7}
    - {match: files-3.example, latitude: -33.9, longitude: 151.2}
    - {match: files-4.example, latitude: 51.5, longitude: -0.1}
exchange_rates: {source: static, rates: {CHF: 0.93}}
";

/// The default configuration for these mocks, with `drs.cache_ttl_sec` and larger limits from `parameters`.
fn config(parameters: &Value) -> Config {
    let mut config: Config = yaml_serde::from_str(CONFIG).unwrap();
    if let Some(ttl) = parameters["cache_ttl_sec"].as_u64() {
        config.drs.cache_ttl_sec = ttl;
    }
    if parameters["large"] == true {
        config.timeout = 30.0;
        config.server.request_deadline_sec = 120.0;
    }
    config.check().unwrap();
    config
}

/// Serves `router` on a free port; gives back its URL, without a slash at the end.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

/// Serves testribute as `testribute serve` does, with its log at the default level; gives back the URL to POST to.
pub(crate) async fn service(parameters: &Value) -> Value {
    let subscriber = telemetry::subscriber(&Log::default(), io::sink, false).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let config = config(parameters);
    let ranker = Arc::new(Ranker::new(&config).unwrap());
    let readiness = Readiness::default();
    let router = http::router(ranker, &config, readiness.clone(), None).unwrap();
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
    json!({ "url": url })
}

/// Serves as many TES and DRS as `parameters` say, each DRS with all objects; gives back a request that names them, or,
/// with the kind `bundle`, the bundle of them all.
pub(crate) async fn mocks(parameters: &Value) -> Value {
    let count = |key: &str| parameters[key].as_u64().unwrap();
    let ids: Vec<_> = (0..count("objects")).map(|n| format!("a{n:03}")).collect();
    let delay = Duration::from_millis(parameters["delay_ms"].as_u64().unwrap_or(0));
    let tes = (0..count("tes")).map(|n| tes(n, delay));
    let (drs, ids) = match parameters["kind"].as_str() {
        None | Some("single") => {
            let drs = (0..count("drs")).map(|n| drs(n, &ids));
            (join_all(drs).await, ids)
        }
        Some(kind) => {
            let drs = (0..count("drs")).map(|n| large_drs(n, ids.len()));
            let drs = join_all(drs).await;
            let bundle = vec!["bundle".to_owned()];
            (drs, if kind == "bundle" { bundle } else { ids })
        }
    };
    json!({
        "tes_uris": join_all(tes).await,
        "drs_uris": drs,
        "object_ids": ids,
        "resource_requirements": {
            "cpu_cores": 2, "ram_gb": 4, "disk_gb": 10, "execution_time_sec": 1800, "preemptible": true, "zones": []
        },
        "mode": 0.5,
        "limit": 100
    })
}

/// The root URI of a TES that answers after `delay`; every other one in another currency than the answer's.
async fn tes(number: u64, delay: Duration) -> String {
    let scenario = mock::TesScenario {
        currency: if number.is_multiple_of(2) {
            "EUR"
        } else {
            "CHF"
        }
        .to_owned(),
        queue: mock::Queue::Fixed(60.0),
        ..mock::TesScenario::default()
    };
    let late = middleware::from_fn(move |request: Request, next: Next| async move {
        sleep(delay).await;
        next.run(request).await
    });
    let router = mock::tes::router(scenario);
    let router = if delay.is_zero() {
        router
    } else {
        router.layer(late)
    };
    format!("{}/ga4gh/tes/v1/", serve(router).await)
}

/// The root URI of a DRS that has all `ids`.
async fn drs(number: u64, ids: &[String]) -> String {
    let object = |id: &String| mock::DataObject {
        id: id.clone(),
        name: None,
        size: 3_000_000_000,
        created_time: "2020-01-01T00:00:00Z".to_owned(),
        checksums: vec![mock::Checksum {
            checksum: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            r#type: "md5".to_owned(),
        }],
        access_methods: vec![mock::AccessMethod {
            r#type: "ftp".to_owned(),
            access_id: None,
            access_url: Some(mock::AccessUrl {
                url: format!("ftp://files-{}.example/data/{id}.fa.gz", number % 5),
                headers: Vec::new(),
            }),
            region: None,
        }],
        more: std::collections::BTreeMap::new(),
    };
    let scenario = mock::DrsScenario {
        objects: ids.iter().map(object).collect(),
        ..mock::DrsScenario::default()
    };
    format!("{}/ga4gh/drs/v1/", serve(mock::drs::router(scenario)).await)
}

/// The root URI of a DRS that has every object, takes many at once, and has a bundle of so many.
async fn large_drs(number: u64, objects: usize) -> String {
    let object = move |id: &str| {
        let url = format!("ftp://files-{}.example/data/{id}.fa.gz", number % 5);
        json!({
            "id": id, "size": 3_000_000_000_u64, "access_methods": [{"type": "ftp", "access_url": {"url": url}}],
            "checksums": [{"type": "md5", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}]
        })
    };
    let one = async move |Path(id): Path<String>| {
        if id != "bundle" {
            return Json(object(&id));
        }
        let contents =
            (0..objects).map(|n| json!({"name": format!("f{n}"), "id": format!("a{n:03}")}));
        Json(json!({"id": id, "contents": contents.collect::<Vec<_>>()}))
    };
    let many = async move |Json(asked): Json<Value>| {
        let ids = asked["bulk_object_ids"].as_array().unwrap();
        let found = ids.iter().map(|id| object(id.as_str().unwrap()));
        Json(json!({"resolved_drs_object": found.collect::<Vec<_>>()}))
    };
    let about = async || {
        Json(json!({"type": {"artifact": "drs", "version": "1.5.0"}, "maxBulkRequestLength": 100}))
    };
    let v1 = Router::new()
        .route("/objects/{id}", get(one))
        .route("/objects", post(many))
        .route("/service-info", get(about));
    let router = Router::new().nest("/ga4gh/drs/v1", v1);
    format!("{}/ga4gh/drs/v1/", serve(router).await)
}

/// The client of a caller.
pub(crate) fn caller() -> Client {
    Client::builder().no_proxy().no_gzip().build().unwrap()
}
