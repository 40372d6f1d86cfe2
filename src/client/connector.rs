//! Connections: to the addresses that the guard admits, through a proxy if there is one, with TLS for https.

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::connect::{Connected, Connection, HttpConnector, proxy::Tunnel},
        proxy::matcher::Matcher,
    },
    rt::TokioIo,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::rustls::ClientConfig;
use tower::Service;

use super::resolver::GuardedResolver;

/// As most clients have it: a connection to a host that went away is noticed within a minute.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;
type Tcp = HttpConnector<GuardedResolver>;

/// The connect timeout has passed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(super) struct ConnectTimedOut(pub(super) Duration);

/// Connects within a time, name look-up and TLS handshake included.
#[derive(Clone)]
pub(super) struct Connector(Arc<Shared>);

struct Shared {
    https: HttpsConnector<Dialer>,
    timeout: Duration,
}

/// Opens the connection that TLS with the target begins on.
#[derive(Clone)]
struct Dialer {
    tcp: Tcp,
    proxies: Option<Proxies>,
}

/// The proxies of the environment, and how they are connected to.
#[derive(Clone)]
struct Proxies {
    matcher: Arc<Matcher>,
    https: HttpsConnector<Tcp>,
}

/// A connection to the target or to a proxy.
pub(super) struct Stream {
    io: MaybeHttpsStream<TokioIo<TcpStream>>,
    /// Requests name the whole URI, for the proxy to send on.
    is_forwarded: bool,
}

impl Connector {
    /// Connects to what `resolver` gives, within `timeout`; with `tls` for https, and through `proxies` if there are any.
    pub(super) fn new(
        resolver: GuardedResolver,
        tls: &ClientConfig,
        proxies: Option<Arc<Matcher>>,
        timeout: Duration,
    ) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(KEEPALIVE_PROBES));
        let https = || {
            HttpsConnectorBuilder::new()
                .with_tls_config(tls.clone())
                .https_or_http()
        };
        let proxies = proxies.map(|matcher| Proxies {
            matcher,
            // CONNECT is spoken by HTTP/1.1.
            https: https().enable_http1().wrap_connector(tcp.clone()),
        });
        let https = https()
            .enable_all_versions()
            .wrap_connector(Dialer { tcp, proxies });
        Self(Arc::new(Shared { https, timeout }))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let limit = self.0.timeout;
        let connection = timeout(limit, self.0.https.clone().call(target));
        Box::pin(async move { connection.await.map_err(|_| ConnectTimedOut(limit))? })
    }
}

impl Service<Uri> for Dialer {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Stream>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let Self { tcp, proxies } = self;
        let proxy = proxies.as_ref().and_then(|proxies| {
            let proxy = proxies.matcher.intercept(&target)?;
            Some((proxy, proxies.https.clone()))
        });
        match proxy {
            None => {
                let connection = tcp.call(target);
                Box::pin(async { Ok(Stream::to_target(MaybeHttpsStream::Http(connection.await?))) })
            }
            Some((proxy, https)) if target.scheme() == Some(&Scheme::HTTPS) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), https);
                if let Some(credential) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(credential.clone());
                }
                let connection = tunnel.call(target);
                Box::pin(async { Ok(Stream::to_target(connection.await?)) })
            }
            Some((proxy, mut https)) => {
                let connection = https.call(proxy.uri().clone());
                Box::pin(async {
                    Ok(Stream {
                        io: connection.await?,
                        is_forwarded: true,
                    })
                })
            }
        }
    }
}

impl Stream {
    const fn to_target(io: MaybeHttpsStream<TokioIo<TcpStream>>) -> Self {
        Self {
            io,
            is_forwarded: false,
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.is_forwarded)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
