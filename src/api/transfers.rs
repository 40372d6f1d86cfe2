//! What `explain` adds to a combination about its transfers and its execution.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::number::rounded;
use crate::domain::{
    cloud::{Network, Provider},
    estimate::{Estimates, TesEstimate},
    exact::{Cost, Seconds},
    findings::Findings,
    geo::Host,
    money::Currency,
    query::Query,
    rank::Combination,
    sites::{Place, Sites},
    transfer::route::Route,
};

/// How one object moves to the TES, or one output out of it, what that costs and how long it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ObjectTransfer {
    /// The size of the object or output.
    pub size_bytes: u64,
    /// The host that the data leave, with what is known about its network.
    pub from: String,
    /// The host that they go to, with what is known about its network.
    pub to: String,
    /// How the network of `from` is known: `override`, `region`, `database`, `domain` or `unknown`.
    pub from_source: String,
    /// How the network of `to` is known.
    pub to_source: String,
    /// The price of 10^9 bytes.
    pub price_per_gb: Price,
    /// The kind of the price.
    #[schema(
        pattern = "^(same-host|same-region|inter-region|internet|free-network|distance|override|unknown)$"
    )]
    pub charged_as: String,
    /// Who is billed: `caller`, `owner` of the data, or `nobody`.
    #[schema(pattern = "^(caller|owner|nobody)$")]
    pub billed_to: String,
    /// The sources of the price, with their date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub price_source: Option<Arc<str>>,
    /// Whether a source that was read has the price.
    pub verified: bool,
    /// The cost, in the currency of the answer: of an object for all expected tries, of an output once.
    #[schema(minimum = 0)]
    pub cost: f64,
    /// Megabits per second; absent if nothing has to be moved or transfers take no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub rate_mbps: Option<f64>,
    /// What limits the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        pattern = "^(pair|round-trip|site|store|override|class)$"
    )]
    pub limited_by: Option<String>,
    /// The duration, in seconds: of an object for all expected tries, of an output once.
    #[schema(minimum = 0)]
    pub seconds: f64,
}

/// A price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Price {
    /// The amount, in units of `currency`.
    #[schema(minimum = 0)]
    pub amount: f64,
    /// The currency.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$")]
    pub currency: Currency,
}

/// How the run time comes about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    /// Where the execution time comes from: the `request`, the `history` of the TES, or the `default`.
    #[schema(pattern = "^(request|history|default)$")]
    pub source: String,
    /// The speed of the TES, relative to the machines that the execution time is stated for.
    #[schema(minimum = 0)]
    pub speed: f64,
    /// How often the execution is expected to be paid for: failures and preemptions are repeated.
    #[schema(minimum = 1)]
    pub tries: f64,
}

/// What one transfer moves, costs and takes.
#[derive(Clone, Copy)]
struct Moved {
    size_bytes: u64,
    cost: Cost,
    time: Seconds,
}

/// The transfers of the combinations of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transfers<'a> {
    pub(super) query: &'a Query,
    pub(super) findings: &'a Findings,
    pub(super) sites: &'a Sites,
    pub(super) estimates: &'a Estimates,
    pub(super) currency: Currency,
}

