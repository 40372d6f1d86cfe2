//! Expected texts, built from the types: a test says which warning it expects, and `tests/golden/texts.txt` how it is
//! worded.

use std::{fmt::Display, time::Duration};

use reqwest::StatusCode;
use testribute::domain::{exact::Seconds, service::ServiceUri, tes_base::bases};
pub use testribute::{
    client::{FetchError, Redirect, resolver::ResolveError},
    domain::{
        exclusion::Exclusion,
        query::{RequestFault, RequestFaultReason},
        queue::{HistoryPart, ListCut, NoQueueTime},
        unrankable::{BundleFault, Difference, UnrankableReason},
        warning::{DrsHint, Warning},
    },
    drs::UnresolvedId,
    locations::LocateError,
    tes::error::{Access, TesError},
};

/// The sources of exchange rates, as warnings name them.
pub const ECB: &str = "the European Central Bank";
pub const BTC_TICKER: &str = "the BTC ticker";

/// Stands for any text in an expected text, such as that of a parser or of the operating system.
pub const ANY: &str = "\u{1}";

/// Whether `text` is `expected`, where [`ANY`] stands for any text.
pub fn is_like(text: &str, expected: &str) -> bool {
    let Some((start, rest)) = expected.split_once(ANY) else {
        return text == expected;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once(ANY).unwrap_or(("", rest));
    for part in middle.split(ANY) {
        match text.split_once(part) {
            Some((_, rest)) => text = rest,
            None => return false,
        }
    }
    text.ends_with(end)
}

#[track_caller]
pub fn assert_like(text: &str, expected: impl Display) {
    let expected = expected.to_string();
    assert!(
        is_like(text, &expected),
        "{text:?} is not like {:?}",
        expected.replace(ANY, "..")
    );
}

pub fn status(code: u16) -> FetchError {
    FetchError::Status(StatusCode::from_u16(code).unwrap())
}

pub fn timeout(seconds: f64) -> FetchError {
    FetchError::Timeout(Duration::from_secs_f64(seconds))
}

/// An answer of which any property is wrong.
pub fn malformed(reason: impl Display) -> FetchError {
    FetchError::Malformed(reason.to_string())
}

pub fn not_json() -> FetchError {
    malformed(format!("it is not JSON ({ANY})"))
}

pub fn not_an_object() -> FetchError {
    malformed(format!("it is a list{ANY}"))
}

pub fn off_limits(address: &str) -> FetchError {
    FetchError::AddressNotAllowed(address.parse().unwrap())
}

/// The warning about a TES that is called without a token, and where all calls fail in this way.
pub fn tes_unavailable(service: &str, cause: &FetchError) -> String {
    let is_absent = cause
        .status()
        .is_some_and(|status| matches!(status.as_u16(), 404 | 405 | 501));
    if is_absent {
        let bases = bases(&ServiceUri::parse(service).unwrap());
        let paths = bases.iter().map(|base| format!("{}tasks", base.path()));
        return tes_error(
            service,
            &TesError::NotFound {
                paths: paths.collect(),
            },
        );
    }
    let access = cause.is_refusal().then_some(Access::Nothing);
    tes_refused(service, cause, access)
}

/// The warning about a TES that refuses what a call carries.
pub fn tes_refused(service: &str, cause: &FetchError, access: Option<Access>) -> String {
    let error = TesError::Call {
        failure: cause.clone(),
        path: None,
        access,
    };
    tes_error(service, &error)
}

pub fn tes_error(service: &str, error: &TesError) -> String {
    Warning::TesUnavailable {
        service: service.to_owned(),
        cause: error.to_string(),
    }
    .to_string()
}

/// The failure of a call that is refused with a reason.
pub fn refused(code: u16, reason: &str) -> FetchError {
    FetchError::Refused(Box::new(testribute::client::Refusal {
        status: StatusCode::from_u16(code).unwrap(),
        reason: Some(reason.to_owned()),
        asks_for_password: false,
    }))
}

pub fn tes_excluded(service: &str, reason: impl Into<Exclusion>) -> String {
    Warning::TesExcluded {
        service: service.to_owned(),
        reason: reason.into(),
    }
    .to_string()
}

pub fn queue_time_assumed(service: &str, cause: NoQueueTime, seconds: f64) -> String {
    Warning::QueueTimeAssumed {
        service: service.to_owned(),
        cause,
        seconds: Seconds::from_f64(seconds),
        is_default_sec: true,
    }
    .to_string()
}

pub fn unreadable_tasks(service: &str, tasks: usize, unreadable: usize) -> String {
    Warning::UnreadableTasks {
        service: service.to_owned(),
        tasks,
        unreadable,
    }
    .to_string()
}

pub fn tasks_not_read(service: &str, part: HistoryPart) -> String {
    Warning::TasksNotRead {
        service: service.to_owned(),
        part,
    }
    .to_string()
}

pub fn task_info_unavailable(service: &str, cause: &TesError) -> String {
    Warning::TaskInfoUnavailable {
        service: service.to_owned(),
        cause: cause.to_string(),
    }
    .to_string()
}

/// The warning about a DRS that is called without a token.
pub fn drs_unavailable(service: &str, cause: &FetchError, objects: &[&str]) -> String {
    let hint = if cause.is_plain_http() {
        Some(DrsHint::PlainHttp)
    } else {
        cause.is_refusal().then_some(DrsHint::NoToken)
    };
    drs_warning(service, cause, objects, hint)
}

/// The warning about a DRS that refuses the token with this status.
pub fn drs_refuses_token(service: &str, code: u16, objects: &[&str]) -> String {
    drs_warning(service, &status(code), objects, Some(DrsHint::Token))
}

fn drs_warning(
    service: &str,
    cause: &FetchError,
    objects: &[&str],
    hint: Option<DrsHint>,
) -> String {
    Warning::DrsUnavailable {
        service: service.to_owned(),
        cause: cause.to_string(),
        objects: objects.iter().map(|&id| id.into()).collect(),
        hint,
    }
    .to_string()
}

pub fn access_methods_unavailable(service: &str, objects: &[&str]) -> String {
    Warning::AccessMethodsUnavailable {
        service: service.to_owned(),
        objects: objects.iter().map(|&id| id.into()).collect(),
    }
    .to_string()
}

pub fn token_not_sent_over_http(service: &str) -> String {
    Warning::TokenNotSentOverHttp {
        service: service.to_owned(),
    }
    .to_string()
}

pub fn token_not_sent_to_unlisted(service: &str) -> String {
    Warning::TokenNotSentToUnlisted {
        service: service.to_owned(),
    }
    .to_string()
}

pub fn unknown_location(host: &str, cause: &LocateError) -> String {
    Warning::UnknownLocation {
        host: host.to_owned(),
        cause: cause.to_string(),
    }
    .to_string()
}

pub fn fallback_rates(source: &'static str, cause: &FetchError, as_of: Option<&str>) -> String {
    Warning::FallbackRates {
        source,
        cause: cause.to_string(),
        as_of: as_of.map(str::to_owned),
    }
    .to_string()
}

pub fn rates_unavailable(source: &'static str, cause: &FetchError) -> String {
    Warning::RatesUnavailable {
        source,
        cause: cause.to_string(),
    }
    .to_string()
}

pub fn not_found(object: &str) -> String {
    UnrankableReason::NotFound(object.into()).to_string()
}

pub fn no_server(object: &str, cause: &UnresolvedId) -> String {
    UnrankableReason::NoServer {
        object: object.into(),
        cause: cause.to_string(),
    }
    .to_string()
}

pub fn bundle(bundle: &str, fault: BundleFault) -> String {
    UnrankableReason::Bundle {
        bundle: bundle.into(),
        fault,
    }
    .to_string()
}

pub fn conflict(object: &str, [first, second]: [&str; 2], difference: Difference) -> String {
    UnrankableReason::Conflict {
        object: object.into(),
        first: first.to_owned(),
        second: second.to_owned(),
        difference: Box::new(difference),
    }
    .to_string()
}

/// The message about the part of a request at `pointer`.
pub fn fault(pointer: &str, reason: impl Into<RequestFaultReason>) -> String {
    RequestFault::new(pointer, reason.into()).to_string()
}

#[test]
fn any_text_stands_for_any_text_and_nothing_else() {
    let expected = format!("a {ANY} b {ANY} c");
    for (text, is_expected) in [
        ("a x b y c", true),
        ("a  b b  c", true),
        ("a x b y c d", false),
        ("b x b y c", false),
        ("a x y c", false),
    ] {
        assert_eq!(is_like(text, &expected), is_expected, "{text}");
    }
    assert!(is_like("a", "a") && !is_like("ab", "a"));
    assert!(!is_like("ab", &format!("ab{ANY}b")));
}
