//! Why a valid query has no ranking.

use std::sync::Arc;

use super::warning::Warning;

/// There is no combination to rank.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
pub struct Unrankable {
    /// All reasons; at least one.
    pub reasons: Vec<UnrankableReason>,
    /// The warnings so far.
    pub warnings: Vec<Warning>,
}

impl Unrankable {
    /// Puts the `warnings` of earlier steps first.
    #[must_use]
    pub fn after(self, mut warnings: Vec<Warning>) -> Self {
        warnings.extend(self.warnings);
        Self { warnings, ..self }
    }
}

/// A reason that prevents any ranking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnrankableReason {
    /// Every TES failed or was excluded before its distances were computed.
    #[error("No TES gave a usable offer.")]
    NoOffer,
    /// The server that the object's `drs://` id refers to is unknown.
    #[error("Object '{object}' {cause}.")]
    NoServer {
        /// The id of the object.
        object: Arc<str>,
        /// Why it is unknown; follows the id.
        cause: String,
    },
    /// No DRS has the object.
    #[error("Object '{0}' was not found at any DRS.")]
    NotFound(Arc<str>),
    /// The object exists and has no access URI.
    #[error("Object '{0}' has no access URI at any DRS.")]
    NoAccessUri(Arc<str>),
    /// The object is a bundle that cannot be expanded.
    #[error("Bundle '{bundle}' {fault}.")]
    Bundle {
        /// The id of the bundle, as it was requested.
        bundle: Arc<str>,
        /// What is wrong with it.
        fault: BundleFault,
    },
    /// No DRS gives the size of the object.
    #[error(
        "Object '{0}' has no size at any DRS; the operator can set drs.missing_size to zero to assume 0 bytes."
    )]
    UnknownSize(Arc<str>),
    /// Two DRS have different objects under one id.
    #[error("Object '{object}' differs between '{first}' and '{second}': {difference}.")]
    Conflict {
        /// The id of the object.
        object: Arc<str>,
        /// A DRS that has it, without credentials.
        first: String,
        /// Another DRS that has it, without credentials.
        second: String,
        /// In what they differ.
        difference: Box<Difference>,
    },
    /// The data of this request exceed the memory limit of one request, in bytes.
    #[error(
        "The objects' metadata and the estimates for each TES take more than {0} bytes (limits.findings_bytes); request \
         fewer objects, DRS or TES."
    )]
    TooMuchData(usize),
    /// Every TES lacks a known distance to some object.
    #[error("No combination can be ranked: every TES has an unknown distance to some object.")]
    NoCombination,
}

/// Why a bundle cannot be expanded. The text follows the id of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// The bundle is among its own descendants.
    #[error("contains itself")]
    ContainsItself,
    /// It has more than this many levels.
    #[error("is nested deeper than {0} levels (drs.max_bundle_depth)")]
    TooDeep(usize),
    /// The bundles of the request hold more than this many objects in total.
    #[error(
        "is too large: the bundles of one request may hold {0} objects in total (drs.max_bundle_objects)"
    )]
    TooLarge(usize),
    /// It has no contents.
    #[error("has no contents")]
    Empty,
}

/// In what two DRS differ about one object, the first one first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// Its size in bytes.
    #[error("size {0} and {1} bytes")]
    Size(u64, u64),
    /// One of its checksums.
    #[error("{kind:.40} checksum '{first:.140}' and '{second:.140}'")]
    Checksum {
        /// The type, such as `sha256`.
        kind: String,
        /// The checksum at the first DRS.
        first: String,
        /// The checksum at the second DRS.
        second: String,
    },
    /// It is a bundle at the first DRS and a single object at the second.
    #[error("a bundle and a single object")]
    BundleAndObject,
    /// It is a bundle with other contents; the numbers of objects may be equal.
    #[error("bundles with different contents ({0} and {1} objects)")]
    Contents(usize, usize),
}
