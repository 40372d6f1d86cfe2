//! Why a valid query can have no ranking.

use std::sync::Arc;

use super::warning::Warning;

/// Nothing can be ranked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
pub struct Unrankable {
    /// All that stands in the way; at least one.
    pub reasons: Vec<UnrankableReason>,
    /// What led to it.
    pub warnings: Vec<Warning>,
}

impl Unrankable {
    /// The same, after these `warnings` of earlier steps.
    #[must_use]
    pub fn after(self, mut warnings: Vec<Warning>) -> Self {
        warnings.extend(self.warnings);
        Self { warnings, ..self }
    }
}

/// One thing that stands in the way of any ranking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnrankableReason {
    /// Every TES is out of the race before data is even looked at.
    #[error("None of the TES gave an offer that can be used.")]
    NoOffer,
    /// No one knows which server the object's id means.
    #[error("Object '{object}' {cause}.")]
    NoServer {
        /// The object.
        object: Arc<str>,
        /// Why not.
        cause: String,
    },
    /// No DRS has the object.
    #[error("Object '{0}' is at none of the DRS.")]
    Nowhere(Arc<str>),
    /// The object is known but cannot be had.
    #[error("Object '{0}' has no access URI at any of the DRS.")]
    NoAccessUri(Arc<str>),
    /// The object is a bundle that cannot be opened.
    #[error("Bundle '{bundle}' {cause}.")]
    Bundle {
        /// The bundle, as it was asked for.
        bundle: Arc<str>,
        /// What is wrong with it.
        cause: String,
    },
    /// No DRS knows how large the object is.
    #[error(
        "Object '{0}' is of unknown size at all DRS that have it; the operator can let such objects count as 0 bytes \
         (drs.missing_size)."
    )]
    UnknownSize(Arc<str>),
    /// Two DRS mean different things by one id.
    #[error("Object '{object}' differs between '{first}' and '{second}': {what}.")]
    Differs {
        /// The object.
        object: Arc<str>,
        /// A DRS that has it, without credentials.
        first: String,
        /// Another, which says something else.
        second: String,
        /// What they say.
        what: String,
    },
    /// There is more to know of the objects than one request may take in.
    #[error(
        "What the DRS say of the objects, with the estimates of it for each TES, takes more than {0} bytes \
         (limits.findings_bytes): ask for fewer objects, DRS or TES."
    )]
    TooMuch(usize),
    /// No TES is at a known distance from the objects.
    #[error("No combination is left: every TES is at an unknown distance from some object.")]
    NoCombination,
}
