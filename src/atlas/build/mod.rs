//! Makes an atlas from City databases in MaxMind's format.

mod draft;
mod record;
#[cfg(test)]
pub(super) mod sample;

use std::{borrow::Cow, net::IpAddr};

use maxminddb::{MaxMindDbError, Reader, WithinOptions};

use self::{draft::Draft, record::Places};
use super::{Atlas, Broken, MAGIC, image::put_number};

/// Why no atlas can be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A database cannot be read.
    #[error(transparent)]
    Database(#[from] MaxMindDbError),
    /// The networks of a database are not in the order of their addresses.
    #[error("its networks overlap")]
    Overlap,
    /// The places are in more cells than there are numbers for.
    #[error("its places are too many")]
    TooManyCells,
    /// There is no place in any of the databases.
    #[error("there are no coordinates in it")]
    NoPlaces,
    /// What was made cannot be read.
    #[error("what was made cannot be read: {0}")]
    Broken(#[from] Broken),
}

/// An atlas while it is made.
#[derive(Debug, Default)]
pub struct Builder {
    v4: Draft,
    v6: Draft,
    sources: Vec<String>,
}

impl Builder {
    /// Takes the places of `database`; for a family that an earlier one has places for, that one counts.
    ///
    /// # Errors
    /// [`BuildError`] if it is no database or a broken one.
    pub fn add(&mut self, database: &[u8]) -> Result<(), BuildError> {
        let reader = Reader::from_source(database)?;
        let (v4, v6) = survey(&reader)?;
        self.v4.unless_taken(v4);
        self.v6.unless_taken(v6);
        self.sources.push(reader.metadata().database_type.clone());
        Ok(())
    }

    /// The image of the atlas. `attribution` tells whose work it is; without, the names of the databases do.
    ///
    /// # Errors
    /// [`BuildError::NoPlaces`] if there is no place in any of the databases.
    pub fn finish(&self, attribution: Option<&str>) -> Result<Vec<u8>, BuildError> {
        if self.v4.is_empty() && self.v6.is_empty() {
            return Err(BuildError::NoPlaces);
        }
        let attribution = attribution.map_or_else(
            || Cow::from(format!("made from {}", self.sources.join(", "))),
            Cow::from,
        );
        let mut content = Vec::new();
        put_number(&mut content, attribution.len() as u128);
        content.extend(attribution.as_bytes());
        self.v4.write(&mut content);
        self.v6.write(&mut content);
        let mut image = MAGIC.to_vec();
        put_number(&mut image, content.len() as u128);
        image.extend(crc32fast::hash(&content).to_le_bytes());
        image.extend(content);
        Atlas::read(&image)?.verify()?;
        Ok(image)
    }
}

/// The places of a database, by family.
fn survey(database: &Reader<&[u8]>) -> Result<(Draft, Draft), BuildError> {
    let (mut v4, mut v6) = (Draft::default(), Draft::default());
    let mut places = Places::default();
    for network in database.networks(WithinOptions::default())? {
        let found = network?;
        let Some(place) = places.of(&found)? else {
            continue;
        };
        let network = found.network()?;
        let host_bits = |all: u8| u32::from(all.saturating_sub(network.prefix()));
        match network.ip() {
            IpAddr::V4(first) => v4.add(u32::from(first).into(), host_bits(32), place)?,
            IpAddr::V6(first) => v6.add(first.into(), host_bits(128), place)?,
        }
    }
    Ok((v4, v6))
}
