//! Where the configured buckets are.

use std::collections::BTreeMap;

use super::{GeolocationError, in_region};
use crate::{
    config::BucketPlace,
    domain::{
        geo::{Coordinates, Host},
        sites::{Place, PlaceSource},
    },
    locations::Region,
};

/// The places of `buckets`; a bucket without `s3://` or `gs://` is meant in both stores.
///
/// # Errors
/// [`GeolocationError::UnknownRegion`] if no cloud has the region.
pub(super) fn places(
    buckets: &BTreeMap<String, BucketPlace>,
) -> Result<BTreeMap<Host, Place>, GeolocationError> {
    let mut places = BTreeMap::new();
    for (name, place) in buckets {
        let place = place_of(name, place)?;
        if name.contains("://") {
            places.insert(Host::parse(name), place);
        } else {
            for store in ["s3", "gs"] {
                places.insert(Host::parse(&format!("{store}://{name}")), place.clone());
            }
        }
    }
    Ok(places)
}

fn place_of(bucket: &str, place: &BucketPlace) -> Result<Place, GeolocationError> {
    let nowhere = || GeolocationError::UnknownRegion {
        bucket: bucket.to_owned(),
        region: place.region.clone().unwrap_or_default(),
    };
    match (&place.region, place.latitude, place.longitude) {
        (Some(region), None, None) => Region::named(place.cloud.as_deref(), region)
            .map(in_region)
            .ok_or_else(nowhere),
        (None, Some(latitude), Some(longitude)) => Ok(Place {
            coordinates: Coordinates::new(latitude, longitude).map_err(|_| nowhere())?,
            source: PlaceSource::Override,
            city: None,
        }),
        _ => Err(nowhere()),
    }
}
