//! Proxies that the environment names: of no account, unless the configuration says so.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{request, tes, tes_root, warnings},
    program::RunningService,
    recorder::Recorder,
    texts::{ResolveError, off_limits, tes_unavailable},
};

/// Answers as a TES for every host.
async fn proxy() -> Recorder {
    let money = json!({"amount": 1.0, "currency": "EUR"});
    let info = json!({
        "estimated_compute_costs": money, "estimated_storage_costs": money, "unit_costs_data_transfer": money,
        "estimated_queue_time_sec": 60
    });
    Recorder::start(move |line, _| line.starts_with("POST ").then(|| (200, info.clone()))).await
}

/// A service in whose environment `proxy` is the one for everything.
async fn service_beside(proxy: &Recorder, through_it: &str) -> RunningService {
    service_with_proxy(&proxy.server.url("/"), through_it).await
}

async fn service_with_proxy(url: &str, through_it: &str) -> RunningService {
    RunningService::start(&[
        ("HTTP_PROXY", url),
        ("http_proxy", url),
        ("ALL_PROXY", url),
        ("TESTRIBUTE__OUTBOUND__PROXY_FROM_ENVIRONMENT", through_it),
        ("TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS", "127.0.0.2/32"),
    ])
    .await
}

async fn rank(service: &RunningService, tes: &[String]) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/rank-services", service.root);
    let question = client.post(url).json(&request(tes, &[], &[]));
    question.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_service_takes_no_proxy_from_its_environment() {
    let proxy = proxy().await;
    let service = service_beside(&proxy, "false").await;
    let good = tes("127.0.0.2", "EUR", 1.0, 1.0, 0.0).await;
    let answer = rank(
        &service,
        &[tes_root(&good), "http://tes.invalid/".to_owned()],
    )
    .await;
    let unresolved = ResolveError::Unknown.into();
    assert_eq!(
        warnings(&answer),
        [tes_unavailable("http://tes.invalid/", &unresolved)]
    );
    assert_eq!(proxy.lines(), [""; 0]);
}

#[tokio::test]
async fn if_it_is_told_to_it_does_but_not_to_special_addresses() {
    let proxy = proxy().await;
    let service = service_beside(&proxy, "true").await;
    let uris = ["http://tes.invalid/", "http://10.0.0.1/"].map(str::to_owned);
    let answer = rank(&service, &uris).await;
    assert_eq!(
        answer["service_combinations"].as_array().unwrap().len(),
        1,
        "{answer:#}"
    );
    assert_eq!(
        warnings(&answer),
        [tes_unavailable("http://10.0.0.1/", &off_limits("10.0.0.1"))]
    );
    assert_eq!(proxy.lines(), ["POST http://tes.invalid/tasks/task-info"]);
}

#[tokio::test]
async fn a_proxy_gets_its_credential_and_for_https_opens_a_tunnel() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let recorded = Arc::clone(&seen);
    let refuses = async move |method: Method, uri: Uri, headers: HeaderMap| {
        let credential = headers.get("proxy-authorization");
        let credential = credential.map_or("nothing", |value| value.to_str().unwrap());
        let line = format!("{method} {uri} with {credential}");
        recorded.lock().unwrap().push(line);
        StatusCode::BAD_GATEWAY
    };
    let proxy = Server::start(Router::new().fallback(refuses)).await;
    let url = proxy.url("/").replace("http://", "http://ann:secret@");
    let service = service_with_proxy(&url, "true").await;
    let uris = ["http://tes.invalid/", "https://tes.invalid/"].map(str::to_owned);
    rank(&service, &uris).await;
    let seen = seen.lock().unwrap();
    let credential = "Basic YW5uOnNlY3JldA==";
    for line in [
        format!("POST http://tes.invalid/tasks/task-info with {credential}"),
        format!("CONNECT tes.invalid:443 with {credential}"),
    ] {
        assert!(seen.contains(&line), "{seen:?}");
    }
    assert!(
        seen.iter().all(|line| line.ends_with(credential)),
        "{seen:?}"
    );
}
