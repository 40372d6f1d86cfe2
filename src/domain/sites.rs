//! Where the hosts of a query are, and how far they are from each other.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{
    geo::{Coordinates, Host, Kilometres},
    warning::Warning,
};

/// The places of hosts, each looked up once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sites {
    /// The hosts whose place is known, with at least one place each; more, if a host has addresses in different places.
    pub places: BTreeMap<Host, Vec<Place>>,
    /// One for each host whose place is not known, or not for certain.
    pub warnings: Vec<Warning>,
    /// What is assumed where a place is not known; nothing, unless the operator says so.
    pub assumed: Option<Kilometres>,
}

/// A place, and how it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Where it is.
    pub coordinates: Coordinates,
    /// How that is known.
    pub source: PlaceSource,
    /// Its name, if the source tells one.
    pub city: Option<Arc<str>>,
}

/// How a place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceSource {
    /// The operator says so.
    Override,
    /// It is a region of a cloud.
    Region,
    /// A location database has the address.
    Database,
}

impl fmt::Display for PlaceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Override => "override",
            Self::Region => "region",
            Self::Database => "database",
        })
    }
}

/// How far two hosts are from each other, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distance<'a> {
    /// They are one host.
    SameHost,
    /// Both places are known; of several, these two are nearest to each other.
    Between {
        /// How far it is.
        km: Kilometres,
        /// The place of the first.
        from: &'a Place,
        /// The place of the second.
        to: &'a Place,
    },
    /// A place is not known, and the operator assumes this.
    Assumed(Kilometres),
}

impl Distance<'_> {
    /// How far it is.
    pub const fn km(self) -> Kilometres {
        match self {
            Self::SameHost => Kilometres::ZERO,
            Self::Between { km, .. } | Self::Assumed(km) => km,
        }
    }
}

impl Sites {
    /// How far `from` is from `to`; `None` if a place is not known and nothing is assumed.
    pub fn distance(&self, from: &Host, to: &Host) -> Option<Distance<'_>> {
        if from.machine() == to.machine() {
            return Some(Distance::SameHost);
        }
        self.measured(from, to)
            .or_else(|| self.assumed.map(Distance::Assumed))
    }

    /// The shortest way between any two places of the hosts.
    fn measured(&self, from: &Host, to: &Host) -> Option<Distance<'_>> {
        let (starts, ends) = (self.places.get(from)?, self.places.get(to)?);
        starts
            .iter()
            .flat_map(|from| ends.iter().map(move |to| (from, to)))
            .map(|(from, to)| (from.coordinates.distance_to(to.coordinates), from, to))
            .min_by(|(one, ..), (other, ..)| one.get().total_cmp(&other.get()))
            .map(|(km, from, to)| Distance::Between { km, from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place {
            coordinates: Coordinates::new(latitude, longitude).unwrap(),
            source: PlaceSource::Database,
            city: None,
        }
    }

    fn name(name: &str) -> Host {
        Host::parse(name)
    }

    #[test]
    fn of_several_places_the_nearest_pair_counts() {
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
    fn an_unknown_place_is_at_no_distance_unless_one_is_assumed() {
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
