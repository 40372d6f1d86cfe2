//! What a DRS gives to one caller is given to no one else: whatever its answers look like, no secret of them leaves the
//! service, and no good access method is lost.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::{StatusCode, Uri},
    response::IntoResponse,
};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use testribute::{
    config::{Log, LogFormat},
    telemetry,
};

use crate::support::{
    Server,
    collector::collector,
    network::{Service, request, tes, tes_root, warnings},
    program::RunningService,
};

/// All secrets begin so; nothing else does.
const MARK: &str = "zqx";

const CASES: usize = 150;

/// With a process of its own for the service, whose log at trace level is long.
const CASES_OF_PROCESS: usize = 40;

/// Anything in JSON, with secrets as texts.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "[a-z0-9:/?&=@.]{0,12}".prop_map(|text| json!(format!("{MARK}{text}"))),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            vec(("[a-z_]{1,8}", inner), 0..4).prop_map(|members| json!(
                members
                    .into_iter()
                    .collect::<std::collections::BTreeMap<_, _>>()
            )),
        ]
    })
}

/// An access URL with a secret in any of the places where there can be one.
fn secret_url() -> impl Strategy<Value = Value> {
    let secret = "[a-zA-Z0-9]{8}".prop_map(|text| format!("{MARK}{text}"));
    let key = prop_oneof![
        Just("sig".to_owned()),
        Just("temp_url_sig".to_owned()),
        Just("access_token".to_owned()),
        Just("X-Amz-Signature".to_owned()),
        "[a-zA-Z][a-zA-Z0-9_.-]{0,10}".prop_filter("harmless", |key| {
            !testribute::domain::disclosure::HARMLESS_KEYS.contains(&key.as_str())
        }),
    ];
    let scheme = prop_oneof![
        Just("https"),
        Just("ftp"),
        Just("s3"),
        Just("gs"),
        Just("sftp")
    ];
    (scheme, key, secret, 0..7_u8).prop_map(|(scheme, key, secret, shape)| {
        let url = |url: String| json!({ "url": url });
        match shape {
            0 => url(format!("{scheme}://near.example/x?{key}={secret}")),
            1 => url(format!(
                "{scheme}://near.example/x?alt=media&{key}={secret}"
            )),
            2 => url(format!(
                "{scheme}://near.example/x?alt=media;{key}={secret}"
            )),
            3 => url(format!("{scheme}://ann:{secret}@near.example/x")),
            4 => url(format!("{scheme}://{secret}@near.example/x")),
            5 => url(format!("{scheme}://near.example/x#{secret}")),
            _ => json!({
                "url": format!("{scheme}://near.example/x"),
                "headers": [format!("Authorization: Bearer {secret}")]
            }),
        }
    })
}

/// An access method: good, with a secret, or odd.
fn method() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => (0..1000_u32).prop_map(|number| {
            let url = format!("https://near.example/good/{number}");
            json!({"type": "https", "access_url": {"url": url}})
        }),
        3 => (secret_url(), any::<bool>()).prop_map(|(url, has_id)| {
            let id = has_id.then_some("an-id");
            json!({"type": "https", "access_url": url, "access_id": id})
        }),
        1 => anything(),
        1 => anything().prop_map(|odd| json!({"type": "https", "access_url": odd})),
        1 => (secret_url(), anything()).prop_map(|(url, odd)| {
            json!({"type": odd, "access_url": url, "region": odd, "cloud": odd, "available": true})
        }),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    (vec(method(), 1..8), anything(), any::<bool>()).prop_map(|(mut methods, odd, has_size)| {
        methods.push(json!({"access_url": {"url": "https://near.example/good/last"}}));
        let size = if has_size { json!(1) } else { odd.clone() };
        json!({
            "id": "x", "size": size, "access_methods": methods, "name": odd, "description": odd,
            "aliases": odd, "mime_type": odd, "form": "object"
        })
    })
}

fn runner() -> TestRunner {
    TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    )
}

/// The log of this thread.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The good access URIs of an object.
fn good_uris(object: &Value) -> Vec<&str> {
    let methods = object["access_methods"].as_array().unwrap();
    methods
        .iter()
        .filter_map(|method| method["access_url"]["url"].as_str())
        .filter(|url| url.starts_with("https://near.example/good/"))
        .collect()
}

