//! From errors to responses: the only place that picks a status.

use std::borrow::Cow;

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

/// Why a request is not answered with what it asks for.
#[derive(Debug)]
pub(super) enum HttpError {
    /// There is no ranking.
    Ranking(Error),
    /// No route has this path.
    NotFound,
    /// The route has other methods.
    MethodNotAllowed,
    /// The body has more bytes than this.
    PayloadTooLarge(usize),
    /// The body has no JSON content type, or is compressed.
    UnsupportedMediaType,
    /// `server.max_in_flight` requests are in flight.
    Overloaded,
    /// The caller has exceeded `limits.requests_per_minute`, and may try again after so many seconds.
    TooManyRequests(u64),
    /// The caller has as many requests in flight as one caller may.
    CallerInFlight(usize),
    /// The service is shutting down.
    ShuttingDown,
    /// `server.request_deadline_sec` has passed.
    DeadlineExceeded,
    /// A bug; the log has the details.
    Internal,
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        Self::Ranking(error)
    }
}

/// The status of each error.
const fn status(error: &HttpError) -> StatusCode {
    match error {
        HttpError::Ranking(Error::Invalid(_) | Error::Unrankable(_)) => StatusCode::BAD_REQUEST,
        HttpError::Ranking(Error::Unauthorized(_)) => StatusCode::UNAUTHORIZED,
        HttpError::NotFound => StatusCode::NOT_FOUND,
        HttpError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        HttpError::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        HttpError::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        HttpError::Ranking(Error::Setup(_)) | HttpError::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        HttpError::TooManyRequests(_) | HttpError::CallerInFlight(_) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        HttpError::Overloaded | HttpError::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        HttpError::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

impl HttpError {
    /// A request that cannot be read, as a whole.
    pub(super) fn invalid(reason: RequestFaultReason) -> Self {
        Self::Ranking(Error::Invalid(vec![RequestFault::new("", reason)]))
    }

    /// The body of the response.
    pub(super) fn problem(&self) -> Problem {
        Problem {
            code: status(self).as_u16(),
            errors: self.entries(),
            message: Problem::MESSAGE.to_owned(),
        }
    }

    /// One entry for each fault of a request, and one for any other error.
    fn entries(&self) -> Vec<ProblemEntry> {
        let (reason, message): (_, Cow<'static, str>) = match self {
            Self::Ranking(Error::Invalid(faults)) => {
                let entry = |fault: &RequestFault| ProblemEntry {
                    reason: ProblemReason::ValidationError,
                    message: vec![fault.to_string()],
                };
                return faults.iter().map(entry).collect();
            }
            Self::Ranking(Error::Unrankable(unrankable)) => {
                let reasons = unrankable.reasons.iter().map(ToString::to_string);
                let warnings = unrankable.warnings.iter().map(ToString::to_string);
                return vec![ProblemEntry {
                    reason: ProblemReason::ResourceUnavailableError,
                    message: reasons.chain(warnings).collect(),
                }];
            }
            Self::Ranking(Error::Unauthorized(error)) => {
                (ProblemReason::Unauthorized, error.to_string().into())
            }
            Self::Ranking(Error::Setup(_)) | Self::Internal => (
                ProblemReason::InternalServerError,
                "Internal error; the log of the service has the cause under the request id of this answer.".into(),
            ),
            Self::NotFound => (
                ProblemReason::NotFound,
                "No such path; /ui/ lists the paths.".into(),
            ),
            Self::MethodNotAllowed => (
                ProblemReason::MethodNotAllowed,
                "The path does not support this method; the header Allow lists those that it supports.".into(),
            ),
            Self::PayloadTooLarge(limit) => (
                ProblemReason::PayloadTooLarge,
                format!("The body must have at most {limit} bytes.").into(),
            ),
            Self::UnsupportedMediaType => (
                ProblemReason::UnsupportedMediaType,
                "The body must be JSON in UTF-8, not compressed, with 'Content-Type: application/json'.".into(),
            ),
            Self::Overloaded => (
                ProblemReason::Overloaded,
                "Too many concurrent requests; retry after one second.".into(),
            ),
            Self::TooManyRequests(seconds) => (
                ProblemReason::TooManyRequests,
                format!("Too many requests of one caller; retry after {seconds} s.").into(),
            ),
            Self::CallerInFlight(limit) => (
                ProblemReason::TooManyRequests,
                format!("More than {limit} concurrent requests of one caller; retry when one has ended.").into(),
            ),
            Self::ShuttingDown => (
                ProblemReason::Overloaded,
                "The service is shutting down.".into(),
            ),
            Self::DeadlineExceeded => (
                ProblemReason::DeadlineExceeded,
                "The request exceeded its deadline; request fewer services or objects.".into(),
            ),
        };
        let message = vec![message.into_owned()];
        vec![ProblemEntry { reason, message }]
    }
}

/// Marks responses that have the error body.
#[derive(Clone)]
struct HasErrorBody;

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = (status(&self), Json(self.problem())).into_response();
        let header = match self {
            Self::Ranking(Error::Unauthorized(AuthError::Missing)) => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::Ranking(Error::Unauthorized(_)) => Some((
                WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Bearer error="invalid_token""#),
            )),
            Self::Overloaded | Self::ShuttingDown | Self::CallerInFlight(_) => {
                Some((RETRY_AFTER, HeaderValue::from(1)))
            }
            Self::TooManyRequests(seconds) => Some((RETRY_AFTER, HeaderValue::from(seconds))),
            _ => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(HasErrorBody);
        response
    }
}

/// Gives the error body to responses without it: those that axum makes itself, and those of the files of `/ui/`.
pub(super) fn with_error_body(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.extensions().get::<HasErrorBody>().is_some()
    {
        return response;
    }
    let error = match status {
        StatusCode::NOT_FOUND => HttpError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => HttpError::MethodNotAllowed,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => HttpError::UnsupportedMediaType,
        status if status.is_client_error() => HttpError::invalid(RequestFaultReason::Unreadable),
        _ => HttpError::Internal,
    };
    let allow = response.headers().get(ALLOW).cloned();
    let mut replaced = error.into_response();
    if let Some(allow) = allow {
        replaced.headers_mut().insert(ALLOW, allow);
    }
    replaced
}
