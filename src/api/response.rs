//! The answer: ranked combinations, best first, and warnings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::{
    access_uris::AccessUris,
    explanation::{
        self, Distances, HostPlace, HostPlaces, ObjectDistance, OfferSource, QueueExplanation,
    },
    number::rounded,
    transfers::{Execution, ObjectTransfer, Transfers, tes_of},
};
use crate::domain::{
    assumed::Assumed,
    estimate::Estimates,
    findings::Findings,
    money::Currency,
    query::Query,
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
    /// The number of combinations, listed or not, in decimal digits.
    #[serde(default)]
    #[schema(pattern = "^[0-9]+$")]
    pub space_size: String,
    /// What scores are relative to.
    #[serde(default)]
    pub means: Means,
    /// What the estimates assume, as sentences. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assumptions: Option<Vec<String>>,
    /// The locations of the hosts, by name; further locations of a host have the keys `name #2`, `name #3`, ... Only if
    /// the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<BTreeMap<String, HostPlace>>)]
    pub places: Option<HostPlaces>,
}

/// The means over the TES of the mean over each one's combinations, listed or not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Means {
    /// Of the cost, in the currency of the answer.
    #[schema(minimum = 0)]
    pub cost: f64,
    /// Of the time, in seconds.
    #[serde(serialize_with = "plain")]
    #[schema(minimum = 0)]
    pub time: f64,
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
    /// Whether no other combination, listed or not, is at least as good in both cost and time and better in one. Absent
    /// where the space is too large to decide that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pareto_optimal: Option<bool>,
    /// The distance of each object to the TES, by its id. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub distances: Option<BTreeMap<String, ObjectDistance>>,
    /// Where the prices come from. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = OfferSource)]
    pub offer: Option<OfferSource>,
    /// The discount for preemptible tasks that is in the cost of computing: the share taken off by the operator's
    /// `tes.price_book`. Only if the request sets `explain`, states `preemptible: true`, and the TES has a discount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub preemptible_discount: Option<f64>,
    /// What the queue time rests on. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = QueueExplanation)]
    pub queue: Option<QueueExplanation>,
    /// How the run time comes about. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub execution: Option<Execution>,
    /// How each object moves to the TES, by its id. Only if the request sets `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfers: Option<BTreeMap<String, ObjectTransfer>>,
    /// How each output of known size moves out of the TES, by its path; for further URLs of the same path with the keys
    /// `path #2`, `path #3`, ... Only if the request sets `explain`, and only for tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub output_transfers: Option<BTreeMap<String, ObjectTransfer>>,
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
    /// The cost of moving all objects to the TES, and all outputs of known size out of it.
    #[schema(minimum = 0)]
    pub transfer: f64,
    /// The part of `transfer` that is for outputs. Absent where none has a known size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub outputs: Option<f64>,
    /// The part of `transfer` that others than the caller are billed.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub billed_to_others: f64,
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
    /// The time to move all objects to the TES, and all outputs of known size out of it, in seconds.
    #[serde(serialize_with = "plain")]
    #[schema(minimum = 0)]
    pub transfer: f64,
    /// The part of `transfer` that is for outputs, in seconds. Absent where none has a known size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub outputs: Option<f64>,
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
    /// Cost and time of every copy at every TES.
    pub estimates: &'a Estimates,
    /// The best combinations.
    pub ranking: &'a Ranking,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The warnings of all steps.
    pub warnings: &'a [Warning],
    /// What the estimates assume, besides what `warnings` say.
    pub assumed: &'a [Assumed],
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
            warnings,
            assumed,
            most_bytes,
            ..
        } = parts;
        let mut distances = query
            .explain()
            .then(|| Distances::new(query, findings, sites));
        let list = |(rank, combination): (u64, Combination<'_>)| {
            parts.combination(rank, &combination, distances.as_mut())
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
            space_size: ranking.space().digits(),
            means: Means {
                cost: rounded(ranking.means().cost),
                time: ranking.means().time,
            },
            assumptions: query.explain().then(|| {
                let defaults = warnings.iter().filter(|warning| warning.is_assumption());
                let assumed = assumed.iter().map(ToString::to_string);
                assumed.chain(defaults.map(ToString::to_string)).collect()
            }),
            places: query.explain().then(|| explanation::places(sites)),
        }
    }
}

impl AnswerParts<'_> {
    /// `combination` as it is sent; `distances` are those of explained answers.
    fn combination(
        &self,
        rank: u64,
        combination: &Combination<'_>,
        distances: Option<&mut Distances<'_>>,
    ) -> ServiceCombination {
        let &AnswerParts {
            query,
            findings,
            sites,
            estimates,
            currency,
            ..
        } = self;
        let (cost, time) = (&combination.cost, &combination.time);
        let tes = tes_of(estimates, combination.tes);
        let others = tes.map(|tes| tes.billed_to_others(combination.uris));
        let outputs = tes.filter(|_| !findings.outputs.is_empty());
        let outputs = outputs.map(|tes| &tes.outputs);
        let explained = query.explain().then_some(Transfers {
            query,
            findings,
            sites,
            estimates,
            currency,
        });
        ServiceCombination {
            rank,
            access_uris: AccessUris::of(combination, query, findings),
            cost_estimate: Amount {
                amount: rounded(cost.total().to_f64()),
                currency,
            },
            time_estimate: time.total().to_f64(),
            score: combination.score,
            cost_breakdown: CostBreakdown {
                compute: rounded(cost.compute.to_f64()),
                storage: rounded(cost.storage.to_f64()),
                transfer: rounded(cost.transfer.to_f64()),
                outputs: outputs.map(|outputs| rounded(outputs.cost.to_f64())),
                billed_to_others: rounded(others.unwrap_or_default().to_f64()),
            },
            time_breakdown: TimeBreakdown {
                queue: time.queue.to_f64(),
                execution: time.execution.to_f64(),
                transfer: time.transfer.to_f64(),
                outputs: outputs.map(|outputs| rounded(outputs.time.to_f64())),
            },
            pareto_optimal: combination.pareto_optimal,
            distances: distances.map(|distances| distances.of(combination)),
            offer: explained.and_then(|_| OfferSource::of(combination, findings)),
            preemptible_discount: explained
                .and_then(|_| explanation::discount_of(combination, findings)),
            queue: explained.and_then(|_| QueueExplanation::of(combination, findings)),
            execution: explained.and_then(|transfers| transfers.execution(combination)),
            transfers: explained.map(|transfers| transfers.of(combination)),
            output_transfers: explained.and_then(|transfers| transfers.of_outputs(combination)),
        }
    }
}

impl ServiceCombination {
    /// Its approximate size as JSON.
    fn bytes(&self) -> usize {
        /// Everything but objects.
        const FRAME: usize = 600;
        /// The distance and the transfer of one object.
        const DISTANCE: usize = 750;

        let of_distance = self.distances.as_ref().map_or(0, |_| DISTANCE);
        let objects = self.access_uris.objects.iter();
        let of_objects = objects.map(|(id, uri)| 2 * id.len() + uri.len() + of_distance);
        let outputs = self.output_transfers.iter().flatten();
        let of_outputs = outputs.map(|(path, _)| path.len() + DISTANCE);
        FRAME
            + self.access_uris.tes_uri.len()
            + of_objects.sum::<usize>()
            + of_outputs.sum::<usize>()
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
    fn whole_seconds_have_no_fraction() {
        let time = TimeBreakdown {
            queue: 714.0,
            execution: 1800.5,
            transfer: 0.0,
            outputs: None,
        };
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            r#"{"queue":714,"execution":1800.5,"transfer":0}"#
        );
    }
}
