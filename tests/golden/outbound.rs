//! Why calls fail, hosts have no location, ids have no server, and the clients cannot be set up.

use std::{io, path::PathBuf, time::Duration};

use reqwest::StatusCode;

use super::{Section, samples, section};
use crate::{
    config::{Config, ExchangeRates as RatesConfig},
    domain::service::BadServiceUri,
    outbound::{
        drs::ids::UnknownServer,
        exchange_rates::ExchangeRates,
        failure::FetchError,
        fetch::{Fetcher, FetcherError},
        geolocation::{GeolocationError, NoPlace},
        guard::Reach,
        oidc::OidcError,
        resolve::ResolveError,
    },
    pipeline::SetupError,
};

pub(super) fn sections() -> Vec<Section> {
    vec![
        section("Causes of failed calls", fetch_errors()),
        section("Causes of unknown locations", no_places()),
        section("Causes of unknown DRS", unknown_servers()),
        section("Failures of identity providers (logged)", oidc_errors()),
        section("Failures of the set-up", setup_errors()),
    ]
}

const SECONDS: Duration = Duration::from_millis(1500);

fn fetch_errors() -> Vec<FetchError> {
    let address = || "10.0.0.1".parse().unwrap();
    let status = |code| FetchError::Status(StatusCode::from_u16(code).unwrap());
    samples!(FetchError:
        FetchError::Timeout(_) => [FetchError::Timeout(SECONDS)]
        FetchError::NoConnection(_) => [FetchError::NoConnection(SECONDS)]
        FetchError::NotInTime(_) => [FetchError::NotInTime(SECONDS)]
        FetchError::OffLimits(_) => [FetchError::OffLimits(address())]
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
        FetchError::Redirected(_) => [FetchError::Redirected(307)]
        FetchError::TooManyRedirects(_) => [FetchError::TooManyRedirects(3)]
        FetchError::Astray(_) => [
            FetchError::Astray(Box::new(FetchError::OffLimits(address()))),
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

fn no_places() -> Vec<NoPlace> {
    let addresses = |count: u8| (1..=count).map(|n| [10, 0, 0, n].into()).collect();
    samples!(NoPlace:
        NoPlace::Bucket => [NoPlace::Bucket]
        NoPlace::S3(_) => [NoPlace::S3(FetchError::Timeout(SECONDS))]
        NoPlace::Unresolved(_) => [NoPlace::Unresolved(ResolveError::Unknown)]
        NoPlace::Slow(_) => [NoPlace::Slow(SECONDS)]
        NoPlace::NoDatabase => [NoPlace::NoDatabase]
        NoPlace::UnplacedAddress => [NoPlace::UnplacedAddress]
        NoPlace::Unplaced(_) => [
            NoPlace::Unplaced(addresses(1)),
            NoPlace::Unplaced(addresses(2)),
            NoPlace::Unplaced(addresses(3)),
        ]
    )
}

fn unknown_servers() -> Vec<UnknownServer> {
    let prefix = || "dg.0000".to_owned();
    samples!(UnknownServer:
        UnknownServer::NotListed(_) => [UnknownServer::NotListed(prefix())]
        UnknownServer::Unresolved { .. } => [UnknownServer::Unresolved {
            prefix: prefix(),
            cause: FetchError::Timeout(SECONDS),
        }]
        UnknownServer::NoDrs(_) => [UnknownServer::NoDrs(prefix())]
        UnknownServer::NotAHost => [UnknownServer::NotAHost]
    )
}

fn oidc_errors() -> Vec<OidcError> {
    let url = || "https://login.example/userinfo".to_owned();
    samples!(OidcError:
        OidcError::Stranger => [OidcError::Stranger]
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
        OidcError::LeftAlone => [OidcError::LeftAlone]
        OidcError::GivenUp => [OidcError::GivenUp]
    )
}

fn setup_errors() -> Vec<SetupError> {
    let mut config = Config::default();
    config.timeout = -1.0;
    let out_of_range = config.check().unwrap_err();
    let rates = RatesConfig {
        ecb_url: "ecb".to_owned(),
        ..RatesConfig::default()
    };
    let fetcher = Fetcher::new(&Config::default(), Reach::Public).unwrap();
    let no_url = ExchangeRates::new(&rates, fetcher).unwrap_err();
    let mut all = samples!(SetupError:
        SetupError::Config(_) => [SetupError::Config(out_of_range)]
        SetupError::Fetcher(_) => [FetcherError::Resolver("no name server".into()).into()]
        SetupError::Geolocation(_) => [GeolocationError::S3Url(BadServiceUri::NotAbsolute).into()]
        SetupError::ExchangeRates(_) => [no_url.into()]
        SetupError::CompactIdResolver(_) => [
            SetupError::CompactIdResolver(BadServiceUri::NotAbsolute),
        ]
    );
    all.extend(fetcher_errors().into_iter().map(SetupError::from));
    all.extend(geolocation_errors().into_iter().map(SetupError::from));
    all
}

/// What `Fetcher::new` gives for these credentials; Cargo sets the variables, `CARGO_PKG_VERSION_PRE` to nothing.
fn fetcher_errors() -> Vec<FetcherError> {
    let mut errors = samples!(FetcherError:
        FetcherError::Client(_) => [
            FetcherError::Client(reqwest::Client::new().get("nowhere").build().unwrap_err()),
        ]
        FetcherError::Resolver(_) => [FetcherError::Resolver("no name server".into())]
        FetcherError::Secret(_) => [no_secret("bearer_env: TESTRIBUTE_GOLDEN_NOT_SET")]
    );
    errors.push(no_secret("bearer_env: CARGO_PKG_DESCRIPTION"));
    errors.push(no_secret(
        "basic_user: ann, basic_password_env: CARGO_PKG_VERSION_PRE",
    ));
    errors
}

fn no_secret(secret: &str) -> FetcherError {
    let config = Config {
        credentials: yaml_serde::from_str(&format!("[{{match: tes.example, {secret}}}]")).unwrap(),
        ..Config::default()
    };
    Fetcher::new(&config, Reach::Public).unwrap_err()
}

fn geolocation_errors() -> Vec<GeolocationError> {
    let path = || PathBuf::from("/var/lib/city.mmdb");
    let unknown_region = |region: &str| GeolocationError::UnknownRegion {
        bucket: "genomes".to_owned(),
        region: region.to_owned(),
    };
    samples!(GeolocationError:
        GeolocationError::Unreadable { .. } => [GeolocationError::Unreadable {
            path: path(),
            source: io::Error::from_raw_os_error(2),
        }]
        GeolocationError::NotADatabase { .. } => [GeolocationError::NotADatabase {
            path: path(),
            source: maxminddb::Reader::from_source(Vec::new()).unwrap_err(),
        }]
        GeolocationError::Image { .. } => [GeolocationError::Image { path: path() }]
        GeolocationError::S3Url(_) => [GeolocationError::S3Url(BadServiceUri::NotAbsolute)]
        GeolocationError::UnknownRegion { .. } => [unknown_region("atlantis-1")]
        GeolocationError::NoCoordinates { .. } => [GeolocationError::NoCoordinates {
            path: path(),
            kind: "GeoLite2-Country".to_owned(),
        }]
    )
}
