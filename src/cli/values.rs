//! Values of options.

use std::convert::Infallible;

use crate::{api::request::RequestedMode, domain::query::RequestFaultReason};

/// A number of at least 0.
pub(super) fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        _ => Err(RequestFaultReason::NotAnAmount.to_string()),
    }
}

/// An integer of at least 0.
pub(super) fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "must be an integer of at least 0")
}

/// A path and a size.
pub(super) fn size(text: &str) -> Result<(String, u64), String> {
    named_size(text).ok_or_else(|| "must be PATH=BYTES, with an integer of at least 0".to_owned())
}

/// An id and a size.
pub(super) fn object_size(text: &str) -> Result<(String, u64), String> {
    named_size(text).ok_or_else(|| "must be ID=BYTES, with an integer of at least 0".to_owned())
}

/// What is before the last `=`, as URLs may have more of them, and the number behind it.
fn named_size(text: &str) -> Option<(String, u64)> {
    let (name, bytes) = text.rsplit_once('=')?;
    Some((name.to_owned(), bytes.parse().ok()?))
}

/// Any number or name: modes are checked when the request is.
#[expect(clippy::unnecessary_wraps, reason = "the signature that clap requires")]
pub(super) fn mode(text: &str) -> Result<RequestedMode, Infallible> {
    Ok(text.parse().map_or_else(
        |_| RequestedMode::Name(text.to_owned()),
        RequestedMode::Number,
    ))
}
