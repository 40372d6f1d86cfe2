//! Where the configured buckets are.

use std::collections::BTreeMap;

use super::{DataUri, Region, error::LocatorError, in_region_or_members};
use crate::{
    config::BucketPlace,
    domain::{
        disclosure::redacted,
        geo::{Coordinates, Host},
        sites::{Place, PlaceSource},
        transfer::BucketTerms,
    },
};

/// The places of `buckets`; a name without a scheme is meant in all stores.
///
/// # Errors
/// [`LocatorError::UnknownRegion`] if no cloud has the region, [`LocatorError::NotABucket`] if a key names no bucket, and
/// would match nothing.
pub(super) fn places(
    buckets: &BTreeMap<String, BucketPlace>,
) -> Result<BTreeMap<Host, Vec<Place>>, LocatorError> {
    let mut places = BTreeMap::new();
    for (name, place) in buckets {
        let hosts = hosts_of(name)?;
        if place.has_no_place() {
            continue;
        }
        let place = place_of(name, place)?;
        for host in hosts {
            places.insert(host, place.clone());
        }
    }
    Ok(places)
}

/// Who pays for reads of `buckets`, where that is configured.
pub fn bucket_terms(buckets: &BTreeMap<String, BucketPlace>) -> BTreeMap<Host, BucketTerms> {
    let with_terms = buckets
        .iter()
        .map(|(name, place)| (name, place.terms()))
        .filter(|(_, terms)| *terms != BucketTerms::default());
    with_terms
        .flat_map(|(name, terms)| {
            // Keys that name no bucket are refused with the places.
            let hosts = hosts_of(name).unwrap_or_default();
            hosts.into_iter().map(move |host| (host, terms))
        })
        .collect()
}

/// What the key `name` matches.
fn hosts_of(name: &str) -> Result<Vec<Host>, LocatorError> {
    let not_a_bucket = || LocatorError::NotABucket {
        key: redacted(name),
    };
    if name.contains([':', '/']) {
        let uri = DataUri::parse(name).ok_or_else(not_a_bucket)?;
        let bucket = uri.bucket_host().ok_or_else(not_a_bucket)?;
        return Ok(vec![bucket.clone()]);
    }
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(not_a_bucket());
    }
    let stores = ["s3", "gs", "az"];
    Ok(stores
        .map(|store| Host::parse(&format!("{store}://{name}")))
        .into())
}

fn place_of(bucket: &str, place: &BucketPlace) -> Result<Vec<Place>, LocatorError> {
    let unusable = || LocatorError::UnknownRegion {
        bucket: bucket.to_owned(),
        region: place.region.clone().unwrap_or_default(),
    };
    match (&place.region, place.latitude, place.longitude) {
        (Some(region), None, None) => Region::named(place.cloud.as_deref(), region)
            .map(in_region_or_members)
            .ok_or_else(unusable),
        (None, Some(latitude), Some(longitude)) => {
            let coordinates = Coordinates::new(latitude, longitude).map_err(|_| unusable())?;
            Ok(vec![Place::at(coordinates, PlaceSource::Override)])
        }
        _ => Err(unusable()),
    }
}
