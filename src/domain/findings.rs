//! What the services said, made to agree.

use std::collections::BTreeSet;

use super::{
    exact::{Cost, Seconds},
    geo::Host,
    money::{Currency, Money, Rates},
    object::{DataObject, MissingSize, ObjectRecords},
    query::Query,
    unrankable::UnrankableReason,
    warning::Warning,
};

/// Who says what a task costs at a TES.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferSource {
    /// The TES itself, asked for task info.
    TaskInfo,
    /// The operator, in `tes.price_book`.
    PriceBook,
}

/// What a task costs at a TES, in its own currencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaskInfo {
    /// Who says so.
    pub source: OfferSource,
    /// What computing the task costs.
    pub compute: Money,
    /// What its disk costs.
    pub storage: Money,
    /// What moving 1 GB (10^9 bytes) over 1000 km costs.
    pub transfer: Money,
    /// How long the task waits before it runs.
    pub queue: Seconds,
}

/// A TES's prices in the currency of the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Who says so.
    pub source: OfferSource,
    /// What computing the task costs.
    pub compute: Cost,
    /// What its disk costs.
    pub storage: Cost,
    /// What moving data costs.
    pub transfer: TransferPrice,
    /// How long the task waits before it runs.
    pub queue: Seconds,
}

/// The price of moving 1 GB (10^9 bytes) over 1000 km, in the currency of the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferPrice(f64);

impl TransferPrice {
    /// The bare number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// The prices of an offer cannot be told in another currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unconvertible {
    /// These currencies have no rate.
    NoRate(BTreeSet<Currency>),
    /// One of them is beyond 2^46, about 7 * 10^13.
    TooMuch,
}

impl TaskInfo {
    /// The currencies that its prices are in.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        [self.compute, self.storage, self.transfer]
            .map(Money::currency)
            .into()
    }

    /// The same prices in `target`.
    ///
    /// # Errors
    /// [`Unconvertible`] if there is no rate for one of them, or it is beyond what can be reckoned with.
    pub fn convert(&self, target: Currency, rates: &Rates) -> Result<Offer, Unconvertible> {
        let missing: BTreeSet<_> = self
            .currencies()
            .into_iter()
            .filter(|&from| rates.factor(from, target).is_none())
            .collect();
        let price = |money: Money| {
            rates
                .factor(money.currency(), target)
                .map(|factor| money.amount() * factor)
        };
        match (
            price(self.compute),
            price(self.storage),
            price(self.transfer),
        ) {
            (Some(compute), Some(storage), Some(transfer))
                if [compute, storage, transfer].into_iter().any(Cost::cuts) =>
            {
                Err(Unconvertible::TooMuch)
            }
            (Some(compute), Some(storage), Some(transfer)) => Ok(Offer {
                source: self.source,
                compute: Cost::from_f64(compute),
                storage: Cost::from_f64(storage),
                transfer: TransferPrice(transfer),
                queue: self.queue,
            }),
            _ => Err(Unconvertible::NoRate(missing)),
        }
    }
}

/// Everything that was found out for a query: at least one offer, and every object.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The usable offers, each with the position of the TES in the query and in that order.
    pub offers: Vec<(usize, Offer)>,
    /// The objects, in the order of the query.
    pub objects: Vec<DataObject>,
}

impl Findings {
    /// Puts together what the services said: `offers` has an entry for each TES, in the order of the query, `None` where
    /// there was no usable answer. What is odd about the objects goes to `warnings`.
    ///
    /// # Errors
    /// Every [`UnrankableReason`] why there is nothing to rank: no offer, or an object that is of no use.
    pub fn new(
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
            match DataObject::new(record, missing_size, warnings) {
                Ok(object) => objects.push(object),
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            Ok(Self { offers, objects })
        } else {
            Err(reasons)
        }
    }

    /// The hosts whose location matters, those of TES first: a host is no distance from itself, wherever it is.
    pub fn hosts_to_locate<'a>(&'a self, query: &'a Query) -> Vec<&'a Host> {
        let sources: BTreeSet<_> = self
            .objects
            .iter()
            .flat_map(|object| object.access.iter().map(|access| &access.host))
            .collect();
        let targets: BTreeSet<_> = self
            .offers
            .iter()
            .filter_map(|(tes, _)| Some(query.tes().get(*tes)?.host()))
            .collect();
        let has_another =
            |host: &Host, others: &BTreeSet<&Host>| others.iter().any(|&other| other != host);
        let mut hosts: Vec<_> = targets
            .iter()
            .copied()
            .filter(|host| has_another(host, &sources))
            .collect();
        let further = sources.iter().copied().filter(|&host| {
            let is_listed = targets.contains(host) && has_another(host, &sources);
            has_another(host, &targets) && !is_listed
        });
        hosts.extend(further);
        hosts
    }
}
