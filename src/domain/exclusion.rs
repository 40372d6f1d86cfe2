//! Why a TES that answers is not ranked.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    disclosure::redacted,
    money::{BadAmount, Currency},
};

/// Why a TES is excluded from the ranking. The text follows the name of the TES.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Exclusion {
    /// By `tes.price_book`, it is too small for the task or in none of its zones.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It has no task info, and the operator gives no prices for it.
    #[error("has no task info endpoint and no entry in tes.price_book; add an entry")]
    NoPrices,
    /// Task info is switched off, and the operator gives no prices for it.
    #[error(
        "has no entry in tes.price_book, and tes.task_info is never; add an entry or set tes.task_info to auto"
    )]
    NotInPriceBook,
    /// It has no task info, and the operator's prices are switched off.
    #[error(
        "has no task info endpoint, and tes.task_info is always; set tes.task_info to auto to use tes.price_book"
    )]
    NoTaskInfo,
    /// An amount computed from `tes.price_book` is out of range.
    #[error("has an implausible price by tes.price_book: {0}")]
    PriceOutOfRange(BadAmount),
    /// A price cannot be converted into the currency of the answer.
    #[error(
        "has prices in {}, for which there is no exchange rate to {target}; exchange_rates.rates can set one",
        codes(.currencies)
    )]
    NoExchangeRate {
        /// The currencies without a rate.
        currencies: BTreeSet<Currency>,
        /// The currency of the answer.
        target: Currency,
    },
    /// A price is above 2^46 in the currency of the answer, about 7 * 10^13.
    #[error("has an implausible price (above 7e13 {target})")]
    ImplausiblePrice {
        /// The currency of the answer.
        target: Currency,
    },
    /// The transfer model needs a price of transfers, and neither the TES nor its entry has one.
    #[error(
        "has no price of data transfer, which estimation.transfer_model: distance needs; add data_transfer to its entry \
         in tes.price_book"
    )]
    NoTransferPrice,
    /// The task would be preempted this many times in one run.
    #[error(
        "would preempt the task about {0:.1} times in one run (preemptions_per_hour); request preemptible: false"
    )]
    Preempted(f64),
    /// Its distance to all access URIs of an object is unknown.
    #[error(
        "has no known distance to any access URI of object '{}'; locations.overrides or \
         estimation.unknown_distance_km can set one",
        redacted(.object)
    )]
    NoDistance {
        /// The first such object.
        object: Arc<str>,
    },
    /// None of the copies of an object has a scheme that it can read.
    #[error(
        "can read no access URI of object '{}' (reads in its entry in tes.price_book)",
        redacted(.object)
    )]
    NothingToRead {
        /// The first such object.
        object: Arc<str>,
    },
    /// All copies of an object are paths, which only another host can read.
    #[error(
        "cannot read object '{}', whose only access URIs are paths on the host of its DRS",
        redacted(.object)
    )]
    OnlyLocalPaths {
        /// The first such object.
        object: Arc<str>,
    },
}

/// Why a TES cannot run a task. The text follows the name of the TES.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Too few CPU cores.
    #[error("has at most {has} CPU cores, and the task needs {needs}")]
    Cores {
        /// The cores of its largest machine.
        has: f64,
        /// The cores that the task needs.
        needs: f64,
    },
    /// Too little memory or disk.
    #[error("has at most {has} GB of {what}, and the task needs {needs}")]
    Gigabytes {
        /// `memory` or `disk`.
        what: &'static str,
        /// The capacity, in gigabytes.
        has: f64,
        /// What the task needs, in gigabytes.
        needs: f64,
    },
    /// It does not offer a backend parameter that the task needs strictly.
    #[error(
        "does not offer the backend parameter '{name}' with the value '{value}', and backend_parameters_strict is set; \
         labels in its entry in tes.price_book can list it"
    )]
    NoLabel {
        /// The name of the parameter.
        name: String,
        /// The value that the task needs.
        value: String,
    },
    /// None of its zones is one of the task's.
    #[error("has machines only in {}, and the task must run in other zones", .0.join(", "))]
    NoZone(Vec<String>),
}

/// The codes of `currencies`, such as `CHF and USD`.
pub(super) fn codes(currencies: &BTreeSet<Currency>) -> String {
    let codes: Vec<_> = currencies.iter().map(|currency| currency.code()).collect();
    codes.join(" and ")
}
