//! Warnings, reasons without a ranking, and errors of values.

use std::{collections::BTreeSet, sync::Arc};

use super::{Section, samples, section};
use crate::{
    auth::AuthError,
    client::FetchError,
    domain::{
        assumed::Assumed,
        calibrate::warning::CalibrationWarning,
        credential_match::BadCredentialMatch,
        exact::Seconds,
        exclusion::{Exclusion, Unfit},
        geo::Coordinates,
        mode::BadMode,
        money::{BadAmount, Currency, Money},
        object_id::BadDrsUri,
        price_book::BadTesMatch,
        query::RequestFaultReason,
        queue::{HistoryPart, ListCut, NoQueueTime},
        registry::RegistryWarning,
        scheme::{BadScheme, Scheme},
        service::BadServiceUri,
        task::{AssumedNeed, TaskWarning},
        token::MalformedToken,
        transfer::{route::Assumption, warning::TransferWarning},
        unrankable::{BundleFault, Difference, UnrankableReason},
        warning::{DrsHint, Warning},
    },
    drs::UnresolvedId,
    locations::LocateError,
};

const TES: &str = "https://tes.example/ga4gh/tes/v1/";
const DRS: &str = "https://drs.example/ga4gh/drs/v1/";

pub(super) fn sections() -> Vec<Section> {
    vec![
        section("Warnings", warnings()),
        section("Warnings of calibrate", calibration_warnings()),
        section("Assumptions of an explained answer", assumed()),
        section("Exclusions of a TES", exclusions()),
        section("Reasons for no ranking", reasons()),
        section("Differences between DRS", differences()),
        section("Faults of a request", request_faults()),
        section("Faults of a token", auth_errors()),
        section("Faults of values", values()),
    ]
}

fn assumed() -> Vec<Assumed> {
    let tes = || vec![TES.to_owned()];
    let list = |is_of_any_region| Assumed::ListPrices {
        service: TES.to_owned(),
        as_of: "2025-03".to_owned(),
        is_of_any_region,
    };
    let spot = |is_measured| Assumed::Spot {
        service: TES.to_owned(),
        ratio: 0.34,
        is_measured,
    };
    samples!(Assumed:
        Assumed::Price(_) => [
            Assumed::Price(Assumption::CommonRegion),
            Assumed::Price(Assumption::NoRow),
            Assumed::Price(Assumption::TesUnknown),
            Assumed::Price(Assumption::SourceUnknown),
            Assumed::Price(Assumption::DestinationUnknown),
            Assumed::Price(Assumption::TesProviderUnknown),
        ]
        Assumed::UnverifiedPrices => [Assumed::UnverifiedPrices]
        Assumed::FirstTier => [Assumed::FirstTier]
        Assumed::UnknownRate(_) => [Assumed::UnknownRate(1000.0)]
        Assumed::NoRoundTrip => [Assumed::NoRoundTrip]
        Assumed::Streams(..) => [Assumed::Streams(tes(), 8.0)]
        Assumed::NoLink(_) => [Assumed::NoLink(tes())]
        Assumed::NoTransferTime => [Assumed::NoTransferTime]
        Assumed::Speed(_) => [Assumed::Speed(tes())]
        Assumed::NoFailures(_) => [Assumed::NoFailures(tes())]
        Assumed::PriorFailures(..) => [Assumed::PriorFailures(tes(), 0.05)]
        Assumed::NoPreemptions(_) => [Assumed::NoPreemptions(tes())]
        Assumed::Tries(..) => [Assumed::Tries(TES.to_owned(), 1.25)]
        Assumed::ListPrices { .. } => [list(false), list(true)]
        Assumed::FreeStorage(_) => [Assumed::FreeStorage(tes())]
        Assumed::Spot { .. } => [spot(true), spot(false)]
        Assumed::PreemptibleUnstated => [Assumed::PreemptibleUnstated]
    )
}

