//! Keys for what is remembered about a service, on whose behalf it was asked: they tell callers apart and tell nothing.

use std::hash::{BuildHasher, Hash, RandomState};

/// Makes [`Fingerprint`]s: no one outside of this process can work out which two would be equal.
#[derive(Debug, Default)]
pub(super) struct Fingerprints([RandomState; 2]);

/// Stands for a URL and a secret, without holding either. 128 bits: two are equal only if what they stand for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u64; 2]);

impl Fingerprints {
    /// The one that stands for `what`.
    pub(super) fn of(&self, what: impl Hash) -> Fingerprint {
        Fingerprint(self.0.each_ref().map(|keys| keys.hash_one(&what)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_has_another_fingerprint() {
        let prints = Fingerprints::default();
        assert_eq!(
            prints.of(("https://h/", "a")),
            prints.of(("https://h/", "a"))
        );
        assert_ne!(
            prints.of(("https://h/", "a")),
            prints.of(("https://h/", "b"))
        );
        let another_process = Fingerprints::default();
        assert_ne!(prints.of("a"), another_process.of("a"));
    }
}
