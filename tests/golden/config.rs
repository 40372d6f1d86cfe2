//! What is said of configurations that are not valid, as the loader refuses them.

use std::io;

use super::{Section, samples, section};
use crate::config::{Config, ConfigError, ConfigFault, ConfigFaultReason, Origin};

/// Variables with one invalid value each.
const VARIABLES: &[(&str, &str)] = &[
    ("NONSENSE", "1"),
    ("SERVER__NONSENSE", "1"),
    ("SERVER__HOST", "two words"),
    ("SERVER__PORT", "http"),
    ("SERVER__PORT", "65536"),
    ("SERVER__TLS__CERTIFICATE", "''"),
    ("SERVER__TLS__KEY", "key.pem"),
    ("SERVER__MAX_CONNECTIONS", "0"),
    ("SERVER__REQUEST_DEADLINE_SEC", "0"),
    ("SERVER__SHUTDOWN_GRACE_SEC", "-1"),
    ("SERVER__CORS_ALLOWED_ORIGINS", "portal.example"),
    (
        "SERVER__CORS_ALLOWED_ORIGINS",
        "'*', https://portal.example",
    ),
    ("TIMEOUT", "[1"),
    ("TIMEOUT", "''"),
    ("TIMEOUT", "{}"),
    ("TIMEOUT", ".nan"),
    ("TARGET_CURRENCY", "XXX"),
    ("LOG__LEVEL", "loud"),
    ("LOG__FORMAT", "xml"),
    ("SECURITY__AUTHORIZATION_REQUIRED", "true"),
    ("SECURITY__AUTHORIZATION_REQUIRED", "maybe"),
    ("SECURITY__JWT__AUTH_HEADER_KEY", "a b"),
    ("SECURITY__JWT__JWT_PREFIX", "''"),
    ("SECURITY__JWT__DECODE_ALGORITHMS", "[]"),
    ("SECURITY__JWT__DECODE_ALGORITHMS", "[HS256]"),
    ("SECURITY__JWT__IDP_CONFIG_URL_SUFFIX", "x"),
    ("SECURITY__JWT__VALIDATION_METHODS", "[]"),
    ("SECURITY__JWT__VALIDATION_METHODS", "[trust]"),
    ("SECURITY__JWT__ISSUERS", "http://login.example/"),
    ("SECURITY__JWT__AUDIENCE", "[]"),
    ("SECURITY__JWT__LEEWAY_SEC", "601"),
    ("OUTBOUND__ALLOWED_NETWORKS", "here"),
    ("OUTBOUND__NAME_SERVERS", "here"),
    ("OUTBOUND__MAX_CONCURRENCY", "0"),
    (
        "CREDENTIALS",
        "[{match: '*', header: X-API-Key, value_env: X}]",
    ),
    ("CREDENTIALS", "[{match: 'tes.example:443', bearer_env: X}]"),
    (
        "CREDENTIALS",
        "[{match: tes.example, header: X API Key, value_env: X}]",
    ),
    (
        "CREDENTIALS",
        "[{match: tes.example, header: Host, value_env: X}]",
    ),
    ("CREDENTIALS", "[{match: tes.example}]"),
    (
        "CREDENTIALS",
        "[{match: tes.example, basic_user: 'a:b', basic_password_env: X}]",
    ),
    ("CREDENTIALS", "[{bearer_env: X}]"),
    ("LIMITS__TES_URIS", "0"),
    ("ESTIMATION__TRANSFER_RATE_MBPS", "0"),
    ("ESTIMATION__UNKNOWN_DISTANCE_KM", "20101"),
    ("TES__TASK_INFO", "sometimes"),
    (
        "TES__PRICE_BOOK",
        "[{match: 'tes.example:80', currency: EUR, unit_costs: {cpu_usage: 1, memory_consumption: 1, data_storage: 1, data_transfer: 1}}]",
    ),
    (
        "TES__PRICE_BOOK",
        "[{match: '*', currency: EUR, unit_costs: {cpu_usage: -1, memory_consumption: 1, data_storage: 1, data_transfer: 1}}]",
    ),
    ("TES__PRICE_BOOK", "[{match: '*', currency: EUR}]"),
    ("DRS__MISSING_SIZE", "guess"),
    ("DRS__PREFIXES", "{'a b': drs.example}"),
    ("DRS__PREFIXES", "{dg.0000: drs.example/x}"),
    ("DRS__COMPACT_ID_RESOLVER", "resolver"),
    ("DRS__PLAIN_HTTP_HOSTS", "a/b"),
    ("DRS__MAX_BUNDLE_DEPTH", "0"),
    ("LOCATIONS__DATABASE", "''"),
    (
        "LOCATIONS__OVERRIDES",
        "[{match: tes.example, latitude: 91, longitude: 0}]",
    ),
    (
        "LOCATIONS__OVERRIDES",
        "[{match: a b, latitude: 1, longitude: 0}]",
    ),
    (
        "LOCATIONS__OVERRIDES",
        "[{match: tes.example, latitude: 1}]",
    ),
    ("EXCHANGE_RATES__SOURCE", "bank"),
    ("EXCHANGE_RATES__RATES", "{XXX: 1}"),
    ("EXCHANGE_RATES__RATES", "{CHF: 0}"),
    ("EXCHANGE_RATES__RATES", "{EUR: 2}"),
    ("EXCHANGE_RATES__AS_OF", "yesterday"),
    ("EXCHANGE_RATES__ECB_URL", "ecb"),
];

pub(super) fn sections() -> Vec<Section> {
    let refusals = VARIABLES.iter().map(|&(key, value)| {
        let variable = (format!("TESTRIBUTE__{key}"), value.to_owned());
        Config::load(None, [variable])
            .expect_err(&format!("{key}={value} is refused"))
            .to_string()
    });
    vec![
        section("Refusals of invalid configurations", refusals),
        section("Failures of the configuration", errors()),
        section("Faults of a key", reasons()),
    ]
}

fn errors() -> Vec<ConfigError> {
    let file = || "config.yaml".into();
    let fault = || ConfigFault {
        key: "server.port".to_owned(),
        reason: ConfigFaultReason::MissingKey("port"),
    };
    let key = |origin| ConfigError::Key {
        origin,
        fault: fault(),
    };
    samples!(ConfigError:
        ConfigError::Unreadable { .. } => [ConfigError::Unreadable {
            file: file(),
            source: io::Error::from_raw_os_error(2),
        }]
        ConfigError::Key { .. } => [
            key(Origin::File(file())),
            key(Origin::Variable("TESTRIBUTE__SERVER".to_owned())),
            key(Origin::Default),
        ]
    )
}

fn reasons() -> Vec<ConfigFaultReason> {
    let value = |is: Option<&str>| ConfigFaultReason::Value {
        must_be: "an integer from 0 to 65535".into(),
        is: is.map(str::to_owned),
    };
    samples!(ConfigFaultReason:
        ConfigFaultReason::Syntax(_) => [ConfigFaultReason::Syntax(
            "did not find expected node content at line 1 column 11".to_owned(),
        )]
        ConfigFaultReason::UnknownKey { .. } => [
            ConfigFaultReason::UnknownKey { known: vec!["host", "port"] },
        ]
        ConfigFaultReason::MissingKey(_) => [ConfigFaultReason::MissingKey("match")]
        ConfigFaultReason::DuplicateKey(_) => [ConfigFaultReason::DuplicateKey("port")]
        ConfigFaultReason::Value { .. } => [value(Some("\"http\"")), value(None)]
        ConfigFaultReason::Malformed(_) => [
            ConfigFaultReason::Malformed("is not valid YAML".to_owned()),
        ]
    )
}
