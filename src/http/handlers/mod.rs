//! One handler a file, with its part of the OpenAPI document.

pub(super) mod health;
pub(super) mod metrics;
pub(super) mod rank_services;
pub(super) mod rank_tasks;
pub(super) mod service_info;
