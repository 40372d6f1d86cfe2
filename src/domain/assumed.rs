//! The defaults and assumptions that the estimates of an answer rest on, as sentences.

mod text;

use super::{
    estimate::{Estimates, TesEstimate},
    findings::{Findings, Offer, OfferSource},
    query::Query,
    site::{Failures, SiteModel},
    transfer::{
        TransferModel,
        route::{Assumption, Charge},
    },
};

/// What is assumed, because nothing is known or stated. Names are those of TES.
#[derive(Debug, Clone, PartialEq)]
pub enum Assumed {
    /// A route has an assumed price.
    Price(Assumption),
    /// Prices are used that no source that was read has.
    UnverifiedPrices,
    /// Prices of egress are those of the first tier.
    FirstTier,
    /// Nothing is known about the networks of some routes: this rate in Mbit/s.
    UnknownRate(f64),
    /// The distance of some routes is unknown, so that no round trip limits their rates.
    NoRoundTrip,
    /// Downloads at these TES use so many connections.
    Streams(Vec<String>, f64),
    /// The links of these TES limit nothing.
    NoLink(Vec<String>),
    /// Transfers take no time.
    NoTransferTime,
    /// These TES have the speed 1.
    Speed(Vec<String>),
    /// No task fails at these TES.
    NoFailures(Vec<String>),
    /// These TES list no task that ended, so that their share of failures is this one.
    PriorFailures(Vec<String>, f64),
    /// No task is preempted at these TES.
    NoPreemptions(Vec<String>),
    /// A task is paid for so many times at this TES.
    Tries(String, f64),
    /// Machines at this TES have list prices.
    ListPrices {
        /// The TES.
        service: String,
        /// The date of the prices.
        as_of: String,
        /// Whether they are those of all regions of the provider.
        is_of_any_region: bool,
    },
    /// Disk at these TES costs nothing.
    FreeStorage(Vec<String>),
    /// Spot machines at this TES cost this part of the list price.
    Spot {
        /// The TES.
        service: String,
        /// The part.
        ratio: f64,
        /// Whether it was measured.
        is_measured: bool,
    },
    /// The request does not say whether the task may be preempted.
    PreemptibleUnstated,
}

/// What the estimates of an answer were made from.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The query.
    pub query: &'a Query,
    /// Offers and objects.
    pub findings: &'a Findings,
    /// The estimates.
    pub estimates: &'a Estimates,
    /// What is known about each TES, in the order of the query.
    pub sites: &'a [SiteModel],
    /// How transfers are estimated.
    pub transfers: &'a TransferModel,
}

/// One TES with an estimate.
struct Ranked<'a> {
    service: String,
    estimate: &'a TesEstimate,
    offer: &'a Offer,
    site: &'a SiteModel,
}

