//! What the head of an answer asks for: to look elsewhere, or to come back later.

use std::time::Duration;

use reqwest::{
    Response, StatusCode,
    header::{LOCATION, RETRY_AFTER},
};
use url::Url;

use super::failure::FetchError;

/// Whether the answer is elsewhere.
pub(super) const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether the service has too much to do.
pub(super) const fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 503)
}

/// The pause that `Retry-After` asks for, if it is given in seconds.
pub(super) fn pause_asked_for(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// Where a redirect of `here` leads to, without user name and password.
pub(super) fn redirect_target(here: &Url, response: &Response) -> Result<Url, FetchError> {
    let mut target = response
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| here.join(location).ok())
        .filter(|target| matches!(target.scheme(), "http" | "https") && target.has_host())
        .ok_or(FetchError::BadRedirect)?;
    // Neither can fail: the target has a host.
    let _ = (target.set_username(""), target.set_password(None));
    Ok(target)
}
