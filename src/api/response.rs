//! The answer: ranked combinations, best first, and warnings.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
    ser::SerializeMap,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use super::explanation::{
    self, Distances, HostPlace, HostPlaces, ObjectDistance, OfferSource, QueueExplanation,
};
use crate::domain::{
    findings::Findings,
    money::Currency,
    query::{Query, TES_KEY},
    rank::{Combination, Ranking},
    sites::Sites,
    warning::Warning,
};

/// The ranked combinations, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RankResponse {
    /// Combinations of one TES and one access URI for each object, best first.
    pub service_combinations: Vec<ServiceCombination>,
    /// Problems that did not prevent the ranking: the service, the cause, and what to change.
    pub warnings: Vec<String>,
    /// The locations of the hosts, by name; further locations of a host have the keys `name #2`, `name #3`, ... Only if
    /// the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<BTreeMap<String, HostPlace>>)]
    pub places: Option<HostPlaces>,
}

/// A combination of a TES and an access URI for each object, with the cost and time of the task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceCombination {
    /// The rank: 1, 2, 3, ...
    #[schema(minimum = 1)]
    pub rank: u64,
    /// The access URI of each object, by its id, and under `tes_uri` the TES as it was given in the request.
    pub access_uris: AccessUris,
    /// The total cost.
    pub cost_estimate: Amount,
    /// The total time, in seconds.
    #[serde(serialize_with = "plain")]
    #[schema(minimum = 0)]
    pub time_estimate: f64,
    /// The score, the lower the better: `w * time / mean time + (1 - w) * cost / mean cost`.
    /// Absent in mode `random`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub score: Option<f64>,
    /// The parts of the cost, in the currency of `cost_estimate`.
    pub cost_breakdown: CostBreakdown,
    /// The parts of the time, in seconds.
    pub time_breakdown: TimeBreakdown,
    /// Whether no other combination, listed or not, is at least as good in both cost and time and better in one.
    pub pareto_optimal: bool,
    /// The distance of each object to the TES, by its id. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub distances: Option<BTreeMap<String, ObjectDistance>>,
    /// Where the prices come from. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = OfferSource)]
    pub offer: Option<OfferSource>,
    /// What the queue time rests on. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = QueueExplanation)]
    pub queue: Option<QueueExplanation>,
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// The amount, in units of `currency`.
    #[schema(minimum = 0)]
    pub amount: f64,
    /// The currency: an ISO 4217 code, `BTC` or `CNH`.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$")]
    pub currency: Currency,
}

/// The parts of a cost; their sum is the cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostBreakdown {
    /// The cost of computing.
    #[schema(minimum = 0)]
    pub compute: f64,
    /// The cost of disk.
    #[schema(minimum = 0)]
    pub storage: f64,
    /// The cost of moving all objects to the TES.
    #[schema(minimum = 0)]
    pub transfer: f64,
}

/// The parts of a time; their sum is the time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimeBreakdown {
    /// The queue time of the task, in seconds.
    #[serde(serialize_with = "plain")]
    #[schema(minimum = 0)]
    pub queue: f64,
    /// The run time of the task, in seconds.
    #[serde(serialize_with = "plain")]
    #[schema(minimum = 0)]
    pub execution: f64,
    /// The time to move all objects to the TES, in seconds; 0 unless the service is configured with a transfer rate.
    #[serde(serialize_with = "plain")]
    #[schema(minimum = 0)]
    pub transfer: f64,
}

/// The chosen access URIs by object id, in the order of the request, and the chosen TES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUris {
    /// The id and access URI of each object.
    pub objects: Vec<(Arc<str>, Arc<str>)>,
    /// The TES as it was given in the request.
    pub tes_uri: Arc<str>,
}

/// The data of an answer.
#[derive(Debug, Clone, Copy)]
pub struct AnswerParts<'a> {
    /// The query.
    pub query: &'a Query,
    /// The offers and objects.
    pub findings: &'a Findings,
    /// The locations of hosts.
    pub sites: &'a Sites,
    /// The best combinations.
    pub ranking: &'a Ranking,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The warnings of all steps.
    pub warnings: &'a [Warning],
    /// The approximate maximum size of all combinations in bytes; at least one combination is listed.
    pub most_bytes: usize,
}

