//! Places every host of a query, each once.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::Pipeline;
use crate::{
    domain::{findings::Findings, geo::Host, query::Query, sites::Sites, warning::Warning},
    outbound::geolocation::NoPlace,
};

/// How many hosts are looked up at a time.
const LOOKUPS_AT_ONCE: usize = 128;

/// How many hosts of one request are looked up: a DRS may answer with any number of them.
const MOST_HOSTS: usize = 1000;

impl Pipeline {
    /// Looks up the hosts whose place matters. A host that no one can place is a warning.
    pub(super) async fn locate(&self, query: &Query, findings: &Findings) -> Sites {
        let hosts = hosts_that_matter(query, findings);
        let (hosts, too_many) = hosts.split_at(hosts.len().min(MOST_HOSTS));
        let mut sites = self.places_of(hosts).await;
        if !too_many.is_empty() {
            sites.warnings.push(Warning::TooManyHosts {
                most: MOST_HOSTS,
                left_out: too_many.len(),
            });
        }
        sites
    }

    /// Looks up where `hosts` are, each once, in the time of one call and a half for all of them.
    pub async fn places_of(&self, hosts: &[&Host]) -> Sites {
        let length = self.call_timeout * 3 / 2;
        let end = Instant::now() + length;
        let lookups: Vec<_> = hosts
            .iter()
            .map(|&host| async move {
                let places = timeout_at(end, self.geolocation.locate(host)).await;
                (host, places.unwrap_or(Err(NoPlace::Slow(length))))
            })
            .collect();
        let found: Vec<_> = stream::iter(lookups)
            .buffered(LOOKUPS_AT_ONCE)
            .collect()
            .await;
        let mut sites = Sites {
            assumed: self.unknown_distance,
            ..Sites::default()
        };
        let mut some_unknown = false;
        for (host, places) in found {
            match places {
                Ok(places) => {
                    if places.len() > 1 {
                        sites.warnings.push(Warning::SeveralPlaces {
                            host: host.to_string(),
                            count: places.len(),
                        });
                    }
                    sites.places.insert(host.clone(), places);
                }
                Err(cause) => {
                    some_unknown = true;
                    sites.warnings.push(Warning::UnknownPlace {
                        host: host.to_string(),
                        cause: cause.to_string(),
                    });
                }
            }
        }
        if let (true, Some(km)) = (some_unknown, self.unknown_distance) {
            sites
                .warnings
                .push(Warning::DistanceAssumed { km: km.get() });
        }
        sites
    }
}

/// The hosts between which there is something to measure, those of TES first: a host is no distance from itself, wherever
/// it is.
fn hosts_that_matter<'a>(query: &'a Query, findings: &'a Findings) -> Vec<&'a Host> {
    let sources: BTreeSet<_> = findings
        .objects
        .iter()
        .flat_map(|object| object.access.iter().map(|access| &access.host))
        .collect();
    let targets: BTreeSet<_> = findings
        .offers
        .iter()
        .filter_map(|(tes, _)| Some(query.tes().get(*tes)?.host()))
        .collect();
    let has_another =
        |host: &Host, others: &BTreeSet<&Host>| others.iter().any(|&other| other != host);
    let mut hosts: Vec<_> = targets
        .iter()
        .filter(|host| has_another(host, &sources))
        .copied()
        .collect();
    let more: Vec<_> = sources
        .iter()
        .filter(|host| has_another(host, &targets) && !hosts.contains(host))
        .copied()
        .collect();
    hosts.extend(more);
    hosts
}
