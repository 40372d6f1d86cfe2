//! What went wrong on the way without stopping the ranking.

use std::{collections::BTreeSet, fmt, sync::Arc};

use super::{exact::Seconds, money::Currency};

/// Something that the caller should know of although there is an answer.
///
/// Each is written for someone who has nothing but this line: which service, what happened, what to change.
#[derive(Debug, Clone, PartialEq)]
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
        /// Whether it may have them all the same.
        refusal: Option<Refusal>,
    },
    /// No DRS knows how large this object is.
    UnknownSize(Arc<str>),
    /// This DRS says of some access methods that they are not available.
    MethodsUnavailable {
        /// The DRS, without credentials.
        service: String,
        /// The objects that they would lead to.
        objects: Vec<Arc<str>>,
    },
    /// The caller's token was not sent to this service, as it would have gone over plain http.
    TokenHeldBack {
        /// The service, without credentials.
        service: String,
    },
    /// The caller's token was not sent to this service, as neither the caller nor the operator named it.
    TokenNotEntrusted {
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
    /// More hosts than are looked up for one request.
    TooManyHosts {
        /// How many are.
        most: usize,
        /// How many were not.
        left_out: usize,
    },
    /// The addresses of this host are in different places.
    SeveralPlaces {
        /// The host.
        host: String,
        /// How many places there are.
        count: usize,
    },
    /// Hosts without a known place are taken to be this far away.
    DistanceAssumed {
        /// How far, in kilometres.
        km: f64,
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
    /// This TES asks for more money than there is.
    TooDear {
        /// The TES, without credentials.
        service: String,
        /// The currency of the answer.
        target: Currency,
    },
    /// The answer would be larger than it may be.
    AnswerCut {
        /// How many combinations are listed.
        listed: usize,
        /// About how many bytes they may have.
        most_bytes: usize,
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

/// A service does not say what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// To someone without a token.
    NoToken,
    /// To whoever has this token.
    Token,
}

impl fmt::Display for Warning {
    #[expect(clippy::too_many_lines, reason = "one text for each warning")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProperties(pointers) => {
                write!(f, "Unknown properties ignored: {}.", Few(pointers))
            }
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
                refusal,
            } => write!(
                f,
                "DRS unavailable: '{service}' {cause} (asked for {}){}",
                Named(objects),
                Hint(*refusal)
            ),
            Self::UnknownSize(object) => write!(
                f,
                "Size unknown: object '{object}' was ranked as if it had 0 bytes (drs.missing_size)."
            ),
            Self::MethodsUnavailable { service, objects } => write!(
                f,
                "Access methods left out: '{service}' says that some are not available ({}).",
                Named(objects)
            ),
            Self::TokenHeldBack { service } => write!(
                f,
                "Token held back: '{service}' is called over plain http; use https, or have the operator set \
                 outbound.forward_token_over_http or add the service to outbound.allowed_networks."
            ),
            Self::TokenNotEntrusted { service } => write!(
                f,
                "Token held back: '{service}' was named by someone else than the request; name it in the id or in \
                 drs_uris, or have the operator add the prefix to drs.prefixes."
            ),
            Self::UnknownPlace { host, cause } => write!(
                f,
                "Location unknown: '{host}' {cause}; locations.overrides can say where it is."
            ),
            Self::TooManyHosts { most, left_out } => write!(
                f,
                "Locations unknown: {left_out} hosts were not looked up, as one request may have {most} of them; ask for \
                 fewer objects."
            ),
            Self::SeveralPlaces { host, count } => write!(
                f,
                "Location ambiguous: '{host}' has addresses in {count} places; of these the nearest to each TES counts."
            ),
            Self::DistanceAssumed { km } => write!(
                f,
                "Distance assumed: hosts at unknown places are taken to be {km} km away (estimation.unknown_distance_km)."
            ),
            Self::TesOutOfReach { service, object } => write!(
                f,
                "TES left out: '{service}' is at an unknown distance from every access URI of object '{object}'."
            ),
            Self::AnswerCut { listed, most_bytes } => write!(
                f,
                "Answer cut: the best {listed} combinations are all that fit in {most_bytes} bytes (limits.answer_bytes); \
                 a smaller limit or fewer objects give a whole answer."
            ),
            Self::TooDear { service, target } => write!(
                f,
                "TES left out: '{service}' has a price of more than 7e13 {target}, which cannot be meant."
            ),
            Self::NoRate {
                service,
                currencies,
                target,
            } => write!(
                f,
                "TES left out: '{service}' has prices in {}, for which there is no exchange rate to {target}; \
                 exchange_rates.rates can give one.",
                Codes(currencies)
            ),
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

/// The first ten of many names, each cut, and how many more there are.
struct Few<'a>(&'a [String]);

impl fmt::Display for Few<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for (position, name) in self.0.iter().take(SHOWN).enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{name:.100}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The first of many objects, and how many more there are.
struct Named<'a>(&'a [Arc<str>]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("nothing"),
            [only] => write!(f, "object '{only}'"),
            [first, rest @ ..] => write!(f, "object '{first}' and {} more", rest.len()),
        }
    }
}

/// What a refusal may mean, and the end of the sentence.
struct Hint(Option<Refusal>);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => ".",
            Some(Refusal::NoToken) => {
                "; it may have what was asked for, but shows it to no one without a token."
            }
            Some(Refusal::Token) => {
                "; it may have what was asked for, but does not show it to the token of the request."
            }
        })
    }
}

/// The codes of currencies.
struct Codes<'a>(&'a BTreeSet<Currency>);

impl fmt::Display for Codes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<_> = self.0.iter().map(|currency| currency.code()).collect();
        f.write_str(&codes.join(" and "))
    }
}
