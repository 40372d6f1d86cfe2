//! From where a copy is to where a TES is, or from there to where an output goes: what a gigabyte costs, who is billed,
//! and how fast it moves.

use std::{fmt, sync::Arc};

use super::{
    NetworkModel,
    leg::{Leg, Source},
    prices::{AssumedRegion, TableClass, TablePrice},
};
use crate::domain::{
    cloud::Network, findings::TransferPrice, geo::Kilometres, money::Currency, output::Destination,
    service::ServiceUri, site::SiteModel, sites::Sites,
};

/// Price and rate of moving data from one source to one TES, or from a TES to where an output goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The price of 10^9 bytes.
    pub price_per_gb: f64,
    /// The currency of the price; `None` for that of the answer.
    pub currency: Option<Currency>,
    /// What kind of price it is.
    pub charge: Charge,
    /// Who is billed.
    pub billed_to: Payer,
    /// Where the price comes from, with its date.
    pub price_source: Option<Arc<str>>,
    /// Whether a source that was read has the price.
    pub verified: bool,
    /// What is assumed about the source, or about the TES if nothing is about the source.
    pub assumption: Option<Assumption>,
    /// Whether the price depends on the place of the TES, which is unknown.
    pub is_tes_unknown: bool,
    /// Megabits per second; `None` if nothing has to be moved, or if transfers take no time.
    pub rate_mbps: Option<f64>,
    /// What limits the rate.
    pub limited_by: Option<RateLimit>,
    /// What the rate assumes.
    pub assumed_rate: AssumedRate,
    /// The distance, if it is known.
    pub distance: Option<Kilometres>,
}

/// What a rate assumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssumedRate {
    /// Nothing is known about the networks, and that is what limits it.
    pub is_unknown: bool,
    /// The distance is unknown, so that no round trip limits it.
    pub has_no_round_trip: bool,
    /// It is limited by the usual number of connections.
    pub has_default_streams: bool,
}

/// The kind of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// Both ends are one host.
    SameHost,
    /// They are in one region.
    SameRegion,
    /// They are in two regions of one provider.
    InterRegion,
    /// The data leave the provider.
    Internet,
    /// The source does not charge.
    FreeNetwork,
    /// A price of the TES, by distance.
    Distance,
    /// A price of the configuration.
    Override,
    /// Nothing is known about the source.
    Unknown,
}

impl Charge {
    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameHost => "same-host",
            Self::SameRegion => "same-region",
            Self::InterRegion => "inter-region",
            Self::Internet => "internet",
            Self::FreeNetwork => "free-network",
            Self::Distance => "distance",
            Self::Override => "override",
            Self::Unknown => "unknown",
        }
    }
}

/// Who is billed for a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    /// The caller.
    Caller,
    /// The owner of the data.
    Owner,
    /// Nobody: it is free.
    Nobody,
}

impl Payer {
    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Owner => "owner",
            Self::Nobody => "nobody",
        }
    }
}

/// What limits a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// The measured rate between two providers.
    Pair,
    /// The windows of the connections and the round trip.
    RoundTrip,
    /// The link of the TES.
    Site,
    /// The link of the source.
    Store,
    /// The configuration.
    Override,
    /// The class of the route.
    Class,
}

impl RateLimit {
    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::RoundTrip => "round-trip",
            Self::Site => "site",
            Self::Store => "store",
            Self::Override => "override",
            Self::Class => "class",
        }
    }
}

/// What a price assumes about places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    /// The region of the source or of the TES is unknown: the price that most regions share.
    CommonRegion,
    /// The table does not list the region of the source.
    NoRow,
    /// The place of the TES is unknown: the price to the internet.
    TesUnknown,
    /// The provider of the source is unknown.
    SourceUnknown,
    /// The place that an output goes to is unknown: the price to the internet.
    DestinationUnknown,
    /// The provider of the TES that an output leaves is unknown.
    TesProviderUnknown,
}

impl NetworkModel {
    /// Price and rate from `source` to `tes`, which states a price of its own or not.
    pub fn route(
        &self,
        source: Source<'_>,
        tes: &ServiceUri,
        site: &SiteModel,
        stated: Option<TransferPrice>,
        sites: &Sites,
    ) -> Route {
        self.route_of(&Leg::inbound(source, tes, site, sites), stated, sites)
    }

    /// Price and rate of an output from `tes` to `destination`.
    pub fn output_route(
        &self,
        destination: &Destination,
        tes: &ServiceUri,
        site: &SiteModel,
        stated: Option<TransferPrice>,
        sites: &Sites,
    ) -> Route {
        let leg = Leg::outbound(destination, tes, site, sites);
        self.route_of(&leg, stated, sites)
    }

    fn route_of(&self, leg: &Leg<'_>, stated: Option<TransferPrice>, sites: &Sites) -> Route {
        if leg.is_one_host() {
            return Route::same_host();
        }
        let mut route = self.price(leg, stated, sites.assumed);
        let (rate, limit, assumed) = self.rate(leg);
        route.assumed_rate = assumed;
        route.rate_mbps = Some(rate);
        route.limited_by = Some(limit);
        route.distance = leg.km;
        route
    }

