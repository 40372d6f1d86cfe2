//! All calls that are made for one request: how many are in flight, and which hosts are dead.

use std::sync::{
    Arc, LazyLock, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

use super::{failure::FetchError, turns::Kind};

tokio::task_local! {
    /// Not an argument: what a call has in common with others of the request is no business of those who make it.
    static CURRENT: Arc<Errand>;
}

/// Whom calls outside of all requests are made for, such as those to identity providers.
static OF_THE_SERVICE: LazyLock<Arc<Errand>> = LazyLock::new(Arc::default);

/// What the calls of one request share.
#[derive(Debug, Default)]
pub(super) struct Errand {
    /// The calls in flight, counted by [`Turns`](super::turns::Turns).
    pub(super) in_flight: AtomicUsize,
    /// What came of the calls to each host; nothing on the errand of the service, which never ends.
    hosts: Option<Mutex<Vec<(u64, State)>>>,
    /// Whether `hosts` has a dead one.
    has_dead: AtomicBool,
}

/// What came of the calls to a host.
#[derive(Debug)]
enum State {
    /// It answered something, so it is there.
    Alive,
    /// No connection came about, or nothing came over it, for this reason.
    Dead(FetchError),
}

/// Makes all calls of `work` on one errand: they share what a request may have of `outbound.max_concurrency`, and a host
/// that cannot be connected to is not tried again and again.
pub async fn on_errand<F: Future>(work: F) -> F::Output {
    let errand = Errand {
        hosts: Some(Mutex::default()),
        ..Errand::default()
    };
    CURRENT.scope(Arc::new(errand), work).await
}

impl Errand {
    /// The errand that this task is on.
    pub(super) fn current() -> Arc<Self> {
        CURRENT
            .try_with(Arc::clone)
            .unwrap_or_else(|_| Arc::clone(&OF_THE_SERVICE))
    }

    /// Why `host` cannot be called, if that is known.
    pub(super) fn why_dead(&self, host: u64) -> Option<FetchError> {
        if !self.has_dead.load(Relaxed) {
            return None;
        }
        let hosts = self.hosts()?;
        let (_, state) = hosts.iter().find(|(known, _)| *known == host)?;
        match state {
            State::Alive => None,
            State::Dead(error) => Some(error.clone()),
        }
    }

    /// Takes down what came of a call to `host`.
    pub(super) fn note(&self, kind: Kind, host: u64, failure: Option<&FetchError>) {
        let state = match (kind, failure) {
            // There can be many behind one host, of which one is slow.
            (Kind::Tes | Kind::Drs, Some(FetchError::Timeout(_))) => return,
            (Kind::Other, Some(error @ FetchError::Timeout(_))) => State::Dead(error.clone()),
            (_, Some(error)) if error.is_without_connection() => State::Dead(error.clone()),
            (_, Some(_) | None) => State::Alive,
        };
        let Some(mut hosts) = self.hosts() else {
            return;
        };
        if matches!(state, State::Dead(_)) {
            self.has_dead.store(true, Relaxed);
        }
        match hosts.iter_mut().find(|(known, _)| *known == host) {
            // What answered is there, even if it takes no more connections for the moment.
            Some((_, State::Alive)) => {}
            Some((_, known)) => *known = state,
            None => hosts.push((host, state)),
        }
    }

    fn hosts(&self) -> Option<MutexGuard<'_, Vec<(u64, State)>>> {
        let hosts = self.hosts.as_ref()?;
        // What is written into it is always whole.
        Some(hosts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
