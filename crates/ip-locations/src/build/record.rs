//! Records of City databases. Some nest the coordinates (`location.latitude`), others do not (`latitude`).

use serde::Deserialize;

use crate::coordinates::Coordinates;

#[derive(Deserialize)]
pub(super) struct Record {
    location: Option<Location>,
    latitude: Option<Degrees>,
    longitude: Option<Degrees>,
}

#[derive(Deserialize)]
struct Location {
    latitude: Option<Degrees>,
    longitude: Option<Degrees>,
}

/// Untagged, so that single precision is accepted too: both are in use, and the format distinguishes them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Degrees {
    Number(f64),
}

impl Record {
    /// `None` if there are no coordinates or if they are out of range.
    pub(super) fn coordinates(self) -> Option<Coordinates> {
        let nested = self
            .location
            .and_then(|location| location.latitude.zip(location.longitude));
        let (Degrees::Number(latitude), Degrees::Number(longitude)) =
            nested.or_else(|| self.latitude.zip(self.longitude))?;
        Coordinates::new(latitude, longitude)
    }
}
