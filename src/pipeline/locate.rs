//! Places every host of a query, each once.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use super::Pipeline;
use crate::domain::{findings::Findings, geo::Host, query::Query, sites::Sites, warning::Warning};

/// How many hosts are looked up at a time.
const LOOKUPS_AT_ONCE: usize = 32;

impl Pipeline {
    /// Looks up the hosts whose place matters. A host that no one can place is a warning.
    pub(super) async fn locate(&self, query: &Query, findings: &Findings) -> Sites {
        self.places_of(&hosts_that_matter(query, findings)).await
    }

    /// Looks up where `hosts` are, each once.
    pub async fn places_of(&self, hosts: &[&Host]) -> Sites {
        let lookups: Vec<_> = hosts
            .iter()
            .map(|&host| async move { (host, self.geolocation.locate(host).await) })
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

/// The hosts between which there is something to measure: a host is no distance from itself, wherever it is.
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
        .chain(sources.iter().filter(|host| has_another(host, &targets)))
        .copied()
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}
