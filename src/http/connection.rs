//! One connection, from the handshake to its end. No client keeps one for longer than it makes use of it.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tower::util::MapFuture;
use tracing::debug;

use super::tls::Tls;

/// How long a client may take for a TLS handshake, and then for the head of its first or next request: no one holds a
/// connection with nothing or with a drip of bytes.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a client that asks for nothing more may take to read the answers to what it asked.
const TIME_TO_READ: Duration = Duration::from_secs(60);

/// The largest head of a request that is read, in bytes.
const MAX_HEAD_BYTES: u32 = 32 << 10;

/// Becomes true, or loses its sender, when the service is told to stop.
pub(super) type Stopping = watch::Receiver<bool>;

/// Serves `router` over `stream` until the client leaves, falls silent, or the service is told to stop.
pub(super) async fn converse(
    stream: TcpStream,
    tls: Option<Arc<Tls>>,
    router: Router,
    mut stopping: Stopping,
) {
    // Answers are written at once and whole, so waiting to fill packets could only delay them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return speak_http(stream, router, stopping).await;
    };
    let handshake = timeout(PATIENCE, tls.acceptor().accept(stream));
    let handshake = tokio::select! {
        handshake = handshake => handshake.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        () = told_to_stop(&mut stopping) => return,
    };
    match handshake {
        Ok(stream) => speak_http(stream, router, stopping).await,
        Err(error) => debug!(%error, "a TLS handshake failed"),
    }
}

async fn speak_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    mut stopping: Stopping,
) {
    let activity = Arc::new(Activity::default());
    let seen = Arc::clone(&activity);
    let service = MapFuture::new(router, move |answer| {
        let request = InFlight::new(Arc::clone(&seen));
        async move {
            let answer = answer.await;
            drop(request);
            answer
        }
    });
    let http = http();
    let service = TowerToHyperService::new(service);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return tell(ended),
        () = activity.is_over() => {}
        () = told_to_stop(&mut stopping) => {}
    }
    // What is asked already is still answered.
    connection.as_mut().graceful_shutdown();
    let patience = async {
        activity.is_over().await;
        sleep(TIME_TO_READ).await;
    };
    tokio::select! {
        ended = connection => tell(ended),
        () = patience => debug!("a client did not read its answers"),
    }
}

fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(MAX_HEAD_BYTES as usize);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .max_header_list_size(MAX_HEAD_BYTES);
    http
}

fn tell<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        debug!(%error, "a connection broke");
    }
}

async fn told_to_stop(stopping: &mut Stopping) {
    // Without a sender there is no one left to serve for.
    let _ = stopping.wait_for(|&stopping| stopping).await;
}

/// Whether a connection is made use of. HTTP/1 has its own clock for that once it is known to be HTTP/1; HTTP/2, and
/// clients that say nothing at all, need this one.
#[derive(Debug)]
struct Activity {
    since: Instant,
    in_flight: AtomicUsize,
    /// When the latest request was answered, in milliseconds after `since`.
    latest: AtomicU64,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            in_flight: AtomicUsize::new(0),
            latest: AtomicU64::new(0),
        }
    }
}

impl Activity {
    /// Ready when no request was in flight for [`PATIENCE`]. Looks now and then, so that requests cost nothing.
    async fn is_over(&self) {
        loop {
            let latest = if self.in_flight.load(Ordering::Relaxed) > 0 {
                Instant::now()
            } else {
                self.since + Duration::from_millis(self.latest.load(Ordering::Relaxed))
            };
            let left = PATIENCE.saturating_sub(latest.elapsed());
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
struct InFlight(Arc<Activity>);

impl InFlight {
    fn new(activity: Arc<Activity>) -> Self {
        activity.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(activity)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let milliseconds = self.0.since.elapsed().as_millis();
        let latest = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        self.0.latest.store(latest, Ordering::Relaxed);
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
