//! Where a host is: what the operator says, else what a location database says of its addresses.

mod bucket_regions;
mod buckets;
mod database;
mod file;

use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    time::{Duration, Instant},
};

use ipnet::IpNet;
use tokio::time::timeout;

pub use self::database::GeolocationError;
use self::{bucket_regions::BucketRegions, database::Database};
use super::{
    failure::FetchError,
    fetch::Fetcher,
    resolve::{ResolveError, Resolver},
};
use crate::{
    config::{HostMatch, Locations, Override},
    domain::{
        geo::{Coordinates, Host},
        sites::{Place, PlaceSource},
    },
    locations::Region,
};

/// Places hosts.
#[derive(Debug)]
pub struct Geolocation {
    overrides: Vec<Override>,
    buckets: BTreeMap<Host, Place>,
    /// Asked for the places of all other buckets, if the operator wants that.
    bucket_regions: Option<BucketRegions>,
    database: Database,
    resolver: Resolver,
    timeout: Duration,
}

/// No one knows where a host is. The texts go on after the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// A bucket has no address of its own, and no override names it.
    #[error("is a bucket, whose place no URI tells; locations.buckets can name its region")]
    Bucket,
    /// S3 was asked where a bucket is, and did not answer.
    #[error(
        "is a bucket, whose region S3 was asked for: it {0}; locations.buckets can name its region"
    )]
    S3(FetchError),
    /// The host name has no address.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// DNS took too long.
    #[error("does not resolve: DNS did not answer within {} s", .0.as_secs_f64())]
    Slow(Duration),
    /// There is nothing to look addresses up in.
    #[error(
        "can be placed by its address only, and there is no location database (locations.database)"
    )]
    NoDatabase,
    /// A literal address that the database does not place.
    #[error("is an address that the location database does not place")]
    UnplacedAddress,
    /// A name whose addresses the database does not place.
    #[error("is at {}, which the location database does not place", Listed(.0))]
    Unplaced(Vec<IpAddr>),
}

impl Geolocation {
    /// Places hosts as `locations` says. A database file is read into memory; names are looked up with the resolver of
    /// `fetcher`, which keeps its answers, within `timeout`.
    ///
    /// # Errors
    /// [`GeolocationError`] if the database file cannot be used.
    pub fn new(
        locations: &Locations,
        fetcher: &Fetcher,
        timeout: Duration,
    ) -> Result<Self, GeolocationError> {
        let s3 = &locations.s3_url;
        let ask_s3 = || BucketRegions::new(s3, fetcher.clone());
        Ok(Self {
            overrides: locations.overrides.clone(),
            buckets: buckets::places(&locations.buckets)?,
            bucket_regions: locations.ask_bucket_region.then(ask_s3).transpose()?,
            database: Database::load(&locations.database)?,
            resolver: fetcher.resolver().clone(),
            timeout,
        })
    }

    /// Where `host` is: at the first override that names it or one of its addresses, in the region that a bucket is
    /// configured to be in or that the name of a cloud's host tells, else where the database has its addresses, IPv4
    /// before IPv6. There is more than one place if its addresses are in different ones.
    ///
    /// An override that names the host comes before one for a network, wherever they are in the list: it needs no DNS.
    ///
    /// # Errors
    /// [`NoPlace`] says why no place is known.
    pub async fn locate(&self, host: &Host) -> Result<Vec<Place>, NoPlace> {
        let machine = host.machine();
        let known = self
            .override_for_host(machine)
            .or_else(|| self.buckets.get(machine).cloned())
            .or_else(|| region_of(host).map(in_region));
        if let Some(place) = known {
            return Ok(vec![place]);
        }
        self.refresh(Instant::now()).await;
        match host {
            Host::Bucket(bucket) => {
                let regions = self.bucket_regions.as_ref().ok_or(NoPlace::Bucket)?;
                let region = regions.find(bucket).await?.ok_or(NoPlace::Bucket)?;
                Ok(vec![in_region(region)])
            }
            // A region that is named is one that is known.
            Host::Region { .. } => Err(NoPlace::Bucket),
            Host::Address(address) => self
                .places(&[*address])
                .ok_or_else(|| self.unplaced(NoPlace::UnplacedAddress)),
            // No address can help.
            Host::Name(_) if !self.places_addresses() => Err(NoPlace::NoDatabase),
            Host::Name(name) => {
                let addresses = within(self.timeout, self.resolver.addresses(name)).await?;
                let addresses = in_order(addresses);
                self.places(&addresses)
                    .ok_or_else(|| self.unplaced(NoPlace::Unplaced(addresses)))
            }
        }
    }

