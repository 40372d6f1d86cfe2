//! The integration tests, one binary: each module is one part of the contract.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests; clippy spares only the functions that say so themselves"
)]

mod exchange_rates;
mod geolocation;
mod support;
