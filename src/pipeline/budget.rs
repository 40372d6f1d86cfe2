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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::{Access, DrsRecord, Source};

    /// Takes 200 bytes, and 210 for each of its URIs.
    fn object(uris: usize) -> Entity {
        let access = Access {
            uri: "s3://b/key".to_owned(),
            source: Source::Uri,
        };
        Entity::Object(DrsRecord {
            access: vec![access; uris],
            ..DrsRecord::default()
        })
    }

    #[test]
    fn what_does_not_fit_is_not_taken_in() {
        let budget = Budget::new(1000, 0);
        assert!(budget.has_room_for(&object(2)));
        assert!(!budget.is_exceeded());
        assert!(!budget.has_room_for(&object(1)));
        assert!(budget.is_exceeded());
    }

    #[test]
    fn estimates_count_for_each_tes() {
        let size = 410 + 3 * size_of::<CopyEstimate>();
        assert!(Budget::new(size, 3).has_room_for(&object(1)));
        assert!(!Budget::new(size, 4).has_room_for(&object(1)));
    }
}
