//! Decides where a computational task should run in a federated network of GA4GH services.

pub mod api;
pub mod config;
pub mod domain;
pub mod outbound;
pub mod telemetry;
