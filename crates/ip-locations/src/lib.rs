//! Where IP addresses are, to about a degree of latitude and longitude.
//!
//! [`IpLocations::embedded`] is a table of all public addresses, made from DB-IP City Lite. [`Builder`] makes such a
//! table from other City databases in MaxMind's format.
//!
//! The ranges of a table stay compressed, in blocks of 1,024: a look-up inflates one block, which takes 30 to 40
//! microseconds. Look-ups are cached: one that is costs 0.1 microseconds, and at most 4,096 of them take 0.4 MB.

mod block;
mod build;
mod coordinates;
mod file;
mod table;

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

pub use self::{
    build::{BuildError, Builder},
    coordinates::Coordinates,
    file::FileError,
};
use self::{
    file::{FileReader, MAGIC},
    table::Table,
};

/// How many look-ups are cached. A full cache is emptied, which at worst doubles the time that is spent on inflating.
const MAX_CACHED: usize = 4_096;

/// Source and licence of the embedded table, as its licence requires them to be passed on.
pub const NOTICE: &str = include_str!("../data/NOTICE");

/// A location table: ranges of IPv4 and IPv6 addresses with coordinates.
pub struct IpLocations<'a> {
    attribution: &'a str,
    v4: Table<'a>,
    v6: Table<'a>,
    cache: Mutex<HashMap<IpAddr, Option<Coordinates>>>,
}

impl IpLocations<'static> {
    /// The table of this crate. The first call checks it and reads its index, which takes a few milliseconds.
    ///
    /// # Errors
    /// [`FileError`] if the crate was built with a damaged file.
    pub fn embedded() -> Result<&'static Self, FileError> {
        static TABLE: LazyLock<Result<IpLocations<'static>, FileError>> =
            LazyLock::new(|| IpLocations::read(include_bytes!("../data/dbip-city-lite.iplocs")));
        TABLE.as_ref().map_err(|error| *error)
    }
}

impl<'a> IpLocations<'a> {
    /// Whether `file` is a location table of this version, going by its first bytes.
    pub fn is_location_table(file: &[u8]) -> bool {
        file.starts_with(&MAGIC)
    }

    /// Reads a file that [`Builder::finish`] made; its blocks are not inflated.
    ///
    /// # Errors
    /// [`FileError`] if it is another file, damaged, or contradicts itself.
    pub fn read(file: &'a [u8]) -> Result<Self, FileError> {
        let content = file.strip_prefix(&MAGIC).ok_or(FileError::UnknownFormat)?;
        let (checksum, content) = content.split_first_chunk().ok_or(FileError::Truncated)?;
        if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
            return Err(FileError::WrongChecksum);
        }
        let mut reader = FileReader(content);
        let length = reader.size()?;
        let attribution = std::str::from_utf8(reader.bytes(length)?)
            .map_err(|_| FileError::Invalid("attribution"))?;
        let v4 = Table::read(&mut reader)?;
        let v6 = Table::read(&mut reader)?;
        if !reader.0.is_empty() {
            return Err(FileError::Invalid("size"));
        }
        Ok(Self {
            attribution,
            v4,
            v6,
            cache: Mutex::default(),
        })
    }

    /// Where `address` is, if the table knows; IPv4-mapped IPv6 addresses count as IPv4.
    ///
    /// A damaged block has no locations; [`Self::verify`] tells whether there are any.
    pub fn lookup(&self, address: IpAddr) -> Option<Coordinates> {
        let address = address.to_canonical();
        if let Some(location) = self.cache().get(&address) {
            return *location;
        }
        // Without the lock: other look-ups need not wait until a block is inflated.
        let location = match address {
            IpAddr::V4(address) => self.v4.find(u32::from(address).into()),
            IpAddr::V6(address) => self.v6.find(address.into()),
        };
        let mut cache = self.cache();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(address, location);
        location
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<IpAddr, Option<Coordinates>>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Source of the locations, as it has to be named wherever they are shown.
    pub const fn attribution(&self) -> &str {
        self.attribution
    }

    /// The numbers of IPv4 and of IPv6 ranges.
    pub fn range_counts(&self) -> (usize, usize) {
        (self.v4.range_count(), self.v6.range_count())
    }

    /// Inflates and checks all blocks, which [`Self::read`] does not.
    ///
    /// # Errors
    /// [`FileError::Invalid`] if a block is damaged or does not end where the next one begins.
    pub fn verify(&self) -> Result<(), FileError> {
        self.v4.verify()?;
        self.v6.verify()
    }
}

impl fmt::Debug for IpLocations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpLocations")
            .field("attribution", &self.attribution)
            .field("range_counts", &self.range_counts())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn look_ups_are_cached_and_the_cache_is_bounded() {
        // No attribution, no cells and no ranges.
        let content = [0; 20];
        let checksum = crc32fast::hash(&content).to_le_bytes();
        let file = [&MAGIC[..], &checksum, &content].concat();
        let table = IpLocations::read(&file).unwrap();
        let location = Coordinates::new(47.5, 7.5);
        let known = IpAddr::from(Ipv4Addr::new(1, 0, 0, 1));
        table.cache().insert(known, location);
        assert_eq!(table.lookup(known), location);
        for number in 0..3 * u32::try_from(MAX_CACHED).unwrap() {
            let address = IpAddr::from(Ipv4Addr::from(number));
            assert_eq!(table.lookup(address), None);
            assert_eq!(table.cache().get(&address), Some(&None));
            assert!(table.cache().len() <= MAX_CACHED);
        }
    }
}