fn calibration_warnings() -> Vec<CalibrationWarning> {
    let service = || TES.to_owned();
    let no_speed = |has_runs| CalibrationWarning::NoSpeed {
        service: service(),
        has_runs,
    };
    samples!(CalibrationWarning:
        CalibrationWarning::Duplicate { .. } => [CalibrationWarning::Duplicate { service: service() }]
        CalibrationWarning::Unavailable { .. } => [CalibrationWarning::Unavailable {
            service: service(),
            cause: FetchError::Status(http::StatusCode::NOT_FOUND).to_string(),
        }]
        CalibrationWarning::Incomplete { .. } => [CalibrationWarning::Incomplete {
            service: service(),
            tasks: 7850,
        }]
        CalibrationWarning::NoQueue { .. } => [CalibrationWarning::NoQueue {
            service: service(),
            cause: NoQueueTime::Unreadable { tasks: 7, unreadable: 7 },
        }]
        CalibrationWarning::NoFailures { .. } => [CalibrationWarning::NoFailures {
            service: service(),
            max_age_days: 7.0,
        }]
        CalibrationWarning::NoSpeed { .. } => [no_speed(true), no_speed(false)]
        CalibrationWarning::OneTes => [CalibrationWarning::OneTes]
        CalibrationWarning::NoPrices { .. } => [CalibrationWarning::NoPrices { service: service() }]
    )
}

fn objects(count: usize) -> Vec<Arc<str>> {
    (1..=count).map(|n| format!("a{n}").into()).collect()
}

fn currencies(count: usize) -> BTreeSet<Currency> {
    Currency::EVERY.iter().copied().take(count).collect()
}

fn bad_amount() -> BadAmount {
    Money::new(-1.0, Currency::EUR).unwrap_err()
}

