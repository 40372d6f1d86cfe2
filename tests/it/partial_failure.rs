//! One bad neighbour beside a good one: the rest is ranked, and a warning names service and cause.

use std::{future::pending, time::Duration};

use axum::{Router, http::Uri};
use serde_json::{Value, json};
use testribute::{
    config,
    domain::money::{Currency, Money},
};
use tokio::time::timeout;

use crate::support::{
    Server,
    faulty::{Manner, RawServer, always, nobody},
    front::{Front, Identity},
    network::{Service, drs, drs_root, request, tes, tes_root, warnings},
    texts::{
        ANY, Exclusion, FetchError, Redirect, ResolveError, assert_like, drs_unavailable, is_like,
        malformed, not_an_object, not_json, off_limits, status, tes_excluded, tes_unavailable,
        timeout as timed_out,
    },
};

/// The longest that one call may take where a neighbour hangs.
const CALL: &str = "timeout: 1";

/// The longest that one call may take where none does: a busy machine is no reason to fail.
const LONG_CALL: &str = "{timeout: 20, server: {request_deadline_sec: 60}}";

/// Far less than a hanging neighbour would take.
const LIMIT: Duration = Duration::from_secs(30);

/// A bad neighbour: what keeps it running, its root URI, and the cause that the warning must give, or one of several.
struct Neighbour {
    root: String,
    causes: Vec<FetchError>,
    _alive: Alive,
}

/// What a neighbour consists of.
#[expect(dead_code, reason = "it only has to be there")]
enum Alive {
    Server(Server),
    Raw(RawServer),
    Front(Front),
    Nothing,
}

/// The service, impatient and patient.
struct Services {
    impatient: Service,
    patient: Service,
}

impl Services {
    async fn start() -> Self {
        Self {
            impatient: Service::start_with(CALL).await,
            patient: Service::start_with(LONG_CALL).await,
        }
    }

    /// The one that is not kept waiting by `neighbour`, and does not give it up too early.
    fn for_one_beside(&self, neighbour: &Neighbour) -> &Service {
        if matches!(neighbour.causes[..], [FetchError::Timeout(_)]) {
            &self.impatient
        } else {
            &self.patient
        }
    }
}

async fn raw(manner: Manner, cause: FetchError) -> Neighbour {
    let server = RawServer::start(manner).await;
    Neighbour {
        root: server.root.clone(),
        causes: vec![cause],
        _alive: Alive::Raw(server),
    }
}

async fn http(
    status: u16,
    media_type: &'static str,
    body: impl Into<Vec<u8>>,
    cause: FetchError,
) -> Neighbour {
    let server = always(status, media_type, body).await;
    Neighbour {
        root: server.url("/"),
        causes: vec![cause],
        _alive: Alive::Server(server),
    }
}

async fn json(body: Value, cause: FetchError) -> Neighbour {
    http(200, "application/json", body.to_string(), cause).await
}

fn at(root: &str, cause: FetchError) -> Neighbour {
    Neighbour {
        root: root.to_owned(),
        causes: vec![cause],
        _alive: Alive::Nothing,
    }
}

fn unreachable(cause: &str) -> FetchError {
    FetchError::Unreachable(cause.to_owned())
}

fn interrupted() -> FetchError {
    FetchError::Interrupted(ANY.to_owned())
}

/// Neighbours with TLS where there should be none, the reverse, and with certificates of no worth.
async fn bad_at_tls() -> Vec<Neighbour> {
    let plain = always(200, "application/json", "{}").await;
    let mut all = vec![Neighbour {
        root: plain.url("/").replace("http:", "https:"),
        causes: vec![unreachable(
            "received corrupt message of type InvalidContentType",
        )],
        _alive: Alive::Server(plain),
    }];
    let no_trust = || unreachable(&format!("{ANY}certificate{ANY}"));
    let certificates = [
        ("http", "127.0.0.1", Identity::new(), interrupted()),
        ("https", "localhost", Identity::new(), no_trust()),
        ("https", "127.0.0.1", Identity::new(), no_trust()),
        ("https", "localhost", Identity::expired(), no_trust()),
    ];
    for (scheme, host, identity, cause) in certificates {
        let front = Front::open(
            &config::Server::default(),
            Some(identity.load()),
            Router::new(),
            pending(),
        )
        .await;
        all.push(Neighbour {
            root: format!("{scheme}://{host}:{}/", front.address.port()),
            causes: vec![cause],
            _alive: Alive::Front(front),
        });
    }
    all
}

