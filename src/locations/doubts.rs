//! Regions that access methods state, compared with where hosts are by their own account.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::{Locator, Region, in_region_or_members};
use crate::{
    client::CallScope,
    domain::{
        cloud::CloudRegion,
        geo::{Host, Kilometres},
        sites::{Place, PlaceSource, Sites},
        warning::Warning,
    },
};

/// A difference that is no matter of where in a region a host is, or of a database's errors.
const FAR_KM: f64 = 500.0;

/// How many hosts are compared at a time, and for one request.
const LOOKUPS_AT_ONCE: usize = 128;
const MAX_HOSTS: usize = 1000;

impl Locator {
    /// Warnings about `stated` regions that are far from where their hosts are: by name, in their URI, or by address. What
    /// the operator configures is not doubted, and a place that is approximate proves nothing.
    pub async fn doubts(
        &self,
        scope: &CallScope,
        stated: &BTreeMap<&Host, CloudRegion>,
        sites: &Sites,
    ) -> Vec<Warning> {
        let end = scope.time().locations(Instant::now());
        let scope = &scope.ending(end);
        let comparisons: Vec<_> = stated
            .iter()
            .take(MAX_HOSTS)
            .map(|(&host, &region)| async move {
                // The region counts for a host that is in it as far as the sites are concerned.
                let counts = matches!(host, Host::Region { region: known, .. } if *known == region);
                let places = if counts {
                    if self.configured(host).is_some() {
                        return None;
                    }
                    let own = timeout_at(end.at, self.find(scope, host.machine())).await;
                    own.ok()?.ok()?.places
                } else {
                    sites.places.get(host)?.clone()
                };
                let km = distance(&places, region)?;
                (km.get() > FAR_KM).then(|| Warning::RegionDoubtful {
                    host: host.machine().to_string(),
                    region: region.to_string(),
                    km: km.get(),
                    counts,
                })
            })
            .collect();
        stream::iter(comparisons)
            .buffered(LOOKUPS_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await
    }
}

/// How far the nearest of `places` is from `region`; `None` if that cannot be said.
fn distance(places: &[Place], region: CloudRegion) -> Option<Kilometres> {
    let is_certain = |place: &&Place| !place.approximate && place.source != PlaceSource::Override;
    let stated = in_region_or_members(Region::of(region.cloud, region.name)?);
    places
        .iter()
        .filter(is_certain)
        .filter_map(|place| place.coordinates)
        .flat_map(|from| {
            let coordinates = stated.iter().filter_map(|place| place.coordinates);
            coordinates.map(move |to| from.distance_to(to))
        })
        .min_by(|one, other| one.get().total_cmp(&other.get()))
}
