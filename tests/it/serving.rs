//! Stopping without losing what is in flight.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use testribute::{
    Ranker,
    http::{self, Readiness},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};

use crate::support::network::config;

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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let readiness = Readiness::default();
        let told = Arc::clone(&stop);
        let shutdown = async move { told.notified().await };
        let served = tokio::spawn(http::serve(
            listener,
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
    let config = config("");
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
