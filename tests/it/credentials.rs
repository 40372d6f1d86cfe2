//! What the service itself shows to a host goes there in place of the caller's token, and nowhere else.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::support::{
    network::{Service, config, drs, drs_root, request, tes, tes_root},
    recorder::Recorder,
};

/// Variables that Cargo sets for tests: `testribute` and its version stand in for secrets.
const OWN: &str = "
credentials:
  - {match: 127.0.0.1, bearer_env: CARGO_PKG_NAME}
  - {match: localhost, basic_user: ann, basic_password_env: CARGO_PKG_NAME}
";

/// What a TES at `root` gets to see of who asks, when the caller has a token.
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
        // Whoever writes a password into the URI means that one.
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
    assert_eq!(answer.warnings.len(), 2, "{:?}", answer.warnings);
    assert!(answer.warnings[0].starts_with("Token held back: "));
}

#[tokio::test]
async fn a_secret_that_is_not_set_stops_the_start_and_is_in_no_debug_output() {
    let missing =
        config("credentials: [{match: tes.example, bearer_env: TESTRIBUTE_NO_SUCH_SECRET}]");
    let error = testribute::Ranker::new(&missing).unwrap_err();
    assert_eq!(
        error.to_string(),
        "credentials[0].bearer_env: the environment variable TESTRIBUTE_NO_SUCH_SECRET is not set"
    );
    let ranker = testribute::Ranker::new(&config(
        "credentials: [{match: tes.example, bearer_env: CARGO_MANIFEST_DIR}]",
    ))
    .unwrap();
    assert!(!format!("{ranker:?}").contains(env!("CARGO_MANIFEST_DIR")));
}