impl RankResponse {
    /// The answer as it is sent, truncated to its maximum size.
    pub fn new(parts: &AnswerParts<'_>) -> Self {
        let &AnswerParts {
            query,
            findings,
            sites,
            ranking,
            currency,
            warnings,
            most_bytes,
        } = parts;
        let mut distances = query
            .explain()
            .then(|| Distances::new(query, findings, sites));
        let list = |(rank, combination): (u64, Combination<'_>)| ServiceCombination {
            rank,
            access_uris: AccessUris::of(&combination, query, findings),
            cost_estimate: Amount {
                amount: combination.cost.total().to_f64(),
                currency,
            },
            time_estimate: combination.time.total().to_f64(),
            score: combination.score,
            cost_breakdown: CostBreakdown {
                compute: combination.cost.compute.to_f64(),
                storage: combination.cost.storage.to_f64(),
                transfer: combination.cost.transfer.to_f64(),
            },
            time_breakdown: TimeBreakdown {
                queue: combination.time.queue.to_f64(),
                execution: combination.time.execution.to_f64(),
                transfer: combination.time.transfer.to_f64(),
            },
            pareto_optimal: combination.pareto_optimal,
            distances: distances
                .as_mut()
                .map(|distances| distances.of(&combination)),
            offer: query
                .explain()
                .then(|| OfferSource::of(&combination, findings))
                .flatten(),
            queue: query
                .explain()
                .then(|| QueueExplanation::of(&combination, findings))
                .flatten(),
        };
        let mut bytes = 0_usize;
        let service_combinations: Vec<_> = (1..)
            .zip(ranking.iter())
            .map(list)
            .take_while(|combination| {
                let is_first = bytes == 0;
                bytes = bytes.saturating_add(combination.bytes());
                is_first || bytes <= most_bytes
            })
            .collect();
        let truncated = Warning::AnswerTruncated {
            listed: service_combinations.len(),
            max_bytes: most_bytes,
        };
        let truncated = (service_combinations.len() < ranking.len()).then_some(&truncated);
        Self {
            service_combinations,
            warnings: warnings
                .iter()
                .chain(truncated)
                .map(ToString::to_string)
                .collect(),
            places: query.explain().then(|| explanation::places(sites)),
        }
    }
}

impl ServiceCombination {
    /// Its approximate size as JSON.
    fn bytes(&self) -> usize {
        /// Everything but objects.
        const FRAME: usize = 600;
        /// The distance of one object.
        const DISTANCE: usize = 250;

        let of_distance = self.distances.as_ref().map_or(0, |_| DISTANCE);
        let objects = self.access_uris.objects.iter();
        let of_objects = objects.map(|(id, uri)| 2 * id.len() + uri.len() + of_distance);
        FRAME + self.access_uris.tes_uri.len() + of_objects.sum::<usize>()
    }
}

impl AccessUris {
    /// Shares the strings: a thousand combinations of the same few URIs hold each URI once.
    fn of(combination: &Combination<'_>, query: &Query, findings: &Findings) -> Self {
        let chosen = findings.objects.iter().zip(combination.uris);
        let mut objects = Vec::with_capacity(combination.uris.len());
        objects.extend(chosen.filter_map(|(object, &uri)| {
            let access = object.access.get(usize::try_from(uri).ok()?)?;
            Some((Arc::clone(&object.id), Arc::clone(&access.uri)))
        }));
        let tes = query.tes().get(combination.tes);
        Self {
            objects,
            tes_uri: tes.map(|tes| Arc::clone(tes.given())).unwrap_or_default(),
        }
    }
}

impl Serialize for AccessUris {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.objects.len() + 1))?;
        for (id, uri) in &self.objects {
            map.serialize_entry(&**id, &**uri)?;
        }
        map.serialize_entry(TES_KEY, &*self.tes_uri)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for AccessUris {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = AccessUris;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from ids to URIs")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<AccessUris, M::Error> {
                let mut objects = Vec::new();
                let mut tes_uri = None;
                while let Some((id, uri)) = map.next_entry::<Arc<str>, Arc<str>>()? {
                    if &*id == TES_KEY {
                        tes_uri = Some(uri);
                    } else {
                        objects.push((id, uri));
                    }
                }
                let tes_uri = tes_uri.ok_or_else(|| de::Error::missing_field(TES_KEY))?;
                Ok(AccessUris { objects, tes_uri })
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl ToSchema for AccessUris {}

impl PartialSchema for AccessUris {
    fn schema() -> RefOr<Schema> {
        let uri = |description: &str| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some(description))
        };
        ObjectBuilder::new()
            .property(
                TES_KEY,
                uri("The TES, exactly as it was given in the request."),
            )
            .required(TES_KEY)
            .description(Some(
                "The access URI of each object, by its id, and under `tes_uri` the TES. Ids come in the order of the request.",
            ))
            .additional_properties(Some(Schema::from(uri("The access URI of the object."))))
            .into()
    }
}

/// Writes integral numbers without a fraction: the predecessor's times are integers.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde requires"
)]
fn plain<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    /// Above 2^53, not every integer is a 64-bit float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && (0.0..=EXACT).contains(number) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "integral and in range"
        )]
        return serializer.serialize_u64(*number as u64);
    }
    serializer.serialize_f64(*number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_order_of_the_request_and_the_tes_is_last() {
        let uris = AccessUris {
            objects: vec![
                ("z".into(), "ftp://z".into()),
                ("a".into(), "ftp://a".into()),
            ],
            tes_uri: "https://tes".into(),
        };
        let json = serde_json::to_string(&uris).unwrap();
        assert_eq!(
            json,
            r#"{"z":"ftp://z","a":"ftp://a","tes_uri":"https://tes"}"#
        );
        assert_eq!(serde_json::from_str::<AccessUris>(&json).unwrap(), uris);
    }

    #[test]
    fn whole_seconds_have_no_fraction() {
        let time = TimeBreakdown {
            queue: 714.0,
            execution: 1800.5,
            transfer: 0.0,
        };
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            r#"{"queue":714,"execution":1800.5,"transfer":0}"#
        );
    }
}
