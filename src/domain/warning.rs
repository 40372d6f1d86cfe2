//! Problems that do not prevent a ranking, and their texts.

use std::{collections::BTreeSet, fmt, sync::Arc};

use super::{
    disclosure::redacted,
    exact::Seconds,
    exclusion::{Exclusion, codes},
    first_ten::FirstTen,
    money::Currency,
    queue::NoQueueTime,
    registry::RegistryWarning,
    task::TaskWarning,
    transfer::warning::TransferWarning,
};

/// A problem that did not prevent the ranking.
///
/// The text alone must be enough to act on: it names the service, the call, the cause, and what to change. Services are
/// shown without user name and password.
#[derive(Debug, Clone, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// Properties that the schema of the request does not define, as JSON pointers, some with the name that may be meant.
    UnknownProperties(Vec<String>),
    /// The same service or object is listed more than once in `field`.
    Duplicate {
        /// The field of the request.
        field: &'static str,
        /// The repeated item.
        value: String,
    },
    /// The calls to this TES failed.
    TesUnavailable {
        /// The TES.
        service: String,
        /// Why the call failed; follows the name of the service.
        cause: String,
    },
    /// This TES answers, or need not be called, and is not ranked.
    TesExcluded {
        /// The TES.
        service: String,
        /// Why it is not ranked.
        reason: Exclusion,
    },
    /// The queue time at this TES is unknown, and the default of the price book is used.
    QueueTimeAssumed {
        /// The TES.
        service: String,
        /// Why it is unknown.
        cause: NoQueueTime,
        /// What is used instead.
        seconds: Seconds,
        /// Whether that is the `default_sec` of an entry in the price book.
        is_default_sec: bool,
    },
    /// The queue time at this TES is estimated without some of its tasks.
    UnreadableTasks {
        /// The TES.
        service: String,
        /// The number of recent tasks that it lists.
        tasks: usize,
        /// How many of them have no readable times.
        unreadable: usize,
    },
    /// The call for task info failed at this TES, and the price book is used.
    TaskInfoUnavailable {
        /// The TES.
        service: String,
        /// Why the call failed; follows the name of the service.
        cause: String,
    },
    /// All needs of the task are 0.
    NoNeeds,
    /// The calls to this DRS failed for some objects.
    DrsUnavailable {
        /// The DRS.
        service: String,
        /// Why the calls failed; follows the name of the service.
        cause: String,
        /// The objects that were to be fetched.
        objects: Vec<Arc<str>>,
        /// What may help: if the DRS refused access, it may have the objects.
        hint: Option<DrsHint>,
    },
    /// No DRS gives the size of this object, and 0 bytes are assumed.
    UnknownSize(Arc<str>),
    /// This DRS marks access methods of objects as not available.
    AccessMethodsUnavailable {
        /// The DRS.
        service: String,
        /// The objects.
        objects: Vec<Arc<str>>,
    },
    /// A part of a whole task is assumed or left as it is.
    Task(TaskWarning),
    /// A registry, or what it lists, cannot be used.
    Registry(RegistryWarning),
    /// The caller's token was not sent to this service, whose URI is plain http.
    TokenNotSentOverHttp {
        /// The service.
        service: String,
    },
    /// The caller's token was not sent to this service, which neither the request nor the configuration names.
    TokenNotSentToUnlisted {
        /// The service.
        service: String,
    },
    /// The location of this host is unknown.
    UnknownLocation {
        /// The host.
        host: String,
        /// Why it is unknown; follows the name of the host.
        cause: String,
    },
    /// The request has more hosts than are looked up for one request.
    TooManyHosts {
        /// How many are looked up.
        limit: usize,
        /// How many were not.
        skipped: usize,
    },
    /// The addresses of this host have different locations.
    SeveralLocations {
        /// The host.
        host: String,
        /// How many locations there are.
        count: usize,
    },
    /// The addresses of this host are answered from many sites, so that its location is a guess.
    ApproximateLocation {
        /// The host.
        host: String,
        /// Who runs the sites.
        operator: &'static str,
    },
    /// A DRS states a region that is far from where the host is.
    RegionDoubtful {
        /// The host.
        host: String,
        /// The region, with its cloud.
        region: String,
        /// The distance, in kilometres.
        km: f64,
        /// Whether the region is used, and not the location of the host.
        counts: bool,
    },
    /// Hosts with an unknown location are assumed to be this far away.
    DistanceAssumed {
        /// The distance, in kilometres.
        km: f64,
    },
    /// An estimate of transfers rests on an assumption.
    Transfer(TransferWarning),
    /// The answer would exceed its maximum size.
    AnswerTruncated {
        /// How many combinations are listed.
        listed: usize,
        /// The maximum size of all combinations, in bytes.
        max_bytes: usize,
    },
    /// A source of exchange rates failed, and older or configured rates are used.
    FallbackRates {
        /// The source, as a noun phrase.
        source: &'static str,
        /// Why the call failed; follows the source.
        cause: String,
        /// The date or age of the rates that are used, if known.
        as_of: Option<String>,
    },
    /// A source of exchange rates lacks some currencies, and the configured rates are used for them.
    IncompleteRates {
        /// The source, as a noun phrase.
        source: &'static str,
        /// The currencies that it lacks.
        currencies: BTreeSet<Currency>,
        /// The date of the rates that are used, if known.
        as_of: Option<String>,
    },
    /// A source of exchange rates failed, and there are no others.
    RatesUnavailable {
        /// The source, as a noun phrase.
        source: &'static str,
        /// Why the call failed; follows the source.
        cause: String,
    },
    /// There are more combinations than the requested limit.
    LimitReached {
        /// The number of combinations, as text: it can be any size.
        space: String,
        /// How many are listed.
        limit: usize,
        /// Whether the listed ones were drawn at random and are not the best.
        at_random: bool,
    },
}

