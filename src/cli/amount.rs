//! Amounts on the command line.

use crate::domain::query::RequestFaultReason;

/// A number of at least 0.
pub(super) fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        _ => Err(RequestFaultReason::NotAnAmount.to_string()),
    }
}
