//! What browsers are told: whose pages may call, and how little they may do with an answer.

use reqwest::{Method, Response, header::HeaderMap};
use serde_json::{Value, json};

use crate::support::network::Service;

const PORTAL: &str = "https://portal.example.org";

async fn preflight(service: &Service, origin: &str) -> Response {
    reqwest::Client::new()
        .request(Method::OPTIONS, service.url("/rank-services"))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        )
        .send()
        .await
        .unwrap()
}

async fn ask(service: &Service, origin: &str) -> Response {
    let request = service.post().json(&json!({})).header("origin", origin);
    request.send().await.unwrap()
}

/// The words of a list in a header, in lower case.
fn words(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.to_str().unwrap().split(','))
        .map(|word| word.trim().to_ascii_lowercase())
        .collect()
}

#[tokio::test]
async fn without_origins_no_other_page_may_call() {
    let service = Service::start().await;
    for response in [
        preflight(&service, PORTAL).await,
        ask(&service, PORTAL).await,
    ] {
        let told = response.headers().keys();
        let told: Vec<_> = told
            .filter(|name| name.as_str().starts_with("access-"))
            .collect();
        assert!(told.is_empty(), "{told:?}");
    }
    assert_eq!(preflight(&service, PORTAL).await.status(), 405);
}

#[tokio::test]
async fn a_listed_page_may_call_with_a_token() {
    let more =
        "server: {cors_allowed_origins: ['http://localhost:3000', 'https://portal.example.org']}";
    let service = Service::start_with(more).await;
    let allowed = preflight(&service, PORTAL).await;
    assert_eq!(allowed.status(), 200);
    let headers = allowed.headers();
    assert_eq!(headers["access-control-allow-origin"], PORTAL);
    assert!(words(headers, "access-control-allow-methods").contains(&"post".to_owned()));
    let may_send = words(headers, "access-control-allow-headers");
    assert!(
        ["authorization", "content-type"]
            .iter()
            .all(|name| may_send.contains(&(*name).to_owned()))
    );
    assert!(headers.get("access-control-allow-credentials").is_none());

    // A refusal is an answer too: without the header the page could not read why.
    let answer = ask(&service, PORTAL).await;
    assert_eq!(answer.status(), 400);
    let headers = answer.headers();
    assert_eq!(headers["access-control-allow-origin"], PORTAL);
    assert!(words(headers, "vary").contains(&"origin".to_owned()));
    assert!(words(headers, "access-control-expose-headers").contains(&"x-request-id".to_owned()));
}

#[tokio::test]
async fn a_page_that_is_not_listed_may_not_call() {
    let service =
        Service::start_with("server: {cors_allowed_origins: ['https://portal.example.org']}").await;
    for origin in [
        "https://portal.example.org.evil.example",
        "https://evil.example",
        "http://portal.example.org",
        "https://portal.example.org:8443",
        "null",
    ] {
        for response in [
            preflight(&service, origin).await,
            ask(&service, origin).await,
        ] {
            let allowed = response.headers().get("access-control-allow-origin");
            assert_eq!(allowed, None, "{origin}");
        }
    }
}

#[tokio::test]
async fn all_pages_may_call_if_the_operator_says_so() {
    let service = Service::start_with("server: {cors_allowed_origins: ['*']}").await;
    for response in [
        preflight(&service, PORTAL).await,
        ask(&service, PORTAL).await,
    ] {
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
    }
}

#[tokio::test]
async fn the_header_of_tokens_may_have_another_name() {
    let more =
        "{server: {cors_allowed_origins: ['*']}, security: {jwt: {auth_header_key: X-Token}}}";
    let service = Service::start_with(more).await;
    let allowed = preflight(&service, PORTAL).await;
    assert!(
        words(allowed.headers(), "access-control-allow-headers").contains(&"x-token".to_owned())
    );
}

#[tokio::test]
async fn every_answer_is_what_it_says_it_is() {
    let service = Service::start().await;
    for path in [
        "/",
        "/page.json",
        "/healthz",
        "/openapi.json",
        "/ui/",
        "/ui/swagger-ui.css",
        "/nothing",
        "/rank-services",
    ] {
        let response = service.get(path).send().await.unwrap();
        assert_eq!(
            response.headers()["x-content-type-options"],
            "nosniff",
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_is_shut_off_from_other_sites() {
    let service = Service::start().await;
    for path in ["/", "/page.json", "/ui/", "/ui/swagger-initializer.js"] {
        let response = service.get(path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "connect-src 'self'",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    }
    for path in ["/", "/ui/"] {
        let page = service.get(path).send().await.unwrap();
        let page = page.text().await.unwrap();
        for part in page.split("<script").skip(1) {
            let tag = part.split('>').next().unwrap();
            assert!(
                tag.contains("src="),
                "an inline script would not run: {tag}"
            );
        }
    }
    let answer = service.get("/openapi.json").send().await.unwrap();
    assert!(answer.headers().get("content-security-policy").is_none());
}

#[tokio::test]
async fn the_page_loads_files_of_this_service_only_and_browsers_may_keep_them() {
    let service = Service::start().await;
    let page = service.get("/").send().await.unwrap();
    let headers = page.headers();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-cache");
    let policy = headers["content-security-policy"].to_str().unwrap();
    for forbidden in ["unsafe", "data:", "http:", "https:", "*"] {
        assert!(!policy.contains(forbidden), "{policy}");
    }
    assert!(policy.contains("require-trusted-types-for 'script'"));
    let text = page.text().await.unwrap();
    let attributes = text.split(['"', ' ', '>', '<']);
    let files: Vec<_> = attributes
        .filter_map(|word| word.strip_prefix("./assets/"))
        .collect();
    for kind in ["js", "css", "svg"] {
        assert!(
            files
                .iter()
                .any(|file| file.rsplit('.').next() == Some(kind)),
            "no .{kind} in {files:?}"
        );
    }
    for file in files {
        let path = format!("/assets/{file}");
        let response = service.get(&path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers();
        assert_eq!(
            headers["cache-control"],
            "public, max-age=31536000, immutable"
        );
        let media_type = headers["content-type"].to_str().unwrap();
        let expected = match path.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(media_type, expected, "{path}");
    }
    let licenses = service.get("/licenses.txt").send().await.unwrap();
    assert_eq!(
        licenses.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert!(licenses.text().await.unwrap().contains("preact"));
    for path in [
        "/assets/..%2findex.html",
        "/assets/..%2f..%2fpackage.json",
        "/index.html",
    ] {
        let response = service.get(path).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_knows_the_limits_the_token_header_and_the_example() {
    let more =
        "{limits: {combinations: 7}, security: {jwt: {auth_header_key: X-Token, jwt_prefix: Key}}}";
    let service = Service::start_with(more).await;
    let settings = service.get("/page.json").send().await.unwrap();
    assert_eq!(settings.headers()["cache-control"], "no-cache");
    let settings: Value = settings.json().await.unwrap();
    assert_eq!(settings["limits"]["combinations"], 7);
    assert_eq!(
        settings["token"],
        json!({"header": "X-Token", "prefix": "Key"})
    );
    assert_eq!(settings["version"], env!("CARGO_PKG_VERSION"));
    let paths = settings["paths"].as_array().unwrap();
    assert!(paths.contains(&json!("/rank-services")), "{paths:?}");
    assert!(settings["example"]["tes_uris"].is_array());
}
