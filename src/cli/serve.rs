//! `testribute serve`: the HTTP service, until SIGTERM or SIGINT. SIGHUP reloads its certificate, location database
//! and tables of prices.

use std::{
    future::pending,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinSet};
use tracing::{error, info};

use super::{CliError, stop_signals::StopSignals};
use crate::{
    config::Config,
    http::{self, Listener, Readiness, Tls},
    ranker::Ranker,
};

/// Serves as configured, until a signal.
pub(super) async fn run(config: &Config) -> Result<(), CliError> {
    let signals = StopSignals::listen()?;
    let tls = Tls::load(&config.server.tls)?.map(Arc::new);
    let ranker = Arc::new(Ranker::new(config)?);
    reload_on_hangup(tls.clone(), Arc::clone(&ranker))?;
    let _metrics = serve_metrics(config, &ranker).await?;
    let readiness = Readiness::default();
    let example = config.server.example_request.clone();
    let router = http::router(ranker, config, readiness.clone(), example)?;
    let listener = bind(&config.server.host, config.server.port).await?;
    let address = listener
        .local_addr()
        .map_err(CliError::io("cannot read the address of the socket"))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let here = SocketAddr::new(reachable(address.ip()), address.port());
    info!(
        "listening on {scheme}://{address}; the page is {scheme}://{here}/, its API {scheme}://{here}/ui/"
    );
    let grace = Duration::from_secs_f64(config.server.shutdown_grace_sec);
    let listener = Listener::new(listener, &config.server, tls);
    http::serve(listener, router, readiness, signals.stop(), grace).await;
    info!("stopped");
    Ok(())
}

/// Serves `/metrics` on a port of its own, if there is one, until what comes back is dropped.
async fn serve_metrics(
    config: &Config,
    ranker: &Arc<Ranker>,
) -> Result<Option<JoinSet<()>>, CliError> {
    let Some(port) = config
        .telemetry
        .metrics_port
        .filter(|_| config.telemetry.metrics)
    else {
        return Ok(None);
    };
    let listener = bind(&config.server.host, port).await?;
    info!("metrics are on port {port}");
    let router = http::metrics_router(Arc::clone(ranker));
    let mut tasks = JoinSet::new();
    tasks.spawn(http::serve(
        listener,
        router,
        Readiness::default(),
        pending(),
        Duration::ZERO,
    ));
    Ok(Some(tasks))
}

/// A socket on `host` and `port`.
pub(super) async fn bind(host: &str, port: u16) -> Result<TcpListener, CliError> {
    TcpListener::bind((host, port))
        .await
        .map_err(CliError::io(format!(
            "cannot listen on {host}, port {port}"
        )))
}

/// The address by which this machine reaches a service that listens on `address`.
pub(super) const fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address => address,
    }
}

/// Reloads the files of `tls` and `ranker` at each SIGHUP.
#[cfg(unix)]
fn reload_on_hangup(tls: Option<Arc<Tls>>, ranker: Arc<Ranker>) -> Result<(), CliError> {
    use tokio::{
        signal::unix::{SignalKind, signal},
        task::spawn_blocking,
    };

    let mut hangups = signal(SignalKind::hangup()).map_err(CliError::io("cannot handle SIGHUP"))?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let (tls, ranker) = (tls.clone(), Arc::clone(&ranker));
            if let Err(error) = spawn_blocking(move || reload(tls.as_deref(), &ranker)).await {
                error!(%error, "the files were not read again");
            }
        }
    });
    Ok(())
}

#[cfg(unix)]
fn reload(tls: Option<&Tls>, ranker: &Ranker) {
    match tls.map(Tls::reload) {
        None => {}
        Some(Ok(())) => info!("the certificate was read again"),
        Some(Err(error)) => error!("the certificate stays as it was: {error}"),
    }
    match ranker.reload_locations() {
        Ok(()) => info!("the location database was read again"),
        Err(error) => error!("the location database stays as it was: {error}"),
    }
    match ranker.reload_tables() {
        Ok(()) => info!("the tables of prices and rates were read again"),
        Err(error) => error!("the tables of prices and rates stay as they were: {error}"),
    }
}

#[cfg(not(unix))]
fn reload_on_hangup(_: Option<Arc<Tls>>, _: Arc<Ranker>) -> Result<(), CliError> {
    Ok(())
}
