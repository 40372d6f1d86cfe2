//! What the service itself shows to a host goes there in place of the caller's token, and nowhere else.

use std::sync::{Arc, Mutex};

use axum::response::IntoResponse;
use http::{HeaderMap, Uri};
use serde_json::json;

use crate::support::{
    Server,
    network::{Service, config, drs, drs_root, request, tes, tes_root},
    recorder::Recorder,
    texts::{ANY, Access, assert_like, status, tes_refused, token_not_sent_over_http},
};

/// Variables that Cargo sets for tests: `testribute` and its version stand in for secrets.
const OWN: &str = "
credentials:
  - {match: 127.0.0.1, bearer_env: CARGO_PKG_NAME}
  - {match: localhost, basic_user: ann, basic_password_env: CARGO_PKG_NAME}
";

/// Sends a request with a token, and waits until the TES at `root` was called.
async fn shown(service: &Service, recorder: &Recorder, root: &str) {
    let response = service
        .post()
        .bearer_auth("callers-token")
        .json(&request(&[root.to_owned()], &[], &[]))
        .send()
        .await
        .unwrap();
    response.text().await.unwrap();
    assert!(!recorder.lines().is_empty());
}

#[tokio::test]
async fn a_host_sees_what_is_configured_for_it_and_others_the_callers_token() {
    let seen: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let log = Arc::clone(&seen);
    let recorder = Recorder::start(move |_, authorization| {
        log.lock().unwrap().push(authorization.map(str::to_owned));
        Some((500, json!({})))
    })
    .await;
    let port = recorder.server.address.port();
    let service = Service::start_with(OWN).await;
    for (root, expected) in [
        (format!("http://127.0.0.1:{port}/"), "Bearer testribute"),
        (
            format!("http://localhost:{port}/"),
            "Basic YW5uOnRlc3RyaWJ1dGU=",
        ),
        (
            format!("http://basel.localhost:{port}/"),
            "Bearer callers-token",
        ),
        // A password in the URI takes precedence.
        (format!("http://eve:pw@127.0.0.1:{port}/"), "Basic ZXZlOnB3"),
    ] {
        shown(&service, &recorder, &root).await;
        let all = std::mem::take(&mut *seen.lock().unwrap());
        assert!(
            all.iter().all(|one| one.as_deref() == Some(expected)),
            "{root} {all:?}"
        );
    }
}

/// What a server was sent: path, `X-API-Key` and `Authorization`.
type Sent = Arc<Mutex<Vec<(String, Option<String>, Option<String>)>>>;

