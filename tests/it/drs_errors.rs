//! What is told of a DRS that does not give an object: it says no, it will not or cannot say, or it is no DRS.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    http::{
        Method, StatusCode, Uri,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    faulty::{Manner, RawServer, always},
    network::{Service, drs, drs_root, request, tes, tes_root, warnings},
    recorder::Recorder,
    texts::{
        ANY, DrsHint, FetchError, UnrankableReason, Warning, assert_like, drs_unavailable, is_like,
        not_found, status,
    },
};

const NEAR: &[&str] = &["https://near.example/a"];

fn object() -> Value {
    json!({"size": 1, "access_methods": [{"type": "https", "access_url": {"url": NEAR[0]}}]})
}

/// Below `prefix`, a DRS that has `a`; elsewhere, what a web server answers.
async fn drs_below(prefix: &'static str) -> Recorder {
    Recorder::start(move |line, _| {
        let path = line.strip_prefix("GET ")?.strip_prefix(prefix)?;
        match path {
            "objects/a" => Some((200, object())),
            "service-info" => Some((
                200,
                json!({"type": {"artifact": "drs", "version": "1.2.0"}}),
            )),
            _ => Some((404, json!({"msg": "not found", "status_code": 404}))),
        }
    })
    .await
}

#[tokio::test]
async fn a_drs_may_be_given_by_host_by_any_root_or_by_its_objects() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let standard = drs_below("/ga4gh/drs/v1/").await;
    let own = drs_below("/index/").await;
    for (recorder, root) in [
        (&standard, "/"),
        (&standard, ""),
        (&standard, "/ga4gh"),
        (&standard, "/ga4gh/drs/v1"),
        (&standard, "/ga4gh/drs/v1/objects"),
        (&standard, "/ga4gh/drs/v1/objects/"),
        (&own, "/index"),
        (&own, "/index/objects"),
    ] {
        let service = Service::start().await;
        let url = recorder.server.url(root);
        let answer = service
            .rank(&request(&[tes_root(&tes)], &[url], &["a"]))
            .await;
        assert_eq!(answer["warnings"], json!([]), "{root}");
        let uris = &answer["service_combinations"][0]["access_uris"];
        assert_eq!(uris["a"], NEAR[0], "{root}");
    }
}

#[tokio::test]
async fn where_a_drs_begins_is_remembered() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let service = Service::start_with("drs: {cache_ttl_sec: 0}").await;
    let drs = drs_below("/ga4gh/drs/v1/").await;
    let asked = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
    service.rank(&asked).await;
    assert_eq!(
        drs.lines(),
        ["GET /objects/a", "GET /ga4gh/drs/v1/objects/a"]
    );
    service.rank(&asked).await;
    assert_eq!(drs.lines(), ["GET /ga4gh/drs/v1/objects/a"]);
}

#[tokio::test]
async fn a_root_without_a_drs_is_a_warning_beside_a_good_one() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let good = drs(&[("a", 1, NEAR)]).await;
    let website = always(404, "text/html", "<h1>Not Found</h1>").await;
    let portal = always(200, "text/html", "<h1>Welcome</h1>").await;
    let no_drs = FetchError::NoDrs(vec!["/".to_owned(), "/ga4gh/drs/v1/".to_owned()]);
    let not_json = FetchError::Malformed(ANY.to_owned());
    for (server, cause) in [(&website, &no_drs), (&portal, &not_json)] {
        let roots = [server.url("/"), drs_root(&good)];
        let answer = service
            .rank(&request(&[tes_root(&tes)], &roots, &["a"]))
            .await;
        let told = warnings(&answer);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_like(told[0], drs_unavailable(&roots[0], cause, &["a"]));
    }
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[website.url("/")], &["a"]),
            "ResourceUnavailableError",
        )
        .await;
    assert_eq!(
        messages[1],
        drs_unavailable(&website.url("/"), &no_drs, &["a"])
    );
}

