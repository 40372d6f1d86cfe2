//! One connection, from the TLS handshake to its close. Each phase has a timeout, so that no client occupies a connection
//! without using it.

use std::{
    fmt,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::util::MapFuture;
use tracing::debug;

use super::closing::ClosingRouter;

/// For the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// For the head of the first or next request over HTTP/1.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Without a request in flight: for HTTP/2, and for clients whose protocol is not known yet.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// For reading the rest of the responses, once a connection is idle or the service shuts down.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// For the first request of a connection that was accepted when the service shut down: closing it at once would reset it.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

/// Finds HTTP/2 clients that have vanished.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// The largest head of a request, in bytes.
const MAX_HEAD_BYTES: u32 = 32 << 10;

/// Becomes true, or loses its sender, when the service is to shut down.
pub(super) type Shutdown = watch::Receiver<bool>;

/// Serves `router` on `stream` until the client closes it, a timeout has passed, or `shutdown` is requested and the
/// requests in flight have their responses.
pub(super) async fn serve_connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: ClosingRouter,
    mut shutdown: Shutdown,
) {
    // Responses are written at once and whole, so waiting to fill packets could only delay them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return serve_http(stream, router, shutdown).await;
    };
    tokio::select! {
        handshake = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)) => match handshake {
            Ok(Ok(stream)) => serve_http(stream, router, shutdown).await,
            Ok(Err(error)) => debug!(%error, "a TLS handshake failed"),
            Err(_) => debug!("a TLS handshake timed out"),
        },
        () = shutdown_requested(&mut shutdown) => {}
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: ClosingRouter,
    mut shutdown: Shutdown,
) {
    let requests = Arc::new(RequestCount::default());
    let counted = Arc::clone(&requests);
    let service = MapFuture::new(router, move |response| {
        let request = InFlight::new(Arc::clone(&counted));
        async move {
            let response = response.await;
            drop(request);
            response
        }
    });
    let http = http();
    let service = TowerToHyperService::new(service);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        () = requests.idle() => {}
        () = shutdown_requested(&mut shutdown) => {
            let first = timeout(FIRST_REQUEST_TIMEOUT, requests.first());
            tokio::select! {
                ended = connection.as_mut() => return log_end(ended),
                _ = first => {}
            }
        }
    }
    // Requests in flight still get their responses.
    connection.as_mut().graceful_shutdown();
    let write_timeout = async {
        requests.idle().await;
        sleep(WRITE_TIMEOUT).await;
    };
    tokio::select! {
        ended = connection => log_end(ended),
        () = write_timeout => debug!("a client did not read its responses"),
    }
}

fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES as usize);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .max_header_list_size(MAX_HEAD_BYTES);
    http
}

fn log_end<E: fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        debug!(%error, "a connection failed");
    }
}

async fn shutdown_requested(shutdown: &mut Shutdown) {
    // An error means that the sender is gone, and with it the server loop.
    let _ = shutdown.wait_for(|&requested| requested).await;
}

/// How many requests of a connection have begun and ended.
#[derive(Debug, Default)]
struct RequestCount {
    begun: AtomicU64,
    ended: AtomicU64,
    /// Wakes who waits for the next one to begin.
    next: Notify,
}

impl RequestCount {
    /// Resolves when there was a request.
    async fn first(&self) {
        while self.begun.load(Ordering::Relaxed) == 0 {
            self.next.notified().await;
        }
    }

    /// Resolves when there was no request for at least one and at most two [`IDLE_TIMEOUT`]s. Compares samples, so that
    /// requests need no timer.
    async fn idle(&self) {
        loop {
            let before = self.sample();
            sleep(IDLE_TIMEOUT).await;
            let (begun, ended) = self.sample();
            if begun == ended && before == (begun, ended) {
                return;
            }
        }
    }

    fn sample(&self) -> (u64, u64) {
        let begun = self.begun.load(Ordering::Relaxed);
        (begun, self.ended.load(Ordering::Relaxed))
    }
}

/// A request in flight, until it is dropped.
#[derive(Debug)]
struct InFlight(Arc<RequestCount>);

impl InFlight {
    fn new(requests: Arc<RequestCount>) -> Self {
        requests.begun.fetch_add(1, Ordering::Relaxed);
        requests.next.notify_one();
        Self(requests)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
