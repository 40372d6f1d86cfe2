//! Where addresses are, from a table that comes with the program.
//!
//! The table of addresses is made by [`build`] from City databases. It knows places to about a degree, and is kept so
//! compactly that it is searched as it stands in the program: nothing is inflated.

mod bits;
mod block;
pub mod build;
mod codebook;
mod image;
mod table;
#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr, sync::LazyLock};

pub use self::image::Broken;
use self::{image::ImageReader, table::Table};
use crate::domain::{address::is_public, geo::Coordinates};

/// How an image begins: what it is, and the version of its layout.
const MAGIC: [u8; 8] = *b"TRATLAS\x01";

/// The image that comes with the program.
static EMBEDDED: &[u8] = include_bytes!("data/dbip-city-lite.atlas");

/// Whose work the data are that come with the program, and under which terms.
pub const NOTICES: &str = include_str!("data/NOTICES");

/// Places for all addresses of the internet.
pub struct Atlas<'a> {
    attribution: &'a str,
    v4: Table<'a>,
    v6: Table<'a>,
}

impl Atlas<'static> {
    /// The atlas that comes with the program; its index is read when this is called first.
    ///
    /// # Errors
    /// [`Broken`] if the program was built with a broken image.
    pub fn embedded() -> Result<&'static Self, Broken> {
        static ATLAS: LazyLock<Result<Atlas<'static>, Broken>> =
            LazyLock::new(|| Atlas::read(EMBEDDED));
        ATLAS.as_ref().map_err(|broken| *broken)
    }
}

impl<'a> Atlas<'a> {
    /// Whether `bytes` begin as an image does.
    pub fn is_image(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// Reads an image as `testribute locations build` writes it.
    ///
    /// # Errors
    /// [`Broken`] if it is none, cut off or changed since.
    pub fn read(image: &'a [u8]) -> Result<Self, Broken> {
        let mut image = ImageReader::new(image);
        if image.array().map_err(|_| Broken::Foreign)? != MAGIC {
            return Err(Broken::Foreign);
        }
        let size: u64 = image.number()?;
        let checksum = u32::from_le_bytes(image.array()?);
        let size = usize::try_from(size).map_err(|_| Broken::Impossible("size"))?;
        let content = image.bytes(size)?;
        if crc32fast::hash(content) != checksum || !image.rest().is_empty() {
            return Err(Broken::Altered);
        }
        let mut content = ImageReader::new(content);
        let length = content.number()?;
        let attribution = std::str::from_utf8(content.bytes(length)?)
            .map_err(|_| Broken::Impossible("attribution"))?;
        let v4 = Table::read(&mut content)?;
        let v6 = Table::read(&mut content)?;
        if !content.rest().is_empty() {
            return Err(Broken::Impossible("size"));
        }
        Ok(Self {
            attribution,
            v4,
            v6,
        })
    }

    /// Where `address` is, to about a degree; `None` if that is not known or if it is not a public address.
    pub fn lookup(&self, address: IpAddr) -> Option<Coordinates> {
        let address = address.to_canonical();
        if !is_public(address) {
            return None;
        }
        match address {
            IpAddr::V4(address) => self.v4.find(u32::from(address).into()),
            IpAddr::V6(address) => self.v6.find(address.into()),
        }
    }

    /// Whose work the places are, as it has to be told wherever they are shown.
    pub const fn attribution(&self) -> &str {
        self.attribution
    }

    /// How many ranges of IPv4 and of IPv6 addresses there are.
    pub const fn sizes(&self) -> (usize, usize) {
        (self.v4.len(), self.v6.len())
    }

    /// Reads all of it, which [`Self::read`] does not.
    ///
    /// # Errors
    /// [`Broken`] if some address could not be looked up.
    pub fn verify(&self) -> Result<(), Broken> {
        self.v4.verify()?;
        self.v6.verify()
    }
}

impl fmt::Debug for Atlas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Atlas")
            .field("attribution", &self.attribution)
            .field("sizes", &self.sizes())
            .finish_non_exhaustive()
    }
}
