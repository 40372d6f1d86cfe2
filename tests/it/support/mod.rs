//! What the tests have in common: real servers on free ports of loopback.

pub mod collector;
pub mod dns;
pub mod faulty;
pub mod front;
pub mod idp;
pub mod mmdb;
pub mod network;
pub mod program;
pub mod recorder;
pub mod source;
pub mod texts;

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use testribute::{
    client::{Client, Reach},
    config::Config,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A server on a free port, until it is dropped.
#[derive(Debug)]
pub struct Server {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on 127.0.0.1.
    pub async fn start(router: Router) -> Self {
        Self::start_on("127.0.0.1", router).await
    }

    /// Serves `router` on a free port of `host`.
    pub async fn start_on(host: &str, router: Router) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self { address, task }
    }

    /// The URL of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sets the clock of what is remembered forward; real time goes on after it.
pub async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// Calls that may go to loopback, where the servers of tests are.
pub fn client() -> Client {
    let mut config = Config::default();
    config.outbound.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    config.outbound.max_response_bytes = 64 << 10;
    Client::new(&config, Reach::Public).unwrap()
}
