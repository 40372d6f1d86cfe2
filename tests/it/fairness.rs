//! Many dead services and many greedy requests: healthy services and other requests do not wait for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, Uri},
    response::IntoResponse,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use testribute::{Deadline, DeadlineOwner, Ranker, Reach};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::support::{
    Server,
    faulty::{Manner, RawServer},
    network::{self, Service, drs, drs_root, request, tes, tes_root, warnings},
    texts::{self, FetchError, UnresolvedId, drs_unavailable, no_server, tes_unavailable},
};

const LIMIT: Duration = Duration::from_secs(30);

async fn silent(count: usize) -> (Vec<RawServer>, Vec<String>) {
    let servers = join_all((0..count).map(|_| RawServer::start(Manner::Hangs))).await;
    let roots = servers.iter().map(|server| server.root.clone()).collect();
    (servers, roots)
}

/// A service that makes eight calls at once, and waits for each longer than any test.
async fn patient_with_eight_calls() -> Service {
    let config =
        "{timeout: 60, server: {request_deadline_sec: 600}, outbound: {max_concurrency: 8}}";
    Service::start_with(config).await
}

/// A DRS with `count` objects, and their ids.
async fn data(count: usize) -> (Server, Vec<String>) {
    let ids: Vec<_> = (0..count).map(|number| format!("o{number}")).collect();
    let uris = ["https://near.example/x"];
    let objects: Vec<_> = ids
        .iter()
        .map(|id| (id.as_str(), 1, uris.as_slice()))
        .collect();
    (drs(&objects).await, ids)
}

fn with_objects(tes: &[String], drs: &[String], ids: &[String]) -> Value {
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    request(tes, drs, &ids)
}

#[tokio::test]
async fn as_many_dead_services_as_a_request_may_name_cost_warnings() {
    let service = Service::start_with("timeout: 0.5").await;
    let (_alive, dead) = silent(199).await;
    let (mut tes_uris, mut drs_uris) = (dead[..99].to_vec(), dead[99..198].to_vec());
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let (objects, ids) = data(50).await;
    tes_uris.push(tes_root(&good));
    drs_uris.push(drs_root(&objects));
    let request = with_objects(&tes_uris, &drs_uris, &ids);
    let answer = timeout(LIMIT, service.rank(&request)).await.unwrap();
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
    let cause = texts::timeout(0.5);
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let expected: Vec<_> = dead[..99]
        .iter()
        .map(|root| tes_unavailable(root, &cause))
        .chain(
            dead[99..198]
                .iter()
                .map(|root| drs_unavailable(root, &cause, &ids)),
        )
        .collect();
    assert_eq!(warnings(&answer), expected);
}