#[expect(
    clippy::too_many_lines,
    reason = "a list with one entry for each variant"
)]
fn warnings() -> Vec<Warning> {
    let tes = || TES.to_owned();
    let drs = || DRS.to_owned();
    let cause = || FetchError::Status(http::StatusCode::NOT_FOUND).to_string();
    let pointers = |count| (1..=count).map(|n| format!("/x{n}")).collect();
    let drs_unavailable = |count, hint| Warning::DrsUnavailable {
        service: drs(),
        cause: cause(),
        objects: objects(count),
        hint,
    };
    let unavailable = |count| Warning::AccessMethodsUnavailable {
        service: drs(),
        objects: objects(count),
    };
    let fallback = |as_of: Option<&str>| Warning::FallbackRates {
        source: "the European Central Bank",
        cause: cause(),
        as_of: as_of.map(str::to_owned),
    };
    let incomplete = |count, as_of: Option<&str>| Warning::IncompleteRates {
        source: "the European Central Bank",
        currencies: currencies(count),
        as_of: as_of.map(str::to_owned),
    };
    let doubtful = |counts| Warning::RegionDoubtful {
        host: "data.example".to_owned(),
        region: "aws:us-east-1".to_owned(),
        km: 6200.4,
        counts,
    };
    let queue = |cause| Warning::QueueTimeAssumed {
        service: tes(),
        cause,
        seconds: Seconds::from_f64(60.0),
        is_default_sec: true,
    };
    let limit = |at_random| Warning::LimitReached {
        space: "7.3 * 10^16".to_owned(),
        limit: 1000,
        at_random,
    };
    samples!(Warning:
        Warning::UnknownProperties(_) => [
            Warning::UnknownProperties(pointers(1)),
            Warning::UnknownProperties(pointers(2)),
            Warning::UnknownProperties(pointers(12)),
        ]
        Warning::Duplicate { .. } => [Warning::Duplicate { field: "tes_uris", value: tes() }]
        Warning::TesUnavailable { .. } => [Warning::TesUnavailable { service: tes(), cause: cause() }]
        Warning::TesExcluded { .. } => [
            Warning::TesExcluded { service: tes(), reason: Exclusion::NoPrices },
        ]
        Warning::QueueTimeAssumed { .. } => [
            queue(NoQueueTime::NoRecentTask { max_age_days: 7.0 }),
            queue(NoQueueTime::OnlyOldWaiting {
                waiting: 40,
                max_age_days: 7.0,
            }),
            queue(NoQueueTime::TooOld { newest_days: 900.4, max_age_days: 7.0 }),
            queue(NoQueueTime::NotReadToEnd { tasks: 7850, cause: ListCut::Pages(40) }),
            queue(NoQueueTime::Unreadable { tasks: 30, unreadable: 28 }),
            queue(NoQueueTime::NoTaskList(cause())),
            queue(NoQueueTime::NotInTaskInfo),
            Warning::QueueTimeAssumed {
                service: tes(),
                cause: NoQueueTime::NotInTaskInfo,
                seconds: Seconds::ZERO,
                is_default_sec: false,
            },
        ]
        Warning::FailuresAssumed { .. } => [Warning::FailuresAssumed {
            service: tes(),
            cause: NoQueueTime::NoTaskList(cause()),
        }]
        Warning::UnreadableTasks { .. } => [
            Warning::UnreadableTasks { service: tes(), tasks: 30, unreadable: 28 },
        ]
        Warning::TasksNotRead { .. } => [
            Warning::TasksNotRead {
                service: tes(),
                part: HistoryPart::Newest { tasks: 1050, days: 2.25, cause: ListCut::Pages(6) },
            },
            Warning::TasksNotRead {
                service: tes(),
                part: HistoryPart::Newest { tasks: 50, days: 0.125, cause: ListCut::Failure(cause()) },
            },
            Warning::TasksNotRead {
                service: tes(),
                part: HistoryPart::Unfinished { tasks: 650, cause: ListCut::Time },
            },
        ]
        Warning::TaskInfoUnavailable { .. } => [
            Warning::TaskInfoUnavailable { service: tes(), cause: cause() },
        ]
        Warning::SchemeNotRead { .. } => [Warning::SchemeNotRead {
            service: tes(),
            scheme: Scheme::of("s3://bucket/key"),
        }]
        Warning::OldRates { .. } => [
            Warning::OldRates {
                source: "the European Central Bank",
                as_of: "2025-10-09".to_owned(),
                is_configured: false,
            },
            Warning::OldRates {
                source: "the configuration",
                as_of: "2025-10-09".to_owned(),
                is_configured: true,
            },
        ]
        Warning::NoNeeds => [Warning::NoNeeds]
        Warning::DrsUnavailable { .. } => [
            drs_unavailable(0, None),
            drs_unavailable(1, None),
            drs_unavailable(2, None),
            drs_unavailable(100, None),
            drs_unavailable(1, Some(DrsHint::NoToken)),
            drs_unavailable(1, Some(DrsHint::Token)),
            drs_unavailable(1, Some(DrsHint::Passport)),
            drs_unavailable(1, Some(DrsHint::PlainHttp)),
        ]
        Warning::UnknownSize(_) => [Warning::UnknownSize("a1".into())]
        Warning::AccessMethodsUnavailable { .. } => [unavailable(1), unavailable(2)]
        Warning::Task(_) => [
            Warning::Task(TaskWarning::NeedsAssumed(vec![
                AssumedNeed { name: "cpu_cores", amount: 1.0 },
                AssumedNeed { name: "ram_gb", amount: 2.5 },
            ])),
            Warning::Task(TaskWarning::FixedInputs(vec!["/data/in.fa".to_owned(), "/data/b".to_owned()])),
            Warning::Task(TaskWarning::OutputsOfUnknownSize(vec!["/out/b.bam".to_owned()])),
            Warning::Task(TaskWarning::OutputsUnreadable(vec!["/out/b.bam".to_owned()])),
            Warning::Task(TaskWarning::RunTimeAssumed {
                service: tes(),
                image: "quay.io/biocontainers/samtools:1.20".into(),
                seconds: 3600.0,
            }),
        ]
        Warning::Registry(_) => [
            Warning::Registry(RegistryWarning::Unavailable {
                service: "https://registry.example/".to_owned(),
                cause: "did not answer within 2 s".to_owned(),
            }),
            Warning::Registry(RegistryWarning::Empty {
                service: "https://registry.example/".to_owned(),
            }),
            Warning::Registry(RegistryWarning::UnusableListings {
                service: "https://registry.example/".to_owned(),
                ids: vec!["org.example.tes-1".to_owned()],
            }),
            Warning::Registry(RegistryWarning::TooManyListed { limit: 100, skipped: 7 }),
        ]
        Warning::TokenNotSentOverHttp { .. } => [Warning::TokenNotSentOverHttp { service: tes() }]
        Warning::TokenNotSentToUnlisted { .. } => [
            Warning::TokenNotSentToUnlisted { service: drs() },
        ]
        Warning::UnknownLocation { .. } => [Warning::UnknownLocation {
            host: "tes.example".to_owned(),
            cause: LocateError::UnplacedAddress.to_string(),
        }]
        Warning::ApproximateLocation { .. } => [Warning::ApproximateLocation {
            host: "data.example".to_owned(),
            operator: "Cloudflare",
        }]
        Warning::RegionDoubtful { .. } => [doubtful(true), doubtful(false)]
        Warning::TooManyHosts { .. } => [Warning::TooManyHosts { limit: 1000, skipped: 7 }]
        Warning::SeveralLocations { .. } => [
            Warning::SeveralLocations { host: "tes.example".to_owned(), count: 2 },
        ]
        Warning::DistanceAssumed { .. } => [Warning::DistanceAssumed { km: 5000.0 }]
        Warning::Transfer(_) => [
            Warning::Transfer(TransferWarning::UnknownNetwork {
                host: "data.example".to_owned(), price_per_gb: 0.09, currency: "USD",
            }),
            Warning::Transfer(TransferWarning::UnknownNetwork {
                host: "s3://bucket".to_owned(), price_per_gb: 0.09, currency: "USD",
            }),
            Warning::Transfer(TransferWarning::UnknownTesPlace { service: tes() }),
            Warning::Transfer(TransferWarning::UnknownTesNetwork {
                service: tes(), price_per_gb: 0.09, currency: "USD",
            }),
            Warning::Transfer(TransferWarning::UnknownDestination { host: "data.example".to_owned() }),
            Warning::Transfer(TransferWarning::UnknownDistanceOfOutputs { host: "data.example".to_owned() }),
            Warning::Transfer(TransferWarning::UnknownDistanceOfOutputs { host: "s3://bucket".to_owned() }),
            Warning::Transfer(TransferWarning::OldTables { as_of: "2026-09".to_owned() }),
            Warning::Transfer(TransferWarning::EmbeddedRates { currency: "USD", as_of: "2025-10-09" }),
        ]
        Warning::AnswerTruncated { .. } => [
            Warning::AnswerTruncated { listed: 7, max_bytes: 10_000 },
        ]
        Warning::FallbackRates { .. } => [fallback(Some("2025-10-09")), fallback(None)]
        Warning::IncompleteRates { .. } => [
            incomplete(1, Some("2025-10-09")),
            incomplete(2, None),
        ]
        Warning::RatesUnavailable { .. } => [Warning::RatesUnavailable {
            source: "the BTC ticker",
            cause: cause(),
        }]
        Warning::LimitReached { .. } => [limit(false), limit(true)]
    )
}

