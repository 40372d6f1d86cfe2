//! Records of City databases in MaxMind's format, of either layout.

use std::sync::Arc;

use maxminddb::{LookupResult, PathElement};
use serde::Deserialize;

use crate::domain::geo::Coordinates;

/// Where the coordinates may be in a record: MaxMind nests them, others do not.
const LAYOUTS: [&[PathElement<'static>]; 2] = [&[PathElement::Key("location")], &[]];

/// The place in a record of either layout. Where 0 N 0 E is written, in the sea off Ghana, nothing is known: some
/// databases have no other way to say so.
pub(super) fn coordinates(found: &LookupResult<'_, Vec<u8>>) -> Option<Coordinates> {
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
pub(super) fn city(found: &LookupResult<'_, Vec<u8>>) -> Option<Arc<str>> {
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
