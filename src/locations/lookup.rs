//! Where one host is: by the operator's overrides, its cloud region, or the location of its addresses.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use ipnet::IpNet;
use tokio::time::timeout;

use super::{
    Region,
    bucket_regions::BucketRegions,
    buckets, cdn, completed,
    database::Database,
    error::{LocateError, LocatorError},
    in_region_or_members, stores,
};
use crate::{
    client::{
        CallScope, Client,
        resolver::{ResolveError, Resolver},
    },
    config::{HostMatch, Locations, Override},
    domain::{
        geo::Host,
        sites::{Place, PlaceSource},
        transfer::domains::Domains,
    },
};

/// Looks up where hosts are.
#[derive(Debug)]
pub struct Locator {
    overrides: Vec<Override>,
    buckets: BTreeMap<Host, Vec<Place>>,
    /// For all other buckets, if `locations.ask_bucket_region` is set.
    bucket_regions: Option<BucketRegions>,
    database: Database,
    resolver: Resolver,
    timeout: Duration,
    /// What hosts belong to by their domains and addresses.
    domains: RwLock<Arc<Domains>>,
}

impl Locator {
    /// Looks up as `locations` says. A database file is read into memory; names are resolved by the resolver of `client`,
    /// which caches, each within the time of a call.
    ///
    /// # Errors
    /// [`LocatorError`] if the database file cannot be used.
    pub fn new(locations: &Locations, client: &Client) -> Result<Self, LocatorError> {
        let s3 = &locations.s3_url;
        let ask_s3 = || BucketRegions::new(s3, client.clone());
        Ok(Self {
            overrides: locations
                .overrides
                .iter()
                .map(|known| Override {
                    place: completed(known.place.clone()),
                    ..known.clone()
                })
                .collect(),
            buckets: buckets::places(&locations.buckets)?,
            bucket_regions: locations.ask_bucket_region.then(ask_s3).transpose()?,
            database: Database::load(&locations.database)?,
            resolver: client.resolver().clone(),
            timeout: client.time().call(),
            domains: RwLock::default(),
        })
    }

    /// The same with providers and networks by `domains`.
    #[must_use]
    pub fn with_domains(self, domains: Arc<Domains>) -> Self {
        self.set_domains(domains);
        self
    }

    /// Uses `domains` from now on.
    pub fn set_domains(&self, domains: Arc<Domains>) {
        *self.domains.write().unwrap_or_else(PoisonError::into_inner) = domains;
    }

