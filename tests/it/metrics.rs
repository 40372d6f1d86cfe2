//! `/metrics`: what is counted, who may read it, and that strangers add no series.

use std::collections::BTreeSet;

use jsonwebtoken::Algorithm;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{
    faulty::always,
    idp::{Draft, Provider},
    network::{Service, drs, drs_root, request, tes, tes_root},
    program::RunningService,
};

async fn metrics(service: &Service) -> String {
    let response = service.get("/metrics").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    response.text().await.unwrap()
}

/// The value of one series.
fn value(text: &str, series: &str) -> f64 {
    shown(text, series).parse().unwrap()
}

/// The same as it is written.
fn shown<'a>(text: &'a str, series: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    let Some(value) = line.and_then(|rest| rest.strip_prefix(' ')) else {
        panic!("there is no {series} in\n{text}");
    };
    value
}

/// The names of all series, with their labels.
fn series(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let named = lines.map(|line| line.rsplit_once(' ').unwrap().0);
    named.collect()
}

#[tokio::test]
async fn a_ranking_is_counted_with_its_calls_caches_and_warnings() {
    let near = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let broken = always(500, "application/json", "{}").await;
    let objects = drs(&[("a", 1000, &["https://near.example/a"])]).await;
    let service = Service::start().await;
    let request = request(
        &[tes_root(&near), broken.url("/")],
        &[drs_root(&objects)],
        &["a"],
    );
    service.rank(&request).await;
    service.rank(&request).await;
    let text = metrics(&service).await;
    for (series, least) in [
        (
            r#"testribute_http_requests_total{route="/rank-services",status="200"}"#,
            2.0,
        ),
        (
            r#"testribute_http_request_duration_seconds_count{route="/rank-services"}"#,
            2.0,
        ),
        (
            r#"testribute_outbound_calls_total{kind="tes",outcome="ok"}"#,
            2.0,
        ),
        (
            r#"testribute_outbound_calls_total{kind="tes",outcome="server_error"}"#,
            2.0,
        ),
        (
            r#"testribute_outbound_calls_total{kind="drs",outcome="ok"}"#,
            1.0,
        ),
        (
            r#"testribute_outbound_call_duration_seconds_count{kind="tes"}"#,
            4.0,
        ),
        (
            r#"testribute_outbound_received_bytes_total{kind="drs"}"#,
            100.0,
        ),
        (
            r#"testribute_cache_lookups_total{cache="drs_objects",result="hit"}"#,
            1.0,
        ),
        (
            r#"testribute_cache_lookups_total{cache="drs_objects",result="miss"}"#,
            1.0,
        ),
        (r#"testribute_warnings_total{kind="tes_unavailable"}"#, 2.0),
        ("testribute_ranking_combinations_count", 2.0),
        ("testribute_ranking_space_size_count", 2.0),
        ("testribute_outbound_permits_limit", 256.0),
        ("testribute_rankings_in_flight_limit", 256.0),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 1.0),
    ] {
        assert!(
            value(&text, series) >= least,
            "{series} {}",
            value(&text, series)
        );
    }
    for series in [
        "testribute_rankings_in_flight",
        r#"testribute_outbound_permits{state="in_use"}"#,
        r#"testribute_outbound_permits{state="waiting"}"#,
    ] {
        assert_eq!(shown(&text, series), "0", "{series}");
    }
    // The request for the metrics itself.
    assert_eq!(shown(&text, "testribute_http_requests_in_flight"), "1");
    assert!(text.contains("testribute_build_info{version=\""), "{text}");
}

#[tokio::test]
async fn strangers_add_no_series_beyond_those_of_routes_statuses_and_kinds() {
    let service = Service::start().await;
    let services: Vec<_> = (0..20)
        .map(|number| format!("http://tes-{number}.invalid/"))
        .collect();
    let ask = async |number: usize| {
        service
            .get(&format!("/secret-{number}"))
            .send()
            .await
            .unwrap();
        let odd = Method::from_bytes(format!("ODD{number}").as_bytes()).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client
            .request(odd, service.url("/healthz"))
            .send()
            .await
            .unwrap();
        let named = format!("object-{number}");
        let (status, _) = service.ask(&request(&services, &[], &[&named])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        service
            .post()
            .bearer_auth(format!("token-{number}"))
            .header("x-request-id", format!("id-{number}"))
            .json(&json!({"tes_uris": services[number % 20], "unknown": number}))
            .send()
            .await
            .unwrap();
    };
    ask(0).await;
    metrics(&service).await;
    let first = metrics(&service).await;
    for number in 1..30 {
        ask(number).await;
    }
    let last = metrics(&service).await;
    assert_eq!(series(&first), series(&last));
    assert!(series(&last).len() < 400, "{}", series(&last).len());
    for stranger in [
        "secret", "ODD", "tes-1", "object-", "token-", "id-", "invalid/",
    ] {
        assert!(!last.contains(stranger), "{stranger}: {last}");
    }
}

#[tokio::test]
async fn metrics_need_a_token_where_rankings_do() {
    let provider = Provider::start().await;
    let service = Service::start_with(&format!(
        "security: {{authorization_required: true, jwt: {{issuers: ['{}'], validation_methods: [public_key]}}}}",
        provider.issuer
    ))
    .await;
    let refused = service.get("/metrics").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    let allowed = service
        .get("/metrics")
        .bearer_auth(Draft::good(&provider.issuer, Algorithm::RS256).sign());
    let text = allowed.send().await.unwrap().text().await.unwrap();
    assert!(
        value(
            &text,
            r#"testribute_outbound_calls_total{kind="oidc",outcome="ok"}"#
        ) >= 1.0
    );
}

#[tokio::test]
async fn metrics_can_be_off() {
    let service = Service::start_with("telemetry: {metrics: false}").await;
    let response = service.get("/metrics").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_port_of_its_own_needs_no_token() {
    let port = {
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        free.local_addr().unwrap().port()
    };
    let service = RunningService::start(&[
        ("TESTRIBUTE__TELEMETRY__METRICS_PORT", &port.to_string()),
        ("TESTRIBUTE__SECURITY__AUTHORIZATION_REQUIRED", "true"),
        (
            "TESTRIBUTE__SECURITY__JWT__ISSUERS",
            "[https://issuer.example]",
        ),
        ("TESTRIBUTE__SECURITY__JWT__AUDIENCE", "testribute"),
    ])
    .await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |url: String| client.get(url).send().await.unwrap().status();
    assert_eq!(get(format!("http://127.0.0.1:{port}/metrics")).await, 200);
    assert_eq!(get(format!("http://127.0.0.1:{port}/healthz")).await, 404);
    assert_eq!(get(format!("{}/metrics", service.root)).await, 404);
    assert_eq!(service.stop().await.0, Some(0));
}

#[tokio::test]
async fn names_that_are_looked_up_are_counted() {
    let service = Service::start().await;
    let named = request(&["http://tes.invalid/".to_owned()], &[], &[]);
    service.refuse(&named, "ResourceUnavailableError").await;
    let text = metrics(&service).await;
    let outcomes = ["unresolved", "server_error"];
    let failed = outcomes.map(|outcome| {
        value(
            &text,
            &format!("testribute_outbound_calls_total{{kind=\"dns\",outcome=\"{outcome}\"}}"),
        )
    });
    assert!(failed.iter().sum::<f64>() >= 1.0, "{text}");
    assert!(
        value(&text, "testribute_outbound_circuit_breakers_opened_total") >= 1.0,
        "{text}"
    );
}
