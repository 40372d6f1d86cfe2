//! How much memory the answers of services may take in one request.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A limit on bytes, and what is used of it. Whether it is exceeded in the end does not depend on the order of answers.
#[derive(Debug)]
pub struct ByteBudget {
    limit: usize,
    used: AtomicUsize,
}

impl ByteBudget {
    /// At most `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            used: AtomicUsize::new(0),
        }
    }

    /// The limit.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Whether more was needed than there is.
    pub fn is_exceeded(&self) -> bool {
        self.used.load(Relaxed) > self.limit
    }

    /// Counts `bytes`, and says whether they fit.
    pub fn reserve(&self, bytes: usize) -> bool {
        // Saturates in effect: callers stop asking once it is exceeded.
        self.used.fetch_add(bytes, Relaxed);
        !self.is_exceeded()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_exceeds_the_budget() {
        let budget = ByteBudget::new(1000);
        assert!(budget.reserve(600));
        assert!(budget.reserve(400));
        assert!(!budget.is_exceeded());
        assert!(!budget.reserve(1));
        assert!(budget.is_exceeded());
    }
}
