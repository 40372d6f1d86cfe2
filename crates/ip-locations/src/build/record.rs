//! Records of City databases, of which there are two shapes: `location.latitude` and `latitude`.

use std::{collections::HashMap, fmt};

use maxminddb::{LookupResult, MaxMindDbError};
use serde::{Deserialize, Deserializer, de};

use crate::coordinates::Coordinates;

/// Reads the coordinates of records, each of them once: many networks share a record.
#[derive(Debug, Default)]
pub(super) struct RecordReader {
    by_offset: HashMap<usize, Option<Coordinates>>,
}

impl RecordReader {
    /// The coordinates in the record of a network; `None` if there are none or if they are out of range.
    pub(super) fn coordinates(
        &mut self,
        network: &LookupResult<'_, &[u8]>,
    ) -> Result<Option<Coordinates>, MaxMindDbError> {
        let Some(offset) = network.offset() else {
            return Ok(None);
        };
        if let Some(known) = self.by_offset.get(&offset) {
            return Ok(*known);
        }
        let coordinates = network.decode::<Record>()?.and_then(Record::coordinates);
        self.by_offset.insert(offset, coordinates);
        Ok(coordinates)
    }
}

#[derive(Deserialize)]
struct Record {
    location: Option<Location>,
    latitude: Option<Degrees>,
    longitude: Option<Degrees>,
}

#[derive(Deserialize)]
struct Location {
    latitude: Option<Degrees>,
    longitude: Option<Degrees>,
}

impl Record {
    fn coordinates(self) -> Option<Coordinates> {
        let nested = self
            .location
            .and_then(|location| location.latitude.zip(location.longitude));
        let (latitude, longitude) = nested.or_else(|| self.latitude.zip(self.longitude))?;
        Coordinates::new(latitude.0, longitude.0)
    }
}

/// A number of single or double precision: both are in use, and the format distinguishes them.
struct Degrees(f64);

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl de::Visitor<'_> for Number {
            type Value = Degrees;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("degrees")
            }

            fn visit_f64<E>(self, degrees: f64) -> Result<Degrees, E> {
                Ok(Degrees(degrees))
            }
        }

        // `visit_f32` goes to `visit_f64` by itself.
        deserializer.deserialize_any(Number)
    }
}
