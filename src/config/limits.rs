//! `limits`: the size of one request.

use super::section::{range, section};

section! {
    /// Limits for one request.
    #[derive(Copy, Eq)]
    pub struct Limits {
        /// TES instances in a request.
        pub tes_uris: usize = 100, range(1, 1_000_000);
        /// DRS instances in a request.
        pub drs_uris: usize = 100, range(1, 1_000_000);
        /// Objects in a request.
        pub object_ids: usize = 1000, range(1, 1_000_000);
        /// Combinations in an answer: default and maximum of the request's `limit`.
        pub combinations: usize = 1000, range(1, 1_000_000);
        /// Approximate size of the combinations in an answer, in bytes.
        pub answer_bytes: usize = 32 << 20, range(1, 1 << 30);
        /// Approximate memory for the DRS objects of a request and their estimates for each TES, in bytes.
        pub findings_bytes: usize = 64 << 20, range(1, 1 << 30);
    }
}