    /// Reads a database file again that has changed, if the last look at it was ten seconds before `now`.
    pub async fn refresh(&self, now: Instant) {
        self.database.refresh(now).await;
    }

    fn override_for_host(&self, host: &Host) -> Option<Place> {
        self.overrides
            .iter()
            .find(|known| matches!(&known.pattern, HostMatch::Host(named) if named == host))
            .map(|known| overridden(known.place))
    }

    /// The place of the first override for one of `addresses`, else those of all of them that the database has.
    fn places(&self, addresses: &[IpAddr]) -> Option<Vec<Place>> {
        let known = self
            .networks()
            .find(|(network, _)| addresses.iter().any(|address| network.contains(address)));
        if let Some((_, place)) = known {
            return Some(vec![overridden(place)]);
        }
        let mut places: Vec<Place> = Vec::new();
        for place in addresses
            .iter()
            .filter_map(|&address| self.database.place(address))
        {
            if places
                .iter()
                .all(|known| known.coordinates != place.coordinates)
            {
                places.push(place);
            }
        }
        (!places.is_empty()).then_some(places)
    }

    fn networks(&self) -> impl Iterator<Item = (&IpNet, Coordinates)> {
        self.overrides
            .iter()
            .filter_map(|known| match &known.pattern {
                HostMatch::Network(network) => Some((network, known.place)),
                HostMatch::Host(_) => None,
            })
    }

    /// Whether anything is known of any address.
    fn places_addresses(&self) -> bool {
        !self.database.is_none() || self.networks().next().is_some()
    }

    fn unplaced(&self, cause: NoPlace) -> NoPlace {
        if self.database.is_none() {
            NoPlace::NoDatabase
        } else {
            cause
        }
    }
}

fn region_of(host: &Host) -> Option<&'static Region> {
    match host {
        Host::Region { region, .. } => {
            let (cloud, name) = region.split_once(':')?;
            Region::named(Some(cloud), name)
        }
        _ => Region::of_host(host),
    }
}

fn in_region(region: &Region) -> Place {
    Place {
        coordinates: region.place,
        source: PlaceSource::Region,
        city: Some(region.city.as_str().into()),
    }
}

const fn overridden(coordinates: Coordinates) -> Place {
    Place {
        coordinates,
        source: PlaceSource::Override,
        city: None,
    }
}

/// What DNS says, unless it takes longer than `limit`.
async fn within(
    limit: Duration,
    looking_up: impl Future<Output = Result<Vec<IpAddr>, ResolveError>>,
) -> Result<Vec<IpAddr>, NoPlace> {
    match timeout(limit, looking_up).await {
        Ok(found) => Ok(found?),
        Err(_) => Err(NoPlace::Slow(limit)),
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

/// Shows the first of many addresses, and how many more there are.
struct Listed<'a>(&'a [IpAddr]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("no address"),
            [only] => only.fmt(f),
            [first, second] => write!(f, "{first} and {second}"),
            [first, rest @ ..] => write!(f, "{first} and {} more addresses", rest.len()),
        }
    }
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
        assert_eq!(Listed(&sorted).to_string(), "9.9.9.9 and 2 more addresses");
    }

    #[tokio::test]
    async fn dns_that_never_answers_is_given_up() {
        let limit = Duration::from_millis(50);
        let cause = within(limit, std::future::pending()).await.unwrap_err();
        assert_eq!(
            cause.to_string(),
            "does not resolve: DNS did not answer within 0.05 s"
        );
    }
}
