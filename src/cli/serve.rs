//! `testribute serve`: the HTTP service, until SIGTERM or SIGINT.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tracing::info;

use super::Stop;
use crate::{
    config::Config,
    http::{self, Readiness},
    ranker::Ranker,
};

/// Serves as `config` says.
pub(super) async fn run(config: &Config) -> Result<(), Stop> {
    let ranker = Arc::new(Ranker::new(config)?);
    let readiness = Readiness::default();
    let example = config.server.example_request.clone();
    let router = http::router(ranker, config, readiness.clone(), example)?;
    let listener = bind(&config.server.host, config.server.port).await?;
    let address = listener
        .local_addr()
        .map_err(Stop::io("the socket has no address"))?;
    info!("listening on http://{address}; the page to try it is http://{address}/ui/");
    let grace = Duration::from_secs_f64(config.server.shutdown_grace_sec);
    http::serve(listener, router, readiness, stop_signal(), grace).await;
    info!("stopped");
    Ok(())
}

/// A socket on `host` and `port`.
pub(super) async fn bind(host: &str, port: u16) -> Result<TcpListener, Stop> {
    TcpListener::bind((host, port))
        .await
        .map_err(Stop::io(format!("cannot listen on {host}, port {port}")))
}

/// Ready when the program is told to stop. A second signal then stops it at once.
pub(super) async fn stop_signal() {
    wait_for_signal().await;
    tokio::spawn(async {
        wait_for_signal().await;
        #[expect(clippy::exit, reason = "whoever asks twice does not want to wait")]
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        // Without a handler the signal ends the process anyway.
        Err(_) => drop(interrupt.await),
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    drop(tokio::signal::ctrl_c().await);
}
