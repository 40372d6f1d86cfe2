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
