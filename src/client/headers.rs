//! Headers of an answer that ask for another request: redirects and `Retry-After`.

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, LOCATION, RETRY_AFTER},
};
use url::Url;

use super::error::FetchError;

/// Whether the status is that of a redirect.
pub(super) const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether the status says that the service is overloaded.
pub(super) const fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 503)
}

/// The delay of `Retry-After`, in seconds or until an HTTP date; a date in the past is no delay.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// The size of the body that a GET would have; `None` if it is not told, or that of a compressed body.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The target of a redirect of `here`, without user info.
pub(super) fn redirect_target(here: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let mut target = headers
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| here.join(location).ok())
        .filter(|target| matches!(target.scheme(), "http" | "https") && target.has_host())
        .ok_or(FetchError::BadRedirect)?;
    // Anyone on the network path could answer there, also with keys that tokens are verified with.
    if here.scheme() == "https" && target.scheme() == "http" {
        return Err(FetchError::Downgraded);
    }
    // Neither can fail: the target has a host.
    let _ = (target.set_username(""), target.set_password(None));
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(here: &str, location: &str) -> Result<String, FetchError> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        redirect_target(&here.parse().unwrap(), &headers).map(Url::into)
    }

    #[test]
    fn redirects_lead_to_the_same_or_better_protection() {
        for (here, location, there) in [
            ("http://a/x", "/y", "http://a/y"),
            ("http://a/x", "https://b/y", "https://b/y"),
            ("https://a/x", "//b/y", "https://b/y"),
            ("https://a/x", "https://me:pw@b/y", "https://b/y"),
        ] {
            assert_eq!(lead(here, location), Ok(there.to_owned()));
        }
        assert_eq!(
            lead("https://a/x", "http://a/x"),
            Err(FetchError::Downgraded)
        );
        for nowhere in ["ftp://a/x", "file:///etc/passwd", "data:,x", "http://"] {
            assert_eq!(
                lead("http://a/x", nowhere),
                Err(FetchError::BadRedirect),
                "{nowhere}"
            );
        }
    }
}
