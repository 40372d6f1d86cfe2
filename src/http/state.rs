//! What all requests share.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    body::RequestReader, caller_limits::CallerLimits, client_address::TrustedProxies,
    readiness::Readiness,
};
use crate::{auth::TokenHeader, ranker::Ranker};

/// What all requests share.
#[derive(Debug)]
pub(super) struct AppState {
    pub(super) ranker: Arc<Ranker>,
    pub(super) requests: RequestReader,
    pub(super) token_header: TokenHeader,
    pub(super) readiness: Readiness,
    pub(super) callers: CallerLimits,
    pub(super) trusted_proxies: TrustedProxies,
    /// One permit for each ranking that may be in flight.
    pub(super) in_flight: Semaphore,
    /// For one ranking, from the head of the request to its response.
    pub(super) deadline: Duration,
    pub(super) max_body_bytes: usize,
}