/// Neighbours that are bad at HTTP: the same for TES and DRS.
async fn bad_at_http() -> Vec<Neighbour> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let broken_gzip = format!("{head}content-encoding: gzip\r\ncontent-length: 4\r\n\r\nABCD");
    let endless = format!("{head}transfer-encoding: chunked\r\n\r\n");
    let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let drip = Duration::from_millis(20);
    let json = "application/json";
    let mut all = vec![
        at(&nobody(), unreachable(&format!("Connection refused{ANY}"))),
        at("http://tes.invalid/", ResolveError::Unknown.into()),
        raw(Manner::Hangs, timed_out(1.0)).await,
        raw(
            Manner::SaysThenHangs(format!("{head}content-length: 100\r\n\r\n{{").into_bytes()),
            timed_out(1.0),
        )
        .await,
        raw(
            Manner::Repeats(endless.clone().into_bytes(), b"1\r\n \r\n".to_vec(), drip),
            timed_out(1.0),
        )
        .await,
        raw(
            Manner::Repeats(endless.into_bytes(), piece.into_bytes(), Duration::ZERO),
            FetchError::TooLarge(1_048_576),
        )
        .await,
        raw(Manner::says(""), interrupted()).await,
        raw(
            Manner::Says(format!("{head}content-length: 100\r\n\r\n{{}}").into_bytes()),
            interrupted(),
        )
        .await,
        raw(Manner::says("SSH-2.0-OpenSSH_9.2\r\n\r\n"), interrupted()).await,
        raw(
            Manner::Repeats(
                head.as_bytes().to_vec(),
                b"x: y\r\n".repeat(1000),
                Duration::ZERO,
            ),
            interrupted(),
        )
        .await,
        raw(Manner::Says(broken_gzip.into_bytes()), malformed(ANY)).await,
        http(
            200,
            "text/html",
            "<html>",
            malformed("it is a web page, not an API"),
        )
        .await,
        http(200, json, "{\"size\":", not_json()).await,
        http(200, json, "\"\u{0}\"", not_json()).await,
        http(
            200,
            json,
            b"\"\xff\"".as_slice(),
            malformed("it is not a JSON object"),
        )
        .await,
        http(200, json, "[".repeat(10_000), malformed(ANY)).await,
        http(204, json, "", malformed("it is empty")).await,
        http(200, json, "[]", not_an_object()).await,
    ];
    // A POST is not redirected, and a GET to nowhere is not either.
    let mut redirects = http(
        307,
        "text/plain",
        "",
        FetchError::Redirected(Redirect {
            status: 307,
            origin: None,
        }),
    )
    .await;
    redirects.causes.push(FetchError::BadRedirect);
    all.push(redirects);
    all.extend(bad_at_tls().await);
    for code in [
        400, 401, 403, 405, 410, 418, 429, 500, 501, 502, 503, 504, 599,
    ] {
        all.push(http(code, json, "{}", status(code)).await);
    }
    all
}

