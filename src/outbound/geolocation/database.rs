//! Databases that place addresses: City databases in MaxMind's format, of either layout.

use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use ip_locations::IpLocations;
use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::file::DatabaseFile;
use crate::{
    config,
    domain::{
        geo::Coordinates,
        service::BadServiceUri,
        sites::{Place, PlaceSource},
    },
    locations::embedded_location,
};

/// What places addresses.
#[derive(Debug)]
pub(super) enum Database {
    /// Nothing does.
    None,
    /// The table that comes with the program.
    Embedded,
    /// A City database in MaxMind's format.
    File(Arc<DatabaseFile>),
}

/// The location database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GeolocationError {
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
        "locations.database: '{}' is a table to build the program with, in the place of \
         crates/ip-locations/data/dbip-city-lite.iplocs; name the City database that it was made from",
        path.display()
    )]
    LocationTable {
        /// The file.
        path: PathBuf,
    },
    /// Where S3 is to be asked for regions is nowhere.
    #[error("locations.s3_url: {0}")]
    S3Url(BadServiceUri),
    /// A bucket is said to be in a region that no cloud has, or nowhere.
    #[error(
        "locations.buckets.{bucket}: must be {{region: ..}} with a region of AWS, Google Cloud or Azure, or {{latitude: .., \
         longitude: ..}}; '{region}' is no region"
    )]
    UnknownRegion {
        /// The bucket.
        bucket: String,
        /// What was said.
        region: String,
    },
    /// The file is a database of something else, such as countries or networks.
    #[error("locations.database: '{}' has no coordinates (its type is '{kind}'); a City database has", path.display())]
    NoCoordinates {
        /// The file.
        path: PathBuf,
        /// What it says that it is.
        kind: String,
    },
}

/// How many networks of a file are looked at for coordinates before it is refused.
const PROBED_NETWORKS: usize = 100_000;

/// Where the coordinates may be in a record: MaxMind nests them, others do not.
const LAYOUTS: [&[PathElement<'static>]; 2] = [&[PathElement::Key("location")], &[]];

impl Database {
    /// The database that the configuration names.
    pub(super) fn load(database: &config::Database) -> Result<Self, GeolocationError> {
        match database {
            config::Database::None => Ok(Self::None),
            // Read at the first look-up, which takes milliseconds: the start need not wait for it.
            config::Database::Embedded => Ok(Self::Embedded),
            config::Database::File(path) => Ok(Self::File(Arc::new(DatabaseFile::load(path)?))),
        }
    }

    /// Reads a file again that has changed, as of `now`.
    pub(super) async fn refresh(&self, now: Instant) {
        if let Self::File(file) = self
            && file.is_due(now)
        {
            let file = Arc::clone(file);
            // Reading tens of megabytes would hold up everyone else. That the runtime is shutting down is no matter.
            let _ = spawn_blocking(move || file.refresh(now)).await;
        }
    }

    /// Whether no address has a place.
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Where `address` is.
    pub(super) fn place(&self, address: IpAddr) -> Option<Place> {
        match self {
            Self::None => None,
            Self::Embedded => match embedded_location(address) {
                Ok(found) => Some(Place {
                    coordinates: found?,
                    source: PlaceSource::Database,
                    city: None,
                }),
                Err(error) => {
                    tracing::error!(%error, "the embedded location table cannot be read");
                    None
                }
            },
            Self::File(file) => {
                let reader = file.current();
                // It fails on an IPv6 address in an IPv4-only file and on a broken record: there is no place in either.
                let found = reader.lookup(address).ok()?;
                Some(Place {
                    coordinates: coordinates(&found)?,
                    source: PlaceSource::Database,
                    city: city(&found),
                })
            }
        }
    }
}

pub(super) fn load_file(path: &Path) -> Result<Reader<Vec<u8>>, GeolocationError> {
    let bytes = fs::read(path).map_err(|source| GeolocationError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    if IpLocations::is_location_table(&bytes) {
        return Err(GeolocationError::LocationTable {
            path: path.to_owned(),
        });
    }
    let not_a_database = |source| GeolocationError::NotADatabase {
        path: path.to_owned(),
        source,
    };
    let reader = Reader::from_source(bytes).map_err(not_a_database)?;
    let mut networks = reader
        .networks(maxminddb::WithinOptions::default())
        .map_err(not_a_database)?
        .take(PROBED_NETWORKS);
    if networks.any(|network| network.is_ok_and(|found| coordinates(&found).is_some())) {
        drop(networks);
        Ok(reader)
    } else {
        Err(GeolocationError::NoCoordinates {
            path: path.to_owned(),
            kind: reader.metadata().database_type.clone(),
        })
    }
}

/// The place in a record of either layout. Where 0 N 0 E is written, in the sea off Ghana, nothing is known: some
/// databases have no other way to say so.
fn coordinates(found: &LookupResult<'_, Vec<u8>>) -> Option<Coordinates> {
    LAYOUTS.iter().find_map(|layout| {
        let degrees = |key| {
            let path = [layout, &[PathElement::Key(key)][..]].concat();
            found.decode_path::<Degrees>(&path).ok()??.get()
        };
        let (latitude, longitude) = (degrees("latitude")?, degrees("longitude")?);
        Coordinates::new(latitude, longitude)
            .ok()
            .filter(|_| latitude != 0.0 || longitude != 0.0)
    })
}

/// The name of the city, in English where it is nested.
fn city(found: &LookupResult<'_, Vec<u8>>) -> Option<Arc<str>> {
    const NESTED: &[PathElement<'static>] = &[
        PathElement::Key("city"),
        PathElement::Key("names"),
        PathElement::Key("en"),
    ];
    const FLAT: &[PathElement<'static>] = &[PathElement::Key("city")];
    let name = |path| found.decode_path::<String>(path).ok().flatten();
    let name = name(NESTED).or_else(|| name(FLAT))?;
    (!name.is_empty()).then(|| name.into())
}

/// A number, or a text that is one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Degrees {
    Number(f64),
    Text(String),
}

impl Degrees {
    fn get(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}
