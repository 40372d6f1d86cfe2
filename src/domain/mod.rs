//! What testribute knows, without how it came to know it: pure functions and plain data.
//!
//! No async, no I/O, no clock and no entropy: what is here gives the same answer for the same
//! arguments, for ever.

pub mod address;
pub mod cloud;
pub mod estimate;
pub mod exact;
pub mod findings;
pub mod geo;
pub mod mode;
pub mod money;
pub mod object;
pub mod object_id;
pub mod price_book;
pub mod query;
pub mod queue;
pub mod rank;
pub mod resources;
pub mod service;
pub mod sites;
pub mod tes_base;
pub mod token;
pub mod unrankable;
pub mod warning;
