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
use tracing::warn;

use super::tls::Tls;
use crate::{config, http::client_address::PeerAddress};

/// How often the log warns that all connections are in use.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// How long nothing is accepted after an error such as running out of file descriptors, which would repeat at once.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// A connection, with its permit.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: PeerAddress,
    pub(super) permit: OwnedSemaphorePermit,
}

/// A bound socket with a limit on its connections, and with a certificate if it is for HTTPS.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
    /// One permit for each connection that may be open.
    connections: Arc<Semaphore>,
    warned_at: Option<Instant>,
    /// From the request to shut down until the socket closes.
    pub(super) readiness_delay: Duration,
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
            readiness_delay: Duration::from_secs_f64(server.readiness_delay_sec),
        }
    }

    /// The next connection.
    pub(super) async fn accept(&mut self) -> Accepted {
        let permit = self.acquire_permit().await;
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    return Accepted {
                        stream,
                        peer: PeerAddress(peer.ip()),
                        permit,
                    };
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    warn!(%error, "cannot accept connections for now");
                    sleep(ERROR_PAUSE).await;
                }
            }
        }
    }

    /// The certificate; `None` for plain HTTP.
    pub(super) fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// Closes the socket. What comes back are the connections that the operating system has accepted: closing would reset
    /// them. Those above `server.max_connections` are reset.
    pub(super) fn close(self) -> Vec<Accepted> {
        // Not through the runtime, which may not have heard of them yet.
        let Ok(socket) = self.socket.into_std() else {
            return Vec::new();
        };
        let mut accepted = Vec::new();
        while let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned()
            && let Ok((stream, peer)) = socket.accept()
        {
            let usable = stream.set_nonblocking(true);
            if let Ok(stream) = usable.and_then(|()| TcpStream::from_std(stream)) {
                accepted.push(Accepted {
                    stream,
                    peer: PeerAddress(peer.ip()),
                    permit,
                });
            }
        }
        accepted
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
