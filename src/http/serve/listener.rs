//! Accepts connections, at most `server.max_connections` at once.

use std::{
    future::pending,
    io::{self, ErrorKind},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep},
};
use tokio_rustls::TlsAcceptor;
use tracing::warn;

use super::tls::Tls;
use crate::config;

/// How often the log warns that all connections are in use.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// How long nothing is accepted after an error such as running out of file descriptors, which would repeat at once.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// A bound socket with a limit on its connections, and with a certificate if it is for HTTPS.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
    /// One permit for each connection that may be open.
    connections: Arc<Semaphore>,
    warned_at: Option<Instant>,
}

impl Listener {
    /// Clients beyond `server.max_connections` wait in the backlog of the operating system until a connection ends. With
    /// `tls`, connections are HTTPS.
    pub fn new(socket: TcpListener, server: &config::Server, tls: Option<Arc<Tls>>) -> Self {
        Self {
            socket,
            tls,
            connections: Arc::new(Semaphore::new(server.max_connections)),
            warned_at: None,
        }
    }

    /// The next connection, with its permit.
    pub(super) async fn accept(&mut self) -> (TcpStream, OwnedSemaphorePermit) {
        let permit = self.acquire_permit().await;
        loop {
            match self.socket.accept().await {
                Ok((stream, _)) => return (stream, permit),
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    warn!(%error, "cannot accept connections for now");
                    sleep(ERROR_PAUSE).await;
                }
            }
        }
    }

    /// The handshake with the certificate as it is now; `None` without TLS.
    pub(super) fn tls_acceptor(&self) -> Option<TlsAcceptor> {
        self.tls.as_deref().map(Tls::acceptor)
    }

    async fn acquire_permit(&mut self) -> OwnedSemaphorePermit {
        let is_due = |warned_at: Instant| warned_at.elapsed() > WARNING_INTERVAL;
        if self.connections.available_permits() == 0 && self.warned_at.is_none_or(is_due) {
            warn!("all of server.max_connections are open: further clients wait");
            self.warned_at = Some(Instant::now());
        }
        match Arc::clone(&self.connections).acquire_owned().await {
            Ok(permit) => permit,
            // The semaphore is never closed.
            Err(_) => pending().await,
        }
    }
}

/// Plain HTTP, with the default limit on connections.
impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self::new(socket, &config::Server::default(), None)
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}
