//! Keys of what is kept about a service: they tell callers apart and reveal nothing.

use std::hash::{BuildHasher, Hash, RandomState};

/// Makes [`CacheKey`]s. Seeded by chance, so that no one outside of this process can find two things with equal keys.
#[derive(Debug, Default)]
pub struct CacheKeys([RandomState; 2]);

/// Stands for a URL and a secret, without holding either. 128 bits: two are equal only if what they stand for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u64; 2]);

impl CacheKeys {
    /// The key that stands for `what`.
    pub fn of(&self, what: impl Hash) -> CacheKey {
        CacheKey(self.0.each_ref().map(|keys| keys.hash_one(&what)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_has_another_key() {
        let keys = CacheKeys::default();
        assert_eq!(keys.of(("https://h/", "a")), keys.of(("https://h/", "a")));
        assert_ne!(keys.of(("https://h/", "a")), keys.of(("https://h/", "b")));
        let another_process = CacheKeys::default();
        assert_ne!(keys.of("a"), another_process.of("a"));
    }
}
