//! How many calls are made at once, and equal ones only once.

pub mod permits;
pub mod single_flight;
