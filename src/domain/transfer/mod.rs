//! The transfer model: price and rate of moving an object to a TES, or an output out of it.
//!
//! `distance` is the predecessor's formula, a price by the kilometre. `network` follows what providers charge: by
//! provider, region and network (`prices`), and what was measured between them (`rates`).

pub mod domains;
pub mod fault;
pub mod leg;
pub mod machines;
mod overrides;
mod prices;
mod rates;
pub mod route;
pub mod tables;
pub mod warning;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::overrides::{BadEndMatch, EndMatch, RouteOverride};
use self::{
    leg::Source,
    route::{Charge, Payer, Route},
    tables::Tables,
};
use super::{
    findings::TransferPrice,
    geo::Host,
    money::Currency,
    output::Destination,
    service::ServiceUri,
    site::SiteModel,
    sites::{Distance, Sites},
};

/// The transfer rate between any two hosts, in megabits (10^6 bits) per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferRate(pub f64);

/// How cost and time of transfers are estimated.
#[derive(Debug, Clone)]
pub enum TransferModel {
    /// By the kilometre, with one rate for all.
    Distance(Option<TransferRate>),
    /// By provider, region and network.
    Network(Arc<NetworkModel>),
}

/// The model `network`.
#[derive(Debug, Clone)]
pub struct NetworkModel {
    /// Prices, rates and domains.
    pub tables: Arc<Tables>,
    /// Which charges count.
    pub billed_to: BilledTo,
    /// What the account moves in a month, in the units of the provider.
    pub monthly_egress_gb: f64,
    /// Parallel connections of a TES's downloads, where its entry does not say.
    pub streams: f64,
    /// Sources without a known network.
    pub unknown: UnknownSource,
    /// Prices and rates of the operator; the first match wins.
    pub overrides: Vec<RouteOverride>,
    /// Who pays for reads of buckets.
    pub buckets: BTreeMap<Host, BucketTerms>,
}

/// Which charges count in costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BilledTo {
    /// All of them.
    #[default]
    All,
    /// Those that the caller is billed.
    Caller,
}

/// What is assumed about a source without a known network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnknownSource {
    /// The price of 10^9 bytes.
    pub price_per_gb: f64,
    /// The currency of the price.
    pub currency: Currency,
    /// Megabits per second.
    pub rate_mbps: f64,
}

/// Who pays for reads of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BucketTerms {
    /// The reader of the data.
    pub requester_pays: bool,
    /// The caller, who owns it.
    pub owned: bool,
    /// Nobody: its provider hosts it for nothing.
    pub open_data: bool,
}

impl TransferModel {
    /// The route from `source` to `tes`; `None` if its distance is unknown and the model needs it.
    pub fn route(
        &self,
        source: Source<'_>,
        tes: &ServiceUri,
        site: &SiteModel,
        stated: Option<TransferPrice>,
        sites: &Sites,
    ) -> Option<Route> {
        match self {
            Self::Network(model) => Some(model.route(source, tes, site, stated, sites)),
            Self::Distance(rate) => by_distance(*rate, source.host, (tes, site), stated, sites),
        }
    }

    /// The route of an output from `tes` to `destination`, or to where only `tes` can read it; `None` as for copies.
    pub fn output_route(
        &self,
        destination: Option<&Destination>,
        tes: &ServiceUri,
        site: &SiteModel,
        stated: Option<TransferPrice>,
        sites: &Sites,
    ) -> Option<Route> {
        let Some(to) = destination else {
            return Some(Route::same_host());
        };
        match self {
            Self::Network(model) => Some(model.output_route(to, tes, site, stated, sites)),
            Self::Distance(rate) => by_distance(*rate, &to.host, (tes, site), stated, sites),
        }
    }

    /// Whether a charge that `payer` is billed counts in costs.
    pub fn counts(&self, payer: Payer) -> bool {
        match self {
            Self::Distance(_) => true,
            Self::Network(model) => model.billed_to == BilledTo::All || payer == Payer::Caller,
        }
    }
}
/// The route between a TES and `host` by the predecessor's formula, which is the same in both directions.
fn by_distance(
    rate: Option<TransferRate>,
    host: &Host,
    (tes, site): (&ServiceUri, &SiteModel),
    stated: Option<TransferPrice>,
    sites: &Sites,
) -> Option<Route> {
    let distance = match &site.place {
        Some(_) if host.machine() != tes.host().machine() => {
            let (.., km) = sites.nearest(host, tes.host(), site.place.as_ref());
            km.or(sites.assumed)?
        }
        _ => match sites.distance(tes.host(), host)? {
            Distance::SameHost => return Some(Route::same_host()),
            other => other.km(),
        },
    };
    let price = (distance.get() / 1000.0) * stated?.get();
    Some(Route {
        billed_to: if price > 0.0 {
            Payer::Caller
        } else {
            Payer::Nobody
        },
        rate_mbps: rate.map(|rate| rate.0),
        distance: Some(distance),
        ..Route::of(price, None, Charge::Distance)
    })
}
