//! What tests of several parts need.

pub(crate) mod mmdb;
pub(crate) mod source;

use testribute::{
    config::Config,
    outbound::{fetch::Fetcher, guard::Reach},
};

/// Calls that may go to loopback, where the servers of tests are.
pub(crate) fn fetcher() -> Fetcher {
    let mut config = Config::default();
    config.outbound.allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    config.outbound.max_response_bytes = 64 << 10;
    Fetcher::new(&config, Reach::Public).unwrap()
}
