//! Equal fetches of several requests are made once: one request leads, the others wait for its result.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use url::Url;

use crate::{
    client::{Client, cache::TtlCache, error::FetchError, scope::CallScope},
    telemetry::metrics::Cache,
};

/// Fetches under way by their keys, and results that are kept.
pub struct SingleFlight<K, V> {
    cache: Option<TtlCache<K, V>>,
    /// What metrics count look-ups in the cache as.
    counted_as: Option<Cache>,
    followers: Mutex<HashMap<K, Vec<oneshot::Sender<Outcome<V>>>>>,
}

type Outcome<V> = Result<V, FetchError>;

/// The request that fetches for all. Dropped without an outcome, it lets the next request lead.
struct Leader<'a, K: Hash + Eq, V: Clone> {
    flights: &'a SingleFlight<K, V>,
    key: K,
    outcome: Option<Outcome<V>>,
}

enum Role<'a, K: Hash + Eq, V: Clone> {
    Leader(Leader<'a, K, V>),
    Follower(oneshot::Receiver<Outcome<V>>),
}

/// Keeps no results.
impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self {
            cache: None,
            counted_as: None,
            followers: Mutex::default(),
        }
    }
}

impl<K: Hash + Eq + Copy, V: Clone> SingleFlight<K, V> {
    /// Keeps results in `cache`; failures are not kept.
    pub fn with_cache(cache: TtlCache<K, V>) -> Self {
        Self {
            cache: Some(cache),
            counted_as: None,
            followers: Mutex::default(),
        }
    }

    /// The same, with look-ups that metrics count as those of `cache`.
    #[must_use]
    pub fn counted_as(self, cache: Cache) -> Self {
        Self {
            counted_as: Some(cache),
            ..self
        }
    }

    /// What is kept for `key`.
    pub fn get(&self, key: &K) -> Option<V> {
        self.cache.as_ref()?.get(key)
    }

    /// Keeps a result that was found in another way.
    pub fn insert(&self, key: K, value: V) {
        if let Some(cache) = &self.cache {
            cache.insert(key, value);
        }
    }

    /// What is kept for `key`, or the result of a fetch that is under way for it, or else of `fetch`, which is kept if
    /// `keep` says so.
    ///
    /// `fetch` starts once its request has a permit to call the host of `url`, and holds it to its end; its argument is
    /// the scope with that permit. Followers hold no permit, so no request waits for the permits of another.
    ///
    /// # Errors
    /// That of `fetch`, which is shared with the followers, but for [`FetchError::BudgetExceeded`]: the next request leads then.
    pub async fn get_or_fetch(
        &self,
        client: &Client,
        scope: &CallScope,
        key: K,
        url: &Url,
        keep: impl FnOnce(&V) -> bool,
        fetch: impl AsyncFnOnce(CallScope) -> Outcome<V>,
    ) -> Outcome<V> {
        let kept = self.get(&key);
        if let Some(cache) = self.counted_as {
            client.shared.metrics.calls.cached(cache, kept.is_some());
        }
        if let Some(value) = kept {
            return Ok(value);
        }
        loop {
            if let Some(follower) = self.follow(&key) {
                if let Ok(outcome) = scope.until_end(follower).await? {
                    return outcome;
                }
                // The leader went away.
                continue;
            }
            let permit = client.acquire(scope, url).await?;
            match self.lead_or_follow(key) {
                Role::Leader(mut leader) => {
                    // Another may have led while this request waited for its permit.
                    if let Some(value) = self.get(&key) {
                        leader.outcome = Some(Ok(value.clone()));
                        return Ok(value);
                    }
                    let outcome = match fetch(scope.with_lease(permit)).await {
                        Ok(_) if scope.has_ended() => Err(scope.budget_exceeded()),
                        outcome => outcome,
                    };
                    if let Ok(value) = &outcome
                        && keep(value)
                    {
                        self.insert(key, value.clone());
                    }
                    // An error may be due to the end of this request, which does not concern the others.
                    if !scope.has_ended() {
                        leader.outcome = Some(outcome.clone());
                    }
                    return outcome;
                }
                Role::Follower(follower) => {
                    drop(permit);
                    if let Ok(outcome) = scope.until_end(follower).await? {
                        return outcome;
                    }
                }
            }
        }
    }

