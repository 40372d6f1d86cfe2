//! The one error body.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why there is no ranking. Every failure has this body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub code: u16,
    /// What is wrong: one entry for each thing.
    #[schema(min_items = 1)]
    pub errors: Vec<ProblemEntry>,
    /// What happened, in one sentence.
    pub message: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemEntry {
    /// What kind of failure it is.
    pub reason: ProblemReason,
    /// What is wrong and what to change; for a `ResourceUnavailableError` also the warnings that led to it.
    pub message: Vec<String>,
}

/// The kinds of failure. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = Reason)] // the name in documents of 0.3
pub enum ProblemReason {
    /// 400: the request breaks its schema or makes no sense.
    ValidationError,
    /// 400: nothing can be ranked.
    ResourceUnavailableError,
    /// 401: a token is required, and there is none or it is not valid.
    Unauthorized,
    /// 404: there is nothing at this path.
    NotFound,
    /// 405: the path is known, but not with this method.
    MethodNotAllowed,
    /// 413: the body is too large.
    PayloadTooLarge,
    /// 415: the body is not JSON.
    UnsupportedMediaType,
    /// 500: a fault of the service.
    InternalServerError,
    /// 503: too many requests at once.
    Overloaded,
    /// 504: the answer took too long.
    DeadlineExceeded,
}
