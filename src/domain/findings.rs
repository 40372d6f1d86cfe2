//! What the services said, made to agree.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use url::Url;

use super::{
    exact::{Cost, Seconds},
    geo::Host,
    money::{Currency, Money, Rates},
    query::Query,
    unrankable::Reason,
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
    /// The currencies that have no rate to `target`.
    pub fn convert(&self, target: Currency, rates: &Rates) -> Result<Offer, BTreeSet<Currency>> {
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
            (Some(compute), Some(storage), Some(transfer)) => Ok(Offer {
                source: self.source,
                compute: Cost::from_f64(compute),
                storage: Cost::from_f64(storage),
                transfer: TransferPrice(transfer),
                queue: self.queue,
            }),
            _ => Err(missing),
        }
    }
}

/// What one DRS says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrsRecord {
    /// How large the object is.
    pub size_bytes: u64,
    /// Checksums by their type, both in lower case.
    pub checksums: BTreeMap<String, String>,
    /// Where the object may be had, as the DRS gives it.
    pub access_uris: Vec<String>,
}

/// An input object of the task, as all DRS that have it agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataObject {
    /// The id that it was asked for by.
    pub id: Arc<str>,
    /// How large it is.
    pub size_bytes: u64,
    /// Where it may be had, each URI once, in the order in which they were first given.
    pub access: Vec<AccessUri>,
}

/// A URI that an object may be had from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUri {
    /// The URI as the DRS gave it.
    pub uri: Arc<str>,
    /// Where it points; the DRS itself for URIs without a host.
    pub host: Host,
}

impl AccessUri {
    /// Whether it names no host of its own, as `file:///data` does: it is at the DRS that gave it.
    pub fn is_at_drs(&self) -> bool {
        Url::parse(&self.uri)
            .ok()
            .and_then(|url| Host::of(&url))
            .is_none()
    }
}

/// Everything that was found out for a query: at least one offer, and every object.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The usable offers, by the position of the TES in the query.
    pub offers: Vec<(usize, Offer)>,
    /// The objects, in the order of the query.
    pub objects: Vec<DataObject>,
}

impl Findings {
    /// Puts together what the services said: `offers` has an entry for each TES, and `records` for each object and DRS,
    /// in the order of the query, `None` where there was no usable answer.
    ///
    /// # Errors
    /// Every [`Reason`] why there is nothing to rank: no offer, an object that is nowhere or not the same everywhere.
    pub fn new(
        query: &Query,
        offers: Vec<Option<Offer>>,
        records: Vec<Vec<Option<DrsRecord>>>,
    ) -> Result<Self, Vec<Reason>> {
        let mut reasons = Vec::new();
        let offers: Vec<_> = offers
            .into_iter()
            .enumerate()
            .filter_map(|(tes, offer)| Some((tes, offer?)))
            .collect();
        if offers.is_empty() {
            reasons.push(Reason::NoOffer);
        }
        let mut objects = Vec::with_capacity(records.len());
        for (id, copies) in query.objects().iter().zip(records) {
            match agree(query, id, copies) {
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
}

/// One object out of what each DRS says of it.
fn agree(
    query: &Query,
    id: &Arc<str>,
    copies: Vec<Option<DrsRecord>>,
) -> Result<DataObject, Reason> {
    let copies: Vec<_> = query
        .drs()
        .iter()
        .zip(copies)
        .filter_map(|(drs, copy)| Some((drs, copy?)))
        .collect();
    let Some(((first, reference), others)) = copies.split_first() else {
        return Err(Reason::Nowhere(Arc::clone(id)));
    };
    // The first value of each checksum type, with who gave it: not every DRS has every type.
    let mut known: BTreeMap<_, _> = reference
        .checksums
        .iter()
        .map(|(kind, value)| (kind, (value, *first)))
        .collect();
    for (drs, record) in others {
        let differs = |other: &dyn ToString, what| Reason::Differs {
            object: Arc::clone(id),
            first: other.to_string(),
            second: drs.to_string(),
            what,
        };
        if record.size_bytes != reference.size_bytes {
            let what = format!(
                "size {} and {} bytes",
                reference.size_bytes, record.size_bytes
            );
            return Err(differs(first, what));
        }
        for (kind, value) in &record.checksums {
            let &mut (expected, other) = known.entry(kind).or_insert((value, *drs));
            if expected != value {
                return Err(differs(
                    other,
                    format!("{kind} checksum '{expected}' and '{value}'"),
                ));
            }
        }
    }

    let mut seen = HashSet::new();
    let access: Vec<_> = copies
        .iter()
        .flat_map(|(drs, record)| record.access_uris.iter().map(move |uri| (drs.host(), uri)))
        .filter(|(_, uri)| seen.insert(uri.as_str()))
        .map(|(drs, uri)| {
            let host = Url::parse(uri).ok().and_then(|url| Host::of(&url));
            AccessUri {
                uri: uri.as_str().into(),
                host: host.unwrap_or_else(|| drs.clone()),
            }
        })
        .collect();
    if access.is_empty() {
        return Err(Reason::NoAccessUri(Arc::clone(id)));
    }
    Ok(DataObject {
        id: Arc::clone(id),
        size_bytes: reference.size_bytes,
        access,
    })
}
