//! Where hosts are: overrides, cloud regions, buckets, and location databases.

mod bucket_regions;
mod buckets;
mod cdn;
mod data_uri;
mod database;
mod doubts;
mod embedded;
mod endpoints;
mod error;
mod file;
mod lookup;
mod outputs;
mod places;
mod record;
mod regions;
mod stores;

pub use self::{
    buckets::bucket_terms,
    data_uri::{DataUri, UriKind},
    embedded::embedded_location,
    error::{LocateError, LocatorError},
    lookup::Locator,
    outputs::with_destinations,
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

/// The places that data in `region` can be read from: those of the members of a multi-region, which are approximate.
fn in_region_or_members(region: &'static Region) -> Vec<Place> {
    region
        .members()
        .map(|member| Place {
            region: Some(region.name.as_str().into()),
            approximate: region.is_approximate,
            ..in_region(member)
        })
        .collect()
}
