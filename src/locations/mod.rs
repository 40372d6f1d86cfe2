//! Where hosts are: overrides, cloud regions, buckets, and location databases.

mod bucket_regions;
mod buckets;
mod database;
mod embedded;
mod endpoints;
mod error;
mod file;
mod lookup;
mod places;
mod record;
mod regions;

pub use self::{
    buckets::bucket_terms,
    embedded::embedded_location,
    error::{LocateError, LocatorError},
    lookup::Locator,
    regions::{NOTICE, Region},
};
use crate::domain::sites::{Place, PlaceSource};

/// The place of `region`.
fn in_region(region: &Region) -> Place {
    Place {
        provider: Some(region.cloud),
        region: Some(region.name.as_str().into()),
        approximate: region.is_approximate,
        city: Some(region.city.as_str().into()),
        ..Place::at(region.place, PlaceSource::Region)
    }
}

/// `place` with the coordinates and the town of its region, if it has none of its own.
pub fn completed(place: Place) -> Place {
    let region = place
        .provider
        .zip(place.region.as_deref())
        .and_then(|(provider, region)| Region::named(Some(provider.id()), region));
    match region {
        Some(region) => Place {
            coordinates: place.coordinates.or(Some(region.place)),
            region: Some(region.name.as_str().into()),
            city: place.city.or_else(|| Some(region.city.as_str().into())),
            ..place
        },
        None => place,
    }
}
