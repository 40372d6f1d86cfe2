//! Makes location tables from City databases in MaxMind's format.

mod record;
mod table_builder;

use std::{io, net::IpAddr};

use maxminddb::{MaxMindDbError, Reader, WithinOptions};

use self::{record::Record, table_builder::TableBuilder};
use crate::{
    IpLocations,
    file::{FileError, MAGIC},
};

/// Why no location table can be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A database cannot be read.
    #[error(transparent)]
    Database(#[from] MaxMindDbError),
    /// The networks of a database are not in the order of their addresses.
    #[error("its networks overlap")]
    Overlap,
    /// A table has at most 65,535 cells, 4,294,967,295 ranges and 4,294,967,295 bytes of attribution.
    #[error("its locations are too many")]
    TooLarge,
    /// None of the databases has coordinates.
    #[error("there are no coordinates in it")]
    NoCoordinates,
    /// The ranges cannot be compressed.
    #[error("the table cannot be compressed: {0}")]
    Compression(#[from] io::Error),
    /// The new table is not valid.
    #[error("the new table cannot be read: {0}")]
    File(#[from] FileError),
}

/// Collects the networks of City databases.
#[derive(Debug, Default)]
pub struct Builder {
    v4: TableBuilder,
    v6: TableBuilder,
    sources: Vec<String>,
}

impl Builder {
    /// Adds the networks of `database`, but for an address family that an earlier database has locations for.
    ///
    /// # Errors
    /// [`BuildError::Database`] if it is not a database; [`BuildError::Overlap`] or [`BuildError::TooLarge`] if its
    /// networks make no table. Those before the error stay added.
    pub fn add(&mut self, database: &[u8]) -> Result<(), BuildError> {
        let reader = Reader::from_source(database)?;
        let (is_v4_new, is_v6_new) = (self.v4.is_empty(), self.v6.is_empty());
        for network in reader.networks(WithinOptions::default())? {
            let found = network?;
            let record: Option<Record> = found.decode()?;
            let Some(location) = record.and_then(Record::coordinates) else {
                continue;
            };
            let network = found.network()?;
            let host_bits = |all: u8| u32::from(all.saturating_sub(network.prefix()));
            match network.ip() {
                IpAddr::V4(first) if is_v4_new => {
                    self.v4
                        .add(u32::from(first).into(), host_bits(32), location)?;
                }
                IpAddr::V6(first) if is_v6_new => {
                    self.v6.add(first.into(), host_bits(128), location)?;
                }
                _ => {}
            }
        }
        self.sources.push(reader.metadata().database_type.clone());
        Ok(())
    }

    /// Writes the file of the table. Without `attribution` the types of the databases are the attribution.
    ///
    /// # Errors
    /// [`BuildError::NoCoordinates`] if none of the databases has any.
    pub fn finish(&self, attribution: Option<&str>) -> Result<Vec<u8>, BuildError> {
        if self.v4.is_empty() && self.v6.is_empty() {
            return Err(BuildError::NoCoordinates);
        }
        let attribution = attribution.map_or_else(
            || format!("made from {}", self.sources.join(", ")),
            str::to_owned,
        );
        let mut content = Vec::new();
        put_size(&mut content, attribution.len())?;
        content.extend(attribution.as_bytes());
        self.v4.write(&mut content)?;
        self.v6.write(&mut content)?;
        let checksum = crc32fast::hash(&content).to_le_bytes();
        let file = [&MAGIC[..], &checksum, &content].concat();
        IpLocations::read(&file)?.verify()?;
        Ok(file)
    }
}

/// Writes what [`FileReader::size`](crate::file::FileReader::size) reads.
fn put_size(file: &mut Vec<u8>, size: usize) -> Result<(), BuildError> {
    let size = u32::try_from(size).map_err(|_| BuildError::TooLarge)?;
    file.extend(size.to_le_bytes());
    Ok(())
}
