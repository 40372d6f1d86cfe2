//! The server loop: accepts connections until shutdown, then lets requests in flight end.

mod connection;
mod listener;
mod tls;

use std::{pin::pin, time::Duration};

use axum::Router;
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tracing::{info, warn};

use self::connection::serve_connection;
pub use self::{
    listener::Listener,
    tls::{Tls, TlsError},
};
use super::readiness::Readiness;

/// Serves `router` on `listener`. Once `shutdown` resolves, accepts no more connections, ends `readiness`, and gives the
/// requests in flight `grace` to end.
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
    loop {
        let (stream, permit) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let connection = serve_connection(
            stream,
            listener.tls_acceptor(),
            router.clone(),
            shutdown_requested.subscribe(),
        );
        connections.spawn(async move {
            connection.await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    readiness.end();
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
