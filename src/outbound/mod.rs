//! The services that are asked: one file for each kind, over one shared connection pool.
//!
//! Every call goes through [`fetch::Fetcher`], which knows where calls may go and what they may carry.

mod credentials;
pub mod drs;
pub mod errand;
pub mod exchange_rates;
pub mod failure;
pub mod fetch;
mod fingerprint;
pub mod geolocation;
pub mod guard;
mod head;
mod json;
pub mod oidc;
mod pass;
pub mod resolve;
mod shared;
pub mod tes;
mod turns;
mod wire;
