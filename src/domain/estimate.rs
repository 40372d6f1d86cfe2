//! Cost and time of every (TES, object, access URI).

use std::collections::BTreeSet;

pub use super::copy::CopyEstimate;
use super::{
    copy::{cheapest_of_each_uri, is_local, no_copy, unread_scheme},
    exact::{Cost, Seconds},
    exclusion::Exclusion,
    findings::{Findings, Offer},
    money::{Currency, Rates},
    object::DataObject,
    output::{OutputEstimate, OutputFile, OutputsEstimate},
    query::Query,
    routes::Routes,
    scheme::Scheme,
    site::{SiteModel, Tries},
    transfer::{
        TransferModel,
        route::{Charge, Payer, Route},
    },
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
#[derive(Debug, Clone, PartialEq)]
pub struct TesEstimate {
    /// The position of the TES in the query.
    pub tes: usize,
    /// The cost of computing, of all expected tries.
    pub compute: Cost,
    /// The cost of disk.
    pub storage: Cost,
    /// The time from submission to start.
    pub queue: Seconds,
    /// The run time, of all expected tries.
    pub execution: Seconds,
    /// For each object, in the order of the query, its copies: at least one.
    pub objects: Vec<Vec<CopyEstimate>>,
    /// The transfers of the outputs, which no choice of copies changes.
    pub outputs: OutputsEstimate,
    /// What transfers are estimated from: [`CopyEstimate::route`] is a position in it.
    pub routes: Vec<Route>,
    /// The speed of the TES.
    pub speed: f64,
    /// How often the parts of the task are paid for.
    pub tries: Tries,
}

impl Default for TesEstimate {
    fn default() -> Self {
        Self {
            tes: 0,
            compute: Cost::ZERO,
            storage: Cost::ZERO,
            queue: Seconds::ZERO,
            execution: Seconds::ZERO,
            objects: Vec::new(),
            outputs: OutputsEstimate::default(),
            routes: Vec::new(),
            speed: 1.0,
            tries: Tries::ONE,
        }
    }
}

/// What estimates assume.
#[derive(Debug, Clone, Copy)]
pub struct Assumptions<'a> {
    /// How transfers are estimated.
    pub transfers: &'a TransferModel,
    /// What is known about each TES, in the order of the query.
    pub sites: &'a [SiteModel],
    /// The currency of the answer.
    pub target: Currency,
    /// Rates for the currencies of the routes.
    pub rates: &'a Rates,
}

