//! Why a valid query has no ranking.

use std::{fmt, sync::Arc};

use super::{disclosure::redacted, id_hint::IdHint, warning::Warning};

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
    #[error("Object '{}' {cause}.", redacted(.object))]
    NoServer {
        /// The id of the object.
        object: Arc<str>,
        /// Why it is unknown; follows the id.
        cause: String,
    },
    /// All DRS say that they do not have the object.
    #[error("Object '{}' was not found at any DRS{}.", redacted(.0), IdHint::of(.0))]
    NotFound(Arc<str>),
    /// No DRS gives the object, and some could or would not say whether they have it.
    #[error(
        "Object '{}' could not be looked up: {}{}{}.", redacted(.object), Causes(.causes), Others(*.absent_at), IdHint::of(.object)
    )]
    Unanswered {
        /// The id of the object.
        object: Arc<str>,
        /// Each DRS that did not say, without credentials, and why.
        causes: Vec<(String, Arc<str>)>,
        /// How many DRS do not have it.
        absent_at: usize,
    },
    /// The id is the URL of an object's metadata at a DRS, and not of its data.
    #[error(
        "Object '{}' is the URL of the metadata of an object at a DRS; its id is '{id}'{}.", redacted(.object), At(.drs.as_deref())
    )]
    MetadataUrl {
        /// The id as given.
        object: Arc<str>,
        /// The id of the object: its `drs://` URI, or the one at `drs`.
        id: String,
        /// The root of the DRS, if the id does not name it.
        drs: Option<String>,
    },
    /// The object exists and has no access URI.
    #[error("Object '{}' has no access URI at any DRS.", redacted(.0))]
    NoAccessUri(Arc<str>),
    /// The object is a bundle that cannot be expanded.
    #[error("Bundle '{}' {fault}.", redacted(.bundle))]
    Bundle {
        /// The id of the bundle, as it was requested.
        bundle: Arc<str>,
        /// What is wrong with it.
        fault: BundleFault,
    },
    /// Neither the request nor a service gives the size of the object.
    #[error(
        "Object '{}' has no known size; state it in object_sizes (for a task: in sizes), or have the operator set drs.missing_size to zero to \
         assume 0 bytes.",
        redacted(.0)
    )]
    UnknownSize(Arc<str>),
    /// Two DRS have different objects under one id.
    #[error("Object '{}' differs between '{first}' and '{second}': {difference}.", redacted(.object))]
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
    /// Every TES was excluded, each with a warning that says why.
    #[error("No combination can be ranked: every TES was excluded; the warnings say why.")]
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
    /// The bundles of the request hold too many objects in total.
    #[error(
        "is too large: with it, the bundles of the request hold {found} objects in total, and {limit} are allowed \
         (drs.max_bundle_objects)"
    )]
    TooLarge {
        /// How many objects there are up to and with the bundle.
        found: usize,
        /// The limit.
        limit: usize,
    },
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

/// The DRS that has an object.
struct At<'a>(Option<&'a str>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(drs) => write!(f, " at the DRS '{drs}'"),
            None => Ok(()),
        }
    }
}

/// DRS that did not say whether they have an object, each with its cause.
struct Causes<'a>(&'a [(String, Arc<str>)]);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for (position, (service, cause)) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if position > 0 { "; " } else { "" };
            write!(f, "{separator}'{service}' {cause}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more failed"),
        }
    }
}

/// How many DRS do not have an object that others may have.
struct Others(usize);

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => f.write_str("; the other DRS does not have it"),
            count => write!(f, "; {count} other DRS do not have it"),
        }
    }
}
