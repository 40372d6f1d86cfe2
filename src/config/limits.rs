//! `limits`: the size of one request.

use super::section::{positive, range, section};

section! {
    /// Limits for one request and for one caller.
    #[derive(Copy)]
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
        /// Rankings that one caller may ask for in a minute; further ones are answered with 429. A caller is the identity
        /// in a valid token, else an address (of IPv6, a /64 network); behind a proxy set `server.trusted_proxies`.
        /// 0: any number.
        pub requests_per_minute: u32 = 0, range(0, 1_000_000);
        /// Of these, how many may come at once.
        pub burst: u32 = 10, range(1, 1_000_000);
        /// Share of `server.max_in_flight` that one caller may have in flight, at least one; further ones are answered
        /// with 429. 1: all.
        pub caller_in_flight_share: f64 = 1.0, positive(1.0);
    }
}
