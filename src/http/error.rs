//! From what went wrong to status and body: the only place that picks a status.

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};

use crate::{
    api::problem::{Problem, ProblemEntry, ProblemReason},
    auth::AuthError,
    domain::query::{RequestFault, RequestFaultReason},
    error::Error,
};

/// Why a request has no good answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no ranking.
    Ranking(Error),
    /// There is nothing at this path.
    NotFound,
    /// The path is known, but not with this method.
    MethodNotAllowed,
    /// The body is larger than this.
    PayloadTooLarge(usize),
    /// The body is not said to be JSON, or is compressed.
    UnsupportedMediaType,
    /// Too many requests at once.
    Overloaded,
    /// The service is about to stop.
    ShuttingDown,
    /// The answer took too long.
    DeadlineExceeded,
    /// A fault of ours, which the log tells of.
    Internal,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ranking(error)
    }
}

/// The status of each failure.
const fn status(failure: &Failure) -> StatusCode {
    match failure {
        Failure::Ranking(Error::Invalid(_) | Error::Unrankable(_)) => StatusCode::BAD_REQUEST,
        Failure::Ranking(Error::Unauthorized(_)) => StatusCode::UNAUTHORIZED,
        Failure::Ranking(Error::Setup(_)) | Failure::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Failure::NotFound => StatusCode::NOT_FOUND,
        Failure::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Failure::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Failure::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Failure::Overloaded | Failure::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        Failure::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

impl Failure {
    /// What is told: one entry for each thing that is wrong.
    fn entries(&self) -> Vec<ProblemEntry> {
        let one = |reason, message: &str| vec![entry(reason, vec![message.to_owned()])];
        match self {
            Self::Ranking(Error::Invalid(faults)) => faults
                .iter()
                .map(|fault| entry(ProblemReason::ValidationError, vec![fault.to_string()]))
                .collect(),
            Self::Ranking(Error::Unrankable(unrankable)) => {
                let reasons = unrankable.reasons.iter().map(ToString::to_string);
                let warnings = unrankable.warnings.iter().map(ToString::to_string);
                vec![entry(
                    ProblemReason::ResourceUnavailableError,
                    reasons.chain(warnings).collect(),
                )]
            }
            Self::Ranking(Error::Unauthorized(error)) => {
                one(ProblemReason::Unauthorized, &error.to_string())
            }
            Self::Ranking(Error::Setup(_)) | Self::Internal => one(
                ProblemReason::InternalServerError,
                "The service failed; its log says why, under the request id of this answer.",
            ),
            Self::NotFound => one(
                ProblemReason::NotFound,
                "There is nothing at this path; /ui/ shows what there is.",
            ),
            Self::MethodNotAllowed => one(
                ProblemReason::MethodNotAllowed,
                "This path does not take this method; the header Allow says which it takes.",
            ),
            Self::PayloadTooLarge(limit) => one(
                ProblemReason::PayloadTooLarge,
                &format!("The body may have at most {limit} bytes."),
            ),
            Self::UnsupportedMediaType => one(
                ProblemReason::UnsupportedMediaType,
                "The body must be JSON in UTF-8, not compressed, with 'Content-Type: application/json'.",
            ),
            Self::Overloaded => one(
                ProblemReason::Overloaded,
                "Too many requests at once; try again after a second.",
            ),
            Self::ShuttingDown => one(ProblemReason::Overloaded, "The service is about to stop."),
            Self::DeadlineExceeded => one(
                ProblemReason::DeadlineExceeded,
                "The answer took too long; ask for fewer services or objects.",
            ),
        }
    }
}

const fn entry(reason: ProblemReason, message: Vec<String>) -> ProblemEntry {
    ProblemEntry { reason, message }
}

/// Marks answers that have the error body already.
#[derive(Clone)]
struct HasErrorBody;

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = status(&self);
        let problem = Problem {
            code: status.as_u16(),
            errors: self.entries(),
            message: Problem::MESSAGE.to_owned(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Ranking(Error::Unauthorized(AuthError::Missing)) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Ranking(Error::Unauthorized(_)) => {
                let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            Self::Overloaded | Self::ShuttingDown => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response.extensions_mut().insert(HasErrorBody);
        response
    }
}

/// The failure of a body that cannot be read.
pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::Ranking(Error::Invalid(vec![RequestFault::new("", message)]))
}

/// Gives the error body to whatever failed without it: the framework's own refusals, missing pages.
pub(super) fn tell_all_failures(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.extensions().get::<HasErrorBody>().is_some()
    {
        return response;
    }
    let failure = match status {
        StatusCode::NOT_FOUND => Failure::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Failure::MethodNotAllowed,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Failure::UnsupportedMediaType,
        status if status.is_client_error() => invalid(RequestFaultReason::Unreadable),
        _ => Failure::Internal,
    };
    let allow = response.headers().get(ALLOW).cloned();
    let mut told = failure.into_response();
    if let Some(allow) = allow {
        told.headers_mut().insert(ALLOW, allow);
    }
    told
}
