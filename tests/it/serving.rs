//! Stopping without losing what is in flight.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use testribute::{
    Ranker, config,
    http::{self, Listener, Readiness},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};

use crate::support::network;

/// A server whose only route waits until it is let go.
struct Slow {
    address: String,
    entered: Arc<Notify>,
    let_go: Arc<Notify>,
    stop: Arc<Notify>,
    readiness: Readiness,
    served: tokio::task::JoinHandle<()>,
}

impl Slow {
    async fn start(grace: Duration) -> Self {
        Self::start_with(config::Server::default(), grace).await
    }

    async fn start_with(settings: config::Server, grace: Duration) -> Self {
        let [entered, let_go, stop] = std::array::from_fn(|_| Arc::new(Notify::new()));
        let (inside, go) = (Arc::clone(&entered), Arc::clone(&let_go));
        let router = Router::new().route(
            "/",
            get(move || {
                let (inside, go) = (Arc::clone(&inside), Arc::clone(&go));
                async move {
                    inside.notify_one();
                    go.notified().await;
                    "done"
                }
            }),
        );
        let router = router.route("/quick", get(async || "quick"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let readiness = Readiness::default();
        let told = Arc::clone(&stop);
        let shutdown = async move { told.notified().await };
        let served = tokio::spawn(http::serve(
            Listener::new(listener, &settings, None),
            router,
            readiness.clone(),
            shutdown,
            grace,
        ));
        Self {
            address,
            entered,
            let_go,
            stop,
            readiness,
            served,
        }
    }
}

#[tokio::test]
async fn what_is_in_flight_is_finished() {
    let slow = Slow::start(Duration::from_secs(60)).await;
    let url = format!("http://{}/", slow.address);
    let answer =
        tokio::spawn(async move { reqwest::get(url).await.unwrap().text().await.unwrap() });
    slow.entered.notified().await;
    slow.stop.notify_one();
    // No longer listening, but still at work.
    while TcpStream::connect(&slow.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    slow.let_go.notify_one();
    assert_eq!(answer.await.unwrap(), "done");
    timeout(Duration::from_secs(5), slow.served)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn what_takes_longer_than_the_grace_is_dropped() {
    let slow = Slow::start(Duration::from_millis(50)).await;
    let url = format!("http://{}/", slow.address);
    let answer = tokio::spawn(reqwest::get(url));
    slow.entered.notified().await;
    slow.stop.notify_one();
    timeout(Duration::from_secs(5), slow.served)
        .await
        .unwrap()
        .unwrap();
    assert!(answer.await.unwrap().is_err());
}

#[tokio::test]
async fn an_idle_connection_does_not_delay_the_end() {
    let slow = Slow::start(Duration::from_secs(60)).await;
    let _idle = TcpStream::connect(&slow.address).await.unwrap();
    slow.stop.notify_one();
    timeout(Duration::from_secs(5), slow.served)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_service_that_stops_is_not_ready() {
    let slow = Slow::start(Duration::ZERO).await;
    let config = network::config("");
    let ranker = Arc::new(Ranker::new(&config).unwrap());
    let router = http::router(ranker, &config, slow.readiness.clone(), None).unwrap();
    let server = crate::support::Server::start(router).await;
    let url = server.url("/readyz");
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    slow.stop.notify_one();
    slow.served.await.unwrap();
    let response = reqwest::get(&url).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_not_read_to_its_end() {
    let slow = Slow::start(Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(&slow.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let (mut from, mut to) = stream.split();
    let endless = async {
        while to
            .write_all(&b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(100))
            .await
            .is_ok()
        {}
    };
    let _ = timeout(Duration::from_secs(5), async {
        tokio::join!(endless, from.read_to_end(&mut answer))
    })
    .await
    .unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 431"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

/// Says `GET /quick` on `stream`, and gives back the head of the response.
async fn head_of_quick(stream: &mut TcpStream) -> String {
    let request = b"GET /quick HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"quick") {
        assert_ne!(stream.read_buf(&mut response).await.unwrap(), 0);
    }
    String::from_utf8(response).unwrap().to_lowercase()
}

#[tokio::test]
async fn until_the_load_balancer_has_noticed_connections_are_served_and_told_to_close() {
    let server = config::Server {
        readiness_delay_sec: 3600.0,
        ..config::Server::default()
    };
    let slow = Slow::start_with(server, Duration::from_secs(60)).await;
    let mut kept = TcpStream::connect(&slow.address).await.unwrap();
    let before = head_of_quick(&mut kept).await;
    assert!(!before.contains("connection: close"), "{before}");
    slow.stop.notify_one();
    let last = loop {
        let head = head_of_quick(&mut kept).await;
        if head.contains("connection: close") {
            break head;
        }
    };
    assert!(last.starts_with("http/1.1 200"), "{last}");
    assert_eq!(kept.read(&mut [0]).await.unwrap(), 0, "it is closed");
    // New connections are served meanwhile, and told the same.
    let mut new = TcpStream::connect(&slow.address).await.unwrap();
    let head = head_of_quick(&mut new).await;
    assert!(head.contains("connection: close"), "{head}");
    assert!(!slow.served.is_finished());
    let ended = async {
        tokio::time::pause();
        slow.served.await.unwrap();
    };
    timeout(Duration::from_secs(3700), ended).await.unwrap();
    assert!(TcpStream::connect(&slow.address).await.is_err());
}

#[tokio::test]
async fn who_has_connected_when_the_socket_closes_is_served() {
    let slow = Slow::start(Duration::from_secs(60)).await;
    slow.stop.notify_one();
    // The server has not run yet: the operating system has accepted these.
    let mut streams: Vec<_> = Vec::new();
    for _ in 0..20 {
        let stream = std::net::TcpStream::connect(&slow.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        streams.push(TcpStream::from_std(stream).unwrap());
    }
    for stream in &mut streams {
        let head = head_of_quick(stream).await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
    }
    slow.served.await.unwrap();
}