fn exclusions() -> Vec<Exclusion> {
    let rate = |count| Exclusion::NoExchangeRate {
        currencies: currencies(count),
        target: Currency::EUR,
    };
    let mut all: Vec<_> = unfit().into_iter().map(Exclusion::from).collect();
    all.extend(samples!(Exclusion:
        Exclusion::Unfit(_) => [Unfit::Cores { has: 1.0, needs: 2.0 }.into()]
        Exclusion::NoPrices => [Exclusion::NoPrices]
        Exclusion::NotInPriceBook => [Exclusion::NotInPriceBook]
        Exclusion::NoTaskInfo => [Exclusion::NoTaskInfo]
        Exclusion::PriceOutOfRange(_) => [Exclusion::PriceOutOfRange(bad_amount())]
        Exclusion::NoExchangeRate { .. } => [rate(1), rate(2)]
        Exclusion::ImplausiblePrice { .. } => [
            Exclusion::ImplausiblePrice { target: Currency::EUR },
        ]
        Exclusion::NoTransferPrice => [Exclusion::NoTransferPrice]
        Exclusion::Preempted(_) => [Exclusion::Preempted(7.25)]
        Exclusion::NoDistance { .. } => [Exclusion::NoDistance { object: "a1".into() }]
        Exclusion::NothingToRead { .. } => [Exclusion::NothingToRead { object: "a1".into() }]
        Exclusion::OnlyLocalPaths { .. } => [Exclusion::OnlyLocalPaths { object: "a1".into() }]
    ));
    all
}

fn unfit() -> Vec<Unfit> {
    samples!(Unfit:
        Unfit::Cores { .. } => [Unfit::Cores { has: 4.0, needs: 4.5 }]
        Unfit::Gigabytes { .. } => [
            Unfit::Gigabytes { what: "memory", has: 16.0, needs: 16.5 },
            Unfit::Gigabytes { what: "disk", has: 100.0, needs: 101.0 },
        ]
        Unfit::NoLabel { .. } => [
            Unfit::NoLabel { name: "gpu".to_owned(), value: "1".to_owned() },
        ]
        Unfit::NoZone(_) => [
            Unfit::NoZone(vec!["eu-1".to_owned()]),
            Unfit::NoZone(vec!["eu-1".to_owned(), "eu-2".to_owned()]),
        ]
    )
}