#[tokio::test]
async fn what_has_not_answered_in_time_is_left_out_and_the_rest_is_ranked() {
    // One call alone could take longer than the whole request.
    let service = Service::start_with("{timeout: 20, server: {request_deadline_sec: 3}}").await;
    let (_alive, dead) = silent(2).await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let (objects, ids) = data(3).await;
    let request = with_objects(
        &[dead[0].clone(), tes_root(&good)],
        &[dead[1].clone(), drs_root(&objects)],
        &ids,
    );
    let answer = service.rank(&request).await;
    let cause = FetchError::BudgetExceeded {
        length: Duration::from_millis(1500),
        set_by: DeadlineOwner::Service,
    };
    assert_eq!(
        warnings(&answer),
        [
            tes_unavailable(&dead[0], &cause),
            drs_unavailable(&dead[1], &cause, &["o0", "o1", "o2"]),
        ]
    );
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn services_have_nearly_all_of_the_time_that_a_caller_in_the_process_gives() {
    // One call alone could take longer than the whole ranking.
    let config = network::config("{timeout: 20}");
    let ranker = Ranker::with_reach(&config, Reach::Everywhere).unwrap();
    let caller = ranker.admit(None).await.unwrap();
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let set_by = DeadlineOwner::Caller("its time");
    for millis in [400, 800, 1600] {
        let (_alive, dead) = silent(1).await;
        let request = request(&[dead[0].clone(), tes_root(&good)], &[], &[]);
        let request = serde_json::from_value(request).unwrap();
        let deadline = Deadline {
            start: Instant::now(),
            length: Duration::from_millis(millis),
            set_by,
        };
        let answer = ranker.rank_before(deadline, request, &caller).await;
        let taken = deadline.start.elapsed();
        let length = deadline.length * 7 / 8;
        assert!(taken >= length, "{taken:?} of {millis} ms");
        let answer = serde_json::to_value(answer.unwrap()).unwrap();
        let cause = FetchError::BudgetExceeded { length, set_by };
        assert_eq!(warnings(&answer), [tes_unavailable(&dead[0], &cause)]);
        assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_small_request_does_not_wait_for_the_services_of_greedy_ones() {
    let service = Arc::new(patient_with_eight_calls().await);
    let hanging = RawServer::start(Manner::Hangs).await;
    let mut connections = hanging.connections.clone();
    let mut greedy = Vec::new();
    // The first has half, the next half of the rest; then each has one, as long as there is one.
    for expected in [4, 6, 7] {
        // Others than before: equal questions would be asked once.
        let dead: Vec<_> = (0..40)
            .map(|n| format!("{}{expected}/{n}", hanging.root))
            .collect();
        let (service, request) = (Arc::clone(&service), request(&dead, &[], &[]));
        greedy.push(tokio::spawn(async move { service.ask(&request).await }));
        let come = connections.wait_for(|&count| count >= expected);
        timeout(LIMIT, come).await.unwrap().unwrap();
    }
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let (objects, ids) = data(30).await;
    let small = with_objects(&[tes_root(&good)], &[drs_root(&objects)], &ids);
    let answer = timeout(LIMIT, service.rank(&small)).await.unwrap();
    assert_eq!(warnings(&answer), [""; 0]);
    assert!(greedy.iter().all(|request| !request.is_finished()));
    assert_eq!(*connections.borrow(), 7, "no one got more");
    greedy.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn no_one_waits_for_the_permit_of_a_greedy_request_with_the_same_call() {
    let service = Arc::new(patient_with_eight_calls().await);
    let hanging = RawServer::start(Manner::Hangs).await;
    let mut connections = hanging.connections.clone();
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let (objects, ids) = data(3).await;
    let small = with_objects(&[tes_root(&good)], &[drs_root(&objects)], &ids);
    let mut dead: Vec<_> = (0..40).map(|n| format!("{}{n}", hanging.root)).collect();
    let mut others = dead.clone();
    dead.push(tes_root(&good));
    others.push(drs_root(&objects));
    let greedy = with_objects(&dead, &others, &ids);
    let greedy = tokio::spawn({
        let service = Arc::clone(&service);
        async move { service.ask(&greedy).await }
    });
    let come = connections.wait_for(|&count| count >= 4);
    timeout(LIMIT, come).await.unwrap().unwrap();
    let answer = timeout(LIMIT, service.rank(&small)).await.unwrap();
    assert_eq!(warnings(&answer), [""; 0]);
    assert!(!greedy.is_finished());
    greedy.abort();
}

#[tokio::test]
async fn permits_are_released_when_callers_leave() {
    let service = patient_with_eight_calls().await;
    let hanging = RawServer::start(Manner::Hangs).await;
    let dead: Vec<_> = (0..40).map(|n| format!("{}{n}", hanging.root)).collect();
    let mut connections = hanging.connections.clone();
    for round in 1..=3 {
        let asking = service.post().json(&request(&dead, &[], &[])).send();
        // With one permit less it would never come to this.
        let come = timeout(LIMIT, connections.wait_for(|&count| count >= 4 * round));
        tokio::select! {
            _ = asking => panic!("nothing answers"),
            come = come => drop(come.unwrap().unwrap()),
        }
        assert_eq!(*connections.borrow(), 4 * round);
    }
}

#[tokio::test]
async fn many_services_are_asked_at_once() {
    let service = Service::start_with("{timeout: 60, server: {request_deadline_sec: 600}}").await;
    let (servers, dead) = silent(100).await;
    let request = request(&dead, &[], &[]);
    let all_asked = join_all(servers.iter().map(|server| {
        let mut connections = server.connections.clone();
        async move { drop(connections.wait_for(|&count| count > 0).await.unwrap()) }
    }));
    tokio::select! {
        _ = service.ask(&request) => panic!("nothing answers"),
        () = async { timeout(LIMIT, all_asked).await.map(drop).unwrap() } => {}
    }
}

#[tokio::test]
async fn a_host_that_no_one_can_connect_to_is_not_tried_again_and_again() {
    let service = Service::start_with("{timeout: 1, outbound: {max_concurrency: 8}}").await;
    // Who wants TLS of it waits for the connection, not for an answer.
    let mute = RawServer::start(Manner::Hangs).await;
    let root = mute.root.replace("http:", "https:");
    let mut tes_uris: Vec<_> = (0..40).map(|n| format!("{root}{n}")).collect();
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    tes_uris.push(tes_root(&good));
    let answer = service.rank(&request(&tes_uris, &[], &[])).await;
    let cause = FetchError::NoConnection(Duration::from_millis(750));
    let dead = &tes_uris[..40];
    let expected: Vec<_> = dead
        .iter()
        .map(|root| tes_unavailable(root, &cause))
        .collect();
    assert_eq!(warnings(&answer), expected);
    assert_eq!(*mute.connections.borrow(), 4, "the first ones");
}

#[tokio::test]
async fn a_drs_that_falls_silent_is_not_waited_for_once_per_object() {
    let service = Service::start_with("{timeout: 0.25, drs: {cache_ttl_sec: 0}}").await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let (objects, ids) = data(300).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let tired = Router::new().fallback(async move |uri: Uri| {
        seen.fetch_add(1, SeqCst);
        if uri.path().contains("/o") && !uri.path().ends_with("/o0") {
            std::future::pending::<()>().await;
        }
        (StatusCode::NOT_FOUND, axum::Json(json!({}))).into_response()
    });
    let tired = Server::start(tired).await;
    let request = with_objects(
        &[tes_root(&good)],
        &[tired.url("/"), drs_root(&objects)],
        &ids,
    );
    let answer = service.rank(&request).await;
    let ids: Vec<_> = ids[1..].iter().map(String::as_str).collect();
    assert_eq!(
        warnings(&answer),
        [drs_unavailable(
            &tired.url("/"),
            &texts::timeout(0.25),
            &ids
        )]
    );
    let asked = asked.load(SeqCst);
    assert!(asked < 40, "it was asked {asked} times");
}

#[tokio::test]
async fn a_silent_resolver_of_compact_ids_is_not_waited_for_once_per_prefix() {
    let silent = RawServer::start(Manner::Hangs).await;
    let service = Service::start_with(&format!(
        "{{timeout: 0.5, outbound: {{max_concurrency: 8}}, drs: {{compact_id_resolver: '{}'}}}}",
        silent.root
    ))
    .await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ids: Vec<_> = (0..100).map(|n| format!("drs://prefix{n}:x")).collect();
    let request = with_objects(&[tes_root(&good)], &[tes_root(&good)], &ids);
    let told = service.refuse(&request, "ResourceUnavailableError").await;
    let expected: Vec<_> = (0..100)
        .map(|n| {
            let unresolved = UnresolvedId::Unresolved {
                prefix: format!("prefix{n}"),
                cause: texts::timeout(0.5),
            };
            no_server(&format!("drs://prefix{n}:x"), &unresolved)
        })
        .collect();
    assert_eq!(told, expected);
    assert_eq!(*silent.connections.borrow(), 4, "the first ones");
}

#[tokio::test]
async fn a_request_whose_body_does_not_come_is_given_up() {
    let service = Service::start_with("{server: {request_deadline_sec: 0.05}}").await;
    let address = service.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = "POST /rank-services HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 100\r\nconnection: close\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 504 "), "{told}");
    let body: Value = serde_json::from_str(told.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(
        body["errors"][0]["reason"],
        json!("DeadlineExceeded"),
        "{body:#}"
    );
}
