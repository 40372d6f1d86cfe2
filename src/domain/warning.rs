//! Problems that do not prevent a ranking, and their texts.

mod text;

use std::{collections::BTreeSet, sync::Arc};

use super::{
    exact::Seconds,
    exclusion::Exclusion,
    money::Currency,
    queue::{HistoryPart, NoQueueTime},
    registry::RegistryWarning,
    scheme::Scheme,
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
    /// How many tasks fail at this TES is unknown, and the share without any task that ended is used.
    FailuresAssumed {
        /// The TES.
        service: String,
        /// Why it is unknown.
        cause: NoQueueTime,
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
    /// The queue time at this TES is estimated from a part of its tasks.
    TasksNotRead {
        /// The TES.
        service: String,
        /// Which part.
        part: HistoryPart,
    },
    /// The call for task info failed at this TES, and the price book is used.
    TaskInfoUnavailable {
        /// The TES.
        service: String,
        /// Why the call failed; follows the name of the service.
        cause: String,
    },
    /// Copies of objects are no choice at this TES, as it cannot read URIs with this scheme.
    SchemeNotRead {
        /// The TES.
        service: String,
        /// The scheme.
        scheme: Scheme,
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
    /// The exchange rates of a source that answers are more than a week old.
    OldRates {
        /// The source, as a noun phrase.
        source: &'static str,
        /// The date or age of the rates.
        as_of: String,
        /// Whether they are those of the configuration.
        is_configured: bool,
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

    /// Whether it tells of a value that is assumed or older than usual, and that estimates rest on.
    pub const fn is_assumption(&self) -> bool {
        matches!(
            self,
            Self::QueueTimeAssumed { .. }
                | Self::FailuresAssumed { .. }
                | Self::UnknownSize(_)
                | Self::Task(TaskWarning::NeedsAssumed(_) | TaskWarning::RunTimeAssumed { .. })
                | Self::DistanceAssumed { .. }
                | Self::Transfer(
                    TransferWarning::OldTables { .. } | TransferWarning::EmbeddedRates { .. }
                )
                | Self::FallbackRates { .. }
                | Self::IncompleteRates { .. }
        )
    }
}
