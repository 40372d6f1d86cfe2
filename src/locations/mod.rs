//! Where hosts are: overrides, cloud regions, buckets, and location databases.

mod bucket_regions;
mod buckets;
mod data_uri;
mod database;
mod embedded;
mod endpoints;
mod error;
mod file;
mod lookup;
mod places;
mod record;
mod regions;
mod stores;

pub use self::{
    data_uri::{DataUri, UriKind},
    embedded::embedded_location,
    error::{LocateError, LocatorError},
    lookup::Locator,
    regions::{NOTICE, Region},
};
use crate::domain::sites::{Place, PlaceSource};

/// The place of `region`.
fn in_region(region: &Region) -> Place {
    Place {
        coordinates: region.place,
        source: PlaceSource::Region,
        city: Some(region.city.as_str().into()),
    }
}
