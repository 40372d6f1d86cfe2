//! Clients that are slow, greedy or silent: how long they are borne with, and that others do not notice.

use std::{future::pending, time::Duration};

use axum::{Router, routing::get};
use serde_json::Value;
use testribute::config::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{self, Instant, timeout},
};

use crate::support::{
    front::{Front, rest},
    network::{Service, assert_problem, config, router},
    texts::{RequestFaultReason, fault},
};

const ASK: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

async fn front(max_connections: usize) -> Front {
    let server = Server {
        max_connections,
        ..Server::default()
    };
    let router = Router::new()
        .route("/", get(async || "served"))
        .route("/large", get(async || vec![b'x'; 64 << 20]));
    Front::open(&server, None, router, pending()).await
}

/// Reads an answer that says `served`.
async fn is_served(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"served") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
}

/// How long it takes, by a clock that runs ahead whenever everyone waits.
async fn takes(what: impl Future) -> Duration {
    time::pause();
    let started = Instant::now();
    what.await;
    let elapsed = started.elapsed();
    time::resume();
    elapsed
}

#[tokio::test]
async fn beyond_the_bound_clients_wait_until_one_leaves() {
    let front = front(2).await;
    let mut inside = [front.say(ASK).await, front.say(ASK).await];
    for stream in &mut inside {
        is_served(stream).await;
    }
    let mut outside = front.say(ASK).await;
    assert!(
        timeout(Duration::from_millis(50), is_served(&mut outside))
            .await
            .is_err()
    );
    // Who is inside is still served.
    inside[0].write_all(ASK.as_bytes()).await.unwrap();
    is_served(&mut inside[0]).await;
    drop(inside);
    is_served(&mut outside).await;
}

#[tokio::test]
async fn connections_that_are_not_used_are_closed() {
    for (said, answered) in [
        ("", false),
        ("G", false),
        ("PRI * HTTP/2.0\r\n", false),
        ("GET / HTTP/1.1\r\nhost: x\r\nx-slow: ", false),
        (ASK, true),
    ] {
        let front = front(1).await;
        let mut stream = front.say(said).await;
        if answered {
            is_served(&mut stream).await;
        }
        let elapsed = takes(rest(stream)).await;
        assert!(elapsed >= Duration::from_secs(9), "{said:?}: {elapsed:?}");
        assert!(elapsed <= Duration::from_secs(21), "{said:?}: {elapsed:?}");
        // The place is free again.
        is_served(&mut front.say(ASK).await).await;
    }
}

#[tokio::test]
async fn a_connection_of_http_2_that_is_not_used_is_told_to_go() {
    const GOAWAY: u8 = 7;
    let front = front(1).await;
    // The preface, and no settings.
    let mut stream = front
        .say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    let goes = async {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            if head[3] == GOAWAY {
                return;
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut frame = vec![0; length as usize];
            stream.read_exact(&mut frame).await.unwrap();
        }
    };
    let elapsed = takes(goes).await;
    assert!(elapsed >= Duration::from_secs(9), "{elapsed:?}");
    assert!(elapsed <= Duration::from_secs(21), "{elapsed:?}");
    takes(rest(stream)).await;
    is_served(&mut front.say(ASK).await).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_loses_its_place() {
    let front = front(1).await;
    let _greedy = front.say("GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut next = front.say(ASK).await;
    let elapsed = takes(is_served(&mut next)).await;
    assert!(elapsed <= Duration::from_secs(120), "{elapsed:?}");
}

#[tokio::test]
async fn a_body_that_drips_holds_no_place_beyond_the_deadline() {
    let config = config("server: {max_in_flight: 1, request_deadline_sec: 0.05}");
    let front = Front::open(&config.server, None, router(&config), pending()).await;
    let head = "POST /rank-services HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
    for _ in 0..3 {
        let mut stream = front.say(format!("{head}{{")).await;
        let mut answer = Vec::new();
        let (mut from, mut to) = stream.split();
        let drip = async {
            while to.write_all(b" ").await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        let read = async { from.read_to_end(&mut answer).await };
        // The answer comes, and then the connection ends: where the body stops is no longer known.
        let both = async { tokio::join!(drip, read) };
        let _ = timeout(Duration::from_secs(5), both).await.unwrap();
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 504"), "{text}");
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_problem(&body, 504, "DeadlineExceeded");
    }
}

#[tokio::test]
async fn a_uri_that_is_too_long_is_refused_with_the_error_body() {
    let service = Service::start().await;
    let fits = service.get(&format!("/healthz?{}", "x".repeat(8000)));
    assert_eq!(fits.send().await.unwrap().status(), 200);
    for path in [
        format!("/healthz?{}", "x".repeat(9000)),
        format!("/{}", "x".repeat(20_000)),
    ] {
        let too_long = RequestFaultReason::UriTooLong {
            limit: 8192,
            length: path.len(),
        };
        let response = service.get(&path).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let body = response.json().await.unwrap();
        let messages = assert_problem(&body, 400, "ValidationError");
        assert_eq!(messages, [fault("", too_long)]);
    }
}

#[tokio::test]
async fn a_uri_longer_than_a_head_may_be_is_refused_before_it_is_read() {
    let front = front(1).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    // Part of it may be unread when the answer comes.
    let _ = stream
        .write_all(format!("GET /{}", "x".repeat(70_000)).as_bytes())
        .await;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    let status = String::from_utf8_lossy(&status);
    assert!(
        ["HTTP/1.1 431", "HTTP/1.1 414"].contains(&&*status),
        "{status}"
    );
}
