//! Why a call gave nothing.

use std::{error::Error, io, net::IpAddr, time::Duration};

use reqwest::StatusCode;

use super::resolver::{OffLimits, ResolveError};

/// Why a call gave nothing. The texts go on after the name of the service: "TES unavailable: 'https://..' _did not
/// answer within 2 s_."; they hold no token, no URL, and of what the other side wrote at most a short piece.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The deadline of the call was over, wherever it was by then.
    #[error("did not answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The host did not let anyone connect to it.
    #[error("could not be connected to within {} s", .0.as_secs_f64())]
    NoConnection(Duration),
    /// The time that the request has for all its calls was over, wherever this one was by then.
    #[error(
        "was not reached in the {} s that a request has for its calls; to ask for fewer services or objects helps, as \
         may server.request_deadline_sec, timeout and outbound.max_concurrency",
        .0.as_secs_f64()
    )]
    NotInTime(Duration),
    /// The host is at an address that may not be called.
    #[error(
        "is at {0}, which is not a public address; it can be called only if the operator adds it to \
         outbound.allowed_networks"
    )]
    OffLimits(IpAddr),
    /// The host name has no address.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// No connection came about.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The connection or what came over it broke down before the whole answer was there.
    #[error("broke off the connection before the answer was complete ({0})")]
    Interrupted(String),
    /// An answer that says no.
    #[error("answered with status {}", Shown(*.0))]
    Status(StatusCode),
    /// An answer that there is none yet, and a time to come back that is too late.
    #[error(
        "has its answer not ready: it asks for patience of {} s, which is longer than a call may take",
        .0.as_secs_f64()
    )]
    NotReady(Duration),
    /// A redirect to a call that must not be repeated elsewhere.
    #[error(
        "answered with a redirect (status {0}), which is not followed for POST; give the URI that it leads to"
    )]
    Redirected(u16),
    /// One redirect after the other.
    #[error("redirected more than {0} times")]
    TooManyRedirects(usize),
    /// The place that a redirect leads to cannot be had.
    #[error("redirected to a place that {0}")]
    Astray(Box<Self>),
    /// A redirect to nowhere, or to something that is not http.
    #[error("redirected to something that is not an http(s) URI")]
    BadRedirect,
    /// A redirect from https to http.
    #[error(
        "redirected from https to plain http, which is not followed; give the URI that it leads to"
    )]
    Downgraded,
    /// More than is read.
    #[error("answered with more than {0} bytes, the most that outbound.max_response_bytes lets in")]
    TooLarge(usize),
    /// An answer that cannot be read.
    #[error("gave an answer that cannot be used: {0}")]
    Malformed(String),
}

/// A status with its name, if it has one.
struct Shown(StatusCode);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.as_u16())?;
        match self.0.canonical_reason() {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

impl FetchError {
    /// Whether nothing can have reached the service, or it gave up on the call before it answered: a second try may do.
    pub(super) const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Interrupted(_))
    }

    /// Whether every other call to the service would fail likewise, whatever it asks for.
    pub const fn is_about_the_service(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::NotInTime(_)) || self.is_without_connection()
    }

    /// Whether no connection came about, so that every other call to the host would fail likewise.
    pub const fn is_without_connection(&self) -> bool {
        matches!(
            self,
            Self::NoConnection(_) | Self::OffLimits(_) | Self::Unresolved(_) | Self::Unreachable(_)
        )
    }

    /// Whether the question got lost or came at a bad time, so that it would be no use to ask at another path.
    pub fn is_on_the_way(&self) -> bool {
        self.is_about_the_service()
            || matches!(self, Self::Interrupted(_))
            || matches!(self, Self::Status(status) if matches!(status.as_u16(), 429 | 502..=504))
    }

    /// Whether the service answered that this caller may not know, which says nothing about what it has.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Status(status) if matches!(status.as_u16(), 401 | 403))
    }
}

impl From<reqwest::Error> for FetchError {
    /// Looks for the cause at the end of the chain: the client's own words repeat the URL, which may hold a password.
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let causes =
            || std::iter::successors(Some(&error as &(dyn Error + 'static)), |&e| e.source());
        if let Some(&OffLimits(address)) = causes().find_map(|cause| cause.downcast_ref()) {
            return Self::OffLimits(address);
        }
        if let Some(unresolved) = causes().find_map(|cause| cause.downcast_ref::<ResolveError>()) {
            return Self::Unresolved(unresolved.clone());
        }
        let cause = causes().last().map(ToString::to_string).unwrap_or_default();
        let broke_off = causes()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| {
                cause.kind() != io::ErrorKind::InvalidInput
                    && cause.kind() != io::ErrorKind::InvalidData
            });
        if error.is_connect() {
            Self::Unreachable(cause)
        } else if error.is_decode() && !broke_off {
            Self::Malformed(format!("its compression is broken ({cause})"))
        } else {
            Self::Interrupted(cause)
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{Response, ResponseBuilderExt};

    use super::*;

    #[test]
    fn what_the_client_itself_has_to_say_is_told_without_the_url() {
        let url = "https://ann:pass@h.example/x?sig=1".parse().unwrap();
        let answer = axum::http::Response::builder().status(500).url(url);
        let answer = Response::from(answer.body("").unwrap());
        let error = answer.error_for_status().unwrap_err();
        assert!(error.to_string().contains("h.example"), "{error}");
        let told = FetchError::from(error).to_string();
        assert!(!told.contains("h.example"), "{told}");
    }
}
