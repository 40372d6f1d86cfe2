//! How much memory what the DRS say may take in one request.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::{domain::estimate::CopyEstimate, outbound::drs::Entity};

/// What may be taken in, and what is already. In the end it is the same in whatever order the answers come.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    taken: AtomicUsize,
    /// What the estimates of one access URI take.
    estimates: usize,
}

impl Budget {
    /// At most `most` bytes, with estimates for `tes` TES.
    pub(super) const fn new(most: usize, tes: usize) -> Self {
        Self {
            most,
            taken: AtomicUsize::new(0),
            estimates: tes.saturating_mul(size_of::<CopyEstimate>()),
        }
    }

    /// Whether there was more than may be taken in.
    pub(super) fn is_exceeded(&self) -> bool {
        self.taken.load(Relaxed) > self.most
    }

    /// Whether `entity` can be taken in.
    pub(super) fn has_room_for(&self, entity: &Entity) -> bool {
        let estimates = entity.ways().saturating_mul(self.estimates);
        let bytes = entity.bytes().saturating_add(estimates);
        // Cannot overflow: nothing more is asked for once it is exceeded.
        self.taken.fetch_add(bytes, Relaxed);
        !self.is_exceeded()
    }
}
