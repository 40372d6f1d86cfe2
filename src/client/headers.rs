//! Headers of an answer that ask for another request: redirects and `Retry-After`.

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
};
use url::Url;

use super::{
    error::{FetchError, Redirect},
    http_client::Response,
};

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

/// Whether the answer asks for a user name and a password, and for nothing else (RFC 7617).
pub(super) fn asks_for_password(response: &Response) -> bool {
    let mut challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let is_basic = |value: &str| {
        value
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
    };
    response.status() == StatusCode::UNAUTHORIZED
        && challenges
            .next()
            .is_some_and(|value| value.to_str().is_ok_and(is_basic))
        && challenges.next().is_none()
}

/// Whether the answer is a refusal that asks for a GA4GH passport: by a scheme of that name, or as the scope
/// `ga4gh_passport_v1` of a bearer token.
pub(super) fn asks_for_passport(response: &Response) -> bool {
    let is_named = |value: &http::HeaderValue| {
        let value = value.as_bytes().to_ascii_lowercase();
        value.windows(8).any(|part| part == b"passport")
    };
    let mut challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    matches!(response.status().as_u16(), 401 | 403) && challenges.any(is_named)
}

/// Where a redirect of a POST to `here` leads, if it keeps method and host, so that a request may follow it.
///
/// # Errors
/// [`FetchError::Redirected`], or why the target cannot be called.
pub(super) fn same_host_target(here: &Url, response: &Response) -> Result<Url, FetchError> {
    let status = response.status().as_u16();
    let target = redirect_target(here, response.headers())?;
    if matches!(status, 307 | 308) && target.host() == here.host() {
        return Ok(target);
    }
    Err(FetchError::Redirected(Redirect {
        status,
        origin: Some(target.origin().ascii_serialization()),
    }))
}

/// A redirect of a POST to `here`, which is not followed.
pub(super) fn not_followed(here: &Url, response: &Response) -> FetchError {
    let target = redirect_target(here, response.headers()).ok();
    FetchError::Redirected(Redirect {
        status: response.status().as_u16(),
        origin: target.map(|target| target.origin().ascii_serialization()),
    })
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
    fn a_delay_is_in_seconds_or_until_a_date() {
        let delay = |value: &str| {
            retry_after(&HeaderMap::from_iter([(
                RETRY_AFTER,
                value.parse().unwrap(),
            )]))
        };
        let date =
            |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
        assert_eq!(delay(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(delay("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
        let until = delay(&date(3600)).unwrap().as_secs();
        assert!((3500..=3600).contains(&until), "{until}");
        for odd in ["soon", "-1", "1.5", "", "2026-11-28T00:00:00Z"] {
            assert_eq!(delay(odd), None, "{odd}");
        }
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
