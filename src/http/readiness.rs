//! Whether the service takes requests.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether load balancers should send requests here, as `/readyz` answers. Clones share their state.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    /// Ready.
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// Makes `/readyz` answer 503, for good.
    pub fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
