//! The server loop: accepts connections until shutdown, then lets requests in flight end.

mod closing;
mod connection;
mod listener;
mod tls;

use std::{pin::pin, time::Duration};

use axum::Router;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{info, warn};

use self::{closing::ClosingRouter, connection::serve_connection, listener::Accepted};
pub use self::{
    listener::Listener,
    tls::{Tls, TlsError},
};
use super::readiness::Readiness;

/// Serves `router` on `listener`. Once `shutdown` resolves, ends `readiness` and tells connections to close after their next
/// response; after `server.readiness_delay_sec` accepts no more connections, and gives the requests in flight `grace` to
/// end.
pub async fn serve(
    listener: impl Into<Listener>,
    router: Router,
    readiness: Readiness,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) {
    let mut listener = listener.into();
    let mut shutdown = pin!(shutdown);
    let shutdown_requested = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    let tls = listener.tls();
    let mut serve_one = |tls: Option<&Tls>, accepted: Accepted| {
        let Accepted {
            stream,
            peer,
            permit,
        } = accepted;
        let router = ClosingRouter::new(router.clone(), peer, readiness.clone());
        let (tls, shutdown) = (tls.map(Tls::acceptor), shutdown_requested.subscribe());
        connections.spawn(async move {
            serve_connection(stream, tls, router, shutdown).await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    };
    loop {
        tokio::select! {
            accepted = listener.accept() => serve_one(tls.as_deref(), accepted),
            () = &mut shutdown => break,
        }
    }
    readiness.end();
    info!("shutting down: not ready");
    let mut delay = pin!(sleep(listener.readiness_delay));
    loop {
        tokio::select! {
            accepted = listener.accept() => serve_one(tls.as_deref(), accepted),
            () = &mut delay => break,
        }
    }
    for accepted in listener.close() {
        serve_one(tls.as_deref(), accepted);
    }
    shutdown_requested.send_replace(true);
    info!("shutting down: no new connections are accepted");
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(grace, all_ended).await.is_err() {
        warn!(
            "shutting down: requests in flight for longer than server.shutdown_grace_sec are dropped"
        );
    }
    connections.shutdown().await;
}