    /// Joins a fetch that is under way.
    fn follow(&self, key: &K) -> Option<oneshot::Receiver<Outcome<V>>> {
        let mut followers = self.followers();
        let senders = followers.get_mut(key)?;
        let (sender, receiver) = oneshot::channel();
        senders.push(sender);
        Some(receiver)
    }

    fn lead_or_follow(&self, key: K) -> Role<'_, K, V> {
        match self.followers().entry(key) {
            Entry::Occupied(mut entry) => {
                let (sender, receiver) = oneshot::channel();
                entry.get_mut().push(sender);
                Role::Follower(receiver)
            }
            Entry::Vacant(entry) => {
                entry.insert(Vec::new());
                Role::Leader(Leader {
                    flights: self,
                    key,
                    outcome: None,
                })
            }
        }
    }
}

impl<K, V> SingleFlight<K, V> {
    fn followers(&self) -> MutexGuard<'_, HashMap<K, Vec<oneshot::Sender<Outcome<V>>>>> {
        // The map is consistent after every statement.
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V: Clone> Drop for Leader<'_, K, V> {
    fn drop(&mut self) {
        let followers = self.flights.followers().remove(&self.key);
        let Some(outcome) = &self.outcome else {
            return;
        };
        for follower in followers.into_iter().flatten() {
            // A follower that went away needs no outcome.
            let _ = follower.send(outcome.clone());
        }
    }
}

impl<K, V> fmt::Debug for SingleFlight<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight")
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        time::Duration,
    };

    use tokio::{
        task::yield_now,
        time::{Instant, sleep},
    };

    use super::*;
    use crate::{
        client::{Deadline, DeadlineOwner, Reach, TimeBudget},
        config::Config,
    };

    const CALL: Duration = Duration::from_secs(2);

    fn client(max_concurrency: usize) -> Client {
        let mut config = Config::default();
        config.outbound.max_concurrency = max_concurrency;
        Client::new(&config, Reach::Everywhere).unwrap()
    }

    fn flights() -> SingleFlight<u8, u8> {
        SingleFlight::with_cache(TtlCache::new(8, CALL * 100))
    }

    fn url() -> Url {
        Url::parse("http://tes.example/").unwrap()
    }

    #[tokio::test]
    async fn requests_that_wait_for_permits_together_fetch_once() {
        let (client, flights, url, fetches) = (client(1), flights(), url(), AtomicUsize::new(0));
        let busy = client.detached_scope();
        let permit = client.acquire(&busy, &url).await.unwrap();
        let request = async || {
            let scope = client.detached_scope();
            let fetch = async |_| Ok(u8::try_from(fetches.fetch_add(1, SeqCst)).unwrap());
            flights
                .get_or_fetch(&client, &scope, 1, &url, |_| true, fetch)
                .await
        };
        let release = async {
            yield_now().await;
            drop(permit);
        };
        let (first, second, ()) = tokio::join!(request(), request(), release);
        assert_eq!((first, second), (Ok(0), Ok(0)));
        assert_eq!(fetches.load(SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_request_finds_after_its_end_is_not_kept() {
        let (client, flights, url) = (client(8), flights(), url());
        let deadline = Deadline {
            start: Instant::now(),
            length: CALL,
            set_by: DeadlineOwner::Service,
        };
        let scope = CallScope::new(None, TimeBudget::new(CALL, Some(deadline)), usize::MAX);
        // Goes on without a call that has failed.
        let fetch = async |_| {
            sleep(CALL).await;
            Ok(0)
        };
        let outcome = flights
            .get_or_fetch(&client, &scope, 1, &url, |_| true, fetch)
            .await;
        assert!(
            matches!(outcome, Err(FetchError::BudgetExceeded { .. })),
            "{outcome:?}"
        );
        assert_eq!(flights.get(&1), None);
    }
}
