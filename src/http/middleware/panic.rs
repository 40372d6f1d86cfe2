//! Turns a panic into a 500.

use std::any::Any;

use axum::{body::Body, http::Response, response::IntoResponse};
use tracing::error;

use crate::http::error::HttpError;

/// Logs the message of the panic, which the caller does not get.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the layer requires"
)]
pub(super) fn response(payload: Box<dyn Any + Send>) -> Response<Body> {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("of unknown type");
    error!(panic = message, "a request panicked");
    HttpError::Internal.into_response()
}
