//! Why a host has no place, and why locations cannot be looked up at all.

use std::{fmt, io, net::IpAddr, path::PathBuf, time::Duration};

use maxminddb::MaxMindDbError;

use crate::{
    client::{FetchError, resolver::ResolveError},
    domain::service::BadServiceUri,
};

/// Why the place of a host is not known. The texts go on after the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// A bucket has no address of its own, and no override names it.
    #[error("is a bucket of unknown region")]
    Bucket,
    /// The scheme of its URI names no host, and only the service behind it knows where the data are.
    #[error("is no host: only the service behind its scheme knows where its data are")]
    Collection,
    /// The host answers for buckets in all regions.
    #[error("answers for the buckets of all regions, so that its address says nothing")]
    Global,
    /// S3 was asked where a bucket is, and did not answer.
    #[error("is a bucket whose region could not be fetched: S3 {0}")]
    S3(FetchError),
    /// The host name has no address.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// DNS took too long.
    #[error("does not resolve (DNS did not answer within {} s)", .0.as_secs_f64())]
    Slow(Duration),
    /// There is nothing to look addresses up in.
    #[error("requires a location database, and none is configured (locations.database)")]
    NoDatabase,
    /// A literal address that the database does not place.
    #[error("is an address that the location database does not contain")]
    UnplacedAddress,
    /// A name whose addresses the database does not place.
    #[error("resolves to {}, which the location database does not contain", Listed(.0))]
    Unplaced(Vec<IpAddr>),
}

/// Locations cannot be looked up as configured.
#[derive(Debug, thiserror::Error)]
pub enum LocatorError {
    /// The file cannot be read.
    #[error("locations.database: '{}' cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is something else.
    #[error("locations.database: '{}' is not a database in MaxMind's format: {source}", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// Where it differs.
        source: MaxMindDbError,
    },
    /// The file is a table such as the embedded one.
    #[error(
        "locations.database: '{}' is a location table for embedding; use the City database that it was built from",
        path.display()
    )]
    LocationTable {
        /// The file.
        path: PathBuf,
    },
    /// Where S3 is to be asked for regions is nowhere.
    #[error("locations.s3_url: {0}")]
    S3Url(BadServiceUri),
    /// A key of `locations.buckets` names no bucket.
    #[error(
        "locations.buckets.{key}: names no bucket, and would match nothing; write a name, s3://name, gs://name, az://container \
         or the URL of a bucket at Amazon or Google"
    )]
    NotABucket {
        /// The key.
        key: String,
    },
    /// A bucket is configured to be in an unknown region, or without a place.
    #[error(
        "locations.buckets.{bucket}: must be {{region: ..}} with a region of AWS, Google Cloud or Azure, or {{latitude: .., \
         longitude: ..}}; '{region}' is not a known region"
    )]
    UnknownRegion {
        /// The bucket.
        bucket: String,
        /// The configured region.
        region: String,
    },
    /// The file is a database of something else, such as countries or networks.
    #[error("locations.database: '{}' has no coordinates (its type is '{kind}'); use a City database", path.display())]
    NoCoordinates {
        /// The file.
        path: PathBuf,
        /// What it says that it is.
        kind: String,
    },
}

/// Shows the first of many addresses, and how many more there are.
struct Listed<'a>(&'a [IpAddr]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("no address"),
            [only] => only.fmt(f),
            [first, second] => write!(f, "{first} and {second}"),
            [first, rest @ ..] => write!(f, "{first} and {} more addresses", rest.len()),
        }
    }
}
