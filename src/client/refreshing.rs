//! One value that is fetched now and then and kept: one fetch at a time, and no hammering of a source that fails.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use tracing::{Instrument, warn};

/// How long a value is fresh, and a source left alone.
#[derive(Debug, Clone, Copy)]
pub struct RefreshPolicy {
    /// How long a value is fresh.
    pub ttl: Duration,
    /// The least time between two fetches while there is a value: after a failure, or for a value that lacks something.
    pub retry_with_value: Duration,
    /// The least time between two fetches while there is none.
    pub retry_without_value: Duration,
}

/// The latest value of one source.
///
/// A stale value is fetched anew; while the source fails, it is served on. A fetch goes on when its caller goes away, so
/// that others need not begin again.
#[derive(Debug)]
pub struct Refreshing<T, E> {
    /// What the source is called in the log.
    source: String,
    policy: RefreshPolicy,
    state: Mutex<State<T, E>>,
}

#[derive(Debug)]
struct State<T, E> {
    value: Option<(Arc<T>, Instant)>,
    /// The outcome of the last fetch if it failed.
    failure: Option<(E, Instant)>,
    /// Closed when the fetch that is under way has ended.
    fetching: Option<watch::Receiver<()>>,
}

/// What a [`Refreshing`] has at some time.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot<T, E> {
    /// The latest value and its age, even if it is stale.
    pub value: Option<(Arc<T>, Duration)>,
    /// Why there is none, or why it is stale.
    pub failure: Option<E>,
    /// Whether a fetch was still under way when the time was over.
    pub is_pending: bool,
}

impl<T, E> Default for Snapshot<T, E> {
    fn default() -> Self {
        Self {
            value: None,
            failure: None,
            is_pending: false,
        }
    }
}

impl<T, E> Refreshing<T, E>
where
    T: Send + Sync + 'static,
    E: Clone + Display + Send + 'static,
{
    /// No value yet.
    pub fn new(source: impl Into<String>, policy: RefreshPolicy) -> Self {
        let state = State {
            value: None,
            failure: None,
            fetching: None,
        };
        Self {
            source: source.into(),
            policy,
            state: Mutex::new(state),
        }
    }

    /// The value at `now`, after a fetch if it is stale, or fresh but not `sufficient`. Waits for the fetch until `end`.
    pub async fn get<F>(
        self: &Arc<Self>,
        now: Instant,
        end: Option<Instant>,
        sufficient: impl Fn(&T) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Snapshot<T, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let mut fetching = {
            let mut state = self.state();
            if !self.is_due(&state, now, sufficient) {
                return self.snapshot(&state, now, false);
            }
            match &state.fetching {
                // Closed without an outcome: the runtime dropped the fetch, or it panicked.
                Some(fetching) if fetching.has_changed().is_ok() => fetching.clone(),
                _ => {
                    let fetching = self.spawn(fetch(), now);
                    state.fetching.insert(fetching).clone()
                }
            }
        };
        let ended = async { while fetching.changed().await.is_ok() {} };
        let is_pending = if let Some(end) = end {
            timeout_at(end, ended).await.is_err()
        } else {
            ended.await;
            false
        };
        self.snapshot(&self.state(), now, is_pending)
    }

    /// How old the value is at `now`, if there is one.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let state = self.state();
        let (_, fetched) = state.value.as_ref()?;
        Some(now.saturating_duration_since(*fetched))
    }

    /// Fetches in a task of its own.
    fn spawn<F>(self: &Arc<Self>, fetch: F, now: Instant) -> watch::Receiver<()>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (sender, receiver) = watch::channel(());
        let this = Arc::clone(self);
        let started = Instant::now();
        let task = async move {
            let outcome = fetch.await;
            let end = now + started.elapsed();
            let mut state = this.state();
            match outcome {
                Ok(value) => {
                    state.value = Some((Arc::new(value), now));
                    state.failure = None;
                }
                Err(error) => {
                    warn!(source = this.source, %error, "could not be refreshed");
                    state.failure = Some((error, end));
                }
            }
            state.fetching = None;
            drop(state);
            drop(sender);
        };
        tokio::spawn(task.in_current_span());
        receiver
    }

    fn is_due(&self, state: &State<T, E>, now: Instant, sufficient: impl Fn(&T) -> bool) -> bool {
        let within = |then: Instant, time| now.saturating_duration_since(then) < time;
        let failed_within =
            |time| matches!(&state.failure, Some((_, failed)) if within(*failed, time));
        let Some((value, fetched)) = &state.value else {
            return !failed_within(self.policy.retry_without_value);
        };
        let pause = self.policy.retry_with_value;
        if within(*fetched, self.policy.ttl) {
            // A request for something that the source never has must not cause a call each time.
            !sufficient(value) && !within(*fetched, pause) && !failed_within(pause)
        } else {
            !failed_within(pause)
        }
    }

    fn snapshot(&self, state: &State<T, E>, now: Instant, is_pending: bool) -> Snapshot<T, E> {
        // A caller that waited may have a `now` from before the fetch: the age is 0 then.
        let age = |then: Instant| now.saturating_duration_since(then);
        let value = state.value.as_ref();
        let is_fresh = value.is_some_and(|(_, fetched)| age(*fetched) < self.policy.ttl);
        Snapshot {
            value: value.map(|(value, fetched)| (Arc::clone(value), age(*fetched))),
            failure: state
                .failure
                .as_ref()
                .filter(|_| !is_fresh)
                .map(|(error, _)| error.clone()),
            is_pending,
        }
    }
}

