//! `locations`: how hosts are placed on the map.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::domain::geo::{Coordinates, Host, NotOnEarth};

/// How hosts are placed on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Locations {
    /// The database that places addresses.
    pub database: Database,
    /// Places that are known beforehand; the first match wins.
    pub overrides: Vec<Override>,
    /// Where buckets are, by name: `s3://name`, `gs://name`, or `name` in any store.
    pub buckets: BTreeMap<String, BucketPlace>,
    /// Whether S3 is asked for the regions of buckets that nothing else places.
    pub ask_bucket_region: bool,
    /// Where it is asked.
    pub s3_url: String,
}

impl Default for Locations {
    fn default() -> Self {
        Self {
            database: Database::default(),
            overrides: Vec::new(),
            buckets: BTreeMap::new(),
            ask_bucket_region: false,
            s3_url: "https://s3.amazonaws.com/".to_owned(),
        }
    }
}

/// Where a bucket is: in a region of a cloud, or at coordinates.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BucketPlace {
    /// The region, such as `eu-central-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The cloud that the region is of: `aws`, `gcp` or `azure`; otherwise the shape of its name tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
    /// Degrees north of the equator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Degrees east of Greenwich.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
}

/// Which database places addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Database {
    /// The table that comes with the program.
    #[default]
    Embedded,
    /// None: only `overrides` place hosts.
    None,
    /// A City database in MaxMind's format.
    File(PathBuf),
}

impl From<String> for Database {
    fn from(text: String) -> Self {
        match text.as_str() {
            "embedded" => Self::Embedded,
            "none" => Self::None,
            _ => Self::File(text.into()),
        }
    }
}

impl From<Database> for String {
    fn from(database: Database) -> Self {
        match database {
            Database::Embedded => "embedded".to_owned(),
            Database::None => "none".to_owned(),
            Database::File(path) => path.to_string_lossy().into_owned(),
        }
    }
}

/// A place that is known beforehand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FlatOverride", into = "FlatOverride")]
pub struct Override {
    /// Which hosts are there.
    pub pattern: HostMatch,
    /// Where they are.
    pub place: Coordinates,
}

/// One level, as it stands in the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatOverride {
    r#match: HostMatch,
    latitude: f64,
    longitude: f64,
}

impl TryFrom<FlatOverride> for Override {
    type Error = NotOnEarth;

    fn try_from(flat: FlatOverride) -> Result<Self, NotOnEarth> {
        let place = Coordinates::new(flat.latitude, flat.longitude)?;
        Ok(Self {
            pattern: flat.r#match,
            place,
        })
    }
}

impl From<Override> for FlatOverride {
    fn from(known: Override) -> Self {
        Self {
            r#match: known.pattern,
            latitude: known.place.latitude(),
            longitude: known.place.longitude(),
        }
    }
}

/// The hosts that an [`Override`] is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum HostMatch {
    /// One host by name, or one bucket.
    Host(Host),
    /// One address, or all of a network.
    Network(IpNet),
}

impl From<String> for HostMatch {
    fn from(text: String) -> Self {
        match (text.parse::<IpNet>(), Host::parse(&text)) {
            (Ok(network), _) => Self::Network(network),
            (Err(_), Host::Address(address)) => Self::Network(address.into()),
            (Err(_), host) => Self::Host(host),
        }
    }
}

impl fmt::Display for HostMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => host.fmt(f),
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl From<HostMatch> for String {
    fn from(pattern: HostMatch) -> Self {
        pattern.to_string()
    }
}
