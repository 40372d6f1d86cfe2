//! What `explain` adds to an answer: locations of hosts, distances of objects, sources of offers.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    disclosure::may_be_disclosed,
    exact::Seconds,
    findings::{self, Findings, Offer},
    geo::{Coordinates, Host},
    object::AccessUri,
    query::Query,
    queue::QueueBasis,
    rank::Combination,
    sites::{Distance, PlaceSource, Sites},
};

/// The distance of an object to the TES.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ObjectDistance {
    /// The length of the geodesic on WGS84, in kilometres.
    #[schema(minimum = 0, maximum = 20_100)]
    pub km: f64,
    /// The host that serves the object.
    #[schema(value_type = String)]
    pub from: Arc<str>,
    /// The host of the TES.
    #[schema(value_type = String)]
    pub to: Arc<str>,
    /// Where the location of the object comes from.
    pub source: DistanceSource,
    /// The access id of the copy, if its access URI is the URI of the object at its DRS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub access_id: Option<Arc<str>>,
    /// The cloud of the copy, if its region is known by name: `aws`, `gcp` or `azure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub cloud: Option<Arc<str>>,
    /// The region of the copy, as its cloud calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub region: Option<Arc<str>>,
}

/// Where the location of an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DistanceSource {
    /// The operator sets the location of its host.
    Override,
    /// Its cloud region.
    Region,
    /// The location database has the address of its host.
    Database,
    /// Its access URI has no host: the location of its DRS is used.
    DrsServer,
    /// It is on the host of the TES.
    SameHost,
    /// Its location is unknown: the operator assumes a distance.
    Assumed,
}

/// Where the prices of an offer come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OfferSource {
    /// The task info of the TES itself.
    TaskInfo,
    /// The operator's `tes.price_book`.
    PriceBook,
}

/// The offer of the TES of `combination`.
fn offer_of<'a>(combination: &Combination<'_>, findings: &'a Findings) -> Option<&'a Offer> {
    let offers = &findings.offers;
    let position = offers.binary_search_by_key(&combination.tes, |(tes, _)| *tes);
    let (_, offer) = offers.get(position.ok()?)?;
    Some(offer)
}

/// The discount for preemptible tasks in the offer of the TES of `combination`, if there is one.
pub(super) fn discount_of(combination: &Combination<'_>, findings: &Findings) -> Option<f64> {
    let discount = offer_of(combination, findings)?.discount;
    (discount > 0.0).then_some(discount)
}

impl OfferSource {
    /// Where the prices of `combination` come from.
    pub(super) fn of(combination: &Combination<'_>, findings: &Findings) -> Option<Self> {
        Some(match offer_of(combination, findings)?.source {
            findings::OfferSource::TaskInfo => Self::TaskInfo,
            findings::OfferSource::PriceBook => Self::PriceBook,
        })
    }
}

/// What a queue time rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueExplanation {
    /// Where the queue time comes from.
    pub signal: QueueSignal,
    /// With `history`: the number of tasks that started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub started: Option<usize>,
    /// With `history`: the number of tasks that wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waiting: Option<usize>,
    /// With `history`: the Kaplan-Meier median of the waits, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub median_sec: Option<f64>,
    /// With `history`: how long the oldest waiting task has waited, in seconds, if one waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub oldest_waiting_sec: Option<f64>,
}

/// Where a queue time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QueueSignal {
    /// The task info of the TES itself.
    TaskInfo,
    /// The tasks that the TES lists.
    History,
    /// The operator sets it.
    Fixed,
    /// It is unknown, and a default is used.
    Assumed,
}

impl QueueExplanation {
    /// What the queue time of `combination` rests on.
    pub(super) fn of(combination: &Combination<'_>, findings: &Findings) -> Option<Self> {
        let only = |signal| Self {
            signal,
            started: None,
            waiting: None,
            median_sec: None,
            oldest_waiting_sec: None,
        };
        Some(match offer_of(combination, findings)?.queue_basis {
            QueueBasis::TaskInfo => only(QueueSignal::TaskInfo),
            QueueBasis::Fixed => only(QueueSignal::Fixed),
            QueueBasis::Assumed => only(QueueSignal::Assumed),
            QueueBasis::History(evidence) => Self {
                signal: QueueSignal::History,
                started: Some(evidence.started),
                waiting: Some(evidence.waiting),
                median_sec: Some(evidence.median.to_f64()),
                oldest_waiting_sec: evidence.oldest_waiting.map(Seconds::to_f64),
            },
        })
    }
}