#[tokio::test]
async fn a_drs_whose_404_is_no_json_is_one_if_it_has_service_info_or_another_object() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    for with_info in [true, false] {
        let plain = Server::start(
            Router::new().fallback(async move |uri: Uri| match uri.path() {
                "/objects/a" => Json(object()).into_response(),
                "/service-info" if with_info => Json(json!({"id": "x"})).into_response(),
                _ => StatusCode::NOT_FOUND.into_response(),
            }),
        )
        .await;
        let request = request(&[tes_root(&tes)], &[plain.url("/")], &["b", "a"]);
        let messages = service.refuse(&request, "ResourceUnavailableError").await;
        assert_eq!(messages, [not_found("b")], "{with_info}");
    }
}

/// Why no DRS gave `a`: of these DRS, in order.
fn unanswered(causes: &[(&str, &FetchError)], absent_at: usize) -> String {
    let reason = UnrankableReason::Unanswered {
        object: "a".into(),
        causes: causes
            .iter()
            .map(|(service, cause)| ((*service).to_owned(), cause.to_string().into()))
            .collect(),
        absent_at,
    };
    reason.to_string()
}

#[tokio::test]
async fn that_no_drs_has_an_object_is_told_only_if_all_say_so() {
    let service = Service::start_with("timeout: 0.5").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let without = drs(&[("b", 1, NEAR)]).await;
    let hangs = RawServer::start(Manner::Hangs).await;
    let root = drs_root(&without);
    let refused = async |roots: &[String]| {
        let request = request(&[tes_root(&tes)], roots, &["a"]);
        let messages = service.refuse(&request, "ResourceUnavailableError").await;
        messages[0].clone()
    };
    assert_eq!(refused(std::slice::from_ref(&root)).await, not_found("a"));
    let mut servers = Vec::new();
    for code in [401, 403, 429, 500, 503] {
        let odd = always(code, "application/json", "{}").await;
        let odd_root = odd.url("/ga4gh/drs/v1/");
        let told = refused(&[odd_root.clone(), root.clone()]).await;
        assert_eq!(told, unanswered(&[(&odd_root, &status(code))], 1));
        servers.push(odd);
    }
    let roots: Vec<_> = servers
        .iter()
        .map(|server| server.url("/ga4gh/drs/v1/"))
        .collect();
    let told = refused(&roots[..2]).await;
    let (first, second) = (status(401), status(403));
    assert_eq!(
        told,
        unanswered(&[(&roots[0], &first), (&roots[1], &second)], 0)
    );
    let unreadable = always(200, "application/json", "{\"size\": ").await;
    let told = refused(&[unreadable.url("/ga4gh/drs/v1/")]).await;
    let malformed = FetchError::Malformed(ANY.to_owned());
    assert_like(
        &told,
        unanswered(&[(&unreadable.url("/ga4gh/drs/v1/"), &malformed)], 0),
    );
    let told = refused(std::slice::from_ref(&hangs.root)).await;
    let timeout = FetchError::Timeout(Duration::from_millis(500));
    assert_eq!(told, unanswered(&[(&hangs.root, &timeout)], 0));
}

#[tokio::test]
async fn a_refusal_for_want_of_a_passport_says_so() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let body = r#"{"status_code": 403, "msg": "A GA4GH Passport is required"}"#;
    let strict = always(403, "application/json", body).await;
    let root = strict.url("/ga4gh/drs/v1/");
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], std::slice::from_ref(&root), &["a"]),
            "ResourceUnavailableError",
        )
        .await;
    let expected = Warning::DrsUnavailable {
        service: root,
        cause: FetchError::PassportWanted(StatusCode::FORBIDDEN).to_string(),
        objects: vec!["a".into()],
        hint: Some(DrsHint::Passport),
    };
    assert_eq!(messages[1], expected.to_string());
}

