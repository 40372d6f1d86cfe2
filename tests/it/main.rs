//! The integration tests, one binary: each module is one part of the contract.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test that fails may stop at once"
)]

mod any_answers;
mod architecture;
mod assumptions;
mod auth;
mod browsers;
mod bucket_regions;
mod calibrate;
mod caller_limits;
mod cli;
mod config;
mod contract;
mod credentials;
mod demo;
mod dns;
mod drs_access;
mod drs_bulk;
mod drs_bundles;
mod drs_cache;
mod drs_errors;
mod drs_excess;
mod drs_flavours;
mod drs_ids;
mod drs_many;
mod drs_reading;
mod drs_secrets;
mod drs_urls;
mod earlier_configurations;
mod exchange_rates;
mod failures;
mod fairness;
mod geolocation;
mod inbound;
mod ip_locations;
mod locate;
mod metrics;
mod network_model;
mod outbound;
mod partial_failure;
mod places;
mod price_book;
mod proxies;
mod rank_services;
mod rank_tasks;
mod reads;
mod registries;
mod regret;
mod run;
mod serving;
mod soak;
mod support;
mod tables;
mod task_faults;
mod task_info;
mod task_outputs;
mod tes_flavours;
mod tes_history;
mod tes_long_lists;
mod tes_paths;
mod tls;
mod traces;
mod transfer_model;