    /// The price by the first rule that applies, without the rate.
    fn price(
        &self,
        leg: &Leg<'_>,
        stated: Option<TransferPrice>,
        assumed: Option<Kilometres>,
    ) -> Route {
        let terms = self.buckets.get(leg.from.host.machine());
        let overridden = self.overrides.iter().find_map(|known| {
            let price = known.price_per_gb.filter(|_| known.matches(leg.ends()))?;
            Some((price, known.currency))
        });
        if let Some((price, currency)) = overridden {
            let route = Route::of(price, Some(currency), Charge::Override);
            return route.billed(self.payer(leg));
        }
        if terms.is_some_and(|terms| terms.open_data) {
            return Route::of(0.0, None, Charge::FreeNetwork);
        }
        if let Some(price) = stated {
            let price = price.get();
            if price == 0.0 {
                return Route::of(0.0, None, Charge::Distance);
            }
            if let Some(km) = leg.km.or(assumed) {
                let route = Route::of(price * (km.get() / 1000.0), None, Charge::Distance);
                return route.billed(Payer::Caller);
            }
        }
        self.table_price(leg)
    }

    fn table_price(&self, leg: &Leg<'_>) -> Route {
        let from = leg.from.place;
        if from.is_some_and(|from| from.network == Some(Network::Academic)) {
            return Route::of(0.0, None, Charge::FreeNetwork);
        }
        let found = from.and_then(|from| {
            let provider = from.provider?;
            let region = from.region.as_deref();
            let egress = self.monthly_egress_gb;
            let price = self.tables.price(provider, region, leg.to.place, egress)?;
            Some((self.tables.provider(provider)?, price))
        });
        let Some((table, price)) = found else {
            return Route {
                verified: false,
                assumption: Some(if leg.is_outbound() {
                    Assumption::TesProviderUnknown
                } else {
                    Assumption::SourceUnknown
                }),
                ..Route::of(
                    self.unknown.price_per_gb,
                    Some(self.unknown.currency),
                    Charge::Unknown,
                )
            }
            .billed(self.payer(leg));
        };
        let payer = if table.is_free {
            Payer::Nobody
        } else {
            self.payer(leg)
        };
        Route {
            price_source: Some(Arc::clone(&table.source)),
            verified: price.is_verified,
            assumption: price.assumption(leg),
            is_tes_unknown: !leg.is_outbound() && leg.to.place.is_none(),
            ..Route::of(price.per_gb, Some(self.tables.currency), price.charge())
        }
        .billed(payer)
    }

    /// Who is billed for what leaves the source. Outputs leave a TES at the expense of the task's owner.
    fn payer(&self, leg: &Leg<'_>) -> Payer {
        if leg.is_outbound() {
            return Payer::Caller;
        }
        let terms = self.buckets.get(leg.from.host.machine());
        let provider = leg.from.place.and_then(|from| from.provider);
        let can_bill_requester = provider
            .and_then(|provider| self.tables.provider(provider))
            .is_none_or(|table| table.requester_pays);
        let is_requester_pays = leg.names_payer || terms.is_some_and(|terms| terms.requester_pays);
        if terms.is_some_and(|terms| terms.owned) || (is_requester_pays && can_bill_requester) {
            Payer::Caller
        } else {
            Payer::Owner
        }
    }
}

impl TablePrice {
    const fn charge(&self) -> Charge {
        match self.class {
            TableClass::SameRegion => Charge::SameRegion,
            TableClass::InterRegion => Charge::InterRegion,
            TableClass::Internet => Charge::Internet,
        }
    }

    const fn assumption(&self, leg: &Leg<'_>) -> Option<Assumption> {
        match self.assumed {
            Some(AssumedRegion::Common) => Some(Assumption::CommonRegion),
            Some(AssumedRegion::NoRow) => Some(Assumption::NoRow),
            None if leg.to.place.is_some() => None,
            None if leg.is_outbound() => Some(Assumption::DestinationUnknown),
            None => Some(Assumption::TesUnknown),
        }
    }
}

impl Route {
    /// A route on which nothing is moved.
    pub(super) const fn same_host() -> Self {
        let mut route = Self::of(0.0, None, Charge::SameHost);
        route.distance = Some(Kilometres::ZERO);
        route
    }

    /// A price without a source, billed to nobody, and no rate.
    pub(super) const fn of(price_per_gb: f64, currency: Option<Currency>, charge: Charge) -> Self {
        Self {
            price_per_gb,
            currency,
            charge,
            billed_to: Payer::Nobody,
            price_source: None,
            verified: true,
            assumption: None,
            is_tes_unknown: false,
            rate_mbps: None,
            limited_by: None,
            assumed_rate: AssumedRate {
                is_unknown: false,
                has_no_round_trip: false,
                has_default_streams: false,
            },
            distance: None,
        }
    }

    /// Billed to `payer`, if there is anything to bill.
    fn billed(self, payer: Payer) -> Self {
        let billed_to = if self.price_per_gb == 0.0 {
            Payer::Nobody
        } else {
            payer
        };
        Self { billed_to, ..self }
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
