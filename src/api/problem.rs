//! The error body.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    pub code: u16,
    /// One entry for each error.
    #[schema(min_items = 1)]
    pub errors: Vec<ProblemEntry>,
    /// A summary in one sentence.
    pub message: String,
}

impl Problem {
    /// The `message` of every body, which is that of the predecessor.
    pub const MESSAGE: &str = "The request caused an error.";
}

/// One error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemEntry {
    /// The kind of error.
    pub reason: ProblemReason,
    /// What is wrong and what to change; for a `ResourceUnavailableError` also the warnings that led to it.
    pub message: Vec<String>,
}

/// The kinds of errors. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = Reason)] // the name in documents of 0.3
pub enum ProblemReason {
    /// 400: the request is not valid.
    ValidationError,
    /// 400: no combination can be ranked.
    ResourceUnavailableError,
    /// 401: a valid token is required.
    Unauthorized,
    /// 404: no such path.
    NotFound,
    /// 405: the path does not support this method.
    MethodNotAllowed,
    /// 413: the body is too large.
    PayloadTooLarge,
    /// 415: the body is not JSON.
    UnsupportedMediaType,
    /// 429: the caller sent too many requests.
    TooManyRequests,
    /// 500: an internal error.
    InternalServerError,
    /// 503: too many concurrent requests, or the service is shutting down.
    Overloaded,
    /// 504: the request exceeded its deadline.
    DeadlineExceeded,
}
