//! Serves a router on a bound socket until it is told to stop.

use std::{io, pin::pin, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{debug, info, warn};

use super::health::Readiness;

/// How long a client may take for the head of a request: no one holds a connection with a drip of bytes.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest head of a request that is read, in bytes.
const MAX_HEAD_BYTES: u32 = 32 << 10;

/// Serves `router` to everyone who connects to `listener`. When `shutdown` is ready, takes no more connections, says so
/// by `readiness`, and gives requests that are in flight `grace` to end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    readiness: Readiness,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) {
    let mut shutdown = pin!(shutdown);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let http = http();
    let service = TowerToHyperService::new(router);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    pause_after(&error).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Answers are written at once and whole, so waiting to fill packets could only delay them.
        let _ = stream.set_nodelay(true);
        let connection = http
            .serve_connection(TokioIo::new(stream), service.clone())
            .into_owned();
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "a connection broke");
            }
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    readiness.end();
    info!("stopping: no new connections are taken");
    if timeout(grace, graceful.shutdown()).await.is_err() {
        warn!(
            "stopping: requests that were in flight longer than server.shutdown_grace_sec are dropped"
        );
    }
    connections.shutdown().await;
}

fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES as usize);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .max_header_list_size(MAX_HEAD_BYTES);
    http
}

/// Out of file handles, most likely: without a pause the loop would spin until some are free.
async fn pause_after(error: &io::Error) {
    let of_one_client = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !of_one_client {
        warn!(%error, "cannot take new connections for now");
        sleep(Duration::from_millis(100)).await;
    }
}
