//! Offers of TES and metadata of objects, merged and converted: the input of the estimates.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cloud::CloudRegion,
    exact::{Cost, Seconds},
    exclusion::Exclusion,
    geo::Host,
    money::{Currency, Money, Rates},
    object::{DataObject, MissingSize, ObjectRecords},
    output::OutputFile,
    query::Query,
    queue::QueueBasis,
    site::Outcomes,
    unrankable::UnrankableReason,
    warning::Warning,
};

/// Where the prices of an offer come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferSource {
    /// The task info of the TES itself.
    TaskInfo,
    /// The operator's `tes.price_book`.
    PriceBook,
}

/// What a task costs at a TES, in the currencies of its prices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaskInfo {
    /// Where the prices come from.
    pub source: OfferSource,
    /// The cost of computing.
    pub compute: Money,
    /// The cost of disk.
    pub storage: Money,
    /// The price of moving 1 GB (10^9 bytes) over 1000 km, if the TES or its entry states one.
    pub transfer: Option<Money>,
    /// The time from submission to start.
    pub queue: Seconds,
    /// What the queue time rests on.
    pub queue_basis: QueueBasis,
    /// How tasks in its history ended, if that is known.
    pub outcomes: Option<Outcomes>,
    /// The run time of earlier tasks with the same image, if the task's own is unknown.
    pub run_time: Option<Seconds>,
    /// The discount of the price book for preemptible tasks that is in the cost of computing, from 0 to 1.
    pub discount: f64,
}

/// The [`TaskInfo`] of a TES in the currency of the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Where the prices come from.
    pub source: OfferSource,
    /// The cost of computing.
    pub compute: Cost,
    /// The cost of disk.
    pub storage: Cost,
    /// The price of moving data, if the TES or its entry states one.
    pub transfer: Option<TransferPrice>,
    /// The time from submission to start.
    pub queue: Seconds,
    /// What the queue time rests on.
    pub queue_basis: QueueBasis,
    /// How tasks in its history ended, if that is known.
    pub outcomes: Option<Outcomes>,
    /// The run time of earlier tasks with the same image, if the task's own is unknown.
    pub run_time: Option<Seconds>,
    /// The discount of the price book for preemptible tasks that is in the cost of computing, from 0 to 1.
    pub discount: f64,
}

/// The price of moving 1 GB (10^9 bytes) over 1000 km, in the currency of the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferPrice(f64);

impl TransferPrice {
    /// The price as a plain number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TaskInfo {
    /// The currencies of its prices. An amount of 0 needs no rate.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        [Some(self.compute), Some(self.storage), self.transfer]
            .into_iter()
            .flatten()
            .filter(|price| price.amount() > 0.0)
            .map(Money::currency)
            .collect()
    }

    /// Converts all prices into `target`.
    ///
    /// # Errors
    /// [`Exclusion::NoExchangeRate`] and [`Exclusion::ImplausiblePrice`].
    pub fn convert(&self, target: Currency, rates: &Rates) -> Result<Offer, Exclusion> {
        let price = |money: Money| match rates.factor(money.currency(), target) {
            _ if money.amount() == 0.0 => Some(0.0),
            factor => factor.map(|factor| money.amount() * factor),
        };
        let (Some(compute), Some(storage), Some(transfer)) = (
            price(self.compute),
            price(self.storage),
            self.transfer
                .map_or(Some(None), |money| price(money).map(Some)),
        ) else {
            let mut currencies = self.currencies();
            currencies.retain(|&from| rates.factor(from, target).is_none());
            return Err(Exclusion::NoExchangeRate { currencies, target });
        };
        let transfer_price = transfer.unwrap_or_default();
        if [compute, storage, transfer_price]
            .into_iter()
            .any(Cost::cuts)
        {
            return Err(Exclusion::ImplausiblePrice { target });
        }
        Ok(Offer {
            source: self.source,
            compute: Cost::from_f64(compute),
            storage: Cost::from_f64(storage),
            transfer: transfer.map(TransferPrice),
            queue: self.queue,
            queue_basis: self.queue_basis,
            outcomes: self.outcomes,
            run_time: self.run_time,
            discount: self.discount,
        })
    }
}

/// The input of the estimates: at least one offer, and every object of the query.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The usable offers, each with the position of its TES in the query, in that order.
    pub offers: Vec<(usize, Offer)>,
    /// The objects, in the order of the query.
    pub objects: Vec<DataObject>,
    /// The outputs whose sizes are known.
    pub outputs: Vec<OutputFile>,
}

impl Findings {
    /// Merges the records of each object. `offers` has one entry for each TES of the query, in its order, `None` where
    /// there is no usable offer. Adds to `warnings`.
    ///
    /// # Errors
    /// Every [`UnrankableReason`]: [`NoOffer`](UnrankableReason::NoOffer), and those of objects that cannot be used.
    pub fn new(
        query: &Query,
        offers: Vec<Option<Offer>>,
        records: Vec<ObjectRecords>,
        missing_size: MissingSize,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, Vec<UnrankableReason>> {
        let mut reasons = Vec::new();
        let offers: Vec<_> = offers
            .into_iter()
            .enumerate()
            .filter_map(|(tes, offer)| Some((tes, offer?)))
            .collect();
        if offers.is_empty() {
            reasons.push(UnrankableReason::NoOffer);
        }
        let mut objects = Vec::with_capacity(records.len());
        for record in records {
            let known_size = query.object_size(&record.id);
            match DataObject::new(record, known_size, missing_size, warnings) {
                Ok(object) => objects.push(object),
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            Ok(Self {
                offers,
                objects,
                outputs: Vec::new(),
            })
        } else {
            Err(reasons)
        }
    }

    /// The regions that DRS state of copies, by host: a host itself tells more.
    pub fn stated_regions(&self) -> BTreeMap<&Host, CloudRegion> {
        let copies = self.objects.iter().flat_map(|object| &object.access);
        copies
            .filter_map(|access| match (&access.host, access.stated_region) {
                (host, Some(region)) => Some((host, region)),
                (host @ Host::Region { region, .. }, None)
                    if matches!(host.machine(), Host::Name(_) | Host::Address(_)) =>
                {
                    Some((host, *region))
                }
                _ => None,
            })
            .collect()
    }

    /// The hosts whose location matters, those of TES first, then those of copies: a host is no distance from itself,
    /// wherever it is.
    pub fn hosts_to_locate<'a>(&'a self, query: &'a Query) -> Vec<&'a Host> {
        let sources: BTreeSet<_> = self
            .objects
            .iter()
            .flat_map(|object| object.access.iter().map(|access| &access.host))
            .collect();
        let outputs = self.outputs.iter();
        let destinations: BTreeSet<_> = outputs
            .filter_map(|output| Some(&output.destination.as_ref()?.host))
            .filter(|host| !sources.contains(host))
            .collect();
        let targets: BTreeSet<_> = self
            .offers
            .iter()
            .filter_map(|(tes, _)| Some(query.tes().get(*tes)?.host()))
            .collect();
        let ends = || sources.iter().chain(&destinations).copied();
        let is_far_from_an_end = |host: &Host| ends().any(|end| end != host);
        let mut hosts: Vec<_> = targets
            .iter()
            .copied()
            .filter(|host| is_far_from_an_end(host))
            .collect();
        let further = ends().filter(|&host| {
            let is_listed = targets.contains(host) && is_far_from_an_end(host);
            targets.iter().any(|&tes| tes != host) && !is_listed
        });
        hosts.extend(further);
        hosts
    }
}