#[tokio::test]
async fn no_secret_of_a_drs_is_told_and_no_good_method_is_lost() {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let log = Log {
        level: "trace".to_owned(),
        format: LogFormat::Text,
    };
    let subscriber = telemetry::subscriber(&log, move || writer.clone(), false).unwrap();
    // Were there only one, its callsites would be switched off by threads of other tests, which have none.
    let _other = tracing::Dispatch::new(telemetry::subscriber(&log, io::sink, false).unwrap());
    // The runtime of the test has one thread.
    let _guard = tracing::subscriber::set_default(subscriber);

    let current = Arc::new(Mutex::new(json!(null)));
    let shown = Arc::clone(&current);
    let drs = Server::start(Router::new().fallback(async move |uri: Uri| {
        if uri.path().contains("/access/") {
            let url = format!("https://near.example/x?sig={MARK}access");
            return Json(json!({"url": url, "headers": [format!("{MARK}: x")]})).into_response();
        }
        Json(shown.lock().unwrap().clone()).into_response()
    }))
    .await;
    let service = Service::start_with(
        "drs: {cache_ttl_sec: 0, missing_size: zero, resolve_access_ids: always}",
    )
    .await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let mut request = request(&[tes_root(&tes)], &[drs.url("/ga4gh/drs/v1/")], &["x"]);
    request["explain"] = json!(true);

    let mut runner = runner();
    for _ in 0..CASES {
        let object = object().new_tree(&mut runner).unwrap().current();
        *current.lock().unwrap() = object.clone();
        let (status, answer) = service.ask(&request).await;
        let text = answer.to_string();
        assert!(!text.contains(MARK), "{object:#}\n{answer:#}");
        assert!(status.is_success(), "{object:#}\n{answer:#}");
        let combinations = answer["service_combinations"].as_array().unwrap();
        let told: Vec<_> = combinations
            .iter()
            .map(|combination| combination["access_uris"]["x"].as_str().unwrap())
            .collect();
        for good in good_uris(&object) {
            assert!(told.contains(&good), "{good} of {object:#}");
        }
        assert!(
            told.iter().all(|uri| *uri != "5" && uri.contains('/')),
            "{told:?}"
        );
    }
    let metrics = service.get("/metrics").send().await.unwrap();
    assert!(!metrics.text().await.unwrap().contains(MARK));
    let log = buffer.0.lock().unwrap();
    let log = String::from_utf8_lossy(&log);
    assert!(log.len() > 1000, "there is a log: {log}");
    let line = log.lines().find(|line| line.contains(MARK));
    assert_eq!(line, None);
}

/// A DRS that answers with `current`: as it is, with secrets in headers, by a redirect with a signature, or as a refusal.
async fn talkative_drs(current: Arc<Mutex<Value>>) -> Server {
    Server::start(Router::new().fallback(async move |uri: Uri| {
        let secrets = [
            ("set-cookie", format!("session={MARK}cookie")),
            ("x-token", format!("{MARK}header")),
            ("www-authenticate", format!("Bearer realm=\"{MARK}realm\"")),
        ];
        if uri.path().contains("/access/") {
            let url = format!("https://near.example/x?sig={MARK}access");
            return (
                secrets,
                Json(json!({"url": url, "headers": [format!("{MARK}: x")]})),
            )
                .into_response();
        }
        match uri.path().rsplit('/').next() {
            Some("moved") => {
                let target = format!("/objects/x?sig={MARK}location");
                (StatusCode::FOUND, [("location", target)]).into_response()
            }
            Some("refused") => {
                let body = json!({"msg": format!("{MARK}body"), "status_code": 403});
                (StatusCode::FORBIDDEN, secrets, Json(body)).into_response()
            }
            Some("text") => {
                Json(json!(format!("https://near.example/x?sig={MARK}text"))).into_response()
            }
            _ => (secrets, Json(current.lock().unwrap().clone())).into_response(),
        }
    }))
    .await
}