impl Transfers<'_> {
    fn tes(&self, position: usize) -> Option<&TesEstimate> {
        tes_of(self.estimates, position)
    }

    /// The transfer of each object of `combination`, by its id.
    pub(super) fn of(&self, combination: &Combination<'_>) -> BTreeMap<String, ObjectTransfer> {
        let Some(tes) = self.tes(combination.tes) else {
            return BTreeMap::new();
        };
        let objects = self.findings.objects.iter().zip(&tes.objects);
        objects
            .zip(combination.uris)
            .filter_map(|((object, copies), &uri)| {
                let copy = copies.iter().find(|copy| copy.uri == uri)?;
                let access = object.access.get(usize::try_from(uri).ok()?)?;
                let moved = Moved {
                    size_bytes: object.size_bytes,
                    cost: copy.cost,
                    time: copy.time,
                };
                let route = tes.routes.get(copy.route as usize)?;
                let target = self.query.tes().get(tes.tes)?.host();
                let place = self.sites.of_tes.get(&tes.tes);
                let (from, to, _) = self.sites.nearest(&access.host, target, place);
                let ends = [(&access.host, from), (target, to)];
                let transfer = self.transfer(route, ends, moved);
                Some((object.id.to_string(), transfer))
            })
            .collect()
    }

    /// The transfer of each output that is counted at the TES of `combination`, by its path; `None` without outputs.
    pub(super) fn of_outputs(
        &self,
        combination: &Combination<'_>,
    ) -> Option<BTreeMap<String, ObjectTransfer>> {
        if self.findings.outputs.is_empty() {
            return None;
        }
        let tes = self.tes(combination.tes)?;
        let source = self.query.tes().get(tes.tes)?.host();
        let mut transfers = BTreeMap::new();
        for estimate in &tes.outputs.files {
            let output = self.findings.outputs.get(estimate.output)?;
            let destination = output.destination.as_ref();
            let target = destination.map_or(source, |destination| &destination.host);
            let moved = Moved {
                size_bytes: output.size_bytes,
                cost: estimate.cost,
                time: estimate.time,
            };
            let route = tes.routes.get(estimate.route as usize)?;
            let place = self.sites.of_tes.get(&tes.tes);
            let (to, from, _) = self.sites.nearest(target, source, place);
            let to = if destination.is_some() { to } else { from };
            let transfer = self.transfer(route, [(source, from), (target, to)], moved);
            // A file may be copied to several URLs.
            let mut key = output.path.to_string();
            let mut number = 1;
            while transfers.contains_key(&key) {
                number += 1;
                key = format!("{} #{number}", output.path);
            }
            transfers.insert(key, transfer);
        }
        Some(transfers)
    }

    fn transfer(
        &self,
        route: &Route,
        [(source, from), (target, to)]: [(&Host, Option<&Place>); 2],
        moved: Moved,
    ) -> ObjectTransfer {
        let Moved {
            size_bytes,
            cost,
            time,
        } = moved;
        ObjectTransfer {
            size_bytes,
            from: end(source, from),
            to: end(target, to),
            from_source: known_by(from),
            to_source: known_by(to),
            price_per_gb: Price {
                amount: rounded(route.price_per_gb),
                currency: route.currency.unwrap_or(self.currency),
            },
            charged_as: route.charge.name().to_owned(),
            billed_to: route.billed_to.name().to_owned(),
            price_source: route.price_source.clone(),
            verified: route.verified,
            cost: rounded(cost.to_f64()),
            rate_mbps: route.rate_mbps.map(rounded),
            limited_by: route.limited_by.map(|limit| limit.name().to_owned()),
            seconds: rounded(time.to_f64()),
        }
    }

    /// How the run time of `combination` comes about.
    pub(super) fn execution(&self, combination: &Combination<'_>) -> Option<Execution> {
        let tes = self.tes(combination.tes)?;
        Some(Execution {
            source: self.source_of_run_time(combination.tes).to_owned(),
            speed: tes.speed,
            tries: rounded(tes.tries.of_execution),
        })
    }

    fn source_of_run_time(&self, tes: usize) -> &'static str {
        let mut offers = self.findings.offers.iter();
        let offer = offers.find(|(position, _)| *position == tes);
        match (&self.query.task().image, offer) {
            (None, _) => "request",
            (Some(_), Some((_, offer))) if offer.run_time.is_some() => "history",
            (Some(_), _) => "default",
        }
    }
}

/// The estimate of the TES at `position` in the query.
pub(super) fn tes_of(estimates: &Estimates, position: usize) -> Option<&TesEstimate> {
    let index = estimates
        .tes
        .binary_search_by_key(&position, |estimate| estimate.tes);
    estimates.tes.get(index.ok()?)
}

/// A host, and its provider, region or network.
fn end(host: &Host, place: Option<&Place>) -> String {
    match network_of(place) {
        place if !place.is_empty() => format!("{} ({place})", host.machine()),
        _ => host.machine().to_string(),
    }
}

/// Provider and region, or network; empty if none is known.
pub(crate) fn network_of(place: Option<&Place>) -> String {
    let place = place.map(|place| {
        let provider = place.provider.map(Provider::id);
        let network = place.network.map(Network::id);
        match (provider, place.region.as_deref(), network) {
            (Some(provider), Some(region), _) => format!("{provider}/{region}"),
            (Some(name), None, _) | (None, _, Some(name)) => name.to_owned(),
            (None, _, None) => String::new(),
        }
    });
    place.unwrap_or_default()
}

/// How the network of a place is known.
pub(crate) fn known_by(place: Option<&Place>) -> String {
    place.map_or_else(
        || "unknown".to_owned(),
        |place| {
            let is_known = place.provider.is_some() || place.network.is_some();
            match place.network_source {
                Some(source) => source.to_string(),
                None if is_known => place.source.to_string(),
                None => "unknown".to_owned(),
            }
        },
    )
}