impl Basis<'_> {
    /// Everything that is assumed and is no warning.
    pub fn assumed(&self) -> Vec<Assumed> {
        let default = SiteModel::default();
        let estimates = self.estimates.tes.iter();
        let tes: Vec<_> = estimates
            .filter_map(|estimate| {
                let mut offers = self.findings.offers.iter();
                let (_, offer) = offers.find(|(position, _)| *position == estimate.tes)?;
                Some(Ranked {
                    service: self.query.tes().get(estimate.tes)?.to_string(),
                    estimate,
                    offer,
                    site: self.sites.get(estimate.tes).unwrap_or(&default),
                })
            })
            .collect();
        let mut all = self.of_routes(&tes);
        all.extend(self.of_runs(&tes));
        all.extend(self.of_prices(&tes));
        all
    }

    fn of_routes(&self, tes: &[Ranked<'_>]) -> Vec<Assumed> {
        let routes = || tes.iter().flat_map(|tes| &tes.estimate.routes);
        let model = match self.transfers {
            TransferModel::Distance(rate) => {
                let is_free =
                    rate.is_none() && routes().any(|route| route.charge == Charge::Distance);
                return is_free
                    .then_some(Assumed::NoTransferTime)
                    .into_iter()
                    .collect();
            }
            TransferModel::Network(model) => model,
        };
        let mut all = Vec::new();
        let of_tes = |is_unknown: bool| is_unknown.then_some(Assumption::TesUnknown);
        let assumptions = routes()
            .flat_map(|route| [route.assumption, of_tes(route.is_tes_unknown)])
            .flatten();
        for assumption in assumptions {
            if !all.contains(&Assumed::Price(assumption)) {
                all.push(Assumed::Price(assumption));
            }
        }
        let is_unverified = |charge, verified: bool| !verified && charge != Charge::Unknown;
        if routes().any(|route| is_unverified(route.charge, route.verified)) {
            all.push(Assumed::UnverifiedPrices);
        }
        let has_tiers = |charge| matches!(charge, Charge::Internet | Charge::InterRegion);
        if model.monthly_egress_gb == 0.0 && routes().any(|route| has_tiers(route.charge)) {
            all.push(Assumed::FirstTier);
        }
        if routes().any(|route| route.assumed_rate.is_unknown) {
            all.push(Assumed::UnknownRate(model.unknown.rate_mbps));
        }
        if routes().any(|route| route.assumed_rate.has_no_round_trip) {
            all.push(Assumed::NoRoundTrip);
        }
        let has_route = |tes: &Ranked<'_>, of: fn(&super::transfer::route::Route) -> bool| {
            tes.estimate.routes.iter().any(of)
        };
        all.extend(
            names(tes, |tes| {
                has_route(tes, |route| route.assumed_rate.has_default_streams)
            })
            .map(|names| Assumed::Streams(names, model.streams)),
        );
        all.extend(
            names(tes, |tes| {
                let link = &tes.site.link;
                (link.in_mbps.is_none() && tes.estimate.downloads_take_time())
                    || (link.out_mbps.is_none() && tes.estimate.uploads_take_time())
            })
            .map(Assumed::NoLink),
        );
        all
    }

    fn of_runs(&self, tes: &[Ranked<'_>]) -> Vec<Assumed> {
        let runs = self.query.needs().execution_seconds > 0.0;
        let is_default = |number: f64, default: f64| number.to_bits() == default.to_bits();
        // A measured run time has the speed in it.
        let speed = |tes: &Ranked<'_>| {
            runs && is_default(tes.site.speed, 1.0) && tes.offer.run_time.is_none()
        };
        let never_fails = |tes: &Ranked<'_>| tes.site.failures == Failures::Share(0.0);
        let is_prior = |tes: &Ranked<'_>| {
            !matches!(tes.site.failures, Failures::Share(_)) && tes.offer.outcomes.is_none()
        };
        let may_be_preempted = self.query.needs().preemptible == Some(true);
        let never_preempted =
            |tes: &Ranked<'_>| may_be_preempted && is_default(tes.site.preemptions_per_hour, 0.0);
        let prior = Failures::History.share(None, 0.0);
        let mut all: Vec<_> = [
            names(tes, speed).map(Assumed::Speed),
            names(tes, never_fails).map(Assumed::NoFailures),
            names(tes, is_prior).map(|names| Assumed::PriorFailures(names, prior)),
            names(tes, never_preempted).map(Assumed::NoPreemptions),
        ]
        .into_iter()
        .flatten()
        .collect();
        let repeated = tes
            .iter()
            .filter(|tes| tes.estimate.tries.of_execution > 1.0);
        all.extend(
            repeated
                .map(|tes| Assumed::Tries(tes.service.clone(), tes.estimate.tries.of_execution)),
        );
        all
    }

    fn of_prices(&self, tes: &[Ranked<'_>]) -> Vec<Assumed> {
        let preemptible = self.query.needs().preemptible;
        let mut all = Vec::new();
        let by_book = |tes: &&Ranked<'_>| tes.offer.source == OfferSource::PriceBook;
        for tes in tes.iter().filter(by_book) {
            let Some(list) = &tes.site.list_prices else {
                continue;
            };
            let service = || tes.service.clone();
            all.push(Assumed::ListPrices {
                service: service(),
                as_of: list.as_of.clone(),
                is_of_any_region: list.is_of_any_region,
            });
            if let (Some(spot), Some(true)) = (list.spot, preemptible) {
                all.push(Assumed::Spot {
                    service: service(),
                    ratio: spot.ratio,
                    is_measured: spot.is_measured,
                });
            }
        }
        let needs_disk = self.query.needs().disk_gb > 0.0;
        let is_free = |tes: &Ranked<'_>| {
            needs_disk
                && by_book(&tes)
                && tes
                    .site
                    .list_prices
                    .as_ref()
                    .is_some_and(|list| list.has_free_storage)
        };
        all.extend(names(tes, is_free).map(Assumed::FreeStorage));
        if preemptible.is_none() && !tes.is_empty() {
            all.push(Assumed::PreemptibleUnstated);
        }
        all
    }
}

/// The names of those TES of which `holds` is true, if there are any.
fn names(tes: &[Ranked<'_>], holds: impl Fn(&Ranked<'_>) -> bool) -> Option<Vec<String>> {
    let found = tes.iter().filter(|tes| holds(tes));
    let found: Vec<_> = found.map(|tes| tes.service.clone()).collect();
    (!found.is_empty()).then_some(found)
}