/// URLs of the caller, with secrets in query, user info and fragment.
fn own_urls(files: &str) -> Vec<String> {
    let host = files.trim_start_matches("http://");
    vec![
        format!("{files}/a?X-Amz-Signature={MARK}own"),
        format!("{files}/moved?token={MARK}own"),
        format!("http://ann:{MARK}own@{host}/a"),
        format!("{files}/gone?sig={MARK}own"),
        format!("http://127.0.0.9:1/a?sig={MARK}own"),
        format!("s3://bucket/a?X-Amz-Signature={MARK}own"),
        format!("ftp://ann:{MARK}own@near.example/a"),
        format!("gs://bucket/a#{MARK}own"),
        format!("htsget://near.example/reads/a?access_token={MARK}own"),
    ]
}

#[tokio::test]
async fn no_secret_is_in_the_log_the_metrics_or_the_traces_of_a_service() {
    let (collector, spans) = collector().await;
    let current = Arc::new(Mutex::new(json!(null)));
    let drs = talkative_drs(Arc::clone(&current)).await;
    let files = Server::start(Router::new().fallback(async |uri: Uri| match uri.path() {
        "/moved" => {
            let target = format!("/a?sig={MARK}location");
            (StatusCode::FOUND, [("location", target)]).into_response()
        }
        "/a" => StatusCode::OK.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }))
    .await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let mut service = RunningService::start(&[
        ("TESTRIBUTE__TELEMETRY__OTLP_ENDPOINT", &collector.url("/")),
        ("TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS", "127.0.0.0/8"),
        ("TESTRIBUTE__LOG__LEVEL", "trace"),
        ("TESTRIBUTE__DRS__CACHE_TTL_SEC", "0"),
        ("TESTRIBUTE__DRS__MISSING_SIZE", "zero"),
        ("TESTRIBUTE__DRS__RESOLVE_ACCESS_IDS", "always"),
        (
            "TESTRIBUTE__CREDENTIALS",
            "[{match: 127.0.0.1, bearer_env: SECRET}]",
        ),
        ("SECRET", "zqxcredential"),
    ])
    .await;
    let root = service.root.clone();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |request: &Value| {
        let sent = client
            .post(format!("{root}/rank-services"))
            .bearer_auth(format!("{MARK}token"))
            .json(request);
        let response = sent.send().await.unwrap();
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let drs_with_user = drs.url("/").replace("//", &format!("//ann:{MARK}user@"));
    let work = async {
        let mut runner = runner();
        for _ in 0..CASES_OF_PROCESS {
            let object = object().new_tree(&mut runner).unwrap().current();
            *current.lock().unwrap() = object.clone();
            for ids in [&["x", "moved"][..], &["refused"], &["text"]] {
                let roots = [drs.url("/"), drs_with_user.clone()];
                let mut asked = request(&[tes_root(&tes)], &roots, ids);
                asked["explain"] = json!(true);
                let (_, answer) = ask(&asked).await;
                let text = answer.to_string();
                assert!(!text.contains(MARK), "{object:#}\n{answer:#}");
            }
        }
        for url in own_urls(&files.url("")) {
            let mut asked = request(&[tes_root(&tes)], &[], &[&url, &url]);
            asked["explain"] = json!(true);
            asked["object_sizes"] = json!({ format!("{url}&unused"): 1 });
            let (status, answer) = ask(&asked).await;
            assert!(status.is_success(), "{url}: {answer:#}");
            let uris = &answer["service_combinations"][0]["access_uris"];
            assert_eq!(uris[&url], *url, "given back to its caller");
            let told = warnings(&answer);
            assert!(told.len() >= 2, "{url}: {told:?}");
            assert!(!told.concat().contains(MARK), "{url}: {told:?}");
            // Nothing of it but the id itself.
            let rest = answer.to_string().replace(&json!(url).to_string(), "");
            assert!(!rest.contains(MARK), "{url}: {answer:#}");
        }
        let metrics = client.get(format!("{root}/metrics")).send().await.unwrap();
        metrics.text().await.unwrap()
    };
    let (metrics, mut log) = service.log_of(work).await;
    assert!(metrics.contains("testribute_"), "{metrics}");
    assert!(!metrics.contains(MARK), "{metrics}");
    let (code, rest) = service.stop().await;
    assert_eq!(code, Some(0));
    log.push_str(&rest);
    assert!(log.contains("TRACE"), "{log}");
    let line = log.lines().find(|line| line.contains(MARK));
    assert_eq!(line, None);
    let spans = format!("{:?}", spans.lock().unwrap());
    assert!(spans.contains("\"gather\""), "{spans}");
    assert!(!spans.contains(MARK));
}
