//! Traces: the caller's context goes on to TES and DRS, and spans to a collector that decodes them.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::HeaderMap};
use opentelemetry_proto::tonic::{common::v1::any_value::Value::StringValue, trace::v1::Span};

use crate::support::{
    Server,
    collector::collector,
    network::{Service, drs_root, request, tes_root},
    program::RunningService,
};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";

type Seen = Arc<Mutex<Vec<HeaderMap>>>;

/// A server that answers nothing useful, and the headers that it got.
async fn listening() -> (Server, Seen) {
    async fn note(State(seen): State<Seen>, headers: HeaderMap) -> &'static str {
        seen.lock().unwrap().push(headers);
        "{}"
    }
    let seen = Seen::default();
    let router = Router::new().fallback(note).with_state(Arc::clone(&seen));
    (Server::start(router).await, seen)
}

fn contexts(seen: &Seen) -> Vec<(Option<String>, Option<String>)> {
    let text = |headers: &HeaderMap, name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let seen = seen.lock().unwrap();
    let contexts = seen.iter();
    contexts
        .map(|headers| (text(headers, "traceparent"), text(headers, "tracestate")))
        .collect()
}

#[tokio::test]
async fn without_a_collector_the_callers_context_goes_on_as_it_came() {
    let ((tes, at_tes), (drs, at_drs)) = (listening().await, listening().await);
    let service = Service::start().await;
    let body = request(&[tes_root(&tes)], &[drs_root(&drs)], &["a"]);
    for (parent, state, expected) in [
        (PARENT, "vendor=1", Some(PARENT)),
        ("00-nonsense", "vendor=1", None),
    ] {
        at_tes.lock().unwrap().clear();
        at_drs.lock().unwrap().clear();
        let sent = service
            .post()
            .header("traceparent", parent)
            .header("tracestate", state)
            .json(&body);
        sent.send().await.unwrap();
        for seen in [&at_tes, &at_drs] {
            let contexts = contexts(seen);
            assert!(!contexts.is_empty());
            let state = expected.map(|_| "vendor=1".to_owned());
            let expected = (expected.map(str::to_owned), state);
            assert!(
                contexts.iter().all(|context| *context == expected),
                "{contexts:?}"
            );
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(digit.into(), 16).unwrap();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

#[tokio::test]
async fn spans_of_every_step_and_call_reach_a_collector_under_the_callers_trace() {
    let (collector, spans) = collector().await;
    let (drs, at_drs) = listening().await;
    let tes = crate::support::network::tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let service = RunningService::start(&[
        ("TESTRIBUTE__TELEMETRY__OTLP_ENDPOINT", &collector.url("/")),
        ("TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS", "127.0.0.0/8"),
        // What is logged does not decide what is traced.
        ("TESTRIBUTE__LOG__LEVEL", "info"),
        ("TESTRIBUTE__LOG__FORMAT", "json"),
    ])
    .await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = async |body: serde_json::Value, id: &str| {
        let sent = client
            .post(format!("{}/rank-services", service.root))
            .header("traceparent", PARENT)
            .header("x-request-id", id)
            .json(&body);
        sent.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(request(&[tes_root(&tes)], &[], &[]), "r-1").await, 200);
    let with_object = request(&[tes_root(&tes)], &[drs_root(&drs)], &["a"]);
    assert_eq!(send(with_object, "r-2").await, 400);
    let (code, logged) = service.stop().await;
    assert_eq!(code, Some(0));
    assert!(logged.contains(r#""id":"r-1""#), "{logged}");
    assert!(!logged.contains("gather"), "{logged}");

    let spans = spans.lock().unwrap();
    let named = |name: &str| {
        spans
            .iter()
            .filter(|span| span.name == name)
            .collect::<Vec<_>>()
    };
    for (name, least) in [
        ("request", 2),
        ("gather", 2),
        ("call", 2),
        ("locate", 1),
        ("estimate", 1),
        ("rank", 1),
        ("serialise", 1),
    ] {
        assert!(named(name).len() >= least, "{name}: {spans:#?}");
    }
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE_ID));
    let requests = named("request");
    assert!(
        requests
            .iter()
            .all(|span| hex(&span.parent_span_id) == "b7ad6b7169203331")
    );
    let ids: Vec<_> = requests
        .iter()
        .flat_map(|span| &span.attributes)
        .filter(|attribute| attribute.key == "id")
        .map(|attribute| attribute.value.clone().unwrap().value.unwrap())
        .collect();
    assert!(ids.contains(&StringValue("r-1".to_owned())), "{ids:?}");
    let steps = named("gather");
    let inside = |span: &Span| {
        requests
            .iter()
            .any(|request| request.span_id == span.parent_span_id)
    };
    assert!(steps.iter().all(|span| inside(span)));
    // What the DRS got names the span of its call.
    let calls: Vec<_> = named("call")
        .iter()
        .map(|span| hex(&span.span_id))
        .collect();
    let contexts = contexts(&at_drs);
    assert!(!contexts.is_empty());
    for (parent, _) in contexts {
        let parent = parent.unwrap();
        let parts: Vec<_> = parent.split('-').collect();
        assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE_ID, "01"));
        assert!(calls.iter().any(|id| id == parts[2]), "{parent}: {calls:?}");
    }
}

#[tokio::test]
async fn a_collector_that_is_away_does_not_delay_requests_or_fail_the_end() {
    let tes = crate::support::network::tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let away = crate::support::faulty::nobody();
    let service = RunningService::start(&[
        ("TESTRIBUTE__TELEMETRY__OTLP_ENDPOINT", &away),
        ("TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS", "127.0.0.0/8"),
    ])
    .await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = client
        .post(format!("{}/rank-services", service.root))
        .json(&request(&[tes_root(&tes)], &[], &[]));
    assert_eq!(sent.send().await.unwrap().status(), 200);
    assert_eq!(service.stop().await.0, Some(0));
}
