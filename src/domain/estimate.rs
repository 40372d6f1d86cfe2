//! Cost and time of every (TES, object, access URI).

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    exact::{Cost, Seconds},
    exclusion::Exclusion,
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

/// The estimates of all TES that can be ranked: at least one, each with at least one copy of every object.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// The TES that can be ranked, in the order of the query.
    pub tes: Vec<TesEstimate>,
    /// Why the others were excluded.
    pub warnings: Vec<Warning>,
}

/// Cost and time of the task at one TES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TesEstimate {
    /// The position of the TES in the query.
    pub tes: usize,
    /// The cost of computing.
    pub compute: Cost,
    /// The cost of disk.
    pub storage: Cost,
    /// The time from submission to start.
    pub queue: Seconds,
    /// The run time.
    pub execution: Seconds,
    /// For each object, in the order of the query, its copies at a known distance: at least one.
    pub objects: Vec<Vec<CopyEstimate>>,
}

/// Cost and time of moving one copy of an object to one TES.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyEstimate {
    /// The position of the access URI among those of the object.
    pub uri: u32,
    /// The cost of the transfer.
    pub cost: Cost,
    /// The duration of the transfer.
    pub time: Seconds,
}

/// The transfer rate between any two hosts, in megabits (10^6 bits) per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferRate(pub f64);

impl TransferRate {
    /// The duration of a transfer of `size_bytes`.
    fn time_for(self, size_bytes: u64) -> Seconds {
        Seconds::from_f64(bytes(size_bytes) * 8.0 / (self.0 * 1e6))
    }
}

impl Estimates {
    /// Estimates by the formulas of the contract:
    ///
    /// - cost of a copy = (size / 10^9) * (distance / 1000 km) * the transfer price of the TES
    /// - time of a copy = size * 8 / (`rate` * 10^6), and 0 on the host of the TES or without a `rate`
    ///
    /// # Errors
    /// [`Unrankable`] if no TES has a known distance to a copy of every object.
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
                    execution: Seconds::from_f64(query.needs().execution_seconds),
                    objects,
                }),
                Err(object) => warnings.push(Warning::TesExcluded {
                    service: service.to_string(),
                    reason: Exclusion::NoDistance {
                        object: Arc::clone(&object.id),
                    },
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

/// The estimates for every object at one TES, or the first object without a known distance.
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
                    // On the host of the TES, both cost and time are minimal: `rank::pareto` relies on that.
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

/// Keeps the best host for each URI that several hosts serve, such as the URI of an object at a DRS.
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
        let least = best.entry(uri(estimate)).or_insert(value);
        *least = value.min(*least);
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

/// The distinct hosts of all access URIs: a distance is computed once for each host, not for each URI.
struct Hosts<'a> {
    distinct: Vec<&'a Host>,
    /// For each object and access URI, the position of its host in `distinct`.
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

    /// For each distinct host, its distance to `tes`, and whether it is the host of `tes`.
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
    reason = "rounding a size to 53 bits is an error of 10^-16"
)]
fn bytes(size: u64) -> f64 {
    size as f64
}
