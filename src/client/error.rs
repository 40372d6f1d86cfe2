//! Errors of outbound calls.

use std::{error::Error, net::IpAddr, path::PathBuf, time::Duration};

use http::StatusCode;
use hyper_util::client::legacy;
use tokio_rustls::rustls;

pub use super::reason::Refusal;
use super::{
    certificate::certificate_problem,
    connector::ConnectTimedOut,
    missing_secret::MissingSecret,
    resolver::{AddressNotAllowed, ResolveError},
    time_budget::{DeadlineOwner, StepEnd},
};
use crate::telemetry::metrics::{CallOutcome, MetricsError};

/// The client for outbound calls cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The HTTP client refuses to start.
    #[error("cannot build the HTTP client; are the system's CA certificates installed? ({0})")]
    Http(#[source] rustls::Error),
    /// The file of `outbound.ca_file` cannot be used.
    #[error("outbound.ca_file: '{}' {problem}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; continues after its name.
        problem: String,
    },
    /// The DNS resolver refuses to start.
    #[error("cannot build the DNS resolver: {0}")]
    Resolver(#[source] hickory_resolver::net::NetError),
    /// A secret of the service is not in the environment.
    #[error(transparent)]
    Secret(#[from] MissingSecret),
    /// The metrics refuse to start.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

/// Why a call failed. The texts continue after the name of the service: "TES unavailable: 'https://..' _did not
/// answer within 2 s_."; they hold no token, no URL, and at most a short excerpt of the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The call timeout has passed.
    #[error("did not answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The connect timeout has passed.
    #[error("did not accept a connection within {} s", .0.as_secs_f64())]
    NoConnection(Duration),
    /// The time budget of the request is used up.
    #[error("did not answer within {}", Budget(*length, *set_by))]
    BudgetExceeded {
        /// The part of it that calls have.
        length: Duration,
        /// Who set it.
        set_by: DeadlineOwner,
    },
    /// The host has an address to which no calls are allowed.
    #[error(
        "is at {0}, which is not a public address; the operator can allow it in outbound.allowed_networks"
    )]
    AddressNotAllowed(IpAddr),
    /// The host name has no address.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// The connection failed.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The connection closed before the answer was complete.
    #[error("closed the connection before the answer was complete ({0})")]
    Interrupted(String),
    /// The status is not a success.
    #[error("answered with status {}", Shown(*.0))]
    Status(StatusCode),
    /// The status is not a success, and the answer says more.
    #[error("answered with status {}{_0}", Shown(.0.status))]
    Refused(Box<Refusal>),
    /// Status 202 with a `Retry-After` that is longer than the call timeout.
    #[error(
        "answered 202 with Retry-After {} s, longer than the call timeout",
        .0.as_secs_f64()
    )]
    NotReady(Duration),
    /// Status 202 until the end of the call.
    #[error("answered 202 (not ready yet) until the call timeout")]
    StillNotReady,
    /// The service refuses access, and mentions passports.
    #[error("answered with status {} and asks for a GA4GH passport", Shown(*.0))]
    PassportWanted(StatusCode),
    /// No path has a DRS; those that were tried.
    #[error("is no DRS: none was found at {}", .0.join(" and "))]
    NoDrs(Vec<String>),
    /// A redirect of a POST, which is not followed.
    #[error("answered with a redirect (status {}){_0}, which is not followed for POST; use the URI that it redirects to", .0.status)]
    Redirected(Redirect),
    /// More redirects than are followed.
    #[error("redirected more than {0} times")]
    TooManyRedirects(usize),
    /// The call to the target of a redirect failed.
    #[error("redirected to a host that {0}")]
    RedirectTarget(Box<Self>),
    /// A redirect without a target, or to a URI that is not http or https.
    #[error("redirected to a target that is not an http or https URI")]
    BadRedirect,
    /// A redirect from https to http.
    #[error(
        "redirected from https to plain http, which is not followed; use the URI that it redirects to"
    )]
    Downgraded,
    /// The body is larger than `outbound.max_response_bytes`.
    #[error("answered with more than {0} bytes (outbound.max_response_bytes)")]
    TooLarge(usize),
    /// The body is not what the API specifies.
    #[error("gave an invalid answer: {0}")]
    Malformed(String),
}

/// An answer of any status.
#[derive(Debug)]
pub struct AnyAnswer {
    /// The status, unless it is a success.
    pub refusal: Option<FetchError>,
    /// The body; empty if that of a refusal is long.
    pub body: Vec<u8>,
}

/// Status and body of an answer.
#[derive(Debug)]
pub struct StatusAndBody {
    /// The status.
    pub status: StatusCode,
    /// The body; empty if that of a refusal cannot be read.
    pub body: Vec<u8>,
    /// Whether the answer is a refusal whose `WWW-Authenticate` names passports.
    pub asks_for_passport: bool,
}

impl From<Refusal> for FetchError {
    fn from(refusal: Refusal) -> Self {
        if refusal.reason.is_some() || refusal.asks_for_password {
            Self::Refused(Box::new(refusal))
        } else {
            Self::Status(refusal.status)
        }
    }
}

/// A redirect that is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The status.
    pub status: u16,
    /// The scheme, host and port that it leads to, if it leads to an http or https URI.
    pub origin: Option<String>,
}

