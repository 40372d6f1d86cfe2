//! Databases that place addresses: City databases in MaxMind's format, of either layout.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::task::spawn_blocking;

use super::{embedded::embedded_location, error::LocatorError, file::DatabaseFile, record};
use crate::{
    config,
    domain::sites::{Place, PlaceSource},
};

/// The month of the data of the embedded table, 2026-06-01, in seconds since 1970: see `crates/ip-locations/data/NOTICE`.
const EMBEDDED_MADE: u64 = 1_780_272_000;

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

impl Database {
    /// The database that the configuration names.
    pub(super) fn load(database: &config::Database) -> Result<Self, LocatorError> {
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

    /// Time since it was made or, for a file, changed.
    pub(super) fn age(&self, now: SystemTime) -> Option<Duration> {
        let made = match self {
            Self::None => return None,
            Self::Embedded => SystemTime::UNIX_EPOCH + Duration::from_secs(EMBEDDED_MADE),
            Self::File(file) => file.modified()?,
        };
        Some(now.duration_since(made).unwrap_or_default())
    }

    /// Reads a file again, changed or not.
    ///
    /// # Errors
    /// [`LocatorError`] if it cannot be used: then what is in memory serves on.
    pub(super) fn reload(&self) -> Result<(), LocatorError> {
        match self {
            Self::None | Self::Embedded => Ok(()),
            Self::File(file) => file.reload(Instant::now()),
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
                Ok(found) => Some(Place::at(found?, PlaceSource::Database)),
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
                    city: record::city(&found),
                    ..Place::at(record::coordinates(&found)?, PlaceSource::Database)
                })
            }
        }
    }
}
