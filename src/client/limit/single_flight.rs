//! Equal fetches of several requests are made once: one request leads, the others wait for its result.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use url::Url;

use crate::client::{Client, cache::TtlCache, error::FetchError, scope::CallScope};

/// Fetches under way by their keys, and results that are kept.
pub struct SingleFlight<K, V> {
    cache: Option<TtlCache<K, V>>,
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
            followers: Mutex::default(),
        }
    }
}

impl<K: Hash + Eq + Copy, V: Clone> SingleFlight<K, V> {
    /// Keeps results in `cache`; failures are not kept.
    pub fn with_cache(cache: TtlCache<K, V>) -> Self {
        Self {
            cache: Some(cache),
            followers: Mutex::default(),
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
    /// That of `fetch`, which is shared with the followers, but for [`FetchError::NotInTime`]: the next request leads then.
    pub async fn get_or_fetch(
        &self,
        client: &Client,
        scope: &CallScope,
        key: K,
        url: &Url,
        keep: impl FnOnce(&V) -> bool,
        fetch: impl AsyncFnOnce(CallScope) -> Outcome<V>,
    ) -> Outcome<V> {
        if let Some(value) = self.get(&key) {
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
                    let outcome = fetch(scope.with_lease(permit)).await;
                    if let Ok(value) = &outcome
                        && keep(value)
                    {
                        self.insert(key, value.clone());
                    }
                    // That the time of this request is over is no matter of the others.
                    if !matches!(outcome, Err(FetchError::NotInTime(_))) {
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
