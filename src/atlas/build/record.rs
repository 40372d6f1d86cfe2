//! Records of City databases, of which there are two shapes: `location.latitude` and `latitude`.

use std::{collections::HashMap, fmt};

use maxminddb::{LookupResult, MaxMindDbError};
use serde::{Deserialize, Deserializer, de};

use crate::domain::geo::Coordinates;

/// The places of records, each of which is decoded once: many networks share one.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_offset: HashMap<usize, Option<Coordinates>>,
}

impl Places {
    /// The place in the record of a network; `None` for one without coordinates or off the Earth.
    pub(super) fn of(
        &mut self,
        network: &LookupResult<'_, &[u8]>,
    ) -> Result<Option<Coordinates>, MaxMindDbError> {
        let Some(offset) = network.offset() else {
            return Ok(None);
        };
        if let Some(known) = self.by_offset.get(&offset) {
            return Ok(*known);
        }
        let place = network.decode::<Record>()?.and_then(Record::place);
        self.by_offset.insert(offset, place);
        Ok(place)
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
    fn place(self) -> Option<Coordinates> {
        let nested = self
            .location
            .and_then(|location| location.latitude.zip(location.longitude));
        let (latitude, longitude) = nested.or_else(|| self.latitude.zip(self.longitude))?;
        Coordinates::new(latitude.0, longitude.0).ok()
    }
}

/// A number of either precision: both are in use, and the format tells them apart.
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
