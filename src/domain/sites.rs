//! The locations of the hosts of a query, and the distances between them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{
    cloud::{Network, Provider},
    geo::{Coordinates, Host, Kilometres},
    warning::Warning,
};

/// The locations of hosts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sites {
    /// The locations of each host that has any; several, if its addresses have different ones.
    pub places: BTreeMap<Host, Vec<Place>>,
    /// The places of TES that the operator configures, by their positions in the query: TES of one host may differ.
    pub of_tes: BTreeMap<usize, Place>,
    /// One for each host with an unknown or ambiguous location.
    pub warnings: Vec<Warning>,
    /// The distance of hosts with unknown locations, if the operator sets one.
    pub assumed: Option<Kilometres>,
}

/// A place, on the globe and in the networks that data moves through.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The coordinates, if they are known.
    pub coordinates: Option<Coordinates>,
    /// The provider that hosts it, if it is known.
    pub provider: Option<Provider>,
    /// Its region, as the APIs of the provider spell it.
    pub region: Option<Arc<str>>,
    /// The network without charges that it is in, if it is known to be in one.
    pub network: Option<Network>,
    /// Where `provider`, `region` and `network` come from; `None` if they come from `source`.
    pub network_source: Option<PlaceSource>,
    /// Whether it stands for several places, or its coordinates are not published.
    pub approximate: bool,
    /// Where it comes from.
    pub source: PlaceSource,
    /// The name of the city, if the source gives it.
    pub city: Option<Arc<str>>,
}

impl Place {
    /// A place of which only `source` is known.
    pub const fn unknown(source: PlaceSource) -> Self {
        Self {
            coordinates: None,
            provider: None,
            region: None,
            network: None,
            network_source: None,
            approximate: false,
            source,
            city: None,
        }
    }

    /// A place of which only `coordinates` are known.
    pub const fn at(coordinates: Coordinates, source: PlaceSource) -> Self {
        let mut place = Self::unknown(source);
        place.coordinates = Some(coordinates);
        place
    }
}

/// Where a place comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceSource {
    /// The operator's configuration.
    Override,
    /// The table of cloud regions.
    Region,
    /// The location database.
    Database,
    /// The table of domains of providers and networks.
    Domain,
}

impl fmt::Display for PlaceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Override => "override",
            Self::Region => "region",
            Self::Database => "database",
            Self::Domain => "domain",
        })
    }
}

/// The distance between two hosts, and how it was determined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distance<'a> {
    /// Zero: both are the same host.
    SameHost,
    /// The shortest distance between any of their locations.
    Between {
        /// The distance.
        km: Kilometres,
        /// The location of the first host.
        from: &'a Place,
        /// The location of the second host.
        to: &'a Place,
    },
    /// The operator's assumption: a location is unknown.
    Assumed(Kilometres),
}

impl Distance<'_> {
    /// The distance as a number.
    pub const fn km(self) -> Kilometres {
        match self {
            Self::SameHost => Kilometres::ZERO,
            Self::Between { km, .. } | Self::Assumed(km) => km,
        }
    }
}

impl Sites {
    /// The distance between two hosts; `None` if a location is unknown and no distance is assumed.
    pub fn distance(&self, from: &Host, to: &Host) -> Option<Distance<'_>> {
        if from.machine() == to.machine() {
            return Some(Distance::SameHost);
        }
        self.measured(from, to)
            .or_else(|| self.assumed.map(Distance::Assumed))
    }

    /// The same; `to_place` replaces the places of `to`.
    pub fn distance_to<'a>(
        &'a self,
        from: &Host,
        to: &Host,
        to_place: Option<&'a Place>,
    ) -> Option<Distance<'a>> {
        if to_place.is_none() || from.machine() == to.machine() {
            return self.distance(from, to);
        }
        match self.nearest(from, to, to_place) {
            (Some(from), Some(to), Some(km)) => Some(Distance::Between { km, from, to }),
            _ => self.assumed.map(Distance::Assumed),
        }
    }

    /// The places of both hosts that are nearest to each other, and their distance; where no distance is known, the
    /// first place of each. `to_place` replaces the places of `to`.
    pub fn nearest<'a>(
        &'a self,
        from: &Host,
        to: &Host,
        to_place: Option<&'a Place>,
    ) -> (Option<&'a Place>, Option<&'a Place>, Option<Kilometres>) {
        let places_of = |host| self.places.get(host).map_or(&[][..], Vec::as_slice);
        let starts = places_of(from);
        let ends = to_place.map_or_else(|| places_of(to), std::slice::from_ref);
        let mut nearest = (starts.first(), ends.first(), None::<Kilometres>);
        for from in starts {
            for to in ends {
                let (Some(start), Some(end)) = (from.coordinates, to.coordinates) else {
                    continue;
                };
                let km = start.distance_to(end);
                if nearest.2.is_none_or(|least| km.get() < least.get()) {
                    nearest = (Some(from), Some(to), Some(km));
                }
            }
        }
        nearest
    }

    /// The shortest distance between any locations of the hosts.
    fn measured(&self, from: &Host, to: &Host) -> Option<Distance<'_>> {
        let (starts, ends) = (self.places.get(from)?, self.places.get(to)?);
        starts
            .iter()
            .flat_map(|from| ends.iter().map(move |to| (from, to)))
            .filter_map(|(from, to)| {
                Some((from.coordinates?.distance_to(to.coordinates?), from, to))
            })
            .min_by(|(one, ..), (other, ..)| one.get().total_cmp(&other.get()))
            .map(|(km, from, to)| Distance::Between { km, from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        let coordinates = Coordinates::new(latitude, longitude).unwrap();
        Place::at(coordinates, PlaceSource::Database)
    }

    fn name(name: &str) -> Host {
        Host::parse(name)
    }

    #[test]
    fn of_several_locations_the_nearest_pair_counts() {
        let sites = Sites {
            places: BTreeMap::from([
                (name("mirror"), vec![place(40.0, -75.0), place(50.0, 8.0)]),
                (name("tes"), vec![place(47.5, 7.5)]),
            ]),
            ..Sites::default()
        };
        let distance = sites.distance(&name("mirror"), &name("tes")).unwrap();
        assert!(distance.km().get() < 300.0, "{distance:?}");
    }

    #[test]
    fn an_unknown_location_has_no_distance_unless_one_is_assumed() {
        let mut sites = Sites::default();
        assert_eq!(sites.distance(&name("a"), &name("b")), None);
        assert_eq!(
            sites.distance(&name("a"), &name("a")),
            Some(Distance::SameHost)
        );
        let assumed = Kilometres::new(5000.0).unwrap();
        sites.assumed = Some(assumed);
        assert_eq!(
            sites.distance(&name("a"), &name("b")),
            Some(Distance::Assumed(assumed))
        );
    }
}
