//! Cost and time of every TES and of every way to get every object there.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    exact::{Cost, Seconds},
    findings::{Findings, Offer},
    geo::{Host, Kilometres},
    object::DataObject,
    query::Query,
    sites::{Distance, Sites},
    unrankable::{Unrankable, UnrankableReason},
    warning::Warning,
};

/// Bytes in a gigabyte: prices are per 10^9 bytes.
const BYTES_PER_GB: f64 = 1e9;

/// What each TES would cost and take. At least one TES is left, and each has at least one copy of every object.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// The TES that can be ranked, in the order of the query.
    pub tes: Vec<TesEstimate>,
    /// Why the others cannot.
    pub warnings: Vec<Warning>,
}

/// What one TES would cost and take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TesEstimate {
    /// The position of the TES in the query.
    pub tes: usize,
    /// What computing the task costs.
    pub compute: Cost,
    /// What its disk costs.
    pub storage: Cost,
    /// How long the task waits before it runs.
    pub queue: Seconds,
    /// How long the task runs.
    pub execution: Seconds,
    /// For each object, in the order of the query, the copies that the TES can get: at least one.
    pub objects: Vec<Vec<CopyEstimate>>,
}

/// What it costs and takes to get one copy of an object to one TES.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyEstimate {
    /// The position of the access URI among those of the object.
    pub uri: u32,
    /// What moving it costs.
    pub cost: Cost,
    /// How long moving it takes.
    pub time: Seconds,
}

/// Megabits (10^6 bits) per second between any two hosts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferRate(pub f64);

impl TransferRate {
    /// How long moving `size_bytes` takes.
    fn time_for(self, size_bytes: u64) -> Seconds {
        Seconds::from_f64(bytes(size_bytes) * 8.0 / (self.0 * 1e6))
    }
}

impl Estimates {
    /// Estimates by the formulas of the contract:
    ///
    /// - cost of a copy = (size / 10^9) * (distance / 1000 km) * the TES's transfer price
    /// - time of a copy = size * 8 / (`rate` * 10^6), and 0 on the TES's own host or without a `rate`
    ///
    /// # Errors
    /// [`Unrankable`] if no TES is at a known distance from some copy of every object.
    pub fn new(
        query: &Query,
        findings: &Findings,
        sites: &Sites,
        rate: Option<TransferRate>,
    ) -> Result<Self, Unrankable> {
        let hosts = Hosts::of(&findings.objects);
        let mut warnings = Vec::new();
        let mut tes = Vec::with_capacity(findings.offers.len());
        for (position, offer) in &findings.offers {
            let Some(service) = query.tes().get(*position) else {
                continue;
            };
            let distances = hosts.distances_from(service.host(), sites);
            match objects_at(offer, &findings.objects, &hosts, &distances, rate) {
                Ok(objects) => tes.push(TesEstimate {
                    tes: *position,
                    compute: offer.compute,
                    storage: offer.storage,
                    queue: offer.queue,
                    #[expect(
                        clippy::cast_precision_loss,
                        reason = "no one counts seconds beyond 2^53"
                    )]
                    execution: Seconds::from_f64(query.needs().execution_seconds as f64),
                    objects,
                }),
                Err(object) => warnings.push(Warning::TesOutOfReach {
                    service: service.to_string(),
                    object: Arc::clone(&object.id),
                }),
            }
        }
        if tes.is_empty() {
            return Err(Unrankable {
                reasons: vec![UnrankableReason::NoCombination],
                warnings,
            });
        }
        Ok(Self { tes, warnings })
    }
}

/// The estimates for every object at one TES, or the first object that no known distance leads to.
fn objects_at<'a>(
    offer: &Offer,
    objects: &'a [DataObject],
    hosts: &Hosts<'_>,
    distances: &[Option<(Kilometres, bool)>],
    rate: Option<TransferRate>,
) -> Result<Vec<Vec<CopyEstimate>>, &'a DataObject> {
    objects
        .iter()
        .zip(&hosts.of_objects)
        .map(|(object, copies)| {
            let gb = bytes(object.size_bytes) / BYTES_PER_GB;
            let transfer_time = rate.map_or(Seconds::ZERO, |rate| rate.time_for(object.size_bytes));
            let estimates: Vec<_> = (0_u32..)
                .zip(copies)
                .filter_map(|(uri, &host)| {
                    let (distance, own_host) = (*distances.get(host)?)?;
                    let cost =
                        Cost::from_f64(gb * (distance.get() / 1000.0) * offer.transfer.get());
                    // Both are least on the own host: the ranking tells Pareto-optimal combinations by that.
                    let time = if own_host {
                        Seconds::ZERO
                    } else {
                        transfer_time
                    };
                    Some(CopyEstimate { uri, cost, time })
                })
                .collect();
            if estimates.is_empty() {
                Err(object)
            } else {
                Ok(cheapest_of_each_uri(object, estimates))
            }
        })
        .collect()
}

/// Of a URI that leads to several places, as that of a DRS can, a TES takes the one that is best for it.
fn cheapest_of_each_uri(
    object: &DataObject,
    mut estimates: Vec<CopyEstimate>,
) -> Vec<CopyEstimate> {
    let uri = |estimate: &CopyEstimate| {
        let access = object.access.get(usize::try_from(estimate.uri).ok()?)?;
        Some(&*access.uri)
    };
    let mut best = HashMap::with_capacity(estimates.len());
    for (position, estimate) in estimates.iter().enumerate() {
        let value = (estimate.cost, estimate.time, position);
        let known = best.entry(uri(estimate)).or_insert(value);
        *known = value.min(*known);
    }
    if best.len() < estimates.len() {
        estimates = best
            .into_values()
            .map(|(.., position)| position)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter_map(|position| estimates.get(position).copied())
            .collect();
    }
    estimates
}

/// The different hosts of all access URIs: distances are worked out once for each, not for each URI.
struct Hosts<'a> {
    distinct: Vec<&'a Host>,
    /// For each object and access URI the position of its host in `distinct`.
    of_objects: Vec<Vec<usize>>,
}

impl<'a> Hosts<'a> {
    fn of(objects: &'a [DataObject]) -> Self {
        let mut positions = HashMap::new();
        let mut distinct = Vec::new();
        let mut position_of = |host: &'a Host| {
            *positions.entry(host).or_insert_with(|| {
                distinct.push(host);
                distinct.len() - 1
            })
        };
        let of_objects = objects
            .iter()
            .map(|object| {
                object
                    .access
                    .iter()
                    .map(|access| position_of(&access.host))
                    .collect()
            })
            .collect();
        Self {
            distinct,
            of_objects,
        }
    }

    /// For each distinct host, how far it is from `tes`, and whether it is that very host.
    fn distances_from(&self, tes: &Host, sites: &Sites) -> Vec<Option<(Kilometres, bool)>> {
        self.distinct
            .iter()
            .map(|&host| {
                let distance = sites.distance(tes, host)?;
                Some((distance.km(), distance == Distance::SameHost))
            })
            .collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a size is rounded to 53 bits, one part in 10^16"
)]
fn bytes(size: u64) -> f64 {
    size as f64
}
