//! Serves a router on a bound socket until it is told to stop.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tracing::{info, warn};

use super::{connection::converse, health::Readiness, tls::Tls};
use crate::config;

/// How often the log tells that all connections are taken.
const BETWEEN_COMPLAINTS: Duration = Duration::from_secs(60);

/// Where clients come in.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    /// A permit for each connection that may be open.
    places: Arc<Semaphore>,
    complained: Option<Instant>,
}

impl Door {
    /// Lets `server.max_connections` clients in at once. Those beyond wait in the queue of the operating system, and are
    /// let in as others leave. With `tls`, HTTPS is spoken.
    pub fn new(listener: TcpListener, server: &config::Server, tls: Option<Arc<Tls>>) -> Self {
        Self {
            listener,
            tls,
            places: Arc::new(Semaphore::new(server.max_connections)),
            complained: None,
        }
    }

    /// The next client, and its place.
    async fn accept(&mut self) -> (TcpStream, OwnedSemaphorePermit) {
        let place = self.place().await;
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return (stream, place),
                Err(error) => pause_after(&error).await,
            }
        }
    }

    async fn place(&mut self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return place;
            }
            let is_due = self
                .complained
                .is_none_or(|complained| complained.elapsed() > BETWEEN_COMPLAINTS);
            if is_due {
                warn!("all of server.max_connections are open: further clients wait");
                self.complained = Some(Instant::now());
            }
            // Taken above, not here: no one else takes places.
            drop(self.places.acquire().await);
        }
    }
}

/// Plain HTTP, with the default bound on connections.
impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self::new(listener, &config::Server::default(), None)
    }
}

/// Serves `router` to everyone who comes to `door`. When `shutdown` is ready, takes no more connections, says so by
/// `readiness`, and gives requests that are in flight `grace` to end.
pub async fn serve(
    door: impl Into<Door>,
    router: Router,
    readiness: Readiness,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) {
    let mut door = door.into();
    let mut shutdown = pin!(shutdown);
    let stopping = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    loop {
        let (stream, place) = tokio::select! {
            client = door.accept() => client,
            () = &mut shutdown => break,
        };
        let talk = converse(
            stream,
            door.tls.clone(),
            router.clone(),
            stopping.subscribe(),
        );
        connections.spawn(async move {
            talk.await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(door);
    readiness.end();
    stopping.send_replace(true);
    info!("stopping: no new connections are taken");
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(grace, all_ended).await.is_err() {
        warn!(
            "stopping: requests that were in flight longer than server.shutdown_grace_sec are dropped"
        );
    }
    connections.shutdown().await;
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
