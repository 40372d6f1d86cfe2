//! The texts of warnings.

use std::{fmt, sync::Arc};

use super::{DrsHint, Warning};
use crate::domain::{
    disclosure::redacted, exclusion::codes, first_ten::FirstTen, queue::HistoryPart, site::Failures,
};

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
            Self::FailuresAssumed { service, cause } => write!(
                f,
                "Failures assumed: '{service}' {cause}; a share of {} is used (failures in its entry in tes.price_book).",
                Failures::History.share(None, 0.0)
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
            Self::TasksNotRead { service, part } => match part {
                HistoryPart::Newest { tasks, days, cause } => write!(
                    f,
                    "Tasks not read: '{service}' has more tasks than the newest {tasks} ({cause}); its queue time is estimated \
                     from those of the last {days:.1} days, without older ones that may wait (tes.history_max_age_days)."
                ),
                HistoryPart::Unfinished { tasks, cause } => write!(
                    f,
                    "Tasks not read: '{service}' does not list its newest tasks first, and only {tasks} of its tasks could be \
                     read: {cause}; its queue time is estimated from those that wait or run."
                ),
            },
            Self::TaskInfoUnavailable { service, cause } => write!(
                f,
                "Task info unavailable: '{service}' {cause} (POST tasks/task-info); the prices of its entry in \
                 tes.price_book are used. Where it has no task info, task_info: never in that entry spares the call."
            ),
            Self::SchemeNotRead { service, scheme } => write!(
                f,
                "Access URIs left out: '{service}' does not read {scheme}: URIs; if it does, add {scheme} to reads in its \
                 entry in tes.price_book."
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
            Self::OldRates {
                source,
                as_of,
                is_configured,
            } => write!(
                f,
                "Exchange rates outdated: the rates of {source} are of {as_of}, more than 7 days old; {}.",
                if *is_configured {
                    "exchange_rates.rates and exchange_rates.as_of can set newer ones"
                } else {
                    "exchange_rates.rates can set others with exchange_rates.source: static"
                }
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
