//! In words: what a URI is, how its place was found, and how sure that is.

use std::fmt;

use crate::{
    domain::{
        cloud::CloudRegion,
        geo::Host,
        sites::{Place, PlaceSource, Sites},
        warning::Warning,
    },
    locations::{Region, UriKind},
};

/// What was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// Neither a URI nor a path, an ARN or a host.
    Nothing,
    /// A path in a file system.
    Path,
    /// Something with a place of its own.
    Located {
        /// What it is.
        kind: UriKind,
        /// Whether an ARN names it.
        is_arn: bool,
        /// What is located.
        host: Host,
        /// The region that it names itself.
        region: Option<CloudRegion>,
    },
}

/// How a place was found. The texts follow what was located.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placement {
    /// It was not, and why.
    Unknown(String),
    /// By `locations.overrides` or `locations.buckets`.
    Configured,
    /// In a region.
    Region {
        /// The region.
        region: String,
        /// Whether the URI itself names it: otherwise the configuration or S3 does.
        is_named: bool,
        /// Whether where in the world it is has been published.
        is_published: bool,
    },
    /// In several regions that are used like one.
    MultiRegion {
        /// Their name.
        region: String,
        /// How many they are.
        members: usize,
    },
    /// By an address of a network that answers from many sites.
    ManySites(String),
    /// By an address that the database places roughly.
    Roughly,
    /// By its address.
    Address {
        /// In how many places its addresses are.
        places: usize,
    },
    /// By its domain.
    Domain,
}

impl Placement {
    /// How the place of `host`, which names `named` itself, was found.
    pub(super) fn of(host: &Host, named: Option<CloudRegion>, sites: &Sites) -> Self {
        let places = sites.places.get(host).map_or(&[][..], Vec::as_slice);
        let is_placed = |place: &&Place| place.coordinates.is_some();
        let Some(place) = places.iter().find(is_placed) else {
            return cause(host, sites).map_or(Self::Domain, Self::Unknown);
        };
        match place.source {
            PlaceSource::Override => Self::Configured,
            PlaceSource::Domain => Self::Domain,
            PlaceSource::Region => Self::in_region(place, named, places.len()),
            PlaceSource::Database => match operator(host, sites) {
                Some(operator) => Self::ManySites(operator.to_owned()),
                None if place.approximate => Self::Roughly,
                None => Self::Address {
                    places: places.len(),
                },
            },
        }
    }

    fn in_region(place: &Place, named: Option<CloudRegion>, members: usize) -> Self {
        let name = place.region.as_deref().unwrap_or_default();
        let region = place
            .provider
            .and_then(|provider| Region::of(provider, name));
        match region {
            Some(region) if region.is_multiple => Self::MultiRegion {
                region: region.id().to_string(),
                members,
            },
            Some(region) => Self::Region {
                region: region.id().to_string(),
                is_named: named == Some(region.id()),
                is_published: !region.is_approximate,
            },
            None => Self::Configured,
        }
    }

    /// Its name in JSON; `None` if there is no place.
    pub(super) const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(_) => None,
            Self::Configured => Some("configuration"),
            Self::Region { .. } => Some("region"),
            Self::MultiRegion { .. } => Some("multi-region"),
            Self::ManySites(_) => Some("address of many sites"),
            Self::Roughly | Self::Address { .. } => Some("address"),
            Self::Domain => Some("domain"),
        }
    }

    /// Whether the place may be far from where the data are.
    pub(super) const fn is_approximate(&self) -> bool {
        matches!(
            self,
            Self::MultiRegion { .. }
                | Self::ManySites(_)
                | Self::Roughly
                | Self::Region {
                    is_published: false,
                    ..
                }
        )
    }
}

/// Why the place of `host` is unknown.
fn cause(host: &Host, sites: &Sites) -> Option<String> {
    let name = host.to_string();
    sites.warnings.iter().find_map(|warning| match warning {
        Warning::UnknownLocation { host, cause } if *host == name => Some(cause.clone()),
        _ => None,
    })
}

/// The operator of the network that answers for `host` from many sites.
fn operator(host: &Host, sites: &Sites) -> Option<&'static str> {
    let name = host.to_string();
    sites.warnings.iter().find_map(|warning| match warning {
        Warning::ApproximateLocation { host, operator } if *host == name => Some(*operator),
        _ => None,
    })
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no URI, path, ARN or host: has no place"),
            Self::Path => f.write_str("path: read only on the host of its DRS"),
            Self::Located {
                kind, is_arn, host, ..
            } => {
                let arn = if *is_arn { " (by its ARN)" } else { "" };
                write!(f, "{kind} {host}{arn}")
            }
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(cause) => write!(f, "of unknown place: it {cause}"),
            Self::Configured => f.write_str("placed by the configuration"),
            Self::Region {
                region,
                is_named,
                is_published,
            } => {
                let source = if *is_named {
                    "that its name tells"
                } else {
                    "that the configuration or S3 tells"
                };
                let certainty = if *is_published {
                    "sure to the town"
                } else {
                    "approximate, as its sites are not published"
                };
                write!(f, "placed in the region {region} {source}: {certainty}")
            }
            Self::MultiRegion { region, members } => write!(
                f,
                "in the multi-region {region}: approximate, the nearest of its {members} regions counts"
            ),
            Self::ManySites(operator) => write!(
                f,
                "placed by an address of {operator}, which answers from many sites: approximate, its data may be elsewhere"
            ),
            Self::Roughly => {
                f.write_str("placed by its address: approximate, the database knows no town")
            }
            Self::Address { places: 1 } => {
                f.write_str("placed by its address: sure to about 100 km")
            }
            Self::Address { places } => write!(
                f,
                "placed by its addresses: sure to about 100 km, the nearest of {places} places counts"
            ),
            Self::Domain => f.write_str("placed by its domain"),
        }
    }
}
