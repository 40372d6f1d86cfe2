//! Places all hosts of a request, each once.

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::{LocateError, Locator, lookup::Found};
use crate::{
    client::CallScope,
    domain::{
        geo::{Host, Kilometres},
        sites::{Place, Sites},
        warning::Warning,
    },
};

/// How many hosts are looked up at a time.
const LOOKUPS_AT_ONCE: usize = 128;

/// How many hosts of one request are looked up: a DRS may answer with any number of them.
const MAX_HOSTS: usize = 1000;

impl Locator {
    /// Looks up the first `MAX_HOSTS` of `hosts`. A host without a known place is a warning; it is taken to be
    /// `unknown_distance` away, if that is given.
    pub async fn sites(
        &self,
        scope: &CallScope,
        hosts: &[&Host],
        unknown_distance: Option<Kilometres>,
    ) -> Sites {
        let (hosts, excess) = hosts.split_at(hosts.len().min(MAX_HOSTS));
        let mut sites = self.places(scope, hosts, unknown_distance).await;
        if !excess.is_empty() {
            sites.warnings.push(Warning::TooManyHosts {
                limit: MAX_HOSTS,
                skipped: excess.len(),
            });
        }
        sites
    }

    /// Looks up all of `hosts`, within the time that `scope` has for locations.
    pub async fn places(
        &self,
        scope: &CallScope,
        hosts: &[&Host],
        unknown_distance: Option<Kilometres>,
    ) -> Sites {
        let end = scope.time().locations(Instant::now());
        let scope = &scope.ending(end);
        let lookups: Vec<_> = hosts
            .iter()
            .map(|&host| async move {
                let places = timeout_at(end.at, self.find(scope, host)).await;
                (host, places.unwrap_or(Err(LocateError::Slow(end.length))))
            })
            .collect();
        let found: Vec<_> = stream::iter(lookups)
            .buffered(LOOKUPS_AT_ONCE)
            .collect()
            .await;
        let mut sites = Sites {
            assumed: unknown_distance,
            ..Sites::default()
        };
        for (host, places) in found {
            match places {
                Ok(Found {
                    mut places,
                    operator,
                }) => {
                    self.identify(host, &mut places);
                    if let Some(operator) = operator {
                        sites.warnings.push(Warning::ApproximateLocation {
                            host: host.to_string(),
                            operator,
                        });
                    } else if places.len() > 1 && places.iter().all(|place| place.region.is_none())
                    {
                        sites.warnings.push(Warning::SeveralLocations {
                            host: host.to_string(),
                            count: places.len(),
                        });
                    }
                    sites.places.insert(host.clone(), places);
                }
                Err(cause) => {
                    sites.warnings.push(Warning::UnknownLocation {
                        host: host.to_string(),
                        cause: cause.to_string(),
                    });
                    let mut places = Vec::new();
                    self.identify(host, &mut places);
                    if !places.is_empty() {
                        sites.places.insert(host.clone(), places);
                    }
                }
            }
        }
        let is_placed = |places: &&Vec<Place>| places.iter().any(|at| at.coordinates.is_some());
        if let Some(km) = unknown_distance
            && sites.places.values().filter(is_placed).count() < hosts.len()
        {
            sites
                .warnings
                .push(Warning::DistanceAssumed { km: km.get() });
        }
        sites
    }
}