impl Estimates {
    /// Estimates by the formulas of `docs/estimates.md`.
    ///
    /// # Errors
    /// [`Unrankable`] if no TES has a usable route to a copy of every object.
    pub fn new(
        query: &Query,
        findings: &Findings,
        routes: Routes<'_>,
        assumptions: &Assumptions<'_>,
    ) -> Result<Self, Unrankable> {
        let default = SiteModel::default();
        let mut warnings = Vec::new();
        let mut tes = Vec::with_capacity(findings.offers.len());
        let Routes {
            of_objects,
            of_offers,
            outputs,
            ..
        } = routes;
        let routes = of_offers.into_iter().zip(outputs.of_offers);
        for ((position, offer), (inbound, outbound)) in findings.offers.iter().zip(routes) {
            let Some(service) = query.tes().get(*position) else {
                continue;
            };
            let task = TaskAt {
                query,
                tes: *position,
                site: assumptions.sites.get(*position).unwrap_or(&default),
                offer,
                objects: &findings.objects,
                of_objects: &of_objects,
                outputs: &findings.outputs,
                of_outputs: &outputs.of_outputs,
                assumptions,
            };
            let mut unread = BTreeSet::new();
            let estimate = task.estimate(inbound, outbound, &mut unread);
            warnings.extend(unread.into_iter().map(|scheme| Warning::SchemeNotRead {
                service: service.to_string(),
                scheme,
            }));
            match estimate {
                Ok(estimate) => tes.push(estimate),
                Err(reason) => warnings.push(Warning::TesExcluded {
                    service: service.to_string(),
                    reason,
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

/// The task at one TES.
struct TaskAt<'a> {
    query: &'a Query,
    tes: usize,
    site: &'a SiteModel,
    offer: &'a Offer,
    objects: &'a [DataObject],
    of_objects: &'a [Vec<usize>],
    outputs: &'a [OutputFile],
    of_outputs: &'a [usize],
    assumptions: &'a Assumptions<'a>,
}

/// A route with its price in the currency of the answer.
#[derive(Clone, Copy)]
struct Priced {
    position: u32,
    per_gb: f64,
    bits_per_second: Option<f64>,
    is_own_host: bool,
}

impl Priced {
    /// Cost and duration of moving so many bytes.
    fn move_bytes(&self, size: f64) -> (Cost, Seconds) {
        let seconds = self.bits_per_second.map(|rate| size * 8.0 / rate);
        (
            Cost::from_f64(size / BYTES_PER_GB * self.per_gb),
            Seconds::from_f64(seconds.unwrap_or_default()),
        )
    }
}

impl TaskAt<'_> {
    /// Adds the schemes that the TES cannot read to `unread`.
    fn estimate(
        &self,
        inbound: Vec<Option<Route>>,
        outbound: Vec<Option<Route>>,
        unread: &mut BTreeSet<Scheme>,
    ) -> Result<TesEstimate, Exclusion> {
        if matches!(self.assumptions.transfers, TransferModel::Distance(_))
            && self.offer.transfer.is_none()
        {
            return Err(Exclusion::NoTransferPrice);
        }
        let site = self.site;
        let needs = self.query.needs();
        // A run time that was measured at the TES has its speed in it.
        let execution = match self.offer.run_time {
            Some(measured) => measured.to_f64(),
            None => needs.execution_seconds / site.speed,
        };
        let preemptions = if needs.preemptible == Some(true) {
            site.preemptions_per_hour
        } else {
            0.0
        };
        // Tasks that were preempted do not count where preemptions have a rate, whatever this task is.
        let rate = site.preemptions_per_hour;
        let share = site.failures.share(self.offer.outcomes, rate);
        let tries = Tries::new(share, preemptions, execution)
            .map_err(|times| Exclusion::Preempted(times.0))?;
        let mut routes = Vec::with_capacity(inbound.len() + outbound.len());
        let sources = self.price(inbound, &mut routes)?;
        let destinations = self.price(outbound, &mut routes)?;
        Ok(TesEstimate {
            tes: self.tes,
            compute: times(self.offer.compute, tries.of_execution),
            storage: self.offer.storage,
            queue: self.offer.queue,
            execution: Seconds::from_f64(execution * tries.of_execution),
            objects: self.copies(&sources, tries.of_transfers, unread)?,
            outputs: self.outputs(&destinations),
            routes,
            speed: site.speed,
            tries,
        })
    }

    /// The price of each of `routes`. Those that exist are added to `known`.
    fn price(
        &self,
        routes: Vec<Option<Route>>,
        known: &mut Vec<Route>,
    ) -> Result<Vec<Option<Priced>>, Exclusion> {
        let Assumptions {
            transfers,
            target,
            rates,
            ..
        } = *self.assumptions;
        let mut priced = Vec::with_capacity(routes.len());
        for route in routes {
            let Some(route) = route else {
                priced.push(None);
                continue;
            };
            let counts = transfers.counts(route.billed_to);
            let per_gb = match route.currency {
                _ if route.price_per_gb == 0.0 || !counts => 0.0,
                None => route.price_per_gb,
                Some(currency) => {
                    let factor = rates.factor(currency, target);
                    let factor = factor.ok_or_else(|| Exclusion::NoExchangeRate {
                        currencies: BTreeSet::from([currency]),
                        target,
                    })?;
                    route.price_per_gb * factor
                }
            };
            priced.push(Some(Priced {
                position: u32::try_from(known.len()).unwrap_or(u32::MAX),
                per_gb,
                bits_per_second: route.rate_mbps.map(|rate| rate * 1e6),
                is_own_host: route.charge == Charge::SameHost,
            }));
            known.push(route);
        }
        Ok(priced)
    }

    /// The copies of each object that the TES can read, transferred `repeats` times. Adds the schemes of the others to
    /// `unread`.
    fn copies(
        &self,
        priced: &[Option<Priced>],
        repeats: f64,
        unread: &mut BTreeSet<Scheme>,
    ) -> Result<Vec<Vec<CopyEstimate>>, Exclusion> {
        let reads = self.site.reads.as_deref();
        let copies = self.objects.iter().zip(self.of_objects);
        copies
            .map(|(object, sources)| {
                let size = bytes(object.size_bytes) * repeats;
                let estimates: Vec<_> = (0_u32..)
                    .zip(sources)
                    .filter_map(|(uri, &source)| {
                        let route = (*priced.get(source)?)?;
                        if !route.is_own_host && is_local(object, uri) {
                            return None;
                        }
                        if let Some(scheme) = unread_scheme(object, uri, reads) {
                            unread.insert(scheme);
                            return None;
                        }
                        let (cost, time) = route.move_bytes(size);
                        Some(CopyEstimate {
                            uri,
                            route: route.position,
                            cost,
                            time,
                        })
                    })
                    .collect();
                if estimates.is_empty() {
                    Err(no_copy(object, reads))
                } else {
                    Ok(cheapest_of_each_uri(object, estimates))
                }
            })
            .collect()
    }

    /// The outputs at known routes. They are moved once, by the attempt that succeeds.
    fn outputs(&self, priced: &[Option<Priced>]) -> OutputsEstimate {
        let files = self.outputs.iter().zip(self.of_outputs).enumerate();
        files
            .filter_map(|(output, (file, &destination))| {
                let route = (*priced.get(destination)?)?;
                let (cost, time) = route.move_bytes(bytes(file.size_bytes));
                Some(OutputEstimate {
                    output,
                    route: route.position,
                    cost,
                    time,
                })
            })
            .collect()
    }
}

/// A cost that is paid for `repeats` times.
fn times(cost: Cost, repeats: f64) -> Cost {
    // Most tasks are tried once: their costs stay exact.
    if repeats > 1.0 {
        Cost::from_f64(cost.to_f64() * repeats)
    } else {
        cost
    }
}

impl TesEstimate {
    /// The cost that no choice of copies changes.
    pub fn constant_cost(&self) -> Cost {
        self.compute + self.storage + self.outputs.cost
    }

    /// The time that no choice of copies changes.
    pub fn constant_time(&self) -> Seconds {
        self.queue + self.execution + self.outputs.time
    }

    /// Whether a copy of an object moves over a link.
    pub fn downloads_take_time(&self) -> bool {
        let mut copies = self.objects.iter().flatten();
        copies.any(|copy| self.is_rated(copy.route))
    }

    /// Whether an output moves over a link.
    pub fn uploads_take_time(&self) -> bool {
        let mut files = self.outputs.files.iter();
        files.any(|file| self.is_rated(file.route))
    }

    fn is_rated(&self, route: u32) -> bool {
        let route = self.routes.get(route as usize);
        route.is_some_and(|route| route.rate_mbps.is_some())
    }

    /// The part of the cost of the chosen access URIs that others than the caller are billed.
    pub fn billed_to_others(&self, uris: &[u32]) -> Cost {
        let chosen = self.objects.iter().zip(uris);
        chosen
            .filter_map(|(copies, uri)| copies.iter().find(|copy| copy.uri == *uri))
            .filter(|copy| {
                let route = self.routes.get(copy.route as usize);
                route.is_some_and(|route| route.billed_to == Payer::Owner)
            })
            .map(|copy| copy.cost)
            .sum()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "rounding a size to 53 bits is an error of 10^-16"
)]
const fn bytes(size: u64) -> f64 {
    size as f64
}