/// What may help where a DRS does not say whether it has an object: mostly because it refused access (401 or 403).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrsHint {
    /// The call carried no token.
    NoToken,
    /// The call carried a token.
    Token,
    /// The DRS asks for a passport.
    Passport,
    /// The DRS seems to speak plain http, and was called by https.
    PlainHttp,
}

impl Warning {
    /// The name of the variant in snake case, as metrics count it.
    pub fn kind(&self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Warning {
    #[expect(clippy::too_many_lines, reason = "one text for each warning")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProperties(pointers) => {
                write!(f, "Unknown properties ignored: {}.", FirstTen(pointers))
            }
            Self::Duplicate { field, value } => {
                write!(f, "Duplicate in {field}: '{value}' is used once.")
            }
            Self::TesUnavailable { service, cause } => {
                write!(f, "TES unavailable: '{service}' {cause}.")
            }
            Self::TesExcluded { service, reason } => {
                write!(f, "TES excluded: '{service}' {reason}.")
            }
            Self::QueueTimeAssumed {
                service,
                cause,
                seconds,
                is_default_sec,
            } => write!(
                f,
                "Queue time assumed: '{service}' {cause}; {} s are used{}.",
                seconds.to_f64(),
                if *is_default_sec {
                    ", the default_sec of its entry in tes.price_book"
                } else {
                    ""
                }
            ),
            Self::UnreadableTasks {
                service,
                tasks,
                unreadable,
            } => write!(
                f,
                "Tasks unreadable: '{service}' lists {tasks} tasks, {unreadable} without readable times; its queue time is \
                 estimated from the others."
            ),
            Self::TaskInfoUnavailable { service, cause } => write!(
                f,
                "Task info unavailable: '{service}' {cause} to POST tasks/task-info; the prices of its entry in \
                 tes.price_book are used (task_info: never in that entry spares the call)."
            ),
            Self::NoNeeds => f.write_str(
                "No needs: cpu_cores, ram_gb, disk_gb and execution_time_sec are all 0, so that every TES costs the same; \
                 state what the task needs."
            ),
            Self::DrsUnavailable {
                service,
                cause,
                objects,
                hint,
            } => write!(
                f,
                "DRS unavailable: '{service}' {cause}; not fetched: {}{}.",
                Objects(objects),
                HintText(*hint)
            ),
            Self::UnknownSize(object) => write!(
                f,
                "Size unknown: no service gives the size of object '{}'; 0 bytes are assumed (drs.missing_size); \
                 object_sizes can state it.",
                redacted(object)
            ),
            Self::AccessMethodsUnavailable { service, objects } => write!(
                f,
                "Access methods unavailable: '{service}' marks access methods of {} as not available; they are not ranked.",
                Objects(objects)
            ),
            Self::Task(warning) => warning.fmt(f),
            Self::Registry(warning) => warning.fmt(f),
            Self::TokenNotSentOverHttp { service } => write!(
                f,
                "Token not sent: '{service}' is called over plain http; use https, or have the operator set \
                 outbound.forward_token_over_http or add the service to outbound.allowed_networks."
            ),
            Self::TokenNotSentToUnlisted { service } => write!(
                f,
                "Token not sent: '{service}' is named by a compact id resolver or a bundle, and not by the request; name \
                 it in the object id or in drs_uris, or have the operator add the prefix to drs.prefixes."
            ),
            Self::UnknownLocation { host, cause } => write!(
                f,
                "Location unknown: '{host}' {cause}; locations.overrides (for a bucket, locations.buckets) can set it."
            ),
            Self::TooManyHosts { limit, skipped } => write!(
                f,
                "Locations unknown: {skipped} hosts were not looked up, as the limit for one request is {limit}; request \
                 fewer objects."
            ),
            Self::SeveralLocations { host, count } => write!(
                f,
                "Location ambiguous: '{host}' has addresses in {count} locations; the nearest to each TES is used."
            ),
            Self::ApproximateLocation { host, operator } => write!(
                f,
                "Location approximate: '{host}' is served by {operator} from many sites; its data may be elsewhere, and \
                 locations.overrides can set where."
            ),
            Self::RegionDoubtful {
                host,
                region,
                km,
                counts,
            } => write!(
                f,
                "Location doubtful: a DRS states the region {region} for '{host}', which is {km:.0} km from there; {} is used, \
                 and locations.overrides can set another.",
                if *counts {
                    "the region"
                } else {
                    "the location of the host"
                }
            ),
            Self::DistanceAssumed { km } => write!(
                f,
                "Distance assumed: hosts with an unknown location are assumed to be {km} km away \
                 (estimation.unknown_distance_km)."
            ),
            Self::Transfer(warning) => warning.fmt(f),
            Self::AnswerTruncated { listed, max_bytes } => write!(
                f,
                "Answer truncated: only the first {listed} combinations fit in {max_bytes} bytes (limits.answer_bytes); \
                 request fewer objects or set a smaller limit."
            ),
            Self::FallbackRates {
                source,
                cause,
                as_of,
            } => write!(
                f,
                "Exchange rates unavailable: {source} {cause}; {} are used.",
                RatesOf(as_of.as_deref())
            ),
            Self::IncompleteRates {
                source,
                currencies,
                as_of,
            } => write!(
                f,
                "Exchange rates incomplete: {source} has no rate for {}; {} are used.",
                codes(currencies),
                RatesOf(as_of.as_deref())
            ),
            Self::RatesUnavailable { source, cause } => write!(
                f,
                "Exchange rates unavailable: {source} {cause}; exchange_rates.rates can set them."
            ),
            Self::LimitReached {
                space,
                limit,
                at_random: false,
            } => write!(
                f,
                "Limit reached: the best {limit} of {space} combinations are listed."
            ),
            Self::LimitReached {
                space,
                limit,
                at_random: true,
            } => write!(
                f,
                "Limit reached: {limit} of {space} combinations, drawn at random, are listed."
            ),
        }
    }
}

/// The first object, and how many more there are.
struct Objects<'a>(&'a [Arc<str>]);

impl fmt::Display for Objects<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("no object"),
            [only] => write!(f, "object '{}'", redacted(only)),
            [first, rest @ ..] => {
                write!(f, "object '{}' and {} more", redacted(first), rest.len())
            }
        }
    }
}

/// What may help.
struct HintText(Option<DrsHint>);

impl fmt::Display for HintText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => "",
            Some(DrsHint::NoToken) => ", which the DRS may have; send a token with the request",
            Some(DrsHint::Token) => {
                ", which the DRS may have; the token that was sent gives no access"
            }
            Some(DrsHint::Passport) => {
                ", which the DRS may have; GA4GH passports are not sent, only a bearer token or the credentials of the \
                 operator"
            }
            Some(DrsHint::PlainHttp) => {
                "; it seems to speak plain http: give its URI with http://, or for drs:// ids have the operator list it \
                 in drs.plain_http_hosts"
            }
        })
    }
}

/// Exchange rates by their date or age.
struct RatesOf<'a>(Option<&'a str>);

impl fmt::Display for RatesOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(date) => write!(f, "the rates of {date}"),
            None => f.write_str("rates of unknown date"),
        }
    }
}
