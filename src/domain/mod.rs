//! Pure functions and plain data: no async, no I/O, no clock, no entropy.

pub mod address;
pub mod calibrate;
pub mod cloud;
pub mod estimate;
pub mod exact;
pub mod exclusion;
pub mod findings;
pub mod geo;
mod kaplan_meier;
pub mod mode;
pub mod money;
pub mod object;
pub mod object_id;
pub mod price_book;
pub mod query;
pub mod queue;
pub mod rank;
pub mod resources;
pub mod routes;
pub mod service;
pub mod site;
pub mod sites;
pub mod tes_base;
pub mod token;
pub mod transfer;
pub mod unrankable;
pub mod warning;