/// The location of a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HostPlace {
    /// Degrees north of the equator on WGS84, if the coordinates are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Degrees east of Greenwich on WGS84, if the coordinates are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// The cloud provider, such as `aws`, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider: Option<String>,
    /// The region of the provider, such as `eu-central-1`, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub region: Option<Arc<str>>,
    /// The network without charges that the host is in: `academic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub network: Option<String>,
    /// Whether the location stands for several, or is not published.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
    /// The name of the city, if the source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub city: Option<Arc<str>>,
    /// Where the location comes from.
    #[schema(value_type = String, pattern = "^(override|region|database|domain)$")]
    pub source: String,
}

/// The locations of all hosts by name; further locations of a host have the keys `name #2`, `name #3`, ...
pub type HostPlaces = BTreeMap<String, HostPlace>;

/// The `places` of an answer.
pub fn places(sites: &Sites) -> HostPlaces {
    let mut by_name = BTreeMap::new();
    for (host, places) in &sites.places {
        for (number, place) in (1..).zip(places) {
            let name = match number {
                1 => host.to_string(),
                _ => format!("{host} #{number}"),
            };
            let place = HostPlace {
                latitude: place.coordinates.map(Coordinates::latitude),
                longitude: place.coordinates.map(Coordinates::longitude),
                provider: place.provider.map(|provider| provider.to_string()),
                region: place.region.clone(),
                network: place.network.map(|network| network.to_string()),
                approximate: place.approximate,
                city: place.city.clone(),
                source: place.source.to_string(),
            };
            by_name.insert(name, place);
        }
    }
    by_name
}

/// The distances of combinations, each computed once.
#[derive(Debug)]
pub(super) struct Distances<'a> {
    query: &'a Query,
    findings: &'a Findings,
    sites: &'a Sites,
    /// By the positions of TES, object and access URI.
    cache: HashMap<(usize, usize, u32), Option<ObjectDistance>>,
}

impl<'a> Distances<'a> {
    pub(super) fn new(query: &'a Query, findings: &'a Findings, sites: &'a Sites) -> Self {
        Self {
            query,
            findings,
            sites,
            cache: HashMap::new(),
        }
    }

    /// The distances of the objects of `combination`, by their ids.
    pub(super) fn of(&mut self, combination: &Combination<'_>) -> BTreeMap<String, ObjectDistance> {
        let Self {
            query,
            findings,
            sites,
            cache,
        } = self;
        let chosen = findings.objects.iter().zip(combination.uris).enumerate();
        chosen
            .filter_map(|(position, (object, &uri))| {
                let distance = cache
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
    let place = sites.of_tes.get(&tes);
    let tes = query.tes().get(tes)?.host();
    let distance = sites.distance_to(&access.host, tes, place)?;
    let source = match distance {
        Distance::SameHost => DistanceSource::SameHost,
        Distance::Assumed(_) => DistanceSource::Assumed,
        Distance::Between { .. } if access.at_drs => DistanceSource::DrsServer,
        Distance::Between { from, .. } => match from.source {
            PlaceSource::Override => DistanceSource::Override,
            PlaceSource::Region | PlaceSource::Domain => DistanceSource::Region,
            PlaceSource::Database => DistanceSource::Database,
        },
    };
    let region = match &access.host {
        Host::Region { region, .. } => Some(region),
        _ => None,
    };
    Some(ObjectDistance {
        access_id: access.access_id.clone().filter(|id| is_harmless(id)),
        cloud: region.map(|region| region.cloud.to_string().into()),
        region: region.map(|region| region.name.into()),
        km: distance.km().get(),
        from: access.host.to_string().into(),
        to: tes.to_string().into(),
        source,
    })
}

/// Whether an access id may be shown: some servers use signed URLs as access ids.
fn is_harmless(access_id: &str) -> bool {
    let is_text = !access_id.contains(['?', '@']) && !access_id.contains("://");
    is_text || may_be_disclosed(access_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_ids_that_are_signed_urls_are_not_shown() {
        for id in ["s3", "aws-us-east-1", "7", "https://h/x", "a/b c"] {
            assert!(is_harmless(id), "{id}");
        }
        for id in [
            "https://h/x?X-Amz-Signature=S",
            "https://ann:S@h/x",
            "x?token=S",
            "ann:S@h",
        ] {
            assert!(!is_harmless(id), "{id}");
        }
    }
}