#[tokio::test]
async fn a_bad_tes_is_a_warning() {
    let price = |amount: Value| json!({"amount": amount, "currency": "EUR"});
    let info = |field: &str, value: Value| {
        let mut info = json!({
            "estimated_compute_costs": price(json!(1)), "estimated_storage_costs": price(json!(1)),
            "unit_costs_data_transfer": price(json!(1)), "estimated_queue_time_sec": 1
        });
        match value {
            Value::Null => drop(info.as_object_mut().unwrap().remove(field)),
            value => info[field] = value,
        }
        info
    };
    let bad_amount = |amount| Money::new(amount, Currency::EUR).unwrap_err();
    let mut bad = bad_at_http().await;
    for (field, value, cause) in [
        (
            "estimated_compute_costs",
            Value::Null,
            malformed("estimated_compute_costs is missing"),
        ),
        (
            "estimated_compute_costs",
            price(json!(-0.01)),
            malformed(format!(
                "estimated_compute_costs.amount: {}",
                bad_amount(-0.01)
            )),
        ),
        (
            "estimated_storage_costs",
            price(json!("much")),
            malformed("estimated_storage_costs.amount is not a number"),
        ),
        (
            "estimated_storage_costs",
            price(json!(1e300)),
            malformed(format!(
                "estimated_storage_costs.amount: {}",
                bad_amount(1e300)
            )),
        ),
        (
            "unit_costs_data_transfer",
            json!({"amount": 1, "currency": "XXX"}),
            malformed("unit_costs_data_transfer.currency is not an ISO 4217 code"),
        ),
        (
            "unit_costs_data_transfer",
            json!(7),
            malformed("unit_costs_data_transfer is not an object with amount and currency"),
        ),
    ] {
        bad.push(json(info(field, value), cause).await);
    }
    let infinite = info("estimated_queue_time_sec", json!(1))
        .to_string()
        .replace(":1}", ":1e999}");
    let out_of_range = malformed(format!("{ANY}number out of range{ANY}"));
    bad.push(http(200, "application/json", infinite, out_of_range).await);
    bad.push(http(404, "application/json", "{}", status(404)).await);

    let services = Services::start().await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    for neighbour in &bad {
        let service = services.for_one_beside(neighbour);
        let request = request(&[neighbour.root.clone(), tes_root(&good)], &[], &[]);
        let answer = timeout(LIMIT, service.rank(&request)).await.unwrap();
        assert_one_warning(&answer, neighbour, |cause| {
            tes_unavailable(&neighbour.root, cause)
        });
        assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_bad_drs_is_a_warning() {
    let mut bad = bad_at_http().await;
    for (body, cause) in [
        (json!({"id": "a"}), malformed(format!("size: {ANY}"))),
        (json!({"size": -1}), malformed(format!("size: {ANY}"))),
        (json!({"size": "many"}), malformed(format!("size: {ANY}"))),
        (
            json!({"access_methods": "none"}),
            malformed(format!("size: {ANY}")),
        ),
        (json!([]), not_an_object()),
    ] {
        bad.push(json(body, cause).await);
    }
    let services = Services::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let good = drs(&[("a", 1000, &["https://near.example/a"])]).await;
    for neighbour in &bad {
        let service = services.for_one_beside(neighbour);
        let request = request(
            &[tes_root(&tes)],
            &[neighbour.root.clone(), drs_root(&good)],
            &["a"],
        );
        let answer = timeout(LIMIT, service.rank(&request)).await.unwrap();
        assert_one_warning(&answer, neighbour, |cause| {
            drs_unavailable(&neighbour.root, cause, &["a"])
        });
        assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
    }
}

/// `warning` gives the text for a cause.
fn assert_one_warning(
    answer: &Value,
    neighbour: &Neighbour,
    warning: impl Fn(&FetchError) -> String,
) {
    let warnings = warnings(answer);
    let [told] = warnings.as_slice() else {
        panic!("{:?}: {warnings:?}", neighbour.causes);
    };
    let expected = neighbour.causes.iter().map(warning);
    assert!(
        expected
            .into_iter()
            .any(|expected| is_like(told, &expected)),
        "{told}, not: {:?}",
        neighbour.causes
    );
}

#[tokio::test]
async fn many_dead_services_take_no_longer_than_one() {
    let service = Service::start_with(CALL).await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = drs(&[("a", 1000, &["https://near.example/a"])]).await;
    let mut dead = Vec::new();
    for _ in 0..40 {
        dead.push(RawServer::start(Manner::Hangs).await);
    }
    let mut tes = vec![tes_root(&good)];
    tes.extend(dead[..20].iter().map(|server| server.root.clone()));
    let mut drs = vec![drs_root(&data)];
    drs.extend(dead[20..].iter().map(|server| server.root.clone()));
    let request = request(&tes, &drs, &["a"]);
    // One after the other they would take 10 s.
    let answer = timeout(Duration::from_secs(8), service.rank(&request))
        .await
        .unwrap();
    assert_eq!(warnings(&answer).len(), 40);
}

#[tokio::test]
async fn a_dead_drs_is_not_waited_for_once_per_object() {
    let service = Service::start_with(CALL).await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ids: Vec<_> = (0..100).map(|n| format!("o{n}")).collect();
    let uris = ["https://near.example/x"];
    let objects: Vec<_> = ids
        .iter()
        .map(|id| (id.as_str(), 1, uris.as_slice()))
        .collect();
    let data = drs(&objects).await;
    let dead = RawServer::start(Manner::Hangs).await;
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let request = request(
        &[tes_root(&good)],
        &[dead.root.clone(), drs_root(&data)],
        &ids,
    );
    let answer = timeout(Duration::from_secs(8), service.rank(&request))
        .await
        .unwrap();
    assert_eq!(
        warnings(&answer),
        [drs_unavailable(&dead.root, &timed_out(1.0), &ids)]
    );
}

#[tokio::test]
async fn one_object_that_leads_astray_loses_no_other_object_of_its_drs() {
    let service = Service::start().await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let uris = ["https://near.example/x"];
    let ids: Vec<_> = (0..30).map(|n| format!("o{n}")).collect();
    let objects: Vec<_> = ids
        .iter()
        .map(|id| (id.as_str(), 1, uris.as_slice()))
        .collect();
    let inner = drs(&objects).await;
    let behind = drs_root(&inner);
    // The first object is redirected to where no call may go, all others to where they are.
    let router = Router::new().fallback(async move |uri: Uri| {
        let id = uri.path().rsplit('/').next().unwrap().to_owned();
        let target = match id.as_str() {
            "o0" => "http://169.254.169.254/x".to_owned(),
            _ => format!("{behind}objects/{id}"),
        };
        axum::response::Redirect::temporary(&target)
    });
    let odd = Server::start(router).await;
    let other = drs(&[("o0", 1, uris.as_slice())]).await;
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let drs = [odd.url("/"), drs_root(&other)];
    let answer = service.rank(&request(&[tes_root(&good)], &drs, &ids)).await;
    let told = warnings(&answer);
    assert_eq!(told.len(), 1, "{told:?}");
    let astray = FetchError::RedirectTarget(Box::new(off_limits("169.254.169.254")));
    assert_like(told[0], drs_unavailable(&odd.url("/"), &astray, &["o0"]));
}

#[tokio::test]
async fn an_implausible_price_is_a_warning() {
    let service = Service::start_with("exchange_rates: {rates: {BTC: 0.00001}}").await;
    let expensive = tes("127.0.0.1", "BTC", 1e10, 1.0, 0.0).await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let answer = service
        .rank(&request(&[tes_root(&expensive), tes_root(&good)], &[], &[]))
        .await;
    assert_eq!(
        warnings(&answer),
        [tes_excluded(
            &tes_root(&expensive),
            Exclusion::ImplausiblePrice {
                target: Currency::EUR
            }
        )]
    );
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
}
