//! What went wrong on the way without stopping the ranking.

use std::{collections::BTreeSet, fmt, sync::Arc};

use super::{exact::Seconds, money::Currency};

/// Something that the caller should know of although there is an answer.
///
/// Each is written for someone who has nothing but this line: which service, what happened, what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Properties of the request that mean nothing to us, as JSON pointers.
    UnknownProperties(Vec<String>),
    /// The same service or object was named more than once in this field.
    Duplicate {
        /// The field of the request.
        field: &'static str,
        /// What was repeated, without credentials.
        value: String,
    },
    /// This TES gave no usable offer.
    TesUnavailable {
        /// The TES, without credentials.
        service: String,
        /// What it did.
        cause: String,
    },
    /// This TES is no place for the task, or its prices are not known.
    TesLeftOut {
        /// The TES, without credentials.
        service: String,
        /// Why.
        cause: String,
    },
    /// It is not known how long a task waits at this TES.
    QueueAssumed {
        /// The TES, without credentials.
        service: String,
        /// Why not.
        cause: String,
        /// What is taken instead.
        seconds: Seconds,
    },
    /// This DRS did not say what it knows of some objects.
    DrsUnavailable {
        /// The DRS, without credentials.
        service: String,
        /// What it did.
        cause: String,
        /// The objects that it was asked for in vain.
        objects: Vec<Arc<str>>,
    },
    /// The caller's token was not sent to this service, as it would have gone over plain http.
    TokenHeldBack {
        /// The service, without credentials.
        service: String,
    },
    /// No one knows where this host is.
    UnknownPlace {
        /// The host.
        host: String,
        /// Why it is not known.
        cause: String,
    },
    /// This TES cannot be reached from any known place of an object.
    TesOutOfReach {
        /// The TES, without credentials.
        service: String,
        /// The first such object.
        object: Arc<str>,
    },
    /// This TES asks for money that cannot be converted.
    NoRate {
        /// The TES, without credentials.
        service: String,
        /// The currencies without a rate.
        currencies: BTreeSet<Currency>,
        /// The currency of the answer.
        target: Currency,
    },
    /// A source of exchange rates failed, and older rates stand in.
    RatesFellBack {
        /// Who it is, in words.
        source: &'static str,
        /// What it did.
        cause: String,
        /// The date or age of the rates that are used, if it is known.
        as_of: Option<String>,
    },
    /// A source of exchange rates failed, and nothing stands in.
    RatesUnavailable {
        /// Who it is, in words.
        source: &'static str,
        /// What it did.
        cause: String,
    },
    /// There are more combinations than were asked for.
    Cut {
        /// How many there are.
        space: String,
        /// How many are in the answer.
        limit: usize,
        /// Whether these were drawn by chance, and are not the best.
        at_random: bool,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProperties(pointers) => write_unknown(f, pointers),
            Self::Duplicate { field, value } => {
                write!(f, "Duplicate in {field}: '{value}' was taken once.")
            }
            Self::TesUnavailable { service, cause } => {
                write!(f, "TES unavailable: '{service}' {cause}.")
            }
            Self::TesLeftOut { service, cause } => {
                write!(f, "TES left out: '{service}' {cause}.")
            }
            Self::QueueAssumed {
                service,
                cause,
                seconds,
            } => write!(
                f,
                "Queue time assumed: '{service}' {cause}; {} s were taken, the default_sec of its entry in \
                 tes.price_book.",
                seconds.to_f64()
            ),
            Self::DrsUnavailable {
                service,
                cause,
                objects,
            } => {
                write!(f, "DRS unavailable: '{service}' {cause} (asked for ")?;
                match objects.as_slice() {
                    [] => f.write_str("nothing)."),
                    [only] => write!(f, "object '{only}')."),
                    [first, rest @ ..] => write!(f, "object '{first}' and {} more).", rest.len()),
                }
            }
            Self::TokenHeldBack { service } => write!(
                f,
                "Token held back: '{service}' is called over plain http; use https, or have the operator set \
                 outbound.forward_token_over_http or add the service to outbound.allowed_networks."
            ),
            Self::UnknownPlace { host, cause } => write!(
                f,
                "Location unknown: '{host}' {cause}; locations.overrides can say where it is."
            ),
            Self::TesOutOfReach { service, object } => write!(
                f,
                "TES left out: '{service}' is at an unknown distance from every access URI of object '{object}'."
            ),
            Self::NoRate {
                service,
                currencies,
                target,
            } => {
                write!(f, "TES left out: '{service}' has prices in ")?;
                for (position, currency) in currencies.iter().enumerate() {
                    if position > 0 {
                        f.write_str(" and ")?;
                    }
                    currency.fmt(f)?;
                }
                write!(
                    f,
                    ", for which there is no exchange rate to {target}; exchange_rates.rates can give one."
                )
            }
            Self::RatesFellBack {
                source,
                cause,
                as_of,
            } => {
                write!(f, "Exchange rates unavailable: {source} {cause}; ")?;
                match as_of {
                    Some(date) => write!(f, "the rates of {date} were used instead."),
                    None => f.write_str("older rates of unknown date were used instead."),
                }
            }
            Self::Cut {
                space,
                limit,
                at_random: false,
            } => write!(
                f,
                "There are {space} combinations; the best {limit} are listed."
            ),
            Self::Cut {
                space,
                limit,
                at_random: true,
            } => write!(
                f,
                "There are {space} combinations; {limit} of them, drawn at random, are listed."
            ),
            Self::RatesUnavailable { source, cause } => write!(
                f,
                "Exchange rates unavailable: {source} {cause}; exchange_rates.rates can give some."
            ),
        }
    }
}

fn write_unknown(f: &mut fmt::Formatter<'_>, pointers: &[String]) -> fmt::Result {
    const SHOWN: usize = 10;
    f.write_str("Unknown properties ignored: ")?;
    for (position, pointer) in pointers.iter().take(SHOWN).enumerate() {
        let comma = if position > 0 { ", " } else { "" };
        write!(f, "{comma}{pointer:.100}")?;
    }
    match pointers.len().saturating_sub(SHOWN) {
        0 => f.write_str("."),
        more => write!(f, " and {more} more."),
    }
}