    fn domains(&self) -> Arc<Domains> {
        let current = self.domains.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds what `host` belongs to by its name to `places`, where they do not say. A host without a place gets one that
    /// has no coordinates.
    pub(super) fn identify(&self, host: &Host, places: &mut Vec<Place>) {
        let domains = self.domains();
        let Some(affiliation) = domains.of_host(host) else {
            return;
        };
        if places.is_empty() {
            places.push(Place::unknown(PlaceSource::Domain));
        }
        for place in places {
            affiliation.add_to(place, PlaceSource::Domain);
        }
    }

    /// Where `host` is: at the first override that names it or one of its addresses, in the region that a bucket is
    /// configured to be in or that the name of a cloud's host tells, else where the database has its addresses, IPv4
    /// before IPv6. There is more than one place if its addresses are in different ones.
    ///
    /// An override that names the host comes before one for a network, wherever they are in the list: it needs no DNS.
    ///
    /// # Errors
    /// [`LocateError`] says why no place is known.
    pub async fn locate(&self, scope: &CallScope, host: &Host) -> Result<Vec<Place>, LocateError> {
        self.find(scope, host).await.map(|found| found.places)
    }

    /// The same, and the network that an address is in, if its place says nothing.
    pub(super) async fn find(&self, scope: &CallScope, host: &Host) -> Result<Found, LocateError> {
        let machine = host.machine();
        if let Some(places) = self.configured(host) {
            return Ok(places.into());
        }
        if let Some(region) = region_of(host) {
            let overridden = self.network_override(machine).await;
            let places =
                overridden.map_or_else(|| in_region_or_members(region), |place| vec![place]);
            return Ok(places.into());
        }
        self.refresh(Instant::now()).await;
        match machine {
            Host::Bucket(bucket) => {
                let unknown = unknown_bucket(bucket);
                let Some(regions) = &self.bucket_regions else {
                    return Err(unknown);
                };
                let region = regions.find(scope, bucket).await?.ok_or(unknown)?;
                Ok(in_region_or_members(region).into())
            }
            // A region that is named is one that is known.
            Host::Region { .. } => Err(LocateError::Bucket),
            Host::Address(address) => self
                .places_of_addresses(&[*address])
                .ok_or_else(|| self.unplaced(LocateError::UnplacedAddress)),
            Host::Name(name) if stores::is_global(name) => Err(LocateError::Global),
            // No address can help.
            Host::Name(_) if !self.places_addresses() => Err(LocateError::NoDatabase),
            Host::Name(name) => {
                let addresses = within(self.timeout, self.resolver.addresses(name)).await?;
                let addresses = in_order(addresses);
                self.places_of_addresses(&addresses)
                    .ok_or_else(|| self.unplaced(LocateError::Unplaced(addresses)))
            }
        }
    }

    /// Time since the location database was made; for a file, since it was changed. `None` without a database.
    pub fn database_age(&self) -> Option<Duration> {
        self.database.age(SystemTime::now())
    }

    /// Reads a database file again. What is in memory stays if it cannot be used.
    ///
    /// # Errors
    /// [`LocatorError`] says why.
    pub fn reload(&self) -> Result<(), LocatorError> {
        self.database.reload()
    }

    /// What the operator says about `host`, by its name or that of its bucket.
    pub(super) fn configured(&self, host: &Host) -> Option<Vec<Place>> {
        let machine = host.machine();
        self.override_for_host(host)
            .map(|place| vec![place])
            .or_else(|| self.buckets.get(machine).cloned())
    }

    /// Reads a database file again that has changed, if the last look at it was ten seconds before `now`.
    pub async fn refresh(&self, now: Instant) {
        self.database.refresh(now).await;
    }

    /// A bucket may be named as such, or by a host of its store.
    fn override_for_host(&self, host: &Host) -> Option<Place> {
        if self.overrides.is_empty() {
            return None;
        }
        let machine = host.machine();
        let mut names = vec![machine.clone()];
        if let Host::Bucket(bucket) = machine {
            let region = match host {
                Host::Region { region, .. } => Some(region.name),
                _ => None,
            };
            names.extend(stores::hosts_of(bucket, region));
        }
        names.iter().find_map(|name| {
            self.overrides
                .iter()
                .find(|known| matches!(&known.pattern, HostMatch::Host(host) if host == name))
                .map(|known| known.place.clone())
        })
    }

    /// The override for a network that `machine` is in: it counts more than a region.
    async fn network_override(&self, machine: &Host) -> Option<Place> {
        self.networks().next()?;
        let addresses = match machine {
            Host::Address(address) => vec![*address],
            Host::Name(name) => {
                let found = within(self.timeout, self.resolver.addresses(name)).await;
                in_order(found.ok()?)
            }
            Host::Bucket(_) | Host::Region { .. } => return None,
        };
        self.override_for_addresses(&addresses)
    }

    fn override_for_addresses(&self, addresses: &[IpAddr]) -> Option<Place> {
        self.networks()
            .find(|(network, _)| addresses.iter().any(|address| network.contains(address)))
            .map(|(_, place)| place.clone())
    }

    /// The place of the first override for one of `addresses`, else those of all of them that the database has.
    fn places_of_addresses(&self, addresses: &[IpAddr]) -> Option<Found> {
        if let Some(place) = self.override_for_addresses(addresses) {
            return Some(vec![place].into());
        }
        let mut found = Found::default();
        for &address in addresses {
            let Some(place) = self.database.place(address) else {
                continue;
            };
            let operator = cdn::operator(address);
            found.operator = found.operator.or(operator);
            let is_known = found
                .places
                .iter()
                .any(|known: &Place| known.coordinates == place.coordinates);
            if !is_known {
                found.places.push(Place {
                    approximate: place.approximate || operator.is_some(),
                    ..place
                });
            }
        }
        if let Some(affiliation) = self.domains().of_addresses(addresses) {
            if found.places.is_empty() {
                found.places.push(Place::unknown(PlaceSource::Override));
            }
            for place in &mut found.places {
                affiliation.add_to(place, PlaceSource::Override);
            }
        }
        (!found.places.is_empty()).then_some(found)
    }

    fn networks(&self) -> impl Iterator<Item = (&IpNet, &Place)> {
        self.overrides
            .iter()
            .filter_map(|known| match &known.pattern {
                HostMatch::Network(network) => Some((network, &known.place)),
                HostMatch::Host(_) => None,
            })
    }

    /// Whether anything is known of any address.
    fn places_addresses(&self) -> bool {
        !self.database.is_none()
            || self.networks().next().is_some()
            || self.domains().has_networks()
    }

    fn unplaced(&self, cause: LocateError) -> LocateError {
        if self.database.is_none() {
            LocateError::NoDatabase
        } else {
            cause
        }
    }
}

/// Places, and the network of their address, if it answers from many sites.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) places: Vec<Place>,
    pub(super) operator: Option<&'static str>,
}

