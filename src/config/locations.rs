//! `locations`: where hosts and buckets are.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{
    fault::ConfigFault,
    section::{Section, must_be, section, text},
    site::PlaceEntry,
};
use crate::domain::{
    cloud::{Network, Provider},
    geo::{Coordinates, Host},
    price_book::is_host_name,
    sites::Place,
    transfer::BucketTerms,
};

section! {
    /// Where hosts and buckets are.
    pub struct Locations {
        /// `embedded`: a table of the whole internet, to about 100 km. `none`: only `overrides` and `buckets`.
        /// Otherwise the path of a City database in MaxMind format, which is read again within ten seconds after it
        /// changes.
        pub database: Database = Database::default(),
            must_be("embedded, none, or the path of a file", |database: &Database| {
                *database != Database::File(PathBuf::new())
            });
        /// Places of buckets by name, in any store or in that of the name's scheme: a region of AWS, Google Cloud or
        /// Azure, or coordinates.
        ///
        /// ```yaml
        /// locations:
        ///   buckets:
        ///     "s3://genomes": {region: eu-central-1}
        ///     archive: {latitude: 50.11, longitude: 8.68}
        /// ```
        pub buckets: BTreeMap<String, BucketPlace> = BTreeMap::new();
        /// Whether S3 is asked for the region of a bucket that has no place otherwise, by a HEAD request without token.
        /// Amazon then sees the names of the buckets.
        pub ask_bucket_region: bool = false;
        /// Endpoint for these requests.
        pub s3_url: String = "https://s3.amazonaws.com/".to_owned();
        /// Known places; the first match wins, and a name that matches is not resolved.
        ///
        /// ```yaml
        /// locations:
        ///   overrides:
        ///     - {match: tes.example.org, latitude: 47.56, longitude: 7.59}
        ///     - {match: 10.0.0.0/8, latitude: 60.17, longitude: 24.94}
        ///     - {match: "s3://bucket", latitude: 50.11, longitude: 8.68}
        ///     - {match: data.example.org, provider: aws, region: eu-central-1}
        /// ```
        pub overrides: Vec<Override> = Vec::new();
    }
}

section! {
    /// Place of a bucket: a region of a cloud, or coordinates.
    pub struct BucketPlace {
        /// Region, such as `eu-central-1`. Either this or coordinates.
        pub region: Option<String> = None;
        /// Cloud of the region: `aws`, `gcp` or `azure`; by default derived from the form of the region's name.
        pub cloud: Option<String> = None;
        /// Degrees north of the equator (WGS84), -90 to 90.
        pub latitude: Option<f64> = None;
        /// Degrees east of Greenwich (WGS84), -180 to 180.
        pub longitude: Option<f64> = None;
        /// Whether who reads it pays.
        pub requester_pays: bool = false;
        /// Whether it is the caller's own, who pays.
        pub owned: bool = false;
        /// Whether nobody pays, as for AWS Open Data.
        pub open_data: bool = false;
    }
}

impl BucketPlace {
    /// Who pays for reads of it.
    pub const fn terms(&self) -> BucketTerms {
        BucketTerms {
            requester_pays: self.requester_pays,
            owned: self.owned,
            open_data: self.open_data,
        }
    }

    /// Whether it says only who pays, and not where the bucket is.
    pub fn has_no_place(&self) -> bool {
        let place = (&self.region, self.latitude, self.longitude);
        place == (&None, None, None) && self.terms() != BucketTerms::default()
    }
}

impl Locations {
    /// The database file itself is checked when it is read.
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        let words = "a host name, an address, a network such as 10.0.0.0/8, or s3://bucket";
        let rule = text(words, |text| HostMatch::from(text.to_owned()).can_match());
        for (position, place) in self.overrides.iter().enumerate() {
            let key = format!("overrides[{position}].match");
            rule.check(&key, &place.pattern.to_string())?;
        }
        Ok(())
    }
}

/// Which database maps addresses to coordinates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(
    rename_all = "lowercase",
    expecting = "must be embedded, none, or the path of a file"
)]
pub enum Database {
    /// The table that is compiled in.
    #[default]
    Embedded,
    /// None.
    None,
    /// A City database in MaxMind format.
    #[serde(untagged)]
    File(PathBuf),
}

/// A known place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "OverrideEntry", into = "OverrideEntry")]
pub struct Override {
    /// Which hosts are there.
    pub pattern: HostMatch,
    /// Where they are.
    pub place: Place,
}

section! {
    /// An [`Override`] as it is written.
    pub(super) struct OverrideEntry {
        /// Which hosts: a host name, an address, a network such as `10.0.0.0/8`, or a bucket such as `s3://bucket`.
        r#match: HostMatch;
        /// Degrees north of the equator (WGS84), -90 to 90.
        #[serde(default)]
        latitude: Option<f64>;
        /// Degrees east of Greenwich (WGS84), -180 to 180.
        #[serde(default)]
        longitude: Option<f64>;
        /// Provider, such as `aws`.
        #[serde(default)]
        provider: Option<Provider>;
        /// Region of the provider, such as `eu-central-1`.
        #[serde(default)]
        region: Option<String>;
        /// Network without charges: `academic`.
        #[serde(default)]
        network: Option<Network>;
    }
}

impl TryFrom<OverrideEntry> for Override {
    type Error = ConfigFault;

    fn try_from(entry: OverrideEntry) -> Result<Self, ConfigFault> {
        let place = PlaceEntry {
            provider: entry.provider,
            region: entry.region,
            network: entry.network,
            latitude: entry.latitude,
            longitude: entry.longitude,
        };
        Ok(Self {
            pattern: entry.r#match,
            place: place.place()?,
        })
    }
}

impl From<Override> for OverrideEntry {
    fn from(known: Override) -> Self {
        let Place {
            coordinates,
            provider,
            region,
            network,
            ..
        } = known.place;
        Self {
            r#match: known.pattern,
            latitude: coordinates.map(Coordinates::latitude),
            longitude: coordinates.map(Coordinates::longitude),
            provider,
            region: region.map(|region| region.to_string()),
            network,
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

impl HostMatch {
    /// Anything else, such as a network with a wrong length, would be taken for a host that does not exist.
    fn can_match(&self) -> bool {
        match self {
            Self::Network(_) | Self::Host(Host::Address(_)) => true,
            Self::Host(Host::Region { .. }) => false,
            Self::Host(Host::Bucket(bucket)) => !bucket.ends_with(['/', ':']),
            Self::Host(Host::Name(name)) => is_host_name(name),
        }
    }
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
