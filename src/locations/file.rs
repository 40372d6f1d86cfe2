//! A City database in a file, read into memory, and read again when the file changes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use maxminddb::Reader;
use tracing::{info, warn};

use super::{error::LocatorError, record::coordinates};
use ip_locations::IpLocations;

/// How often the file is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

/// A database file. What is in memory serves until a new file has been read whole.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    current: RwLock<Arc<Reader<Vec<u8>>>>,
    seen: Mutex<Seen>,
}

/// What was seen of the file, and when.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    stamp: Option<Stamp>,
    looked: Instant,
}

/// What tells two versions of a file apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok()?,
            length: metadata.len(),
        })
    }
}

impl DatabaseFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`LocatorError`] if it cannot be used.
    pub(super) fn load(path: &Path) -> Result<Self, LocatorError> {
        let stamp = Stamp::of(path);
        Ok(Self {
            path: path.to_owned(),
            current: RwLock::new(Arc::new(load_file(path)?)),
            seen: Mutex::new(Seen {
                stamp,
                looked: Instant::now(),
            }),
        })
    }

    /// The database as it is in memory.
    pub(super) fn current(&self) -> Arc<Reader<Vec<u8>>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again if it has changed; one that cannot be used is left alone, and what is in memory serves on.
    /// Looks at the file every ten seconds at most, as of `now`.
    pub(super) fn refresh(&self, now: Instant) {
        let Some(stamp) = self.change(now) else {
            return;
        };
        let file = self.path.display();
        match load_file(&self.path) {
            Ok(reader) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(reader);
                info!(%file, length = stamp.length, "the location database has changed and was read again");
            }
            Err(error) => warn!(%error, "the location database has changed, but cannot be used"),
        }
    }

    /// When the file was changed, as far as that was seen.
    pub(super) fn modified(&self) -> Option<SystemTime> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.stamp.map(|stamp| stamp.modified)
    }

    /// Reads the file again, changed or not.
    ///
    /// # Errors
    /// [`LocatorError`] if it cannot be used: then what is in memory serves on.
    pub(super) fn reload(&self, now: Instant) -> Result<(), LocatorError> {
        let stamp = Stamp::of(&self.path);
        let reader = load_file(&self.path)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(reader);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen { stamp, looked: now };
        Ok(())
    }

    /// Whether it is time to look at the file, and the look would find another one.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        now.saturating_duration_since(seen.looked) >= BETWEEN_LOOKS
    }

    /// The stamp of the file, if it is time to look and it is another than before. Only one caller sees the change.
    fn change(&self, now: Instant) -> Option<Stamp> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(seen.looked) < BETWEEN_LOOKS {
            return None;
        }
        seen.looked = now;
        let stamp = Stamp::of(&self.path)?;
        if seen.stamp == Some(stamp) {
            return None;
        }
        seen.stamp = Some(stamp);
        Some(stamp)
    }
}

/// How many networks of a file are looked at for coordinates before it is refused.
const PROBED_NETWORKS: usize = 100_000;

fn load_file(path: &Path) -> Result<Reader<Vec<u8>>, LocatorError> {
    let bytes = fs::read(path).map_err(|source| LocatorError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    if IpLocations::is_location_table(&bytes) {
        return Err(LocatorError::LocationTable {
            path: path.to_owned(),
        });
    }
    let not_a_database = |source| LocatorError::NotADatabase {
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
        Err(LocatorError::NoCoordinates {
            path: path.to_owned(),
            kind: reader.metadata().database_type.clone(),
        })
    }
}