impl From<Vec<Place>> for Found {
    fn from(places: Vec<Place>) -> Self {
        Self {
            places,
            operator: None,
        }
    }
}

/// Why nothing is known of a bucket, or of what another scheme names.
fn unknown_bucket(bucket: &str) -> LocateError {
    let is_bucket = ["s3://", "gs://", "az://"]
        .iter()
        .any(|scheme| bucket.starts_with(scheme));
    if is_bucket {
        LocateError::Bucket
    } else {
        LocateError::Collection
    }
}

fn region_of(host: &Host) -> Option<&'static Region> {
    match host {
        Host::Region { region, .. } => Region::of(region.cloud, region.name),
        _ => Region::of_host(host),
    }
}

/// What DNS says, unless it takes longer than `limit`.
async fn within(
    limit: Duration,
    looking_up: impl Future<Output = Result<Vec<IpAddr>, ResolveError>>,
) -> Result<Vec<IpAddr>, LocateError> {
    match timeout(limit, looking_up).await {
        Ok(found) => Ok(found?),
        Err(_) => Err(LocateError::Slow(limit)),
    }
}

/// Name servers turn their answers round: sorted, the same addresses give the same place. IPv4 comes first.
fn in_order(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut addresses: Vec<_> = addresses
        .into_iter()
        .map(|address| address.to_canonical())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_tried_in_one_order_however_dns_turns_them() {
        let addresses = |texts: [&str; 4]| texts.map(|text| text.parse().unwrap()).to_vec();
        let sorted = in_order(addresses([
            "10.0.0.2",
            "2001:db8::1",
            "9.9.9.9",
            "::ffff:9.9.9.9",
        ]));
        let turned = in_order(addresses(["2001:db8::1", "9.9.9.9", "10.0.0.2", "9.9.9.9"]));
        assert_eq!(sorted, turned);
        let text = LocateError::Unplaced(sorted).to_string();
        assert!(text.contains("9.9.9.9 and 2 more addresses"), "{text}");
    }

    #[tokio::test]
    async fn dns_that_never_answers_is_given_up() {
        let limit = Duration::from_millis(50);
        let cause = within(limit, std::future::pending()).await.unwrap_err();
        assert_eq!(cause, LocateError::Slow(limit));
    }
}
