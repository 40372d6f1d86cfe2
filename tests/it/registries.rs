//! GA4GH service registries as a source of TES.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    routing::any,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    Server, later,
    network::{Service, drs, drs_root, request, tes, tes_of, tes_root, warnings},
};

/// A registry of these services: type and URL.
async fn registry(services: &[(&'static str, String)]) -> Server {
    let services = services.iter().map(|(kind, url)| (*kind, url.clone()));
    Server::start(testribute_mock::registry::router(services.collect())).await
}

/// The URI of a port on which no one listens.
async fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/ga4gh/tes/v1/", listener.local_addr().unwrap())
}

fn request_with(registries: &[String]) -> Value {
    let mut request = request(&[], &[], &[]);
    request.as_object_mut().unwrap().remove("tes_uris");
    request["registries"] = json!(registries);
    request
}

#[tokio::test]
async fn of_ten_listed_sites_the_usable_ones_are_ranked_and_each_other_is_a_warning() {
    let service = Service::start().await;
    let mut good = Vec::new();
    for _ in 0..5 {
        good.push(tes("127.0.0.1", "EUR", 1.0, 0.1, 5.0).await);
    }
    let liar = drs(&[]).await;
    let mut services: Vec<_> = good.iter().map(|tes| ("tes", tes_root(tes))).collect();
    services.push(("tes", drs_root(&liar)));
    services.push(("tes", "http://10.255.0.1/ga4gh/tes/v1/".to_owned()));
    for _ in 0..3 {
        services.push(("tes", dead().await));
    }
    services.push(("drs", "https://drs.example/".to_owned()));
    let registry = registry(&services).await;
    let answer = service.rank(&request_with(&[registry.url("/")])).await;
    assert_eq!(tes_of(&answer).len(), 5);
    let told = warnings(&answer);
    assert_eq!(told.len(), 5, "{told:#?}");
    for (_, url) in &services[5..10] {
        let count = told.iter().filter(|one| one.contains(url.as_str())).count();
        assert_eq!(count, 1, "{url}: {told:#?}");
    }
}

#[tokio::test]
async fn a_registry_is_found_at_its_root_and_read_once_in_a_while() {
    let site = tes("127.0.0.1", "EUR", 1.0, 0.1, 5.0).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let body = json!([{"id": "a", "type": {"group": "org.ga4gh", "artifact": "tes"}, "url": tes_root(&site)}]);
    let services = any(async move || {
        // The third call and all later ones fail.
        if counted.fetch_add(1, SeqCst) < 2 {
            Ok(axum::Json(body))
        } else {
            Err(StatusCode::BAD_GATEWAY)
        }
    });
    let registry =
        Server::start(Router::new().route("/ga4gh/registry/v1/services", services)).await;
    let service = Service::start().await;
    let request = request_with(&[registry.url("/")]);
    for _ in 0..3 {
        assert_eq!(tes_of(&service.rank(&request).await).len(), 1);
    }
    assert_eq!(calls.load(SeqCst), 1);
    later(301).await;
    assert_eq!(warnings(&service.rank(&request).await), [""; 0]);
    assert_eq!(calls.load(SeqCst), 2);
    later(301).await;
    let answer = service.rank(&request).await;
    assert_eq!(tes_of(&answer).len(), 1, "the last list is used");
    assert!(warnings(&answer)[0].starts_with("Registry unavailable"));
}

#[tokio::test]
async fn the_registries_of_the_configuration_serve_requests_that_name_no_tes() {
    let site = tes("127.0.0.1", "EUR", 1.0, 0.1, 5.0).await;
    let other = tes("127.0.0.1", "EUR", 1.0, 0.1, 5.0).await;
    let registry = registry(&[("tes", tes_root(&site))]).await;
    let service =
        Service::start_with(&format!("tes: {{registries: ['{}']}}", registry.url("/"))).await;
    let mut request = request(&[], &[], &[]);
    assert_eq!(tes_of(&service.rank(&request).await), [tes_root(&site)]);
    request["tes_uris"] = json!([tes_root(&other)]);
    assert_eq!(tes_of(&service.rank(&request).await), [tes_root(&other)]);

    let without = Service::start().await;
    request["tes_uris"] = json!([]);
    let told = without.refuse(&request, "ValidationError").await;
    assert!(told[0].starts_with("/tes_uris: "), "{told:?}");
}

#[tokio::test]
async fn the_callers_token_goes_to_no_registry_and_to_no_tes_that_only_a_request_lists() {
    for is_configured in [false, true] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let router = Router::new().fallback(async move |headers: HeaderMap| {
            counted.fetch_add(usize::from(headers.contains_key("authorization")), SeqCst);
            StatusCode::NOT_FOUND
        });
        let site = Server::start(router).await;
        let registry = registry(&[("tes", site.url("/"))]).await;
        let config = if is_configured {
            format!("tes: {{registries: ['{}']}}", registry.url("/"))
        } else {
            String::new()
        };
        let service = Service::start_with(&config).await;
        let body = if is_configured {
            request(&[], &[], &[])
        } else {
            request_with(&[registry.url("/")])
        };
        let sent = service
            .post()
            .bearer_auth("secret")
            .json(&body)
            .send()
            .await;
        assert_eq!(sent.unwrap().status(), 400, "there is no TES");
        assert_eq!(seen.load(SeqCst) > 0, is_configured);
    }
}