fn reasons() -> Vec<UnrankableReason> {
    let bundle = |fault| UnrankableReason::Bundle {
        bundle: "set".into(),
        fault,
    };
    let unanswered = |codes: &[u16], absent_at| UnrankableReason::Unanswered {
        object: "a1".into(),
        causes: codes
            .iter()
            .map(|&code| {
                let status = reqwest::StatusCode::from_u16(code).unwrap();
                (
                    DRS.to_owned(),
                    FetchError::Status(status).to_string().into(),
                )
            })
            .collect(),
        absent_at,
    };
    samples!(UnrankableReason:
        UnrankableReason::NoOffer => [UnrankableReason::NoOffer]
        UnrankableReason::NoServer { .. } => [UnrankableReason::NoServer {
            object: "drs://prefix:a1".into(),
            cause: UnresolvedId::NotAHost.to_string(),
        }]
        UnrankableReason::NotFound(_) => [
            UnrankableReason::NotFound("a1".into()),
            UnrankableReason::NotFound("dg.4503:44c5".into()),
            UnrankableReason::NotFound("dg.4503%2F44c5".into()),
        ]
        UnrankableReason::Unanswered { .. } => [
            unanswered(&[401], 0),
            unanswered(&[403, 503], 1),
            unanswered(&[500], 2),
        ]
        UnrankableReason::MetadataUrl { .. } => [
            UnrankableReason::MetadataUrl {
                object: "https://drs.example/ga4gh/drs/v1/objects/a1".into(),
                id: "drs://drs.example/a1".to_owned(),
                drs: None,
            },
            UnrankableReason::MetadataUrl {
                object: "https://h.example/index/ga4gh/drs/v1/objects/a1".into(),
                id: "a1".to_owned(),
                drs: Some("https://h.example/index/ga4gh/drs/v1/".to_owned()),
            },
        ]
        UnrankableReason::NoAccessUri(_) => [UnrankableReason::NoAccessUri("a1".into())]
        UnrankableReason::Bundle { .. } => [
            bundle(BundleFault::ContainsItself),
            bundle(BundleFault::TooDeep(8)),
            bundle(BundleFault::TooLarge { found: 5000, limit: 1000 }),
            bundle(BundleFault::Empty),
        ]
        UnrankableReason::UnknownSize(_) => [UnrankableReason::UnknownSize("a1".into())]
        UnrankableReason::Conflict { .. } => [UnrankableReason::Conflict {
            object: "a1".into(),
            first: "https://drs-1.example/".to_owned(),
            second: "https://drs-2.example/".to_owned(),
            difference: Box::new(Difference::Size(1, 2)),
        }]
        UnrankableReason::TooMuchData(_) => [UnrankableReason::TooMuchData(67_108_864)]
        UnrankableReason::NoCombination => [UnrankableReason::NoCombination]
    )
}

fn differences() -> Vec<Difference> {
    samples!(Difference:
        Difference::Size(..) => [Difference::Size(1, 2)]
        Difference::Checksum { .. } => [Difference::Checksum {
            kind: "sha256".to_owned(),
            first: "b89297ef".to_owned(),
            second: "00".to_owned(),
        }]
        Difference::BundleAndObject => [Difference::BundleAndObject]
        Difference::Contents(..) => [Difference::Contents(2, 1)]
    )
}