impl std::fmt::Display for Redirect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, " to {origin}"),
            None => Ok(()),
        }
    }
}

impl From<StepEnd> for FetchError {
    /// Of a call that is not over by then.
    fn from(end: StepEnd) -> Self {
        let StepEnd { length, set_by, .. } = end;
        Self::BudgetExceeded { length, set_by }
    }
}

/// A time budget that is used up, and what to change.
struct Budget(Duration, DeadlineOwner);

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs_f64();
        match self.1 {
            DeadlineOwner::Service => write!(
                f,
                "the request's time budget of {seconds} s; request fewer services or objects, or have the operator adjust \
                 server.request_deadline_sec, timeout or outbound.max_concurrency"
            ),
            DeadlineOwner::Caller(option) => write!(
                f,
                "the ranking's time budget of {seconds} s; raise {option}, or request fewer services or objects"
            ),
        }
    }
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
    /// Whether the request did not reach the service, or the connection closed before the answer: a retry may succeed.
    pub(super) const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Interrupted(_))
    }

    /// Whether other calls to the service would fail in the same way.
    pub const fn is_about_the_service(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::BudgetExceeded { .. })
            || self.is_without_connection()
    }

    /// Whether there was no connection, so that other calls to the host would fail in the same way.
    pub const fn is_without_connection(&self) -> bool {
        matches!(
            self,
            Self::NoConnection(_)
                | Self::AddressNotAllowed(_)
                | Self::Unresolved(_)
                | Self::Unreachable(_)
        )
    }

    /// Whether the call failed for a reason other than its path, so that another path would not help.
    pub fn is_on_the_way(&self) -> bool {
        self.is_about_the_service()
            || matches!(self, Self::Interrupted(_))
            || self
                .status()
                .is_some_and(|status| matches!(status.as_u16(), 429 | 502..=504))
    }

    /// The status, if that is the failure.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status(status) => Some(*status),
            Self::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }

    /// Whether the service asks for a user name and a password.
    pub fn asks_for_password(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.asks_for_password)
    }

    /// What metrics count the call as.
    pub(super) fn outcome(&self) -> CallOutcome {
        match self {
            Self::Timeout(_) | Self::BudgetExceeded { .. } => CallOutcome::Timeout,
            Self::NoConnection(_) | Self::Unreachable(_) | Self::Interrupted(_) => {
                CallOutcome::Unreachable
            }
            Self::AddressNotAllowed(_) => CallOutcome::NotAllowed,
            Self::Unresolved(_) => CallOutcome::Unresolved,
            Self::Status(_) | Self::Refused(_) | Self::PassportWanted(_) if self.is_refusal() => {
                CallOutcome::Denied
            }
            Self::Status(_) | Self::Refused(_) | Self::PassportWanted(_) => {
                if self.status().is_some_and(|status| status.is_server_error()) {
                    CallOutcome::ServerError
                } else {
                    CallOutcome::ClientError
                }
            }
            Self::RedirectTarget(cause) => cause.outcome(),
            Self::NotReady(_)
            | Self::StillNotReady
            | Self::NoDrs(_)
            | Self::Redirected(_)
            | Self::TooManyRedirects(_)
            | Self::BadRedirect
            | Self::Downgraded
            | Self::TooLarge(_)
            | Self::Malformed(_) => CallOutcome::Unusable,
        }
    }

    /// Whether the service answered that this caller may not know, which says nothing about what it has.
    pub fn is_refusal(&self) -> bool {
        self.status()
            .is_some_and(|status| matches!(status.as_u16(), 401 | 403))
            || matches!(self, Self::PassportWanted(_))
    }

    /// Whether the service has what was asked for, but not yet.
    pub const fn is_unready(&self) -> bool {
        matches!(self, Self::NotReady(_) | Self::StillNotReady)
    }

    /// Whether the service seems to speak plain http where it was called by https.
    pub fn is_plain_http(&self) -> bool {
        // The text of rustls for what is no TLS record.
        matches!(self, Self::Unreachable(cause) if cause.contains("InvalidContentType"))
    }
}

impl From<legacy::Error> for FetchError {
    /// Of an exchange without an answer.
    fn from(error: legacy::Error) -> Self {
        let is_unreachable = error.is_connect();
        let causes =
            || std::iter::successors(Some(&error as &(dyn Error + 'static)), |&e| e.source());
        if let Some(&AddressNotAllowed(address)) = causes().find_map(|cause| cause.downcast_ref()) {
            return Self::AddressNotAllowed(address);
        }
        if let Some(unresolved) = causes().find_map(|cause| cause.downcast_ref::<ResolveError>()) {
            return Self::Unresolved(unresolved.clone());
        }
        if let Some(&ConnectTimedOut(limit)) = causes().find_map(|cause| cause.downcast_ref()) {
            return Self::NoConnection(limit);
        }
        if let Some(problem) = certificate_problem(&error) {
            return Self::Unreachable(problem);
        }
        let cause = last_cause(&error);
        if is_unreachable {
            Self::Unreachable(cause)
        } else {
            Self::Interrupted(cause)
        }
    }
}

impl From<hyper::Error> for FetchError {
    /// Of a body that ends too early.
    fn from(error: hyper::Error) -> Self {
        Self::Interrupted(last_cause(&error))
    }
}

/// The end of the chain of causes: what is before it only says that a connection failed.
fn last_cause(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
