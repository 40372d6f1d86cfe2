//! What testribute knows, without how it came to know it: pure functions and plain data.
//!
//! No async, no I/O, no clock and no entropy: what is here gives the same answer for the same
//! arguments, for ever.

pub mod geo;
pub mod money;
pub mod token;