fn request_faults() -> Vec<RequestFaultReason> {
    samples!(RequestFaultReason:
        RequestFaultReason::Required => [RequestFaultReason::Required]
        RequestFaultReason::WrongType { .. } => [RequestFaultReason::WrongType {
            must_be: "an object".to_owned(),
            is: "an array",
        }]
        RequestFaultReason::TooLow(_) => [RequestFaultReason::TooLow("0".to_owned())]
        RequestFaultReason::TooHigh(_) => [RequestFaultReason::TooHigh("1000".to_owned())]
        RequestFaultReason::NotAnAmount => [RequestFaultReason::NotAnAmount]
        RequestFaultReason::Empty => [RequestFaultReason::Empty]
        RequestFaultReason::NoUri => [RequestFaultReason::NoUri]
        RequestFaultReason::Misnamed(_) => [RequestFaultReason::Misnamed("tes_uris")]
        RequestFaultReason::DuplicatePath => [RequestFaultReason::DuplicatePath]
        RequestFaultReason::DifferentSize => [RequestFaultReason::DifferentSize]
        RequestFaultReason::NoUrl => [RequestFaultReason::NoUrl]
        RequestFaultReason::NotAbsolutePath => [RequestFaultReason::NotAbsolutePath]
        RequestFaultReason::NotAFileType => [RequestFaultReason::NotAFileType]
        RequestFaultReason::NoDrs => [RequestFaultReason::NoDrs]
        RequestFaultReason::TooManyItems { .. } => [
            RequestFaultReason::TooManyItems { limit: 100, length: 101 },
        ]
        RequestFaultReason::ReservedId => [RequestFaultReason::ReservedId]
        RequestFaultReason::Id(_) => [RequestFaultReason::Id(BadDrsUri)]
        RequestFaultReason::Uri(_) => [
            RequestFaultReason::Uri(BadServiceUri::NotAbsolute),
            RequestFaultReason::Uri(BadServiceUri::NotARoot),
        ]
        RequestFaultReason::Mode(_) => [RequestFaultReason::Mode(BadMode)]
        RequestFaultReason::NotJson(_) => [
            RequestFaultReason::NotJson("expected value at line 1 column 1".to_owned()),
        ]
        RequestFaultReason::BodyIncomplete => [RequestFaultReason::BodyIncomplete]
        RequestFaultReason::Unreadable => [RequestFaultReason::Unreadable]
        RequestFaultReason::UriTooLong { .. } => [
            RequestFaultReason::UriTooLong { limit: 8192, length: 9000 },
        ]
    )
}

fn auth_errors() -> Vec<AuthError> {
    samples!(AuthError:
        AuthError::Missing => [AuthError::Missing]
        AuthError::MoreThanOne => [AuthError::MoreThanOne]
        AuthError::Malformed(_) => [AuthError::Malformed(MalformedToken)]
        AuthError::TooLarge(_) => [AuthError::TooLarge(8192)]
        AuthError::NotAJwt => [AuthError::NotAJwt]
        AuthError::Algorithm => [AuthError::Algorithm]
        AuthError::HeaderParameter(_) => [AuthError::HeaderParameter("crit")]
        AuthError::Time(_) => [AuthError::Time("exp".to_owned())]
        AuthError::Expired => [AuthError::Expired]
        AuthError::NotYetValid => [AuthError::NotYetValid]
        AuthError::Audience => [AuthError::Audience]
        AuthError::NoIssuer(_) => [AuthError::NoIssuer("iss".to_owned())]
        AuthError::UntrustedIssuer => [AuthError::UntrustedIssuer]
        AuthError::NoSubject(_) => [AuthError::NoSubject("sub".to_owned())]
        AuthError::Signature => [AuthError::Signature]
        AuthError::RefusedByIssuer => [AuthError::RefusedByIssuer]
        AuthError::IssuerUnavailable => [AuthError::IssuerUnavailable]
    )
}

fn values() -> Vec<String> {
    let mut texts = vec![
        BadMode.to_string(),
        BadDrsUri.to_string(),
        BadTesMatch.to_string(),
        BadScheme.to_string(),
        BadCredentialMatch::Any.to_string(),
        BadCredentialMatch::Malformed.to_string(),
        MalformedToken.to_string(),
        bad_amount().to_string(),
        "doubloon".parse::<Currency>().unwrap_err().to_string(),
        Coordinates::new(91.0, 0.0).unwrap_err().to_string(),
    ];
    texts.extend(
        samples!(BadServiceUri:
            BadServiceUri::NotAbsolute => [BadServiceUri::NotAbsolute]
            BadServiceUri::Blank => [BadServiceUri::Blank]
            BadServiceUri::NoBrackets => [BadServiceUri::NoBrackets]
            BadServiceUri::Host(_) => [
                BadServiceUri::Host(url::ParseError::InvalidPort),
                BadServiceUri::Host(url::ParseError::InvalidIpv6Address),
            ]
            BadServiceUri::NotARoot => [BadServiceUri::NotARoot]
        )
        .iter()
        .map(ToString::to_string),
    );
    texts
}
