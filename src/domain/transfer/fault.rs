//! What can be wrong with tables.

/// The version of the schema that is understood.
pub(super) const SCHEMA: u32 = 2;

/// The tables cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadTables {
    /// The schema is another version.
    #[error("schema must be {SCHEMA}, is {0}")]
    Schema(u32),
    /// A price, rate or ratio is negative or not finite, or a row has none.
    #[error("{0} has a price, rate or ratio that is missing, negative or not finite")]
    Number(String),
    /// A provider of rates or regions has no prices.
    #[error("domains: '{0}' is neither a provider, nor academic, nor archives")]
    Domain(String),
}

pub(super) fn is_amount(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}
