//! Which provider or network a host belongs to, by its domain or address.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

use ipnet::IpNet;

use super::fault::BadTables;
use crate::domain::{
    cloud::{Network, Provider},
    geo::Host,
    price_book::is_host_name,
    sites::{Place, PlaceSource},
};

/// The label of a pattern that stands for the region: `{region}.oraclecloud.com`.
const REGION: &str = "{region}.";

/// Labels before a domain that are no region.
const NO_REGION: [&str; 5] = ["s3", "objectstorage", "www", "storage", "objects"];

/// What a host belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affiliation {
    /// The provider.
    pub provider: Option<Provider>,
    /// The region of the provider.
    pub region: Option<Arc<str>>,
    /// The network without charges.
    pub network: Option<Network>,
}

/// The text is not the name of a provider, `provider/region` or `academic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be academic, a provider such as aws, or a provider and region such as aws/eu-central-1"
)]
pub struct BadAffiliation;

impl Affiliation {
    const fn academic() -> Self {
        Self {
            provider: None,
            region: None,
            network: Some(Network::Academic),
        }
    }

    const fn of(provider: Provider) -> Self {
        Self {
            provider: Some(provider),
            region: None,
            network: None,
        }
    }

    /// Parses `academic`, `aws` or `aws/eu-central-1`.
    ///
    /// # Errors
    /// [`BadAffiliation`].
    pub fn parse(text: &str) -> Result<Self, BadAffiliation> {
        if Network::parse(text).is_some() {
            return Ok(Self::academic());
        }
        let (provider, region) = match text.split_once('/') {
            Some((provider, region)) => (provider, Some(region.trim().to_ascii_lowercase())),
            None => (text, None),
        };
        let provider = Provider::parse(provider).ok_or(BadAffiliation)?;
        if region.as_deref() == Some("") {
            return Err(BadAffiliation);
        }
        Ok(Self {
            region: region.map(Into::into),
            ..Self::of(provider)
        })
    }

    /// Adds it to `place`, which belongs to nothing so far.
    pub fn add_to(&self, place: &mut Place, source: PlaceSource) {
        if place.provider.is_none() && place.network.is_none() {
            place.provider = self.provider;
            place.region.clone_from(&self.region);
            place.network = self.network;
            place.network_source = Some(source);
        }
    }
}

/// Domains and networks, and what they belong to.
#[derive(Debug, Clone, Default)]
pub struct Domains {
    by_name: HashMap<String, Affiliation>,
    /// Domains below which the next label is a region.
    with_region: HashSet<String>,
    archives: HashSet<String>,
    by_address: Vec<(IpNet, Affiliation)>,
}

impl Domains {
    /// Indexes `table`, whose keys are `academic`, `archives` or a provider.
    ///
    /// # Errors
    /// [`BadTables::Domain`].
    pub(super) fn new(table: &BTreeMap<String, Vec<String>>) -> Result<Self, BadTables> {
        let mut domains = Self::default();
        for (owner, patterns) in table {
            if owner == "archives" {
                domains.archives.extend(patterns.iter().cloned());
                continue;
            }
            let affiliation =
                Affiliation::parse(owner).map_err(|_| BadTables::Domain(owner.clone()))?;
            for pattern in patterns {
                domains
                    .add(pattern, &affiliation)
                    .map_err(|_| BadTables::Domain(pattern.clone()))?;
            }
        }
        Ok(domains)
    }

    /// Adds `pattern`: a domain with or without `*.`, an address or a network. Later ones replace equal earlier ones.
    ///
    /// # Errors
    /// [`BadPattern`].
    pub fn add(&mut self, pattern: &str, affiliation: &Affiliation) -> Result<(), BadPattern> {
        let network = pattern.parse::<IpNet>().ok();
        let network = network.or_else(|| pattern.parse::<IpAddr>().ok().map(Into::into));
        if let Some(network) = network {
            self.by_address.push((network, affiliation.clone()));
            return Ok(());
        }
        let (domain, has_region) = match pattern.strip_prefix(REGION) {
            Some(domain) => (domain, true),
            None => (pattern.strip_prefix("*.").unwrap_or(pattern), false),
        };
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        if !is_host_name(&domain) {
            return Err(BadPattern);
        }
        if has_region {
            self.with_region.insert(domain.clone());
        }
        self.by_name.insert(domain, affiliation.clone());
        Ok(())
    }

    /// What `host` belongs to by its name, its bucket's store or its address.
    pub fn of_host(&self, host: &Host) -> Option<Affiliation> {
        match host.machine() {
            Host::Name(name) => self.of_name(name),
            Host::Address(address) => self.of_addresses(&[*address]),
            Host::Bucket(bucket) if bucket.starts_with("s3://") => {
                Some(Affiliation::of(Provider::Aws))
            }
            Host::Bucket(bucket) if bucket.starts_with("gs://") => {
                Some(Affiliation::of(Provider::Gcp))
            }
            Host::Bucket(_) | Host::Region { .. } => None,
        }
    }

    fn of_name(&self, name: &str) -> Option<Affiliation> {
        for domain in parents(name) {
            let Some(found) = self.by_name.get(domain) else {
                continue;
            };
            let mut found = found.clone();
            if self.with_region.contains(domain) {
                let labels = name.strip_suffix(domain).unwrap_or_default();
                let label = labels.trim_end_matches('.').rsplit('.').next();
                found.region = label
                    .filter(|label| !label.is_empty() && !NO_REGION.contains(label))
                    .map(Into::into);
            }
            return Some(found);
        }
        None
    }

    /// What the smallest network with one of `addresses` belongs to.
    pub fn of_addresses(&self, addresses: &[IpAddr]) -> Option<Affiliation> {
        self.by_address
            .iter()
            .filter(|(network, _)| addresses.iter().any(|address| network.contains(address)))
            .min_by_key(|(network, _)| network.max_prefix_len() - network.prefix_len())
            .map(|(_, affiliation)| affiliation.clone())
    }

    /// Whether there are networks of addresses.
    pub fn has_networks(&self) -> bool {
        !self.by_address.is_empty()
    }

    /// Whether `host` is one of the large public archives, which limit the rate of a connection.
    pub fn is_archive(&self, host: &Host) -> bool {
        match host.machine() {
            Host::Name(name) => parents(name).any(|domain| self.archives.contains(domain)),
            _ => false,
        }
    }
}

/// The pattern is not a domain, an address or a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a host name, a domain such as *.unibas.ch, an address or a network")]
pub struct BadPattern;

/// `name`, and the domains above it, the longest first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(name);
    std::iter::from_fn(move || {
        let domain = rest?;
        rest = domain.split_once('.').map(|(_, parent)| parent);
        Some(domain)
    })
}