impl<T, E> Refreshing<T, E> {
    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        // The state is consistent after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Ready, pending, ready},
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use futures_util::future::join_all;

    use super::*;

    const TTL: Duration = Duration::from_secs(3600);
    const RETRY: Duration = Duration::from_secs(60);
    const FIRST_RETRY: Duration = Duration::from_secs(5);

    type Source = Refreshing<u8, &'static str>;

    fn source() -> Arc<Source> {
        let policy = RefreshPolicy {
            ttl: TTL,
            retry_with_value: RETRY,
            retry_without_value: FIRST_RETRY,
        };
        Arc::new(Refreshing::new("a source", policy))
    }

    async fn get(
        source: &Arc<Source>,
        now: Instant,
        outcome: Result<u8, &'static str>,
    ) -> Snapshot<u8, &'static str> {
        source.get(now, None, |_| true, || ready(outcome)).await
    }

    async fn kept(source: &Arc<Source>, now: Instant) -> Snapshot<u8, &'static str> {
        let fetch = || -> Ready<_> { panic!("fetched without need") };
        source.get(now, None, |_| true, fetch).await
    }

    #[tokio::test]
    async fn a_value_is_kept_until_it_is_stale() {
        let (source, start) = (source(), Instant::now());
        get(&source, start, Ok(1)).await;
        let kept = kept(&source, start + TTL / 2).await;
        assert_eq!(kept.value, Some((Arc::new(1), TTL / 2)));
        let renewed = get(&source, start + TTL, Ok(2)).await;
        assert_eq!(renewed.value, Some((Arc::new(2), Duration::ZERO)));
        assert_eq!(renewed.failure, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_failed_is_left_alone_from_the_end_of_the_fetch() {
        let (source, start) = (source(), Instant::now());
        let fetch = async || {
            tokio::time::sleep(FIRST_RETRY).await;
            Err("down")
        };
        source.get(start, None, |_| true, fetch).await;
        let again = kept(&source, Instant::now()).await;
        assert_eq!(again.failure, Some("down"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_failed_is_left_alone_for_a_while() {
        let (source, start) = (source(), Instant::now());
        let failed = get(&source, start, Err("down")).await;
        assert_eq!((failed.value, failed.failure), (None, Some("down")));
        let again = kept(&source, start + FIRST_RETRY / 2).await;
        assert_eq!(again.failure, Some("down"));
        let recovered = get(&source, start + FIRST_RETRY, Ok(3)).await;
        assert_eq!(recovered.failure, None);
        assert!(recovered.value.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stale_value_is_served_while_the_source_fails() {
        let (source, start) = (source(), Instant::now());
        get(&source, start, Ok(1)).await;
        for (later, is_asked) in [(TTL, true), (TTL + RETRY / 2, false), (TTL + RETRY, true)] {
            let stale = if is_asked {
                get(&source, start + later, Err("down")).await
            } else {
                kept(&source, start + later).await
            };
            assert_eq!(stale.value, Some((Arc::new(1), later)));
            assert_eq!(stale.failure, Some("down"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_insufficient_value_is_fetched_again_but_not_each_time() {
        let (source, start) = (source(), Instant::now());
        get(&source, start, Ok(1)).await;
        let calls = AtomicUsize::new(0);
        for (later, expected) in [
            (RETRY / 2, 0),
            (RETRY, 1),
            (RETRY * 3 / 2, 1),
            (RETRY * 2, 2),
        ] {
            let fetch = || {
                calls.fetch_add(1, SeqCst);
                ready(Ok(1))
            };
            source
                .get(start + later, None, |&value| value > 1, fetch)
                .await;
            assert_eq!(calls.load(SeqCst), expected, "{later:?}");
        }
    }

    #[tokio::test]
    async fn many_callers_make_one_fetch() {
        let (source, start) = (source(), Instant::now());
        let calls = AtomicUsize::new(0);
        let all = join_all((0..50).map(|_| {
            let fetch = || {
                calls.fetch_add(1, SeqCst);
                async {
                    tokio::task::yield_now().await;
                    Ok(1)
                }
            };
            source.get(start, None, |_| true, fetch)
        }))
        .await;
        assert!(all.iter().all(|one| one.value.is_some()));
        assert_eq!(calls.load(SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_is_waited_for_until_the_time_is_over_and_goes_on() {
        let (source, start) = (source(), Instant::now());
        let (finish, finished) = tokio::sync::oneshot::channel();
        let fetch = || async { finished.await.map_err(|_| "dropped") };
        let end = start + Duration::from_secs(1);
        let early = source.get(start, Some(end), |_| true, fetch).await;
        assert!(early.is_pending && early.value.is_none());
        finish.send(7).unwrap();
        let unneeded = || pending();
        let late = source.get(start, None, |_| true, unneeded).await;
        assert_eq!(late.value, Some((Arc::new(7), Duration::ZERO)));
    }
}
