//! Values that are kept for a time, up to a bounded size.

use std::{fmt, hash::Hash, time::Duration};

use quick_cache::{Weighter, sync::Cache};
use tokio::time::Instant;

/// The weight of a value, in whatever the capacity is counted in.
type Weigh<V> = fn(&V) -> usize;

/// Keeps values for `ttl`; the least useful go first when there are too many.
///
/// What has expired takes its space until it is asked for or displaced.
pub struct TtlCache<K, V> {
    ttl: Duration,
    entries: Cache<K, Entry<V>, WeighEntry<V>>,
}

#[derive(Clone)]
struct Entry<V> {
    value: V,
    inserted: Instant,
}

#[derive(Clone)]
struct WeighEntry<V>(Weigh<V>);

impl<K, V> Weighter<K, Entry<V>> for WeighEntry<V> {
    fn weight(&self, _: &K, entry: &Entry<V>) -> u64 {
        self.0(&entry.value) as u64
    }
}

impl<K: Hash + Eq, V: Clone> TtlCache<K, V> {
    /// Up to `capacity` values.
    pub fn new(capacity: usize, ttl: Duration) -> Self {
        Self::with_weights(capacity, capacity, ttl, |_| 1)
    }

    /// About `expected` values, which together weigh at most `capacity`.
    pub fn with_weights(expected: usize, capacity: usize, ttl: Duration, weigh: Weigh<V>) -> Self {
        Self {
            ttl,
            entries: Cache::with_weighter(expected, capacity as u64, WeighEntry(weigh)),
        }
    }

    /// The value of `key`, unless it has expired.
    pub fn get(&self, key: &K) -> Option<V> {
        let entry = self.entries.get(key)?;
        if entry.inserted.elapsed() < self.ttl {
            return Some(entry.value);
        }
        self.entries
            .remove_if(key, |entry| entry.inserted.elapsed() >= self.ttl);
        None
    }

    /// Keeps `value` from now on, in the place of what there was.
    pub fn insert(&self, key: K, value: V) {
        // Nothing could ever be read again.
        if self.ttl.is_zero() {
            return;
        }
        let inserted = Instant::now();
        self.entries.insert(key, Entry { value, inserted });
    }
}

impl<K, V> fmt::Debug for TtlCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TtlCache")
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn values_are_kept_for_their_time() {
        let cache = TtlCache::new(10, Duration::from_secs(60));
        cache.insert("a", 1);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!((cache.get(&"a"), cache.get(&"b")), (Some(1), None));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(cache.get(&"a"), None);
        assert_eq!(cache.entries.len(), 0);
    }

    #[tokio::test]
    async fn a_cache_holds_no_more_than_its_capacity() {
        let cache = TtlCache::with_weights(10, 1000, Duration::from_secs(60), |size| *size);
        for key in 0..1000 {
            cache.insert(key, 100);
        }
        assert!(cache.entries.weight() <= 1000, "{}", cache.entries.weight());
    }

    #[tokio::test]
    async fn without_a_time_nothing_is_kept() {
        let cache = TtlCache::new(10, Duration::ZERO);
        cache.insert("a", 1);
        assert_eq!(cache.get(&"a"), None);
    }
}