/// A DRS that refuses everyone with this challenge, and says at OPTIONS which kinds of authorization it takes.
async fn strict(challenge: &'static str, types: Value) -> Recorded {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    let router = Router::new().fallback(async move |method: Method, uri: Uri| -> Response {
        seen.lock().unwrap().push(format!("{method} {uri}"));
        if method == Method::OPTIONS && !uri.path().starts_with("/ga4gh/drs/v1/objects/") {
            return StatusCode::NOT_FOUND.into_response();
        }
        if method == Method::OPTIONS && !types.is_null() {
            return Json(json!({"drs_object_id": "a", "supported_types": types})).into_response();
        }
        (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response()
    });
    Recorded {
        server: Server::start(router).await,
        asked,
    }
}

struct Recorded {
    server: Server,
    asked: Arc<Mutex<Vec<String>>>,
}

#[tokio::test]
async fn that_a_passport_is_wanted_is_told_by_challenges_and_by_options() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let (named, plain) = (
        FetchError::PassportWanted(StatusCode::UNAUTHORIZED),
        status(401),
    );
    for (challenge, types, cause, hint) in [
        (
            "GA4GH-Passport realm=\"drs\"",
            json!(null),
            &named,
            DrsHint::Passport,
        ),
        (
            "Bearer realm=\"drs\", error=\"insufficient_scope\", scope=\"openid ga4gh_passport_v1\"",
            json!(null),
            &named,
            DrsHint::Passport,
        ),
        ("Bearer", json!(["PassportAuth"]), &plain, DrsHint::Passport),
        (
            "Bearer",
            json!(["PassportAuth", "BearerAuth"]),
            &plain,
            DrsHint::NoToken,
        ),
        ("Bearer", json!(["BearerAuth"]), &plain, DrsHint::NoToken),
        ("Bearer", json!(null), &plain, DrsHint::NoToken),
    ] {
        let strict = strict(challenge, types.clone()).await;
        let root = strict.server.url("/");
        let ids: Vec<_> = (0..5).map(|number| format!("a{number}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let asked = request(&[tes_root(&tes)], std::slice::from_ref(&root), &ids);
        let messages = service.refuse(&asked, "ResourceUnavailableError").await;
        let expected = Warning::DrsUnavailable {
            service: root,
            cause: cause.to_string(),
            objects: ids.iter().map(|id| (*id).into()).collect(),
            hint: Some(hint),
        };
        assert_eq!(messages[5], expected.to_string(), "{challenge}, {types}");
        let asked = strict.asked.lock().unwrap();
        let options = asked.iter().filter(|line| line.starts_with("OPTIONS"));
        assert!(options.count() <= 2, "once, at each root: {asked:?}");
    }
}

/// A DRS that is ready after so many answers of 202 with this header.
async fn ready_after(times: usize, retry_after: Option<String>) -> Server {
    let count = Arc::new(AtomicUsize::new(0));
    Server::start(Router::new().fallback(async move || -> Response {
        if count.fetch_add(1, Ordering::SeqCst) >= times {
            return Json(object()).into_response();
        }
        match retry_after {
            Some(value) => (StatusCode::ACCEPTED, [(RETRY_AFTER, value)]).into_response(),
            None => StatusCode::ACCEPTED.into_response(),
        }
    }))
    .await
}

#[tokio::test]
async fn an_object_that_is_not_ready_is_waited_for_however_the_server_says_so() {
    let service = Service::start_with("timeout: 20").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let date = |seconds: i64| {
        let now = SystemTime::now();
        let seconds = Duration::from_secs(seconds.unsigned_abs());
        httpdate(now, seconds)
    };
    let past = date(-10);
    for retry_after in [
        None,
        Some("0".to_owned()),
        Some("soon".to_owned()),
        Some(past),
    ] {
        let drs = ready_after(2, retry_after.clone()).await;
        let asked = request(&[tes_root(&tes)], &[drs.url("/ga4gh/drs/v1/")], &["a"]);
        let answer = service.rank(&asked).await;
        assert_eq!(answer["warnings"], json!([]), "{retry_after:?}");
    }
}

/// The HTTP date so long before `now`.
fn httpdate(now: SystemTime, before: Duration) -> String {
    let seconds = (now - before)
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test]
async fn a_202_without_end_is_told() {
    let service = Service::start_with("timeout: 0.6").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    for retry_after in [None, Some("0".to_owned())] {
        let never = ready_after(usize::MAX, retry_after).await;
        let root = never.url("/ga4gh/drs/v1/");
        let request = request(&[tes_root(&tes)], std::slice::from_ref(&root), &["a"]);
        let messages = service.refuse(&request, "ResourceUnavailableError").await;
        let causes = [
            FetchError::StillNotReady,
            FetchError::NotReady(Duration::from_millis(100)),
            FetchError::Timeout(Duration::from_millis(600)),
        ];
        let is_expected = causes
            .iter()
            .any(|cause| is_like(&messages[1], &drs_unavailable(&root, cause, &["a"])));
        assert!(is_expected, "{messages:?}");
    }
}

#[tokio::test]
async fn the_query_of_a_drs_uri_is_carried_over() {
    let service = Service::start_with("drs: {plain_http_hosts: [127.0.0.1]}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let azul = Recorder::start(|line, _| {
        let wanted = "GET /ga4gh/drs/v1/objects/7b07f99e?version=2018-11-02T113344.698028Z";
        let method = json!({"type": "https", "access_id": "x"});
        (line == wanted).then(|| (200, json!({"size": 1, "access_methods": [method]})))
    })
    .await;
    let address = azul.server.address;
    let id = format!("drs://{address}/7b07f99e?version=2018-11-02T113344.698028Z");
    let answer = service.rank(&request(&[tes_root(&tes)], &[], &[&id])).await;
    let uris = &answer["service_combinations"][0]["access_uris"];
    assert_eq!(uris[&id], *id, "the version too");
    let other = format!("drs://{address}/7b07f99e");
    service
        .refuse(
            &request(&[tes_root(&tes)], &[], &[&other]),
            "ResourceUnavailableError",
        )
        .await;
}

