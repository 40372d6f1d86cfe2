//! One thing that is fetched now and then and kept: one fetch at a time, and no hammering of a source that fails.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use super::super::failure::FetchError;

/// How long a failure is remembered: until then the source is not asked again, and the failure is told again.
const FAILURE_PAUSE: Duration = Duration::from_secs(30);

/// The latest that was fetched, for as long as it may be used.
#[derive(Debug)]
pub(super) struct Feed<T> {
    /// The source, as it is called in the log.
    source: &'static str,
    state: Mutex<State<T>>,
    /// How long what was fetched is fresh.
    ttl: Duration,
}

#[derive(Debug)]
struct State<T> {
    good: Option<(Arc<T>, Instant)>,
    failed: Option<(FetchError, Instant)>,
}

/// What a [`Feed`] has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Served<T> {
    /// The latest that was fetched, even if it is not fresh, and its age.
    pub(super) latest: Option<(Arc<T>, Duration)>,
    /// Why it is not fresh, or not there.
    pub(super) failure: Option<FetchError>,
}

impl<T> Default for Served<T> {
    /// Nothing, as nothing was asked for.
    fn default() -> Self {
        Self {
            latest: None,
            failure: None,
        }
    }
}

impl<T> Feed<T> {
    /// Nothing yet, from `source`.
    pub(super) fn new(source: &'static str, ttl: Duration) -> Self {
        let state = State {
            good: None,
            failed: None,
        };
        Self {
            source,
            state: Mutex::new(state),
            ttl,
        }
    }

    /// What there is at `now`, after a call of `fetch` if it is not fresh and `fetch` did not just fail. Everyone else
    /// waits for that call; if its caller gives up, the next one makes a call of its own. No one waits for it before
    /// it has its `turn`.
    pub(super) async fn serve<W>(
        &self,
        now: Instant,
        turn: impl Future<Output = W>,
        fetch: impl AsyncFnOnce(W) -> Result<T, FetchError>,
    ) -> Served<T> {
        let state = self.state.lock().await;
        if !self.is_due(&state, now) {
            return self.served(&state, now);
        }
        drop(state);
        let turn = turn.await;
        let mut state = self.state.lock().await;
        // Someone else may have asked in the meantime.
        if self.is_due(&state, now) {
            match fetch(turn).await {
                Ok(fetched) => {
                    state.good = Some((Arc::new(fetched), now));
                    state.failed = None;
                }
                Err(failure) => {
                    tracing::warn!(source = self.source, cause = %failure, "no new exchange rates");
                    state.failed = Some((failure, now));
                }
            }
        }
        self.served(&state, now)
    }

    fn is_due(&self, state: &State<T>, now: Instant) -> bool {
        let has_failed =
            matches!(state.failed, Some((_, since)) if age(now, since) < FAILURE_PAUSE);
        !self.is_fresh(state, now) && !has_failed
    }

    fn is_fresh(&self, state: &State<T>, now: Instant) -> bool {
        matches!(state.good, Some((_, since)) if age(now, since) < self.ttl)
    }

    fn served(&self, state: &State<T>, now: Instant) -> Served<T> {
        let latest = state.good.as_ref();
        let failed = state.failed.as_ref();
        Served {
            latest: latest.map(|(fetched, since)| (Arc::clone(fetched), age(now, *since))),
            failure: failed
                .filter(|_| !self.is_fresh(state, now))
                .map(|(failure, _)| failure.clone()),
        }
    }
}

/// Whoever waited for the lock has a `now` from before the fetch: its age is nothing then.
fn age(now: Instant, since: Instant) -> Duration {
    now.saturating_duration_since(since)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::FutureExt;

    use super::*;

    const TTL: Duration = Duration::from_secs(3600);

    fn down() -> FetchError {
        FetchError::Timeout(Duration::from_secs(2))
    }

    async fn never<T>((): ()) -> Result<T, FetchError> {
        panic!("fetched although there was no need")
    }

    #[tokio::test]
    async fn what_was_fetched_is_kept_until_it_is_old() {
        let (feed, start) = (Feed::new("a source", TTL), Instant::now());
        feed.serve(start, async {}, async |()| Ok(1)).await;
        let kept = feed.serve(start + TTL / 2, async {}, never).await;
        assert_eq!(kept.latest, Some((Arc::new(1), TTL / 2)));
        let renewed = feed.serve(start + TTL, async {}, async |()| Ok(2)).await;
        assert_eq!(renewed.latest, Some((Arc::new(2), Duration::ZERO)));
        assert_eq!(renewed.failure, None);
    }

    #[tokio::test]
    async fn a_failure_is_remembered_for_a_while_and_then_forgiven() {
        let (feed, start) = (Feed::new("a source", TTL), Instant::now());
        let failed = feed.serve(start, async {}, async |()| Err(down())).await;
        assert_eq!((failed.latest, failed.failure), (None, Some(down())));
        let again = feed
            .serve(start + FAILURE_PAUSE / 2, async {}, never::<u8>)
            .await;
        assert_eq!(again.failure, Some(down()));
        let mended = feed
            .serve(start + FAILURE_PAUSE, async {}, async |()| Ok(3))
            .await;
        assert_eq!(mended.failure, None);
        assert!(mended.latest.is_some());
    }

    #[tokio::test]
    async fn what_is_old_serves_while_the_source_fails() {
        let (feed, start) = (Feed::new("a source", TTL), Instant::now());
        feed.serve(start, async {}, async |()| Ok(1)).await;
        let stale = feed
            .serve(start + TTL * 2, async {}, async |()| Err(down()))
            .await;
        assert_eq!(stale.latest, Some((Arc::new(1), TTL * 2)));
        assert_eq!(stale.failure, Some(down()));
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_leaves_the_fetch_to_the_next() {
        let (feed, start) = (Feed::new("a source", TTL), Instant::now());
        let impatient = feed.serve(start, async {}, async |()| pending().await);
        let given_up = tokio::time::timeout(Duration::from_millis(20), impatient).await;
        assert!(given_up.is_err());
        let next = feed.serve(start, async {}, async |()| Ok(1)).await;
        assert_eq!(next.latest, Some((Arc::new(1), Duration::ZERO)));
    }

    #[tokio::test]
    async fn no_one_waits_for_another_who_has_no_turn_yet() {
        let (feed, start) = (Feed::new("a source", TTL), Instant::now());
        let mut waiting = Box::pin(feed.serve(start, pending::<()>(), never));
        assert!(waiting.as_mut().now_or_never().is_none());
        let served = feed.serve(start, async {}, async |()| Ok(1)).await;
        assert_eq!(served.latest, Some((Arc::new(1), Duration::ZERO)));
    }
}
