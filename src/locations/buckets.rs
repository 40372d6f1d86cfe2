//! Where the configured buckets are.

use std::collections::BTreeMap;

use super::{Region, error::LocatorError, in_region};
use crate::{
    config::BucketPlace,
    domain::{
        geo::{Coordinates, Host},
        sites::{Place, PlaceSource},
        transfer::BucketTerms,
    },
};

/// The places of `buckets`; a bucket without `s3://` or `gs://` is meant in both stores.
///
/// # Errors
/// [`LocatorError::UnknownRegion`] if no cloud has the region.
pub(super) fn places(
    buckets: &BTreeMap<String, BucketPlace>,
) -> Result<BTreeMap<Host, Place>, LocatorError> {
    let mut places = BTreeMap::new();
    for (name, place) in buckets {
        if place.has_no_place() {
            continue;
        }
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

/// Who pays for reads of `buckets`, where that is configured.
pub fn bucket_terms(buckets: &BTreeMap<String, BucketPlace>) -> BTreeMap<Host, BucketTerms> {
    let mut terms = BTreeMap::new();
    for (name, place) in buckets {
        if place.terms() == BucketTerms::default() {
            continue;
        }
        if name.contains("://") {
            terms.insert(Host::parse(name), place.terms());
        } else {
            for store in ["s3", "gs"] {
                terms.insert(Host::parse(&format!("{store}://{name}")), place.terms());
            }
        }
    }
    terms
}

fn place_of(bucket: &str, place: &BucketPlace) -> Result<Place, LocatorError> {
    let unusable = || LocatorError::UnknownRegion {
        bucket: bucket.to_owned(),
        region: place.region.clone().unwrap_or_default(),
    };
    match (&place.region, place.latitude, place.longitude) {
        (Some(region), None, None) => Region::named(place.cloud.as_deref(), region)
            .map(in_region)
            .ok_or_else(unusable),
        (None, Some(latitude), Some(longitude)) => {
            let coordinates = Coordinates::new(latitude, longitude).map_err(|_| unusable())?;
            Ok(Place::at(coordinates, PlaceSource::Override))
        }
        _ => Err(unusable()),
    }
}
