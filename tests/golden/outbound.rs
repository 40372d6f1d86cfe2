//! Why calls fail, hosts have no location, ids have no server, and the clients cannot be set up.

use std::{io, path::PathBuf, time::Duration};

use http::StatusCode;

use super::{Section, samples, section};
use crate::{
    auth::oidc::OidcError,
    client::{
        Client, ClientError, DeadlineOwner, FetchError, Reach, Redirect, Refusal,
        resolver::ResolveError,
    },
    config::{Config, ExchangeRates as RatesConfig},
    domain::service::BadServiceUri,
    drs::UnresolvedId,
    locations::{LocateError, LocatorError},
    pipeline::SetupError,
    rates::ExchangeRates,
    telemetry::metrics::MetricsError,
};

pub(super) fn sections() -> Vec<Section> {
    vec![
        section("Causes of failed calls", fetch_errors()),
        section("Causes of unknown locations", locate_errors()),
        section("Causes of unknown DRS", unresolved_ids()),
        section("Failures of identity providers (logged)", oidc_errors()),
        section("Failures of the set-up", setup_errors()),
    ]
}

const SECONDS: Duration = Duration::from_millis(1500);

fn fetch_errors() -> Vec<FetchError> {
    let address = || "10.0.0.1".parse().unwrap();
    let length = SECONDS;
    let budget = |set_by| FetchError::BudgetExceeded { length, set_by };
    let status = |code| FetchError::Status(StatusCode::from_u16(code).unwrap());
    samples!(FetchError:
        FetchError::Timeout(_) => [FetchError::Timeout(SECONDS)]
        FetchError::NoConnection(_) => [FetchError::NoConnection(SECONDS)]
        FetchError::BudgetExceeded { .. } => [
            budget(DeadlineOwner::Service),
            budget(DeadlineOwner::Caller("timeout (seconds for the whole ranking)")),
        ]
        FetchError::AddressNotAllowed(_) => [FetchError::AddressNotAllowed(address())]
        FetchError::Unresolved(_) => [
            FetchError::Unresolved(ResolveError::Unknown),
            FetchError::Unresolved(resolve_errors().remove(1)),
        ]
        FetchError::Unreachable(_) => [
            FetchError::Unreachable("Connection refused (os error 111)".to_owned()),
        ]
        FetchError::Interrupted(_) => [
            FetchError::Interrupted("connection closed before message completed".to_owned()),
        ]
        FetchError::Status(_) => [status(401), status(404), status(500), status(599)]
        FetchError::NotReady(_) => [FetchError::NotReady(Duration::from_secs(9))]
        FetchError::StillNotReady => [FetchError::StillNotReady]
        FetchError::PassportWanted(_) => [
            FetchError::PassportWanted(StatusCode::FORBIDDEN),
        ]
        FetchError::NoDrs(_) => [
            FetchError::NoDrs(vec!["/ga4gh/drs/v1/".to_owned()]),
            FetchError::NoDrs(vec!["/".to_owned(), "/ga4gh/drs/v1/".to_owned()]),
        ]
        FetchError::Refused(_) => [
            FetchError::Refused(Box::new(Refusal {
                status: StatusCode::BAD_REQUEST,
                reason: Some("no such zone".to_owned()),
                asks_for_password: false,
            })),
        ]
        FetchError::Redirected(_) => [
            FetchError::Redirected(Redirect { status: 302, origin: Some("https://login.example".to_owned()) }),
            FetchError::Redirected(Redirect { status: 307, origin: None }),
        ]
        FetchError::TooManyRedirects(_) => [FetchError::TooManyRedirects(3)]
        FetchError::RedirectTarget(_) => [
            FetchError::RedirectTarget(Box::new(FetchError::AddressNotAllowed(address()))),
        ]
        FetchError::BadRedirect => [FetchError::BadRedirect]
        FetchError::Downgraded => [FetchError::Downgraded]
        FetchError::TooLarge(_) => [FetchError::TooLarge(1_048_576)]
        FetchError::Malformed(_) => [
            FetchError::Malformed("it is not JSON (expected value at line 1 column 1)".to_owned()),
        ]
    )
}

fn resolve_errors() -> Vec<ResolveError> {
    samples!(ResolveError:
        ResolveError::Unknown => [ResolveError::Unknown]
        ResolveError::Failed(_) => [ResolveError::Failed("request timed out".to_owned())]
    )
}

fn locate_errors() -> Vec<LocateError> {
    let addresses = |count: u8| (1..=count).map(|n| [10, 0, 0, n].into()).collect();
    samples!(LocateError:
        LocateError::Bucket => [LocateError::Bucket]
        LocateError::Collection => [LocateError::Collection]
        LocateError::Global => [LocateError::Global]
        LocateError::S3(_) => [LocateError::S3(FetchError::Timeout(SECONDS))]
        LocateError::Unresolved(_) => [LocateError::Unresolved(ResolveError::Unknown)]
        LocateError::Slow(_) => [LocateError::Slow(SECONDS)]
        LocateError::NoDatabase => [LocateError::NoDatabase]
        LocateError::UnplacedAddress => [LocateError::UnplacedAddress]
        LocateError::Unplaced(_) => [
            LocateError::Unplaced(addresses(1)),
            LocateError::Unplaced(addresses(2)),
            LocateError::Unplaced(addresses(3)),
        ]
    )
}