/// Answers each path with `answer`, and remembers what it was sent.
async fn keyed(
    answer: impl Fn(&str) -> axum::response::Response + Clone + Send + Sync + 'static,
) -> (Server, Sent) {
    let sent: Sent = Arc::default();
    let seen = Arc::clone(&sent);
    let router = axum::Router::new().fallback(async move |uri: Uri, headers: HeaderMap| {
        let header = |name| {
            let value: &http::HeaderValue = headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let path = uri.path().to_owned();
        let response = answer(&path);
        seen.lock()
            .unwrap()
            .push((path, header("x-api-key"), header("authorization")));
        response
    });
    (Server::start(router).await, sent)
}

fn refusal(status: u16, body: &serde_json::Value) -> axum::response::Response {
    let status = http::StatusCode::from_u16(status).unwrap();
    (status, axum::Json(body)).into_response()
}

/// The answer to a request with a token to the TES and DRS at these roots.
async fn ask(service: &Service, tes: &str, drs: &str) -> String {
    let request = request(&[tes.to_owned()], &[drs.to_owned()], &["a"]);
    let sent = service.post().bearer_auth("callers-token").json(&request);
    sent.send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn an_api_key_goes_to_the_paths_below_its_match_and_nowhere_else() {
    let (server, sent) = keyed(|_| refusal(404, &json!({}))).await;
    let root = server.url("");
    let service = Service::start_with(&format!(
        "credentials: [{{match: '{root}/ga4gh/tes/v1', header: X-API-Key, value_env: CARGO_PKG_NAME}}]"
    ))
    .await;
    let key = Some("testribute".to_owned());
    for tes in [
        format!("{root}/"),
        format!("{root}/ga4gh/tes/v1"),
        format!("{root}/ga4gh/tes/v1/tasks/"),
        format!("{root}/ga4gh/tes"),
    ] {
        ask(&service, &tes, &root).await;
        let all = std::mem::take(&mut *sent.lock().unwrap());
        assert!(
            all.iter()
                .any(|(path, ..)| path.starts_with("/ga4gh/tes/v1/"))
        );
        for (path, api_key, authorization) in all {
            if path.starts_with("/ga4gh/tes/v1/") {
                assert_eq!((&api_key, &authorization), (&key, &None), "{tes} {path}");
            } else {
                assert_eq!(api_key, None, "{tes} {path}");
            }
            let is_drs = path.contains("/objects/");
            assert_eq!(is_drs, authorization.is_some(), "{tes} {path}");
        }
    }
    // Beside it, and as if it were below it.
    for tes in [
        "/ga4gh/tes/v1x/",
        "/other/",
        "/ga4gh/tes/v1/..%2F..%2Fother/",
    ] {
        ask(&service, &format!("{root}{tes}"), &root).await;
        let all = std::mem::take(&mut *sent.lock().unwrap());
        assert!(
            all.iter().all(|(_, api_key, _)| api_key.is_none()),
            "{all:?}"
        );
    }
    let port = server.address.port();
    ask(
        &service,
        &format!("http://localhost:{port}/ga4gh/tes/v1/"),
        &root,
    )
    .await;
    let all = std::mem::take(&mut *sent.lock().unwrap());
    assert!(
        all.iter().all(|(_, api_key, _)| api_key.is_none()),
        "{all:?}"
    );
}

#[tokio::test]
async fn tes_and_drs_on_one_host_see_their_own_keys() {
    let (server, sent) = keyed(|_| refusal(404, &json!({}))).await;
    let root = server.url("");
    let service = Service::start_with(&format!(
        "credentials:
  - {{match: '{root}/ga4gh/tes/v1', header: X-API-Key, value_env: CARGO_PKG_NAME}}
  - {{match: '{root}/ga4gh/drs/v1', header: X-API-Key, value_env: CARGO_PKG_VERSION}}"
    ))
    .await;
    ask(&service, &root, &root).await;
    let all = std::mem::take(&mut *sent.lock().unwrap());
    for (path, api_key, authorization) in &all {
        let expected = match path.split('/').nth(2) {
            Some("tes") => Some("testribute"),
            Some("drs") => Some(env!("CARGO_PKG_VERSION")),
            _ => None,
        };
        assert_eq!(api_key.as_deref(), expected, "{path}");
        assert_eq!(*authorization, None, "{path}");
    }
    assert!(all.iter().any(|(path, ..)| path.starts_with("/ga4gh/drs/")));
}

#[tokio::test]
async fn an_api_key_is_in_no_answer_and_goes_along_no_redirect() {
    let (elsewhere, sent_elsewhere) = keyed(|_| refusal(404, &json!({}))).await;
    let target = elsewhere.url("/x");
    let (server, sent) = keyed(move |path| {
        if path.starts_with("/moved/") {
            return (
                [("location", target.clone())],
                http::StatusCode::TEMPORARY_REDIRECT,
            )
                .into_response();
        }
        let text = "the key testribute (ApiKey testribute) is not known";
        refusal(403, &json!({"message": text}))
    })
    .await;
    let service = Service::start_with(
        "credentials: [{match: 127.0.0.1, header: X-API-Key, value_env: CARGO_PKG_NAME}]",
    )
    .await;
    for path in ["/", "/moved/"] {
        let root = server.url(path);
        let answer = ask(&service, &root, &root).await;
        assert!(!answer.contains("testribute"), "{answer}");
    }
    let all = std::mem::take(&mut *sent.lock().unwrap());
    assert!(
        all.iter()
            .all(|(_, api_key, _)| api_key.as_deref() == Some("testribute"))
    );
    for (path, api_key, authorization) in &*sent_elsewhere.lock().unwrap() {
        assert_eq!((api_key, authorization), (&None, &None), "{path}");
    }
}

#[tokio::test]
async fn a_service_that_refuses_the_key_is_told_so() {
    let (server, _) = keyed(|_| refusal(401, &json!({}))).await;
    let service = Service::start_with(
        "credentials: [{match: 127.0.0.1, header: X-API-Key, value_env: CARGO_PKG_NAME}]",
    )
    .await;
    let root = server.url("/");
    let request = request(std::slice::from_ref(&root), &[], &[]);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    let expected = tes_refused(&root, &status(401), Some(Access::OwnCredential));
    assert!(messages.contains(&expected), "{messages:?}");
}

#[tokio::test]
async fn what_the_service_has_is_held_back_from_plain_http_like_a_token() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = drs(&[("a", 1, &["https://near.example/a"])]).await;
    // The console script may call everything, but sends nothing over plain http.
    let mut config = config(OWN);
    config.outbound.allowed_networks.clear();
    let ranker = testribute::Ranker::with_reach(&config, testribute::Reach::Everywhere).unwrap();
    let request = request(&[tes_root(&tes)], &[drs_root(&data)], &["a"]);
    let caller = ranker.admit(None).await.unwrap();
    let answer = ranker
        .rank(serde_json::from_value(request).unwrap(), &caller)
        .await
        .unwrap();
    assert_eq!(
        answer.warnings,
        [tes_root(&tes), drs_root(&data)].map(|root| token_not_sent_over_http(&root))
    );
}

#[tokio::test]
async fn a_secret_that_is_not_set_stops_the_start_and_is_in_no_debug_output() {
    let missing =
        config("credentials: [{match: tes.example, bearer_env: TESTRIBUTE_NO_SUCH_SECRET}]");
    let error = testribute::Ranker::new(&missing).unwrap_err();
    assert_like(
        &error.to_string(),
        format!("credentials[0].bearer_env: {ANY} TESTRIBUTE_NO_SUCH_SECRET is not set"),
    );
    let ranker = testribute::Ranker::new(&config(
        "credentials: [{match: tes.example, bearer_env: CARGO_MANIFEST_DIR}]",
    ))
    .unwrap();
    assert!(!format!("{ranker:?}").contains(env!("CARGO_MANIFEST_DIR")));
}