#[tokio::test]
async fn an_id_whose_encoded_slash_is_refused_is_asked_for_once_with_a_plain_one() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    for code in [400, 404] {
        let proxy = Recorder::start(move |line, _| match line {
            "GET /ga4gh/drs/v1/objects/dg.4503/a%20b" => Some((200, object())),
            line if line.contains("%2F") => Some((code, json!({}))),
            _ => Some((404, json!({}))),
        })
        .await;
        let roots = [proxy.server.url("/ga4gh/drs/v1/")];
        let answer = service
            .rank(&request(&[tes_root(&tes)], &roots, &["dg.4503/a b"]))
            .await;
        assert_eq!(answer["warnings"], json!([]), "{code}");
        assert_eq!(
            proxy.lines(),
            [
                "GET /ga4gh/drs/v1/objects/dg.4503%2Fa%20b",
                "GET /ga4gh/drs/v1/objects/dg.4503/a%20b"
            ]
        );
        // Nothing that would climb up the path.
        let climbing = request(&[tes_root(&tes)], &roots, &["x/../../y"]);
        service.refuse(&climbing, "ResourceUnavailableError").await;
        assert_eq!(proxy.lines(), ["GET /ga4gh/drs/v1/objects/x%2F..%2F..%2Fy"]);
    }
}

#[tokio::test]
async fn tls_to_a_server_that_speaks_plain_http_has_a_hint() {
    let service = Service::start_with("drs: {resolve_compact_ids: false}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let plain = drs(&[("a", 1, NEAR)]).await;
    let id = format!("drs://{}/a", plain.address);
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[], &[&id]),
            "ResourceUnavailableError",
        )
        .await;
    let expected = Warning::DrsUnavailable {
        service: format!("https://{}/ga4gh/drs/v1/", plain.address),
        cause: FetchError::Unreachable(ANY.to_owned()).to_string(),
        objects: vec![id.as_str().into()],
        hint: Some(DrsHint::PlainHttp),
    };
    assert_like(&messages[1], expected.to_string());
}