fn unresolved_ids() -> Vec<UnresolvedId> {
    let prefix = || "dg.0000".to_owned();
    samples!(UnresolvedId:
        UnresolvedId::NotListed(_) => [UnresolvedId::NotListed(prefix())]
        UnresolvedId::Unresolved { .. } => [UnresolvedId::Unresolved {
            prefix: prefix(),
            cause: FetchError::Timeout(SECONDS),
        }]
        UnresolvedId::NoDrs(_) => [UnresolvedId::NoDrs(prefix())]
        UnresolvedId::NotAHost => [UnresolvedId::NotAHost]
    )
}

fn oidc_errors() -> Vec<OidcError> {
    let url = || "https://login.example/userinfo".to_owned();
    samples!(OidcError:
        OidcError::UntrustedIssuer => [OidcError::UntrustedIssuer]
        OidcError::Refused { .. } => [OidcError::Refused {
            url: url(),
            status: StatusCode::UNAUTHORIZED,
        }]
        OidcError::Fetch { .. } => [OidcError::Fetch {
            url: url(),
            source: FetchError::Timeout(SECONDS),
        }]
        OidcError::Unusable { .. } => [OidcError::Unusable {
            url: url(),
            reason: "does not hold a JSON object",
        }]
        OidcError::Interrupted => [OidcError::Interrupted]
    )
}

fn setup_errors() -> Vec<SetupError> {
    let config = Config {
        timeout: -1.0,
        ..Config::default()
    };
    let out_of_range = config.check().unwrap_err();
    let rates = RatesConfig {
        ecb_url: "ecb".to_owned(),
        ..RatesConfig::default()
    };
    let client = Client::new(&Config::default(), Reach::Public).unwrap();
    let no_url = ExchangeRates::new(&rates, client).unwrap_err();
    let mut all = samples!(SetupError:
        SetupError::Config(_) => [SetupError::Config(out_of_range)]
        SetupError::Client(_) => [ClientError::Resolver("no name server".into()).into()]
        SetupError::Locator(_) => [LocatorError::S3Url(BadServiceUri::NotAbsolute).into()]
        SetupError::ExchangeRates(_) => [no_url.into()]
        SetupError::CompactIdResolver(_) => [
            SetupError::CompactIdResolver(BadServiceUri::NotAbsolute),
        ]
    );
    all.extend(client_errors().into_iter().map(SetupError::from));
    all.extend(locator_errors().into_iter().map(SetupError::from));
    all
}

/// What `Client::new` gives for these credentials; Cargo sets the variables, `CARGO_PKG_VERSION_PRE` to nothing.
fn client_errors() -> Vec<ClientError> {
    let mut errors = samples!(ClientError:
        ClientError::Http(_) => [
            ClientError::Http(tokio_rustls::rustls::Error::General("no certificates".to_owned())),
        ]
        ClientError::CaFile { .. } => [ClientError::CaFile {
            path: "/etc/testribute/authorities.pem".into(),
            problem: "has no certificate".to_owned(),
        }]
        ClientError::Resolver(_) => [ClientError::Resolver("no name server".into())]
        ClientError::Secret(_) => [no_secret("bearer_env: TESTRIBUTE_GOLDEN_NOT_SET")]
        ClientError::Metrics(_) => [MetricsError::from(prometheus::Error::AlreadyReg).into()]
    );
    errors.push(no_secret("bearer_env: CARGO_PKG_DESCRIPTION"));
    errors.push(no_secret(
        "basic_user: ann, basic_password_env: CARGO_PKG_VERSION_PRE",
    ));
    errors.push(no_secret(
        "header: X-API-Key, value_env: CARGO_PKG_VERSION_PRE",
    ));
    errors
}

fn no_secret(secret: &str) -> ClientError {
    let config = Config {
        credentials: yaml_serde::from_str(&format!("[{{match: tes.example, {secret}}}]")).unwrap(),
        ..Config::default()
    };
    Client::new(&config, Reach::Public).unwrap_err()
}

fn locator_errors() -> Vec<LocatorError> {
    let path = || PathBuf::from("/var/lib/city.mmdb");
    let unknown_region = |region: &str| LocatorError::UnknownRegion {
        bucket: "genomes".to_owned(),
        region: region.to_owned(),
    };
    samples!(LocatorError:
        LocatorError::Unreadable { .. } => [LocatorError::Unreadable {
            path: path(),
            source: io::Error::from_raw_os_error(2),
        }]
        LocatorError::NotADatabase { .. } => [LocatorError::NotADatabase {
            path: path(),
            source: maxminddb::Reader::from_source(Vec::new()).unwrap_err(),
        }]
        LocatorError::LocationTable { .. } => [LocatorError::LocationTable { path: path() }]
        LocatorError::S3Url(_) => [LocatorError::S3Url(BadServiceUri::NotAbsolute)]
        LocatorError::NotABucket { .. } => [LocatorError::NotABucket {
            key: "https://data.example/x".to_owned(),
        }]
        LocatorError::UnknownRegion { .. } => [unknown_region("atlantis-1")]
        LocatorError::NoCoordinates { .. } => [LocatorError::NoCoordinates {
            path: path(),
            kind: "GeoLite2-Country".to_owned(),
        }]
    )
}
