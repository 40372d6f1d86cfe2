//! When a request is sent again: a connection that broke, a server that is busy or not ready yet.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use url::Url;

use super::{
    authorization::CallHeaders,
    error::FetchError,
    headers::{is_busy, retry_after},
    http_client::Response,
    transport::{Method, Transport},
};

/// Before a service that answered 202 is asked again, whatever its `Retry-After` says.
const MIN_RETRY_DELAY: Duration = Duration::from_millis(100);

/// The longest `Retry-After` of a busy service that is waited for.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);

impl Transport {
    /// The answer, whatever its status, but not that of a busy server. Sends twice if the first try got lost, or the
    /// server is busy for a moment.
    pub(super) async fn send_with_retry(
        &self,
        url: &Url,
        method: Method<'_>,
        headers: CallHeaders<'_>,
        deadline: Instant,
    ) -> Result<Response, FetchError> {
        let delay = match self.send_until_ready(url, method, headers, deadline).await {
            Ok(response) if is_busy(response.status()) => {
                let delay = retry_after(response.headers())
                    .filter(|&delay| delay <= MAX_RETRY_DELAY && Instant::now() + delay < deadline);
                let Some(delay) = delay else {
                    return Err(FetchError::Status(response.status()));
                };
                delay
            }
            Ok(response) => return Ok(response),
            Err(error) if error.is_transient() => Duration::ZERO,
            Err(error) => return Err(error),
        };
        tokio::time::sleep(delay).await;
        let response = self
            .send_until_ready(url, method, headers, deadline)
            .await?;
        if is_busy(response.status()) {
            return Err(FetchError::Status(response.status()));
        }
        Ok(response)
    }

    /// The answer of a service that may answer 202 while it works, with or without `Retry-After`: as often as there is time.
    async fn send_until_ready(
        &self,
        url: &Url,
        method: Method<'_>,
        headers: CallHeaders<'_>,
        deadline: Instant,
    ) -> Result<Response, FetchError> {
        let mut unasked_delay = MIN_RETRY_DELAY;
        loop {
            let response = self.send_following_redirects(url, method, headers).await?;
            let is_accepted =
                response.status() == StatusCode::ACCEPTED && !matches!(method, Method::GetAtOnce);
            let (delay, is_asked_for) = match retry_after(response.headers()) {
                Some(delay) if is_accepted => (delay.max(MIN_RETRY_DELAY), true),
                // A GET has no other use for it.
                None if is_accepted && matches!(method, Method::Get) => {
                    unasked_delay = (2 * unasked_delay).min(MAX_RETRY_DELAY);
                    (unasked_delay, false)
                }
                _ => return Ok(response),
            };
            // A server may answer with any number of seconds.
            let is_in_time = Instant::now()
                .checked_add(delay)
                .is_some_and(|at| at < deadline);
            if !is_in_time {
                return Err(if is_asked_for {
                    FetchError::NotReady(delay)
                } else {
                    FetchError::StillNotReady
                });
            }
            tokio::time::sleep(delay).await;
        }
    }
}
