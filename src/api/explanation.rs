//! What an answer tells beyond the ranking when it is asked to explain itself: where everything is, and how far away.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    findings::{self, Findings},
    object::AccessUri,
    query::Query,
    rank::Combination,
    sites::{Distance, PlaceSource, Sites},
};

/// How far an object has to go to the TES.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ObjectDistance {
    /// The length of the geodesic on WGS84, in kilometres.
    #[schema(minimum = 0, maximum = 20_100)]
    pub km: f64,
    /// The host that the object comes from.
    #[schema(value_type = String)]
    pub from: Arc<str>,
    /// The host of the TES.
    #[schema(value_type = String)]
    pub to: Arc<str>,
    /// How it is known where the object is.
    pub source: DistanceSource,
}

/// How it is known where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DistanceSource {
    /// The operator says where its host is.
    Override,
    /// The region of the cloud that it is in.
    Region,
    /// A location database has the address of its host.
    Database,
    /// Its access URI has no host: it is where the DRS is that gave it.
    DrsServer,
    /// It is on the TES's own host.
    SameHost,
    /// Not at all: the operator assumes a distance.
    Assumed,
}

/// Who says what a task costs at a TES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OfferSource {
    /// The TES itself, asked for task info.
    TaskInfo,
    /// The operator, in `tes.price_book`.
    PriceBook,
}

impl OfferSource {
    /// Who says what `combination` costs.
    pub(super) fn of(combination: &Combination<'_>, findings: &Findings) -> Option<Self> {
        let offers = &findings.offers;
        let position = offers.binary_search_by_key(&combination.tes, |(tes, _)| *tes);
        let (_, offer) = offers.get(position.ok()?)?;
        Some(match offer.source {
            findings::OfferSource::TaskInfo => Self::TaskInfo,
            findings::OfferSource::PriceBook => Self::PriceBook,
        })
    }
}

/// Where a host is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HostPlace {
    /// Degrees north of the equator on WGS84.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: f64,
    /// Degrees east of Greenwich on WGS84.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: f64,
    /// The name of the city, if the source tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub city: Option<Arc<str>>,
    /// How that is known.
    #[schema(value_type = String, pattern = "^(override|region|database)$")]
    pub source: String,
}

/// The places of all hosts by name; of a host in several places, the others follow as `name #2` and so on.
pub type HostPlaces = BTreeMap<String, HostPlace>;

/// Tells the `places` of an answer.
pub fn places(sites: &Sites) -> HostPlaces {
    let mut told = BTreeMap::new();
    for (host, places) in &sites.places {
        for (number, place) in (1..).zip(places) {
            let name = match number {
                1 => host.to_string(),
                _ => format!("{host} #{number}"),
            };
            let place = HostPlace {
                latitude: place.coordinates.latitude(),
                longitude: place.coordinates.longitude(),
                city: place.city.clone(),
                source: place.source.to_string(),
            };
            told.insert(name, place);
        }
    }
    told
}

/// Tells the distances of combinations, each pair of hosts worked out once.
#[derive(Debug)]
pub(super) struct Distances<'a> {
    query: &'a Query,
    findings: &'a Findings,
    sites: &'a Sites,
    /// By the positions of TES, object and access URI.
    known: HashMap<(usize, usize, u32), Option<ObjectDistance>>,
}

impl<'a> Distances<'a> {
    pub(super) fn new(query: &'a Query, findings: &'a Findings, sites: &'a Sites) -> Self {
        Self {
            query,
            findings,
            sites,
            known: HashMap::new(),
        }
    }

    /// How far each object of `combination` has to go, by its id.
    pub(super) fn of(&mut self, combination: &Combination<'_>) -> BTreeMap<String, ObjectDistance> {
        let Self {
            query,
            findings,
            sites,
            known,
        } = self;
        let chosen = findings.objects.iter().zip(combination.uris).enumerate();
        chosen
            .filter_map(|(position, (object, &uri))| {
                let distance = known
                    .entry((combination.tes, position, uri))
                    .or_insert_with(|| {
                        let access = object.access.get(usize::try_from(uri).ok()?)?;
                        object_distance(query, sites, combination.tes, access)
                    });
                Some((object.id.to_string(), distance.clone()?))
            })
            .collect()
    }
}

fn object_distance(
    query: &Query,
    sites: &Sites,
    tes: usize,
    access: &AccessUri,
) -> Option<ObjectDistance> {
    let tes = query.tes().get(tes)?.host();
    let distance = sites.distance(&access.host, tes)?;
    let source = match distance {
        Distance::SameHost => DistanceSource::SameHost,
        Distance::Assumed(_) => DistanceSource::Assumed,
        Distance::Between { .. } if access.at_drs => DistanceSource::DrsServer,
        Distance::Between { from, .. } => match from.source {
            PlaceSource::Override => DistanceSource::Override,
            PlaceSource::Region => DistanceSource::Region,
            PlaceSource::Database => DistanceSource::Database,
        },
    };
    Some(ObjectDistance {
        km: distance.km().get(),
        from: access.host.to_string().into(),
        to: tes.to_string().into(),
        source,
    })
}
