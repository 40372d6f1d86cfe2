//! Configuration: what is refused and with which words, and what a variable may change.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use testribute::{
    config::{
        self, Audience, Config, ConfigError, ConfigFault, ConfigFaultReason, LogFormat, Method,
        Origin,
    },
    domain::money::Currency,
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/config");
const DOCUMENTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/config.yaml");

fn load(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(file.map(Path::new), environment)
}

/// Loads `text` as the file `name` in a folder of the test's own.
fn load_text(folder: &str, name: &str, text: &[u8]) -> Result<Config, ConfigError> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    load(path.to_str(), &[])
}

/// Key and kind of a fault without its words: `server.port: value "http"`.
fn outline(fault: &ConfigFault) -> String {
    let kind = match &fault.reason {
        ConfigFaultReason::Syntax(_) => "not YAML".to_owned(),
        ConfigFaultReason::UnknownKey { known } => {
            assert!(known.len() > 1);
            "unknown key".to_owned()
        }
        ConfigFaultReason::MissingKey(key) => format!("missing {key}"),
        ConfigFaultReason::DuplicateKey(key) => format!("duplicate {key}"),
        ConfigFaultReason::Value { is: None, .. } => "value, not shown".to_owned(),
        ConfigFaultReason::Value { is: Some(is), .. } => format!("value {is}"),
        ConfigFaultReason::Malformed(_) => "malformed".to_owned(),
    };
    match fault.key.as_str() {
        "" => kind,
        key => format!("{key}: {kind}"),
    }
}

#[test]
fn every_wrong_file_is_refused_with_one_line_that_names_file_key_and_reason() {
    let mut fixtures = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(FIXTURES).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().trim_start_matches("# ");
        match load(path.to_str(), &[]) {
            Err(ConfigError::Key { origin, fault }) => {
                assert_eq!(origin, Origin::File(path.clone()));
                if outline(&fault) != expected {
                    wrong.push(format!("{}: {}", path.display(), outline(&fault)));
                }
                let line = ConfigError::Key { origin, fault }.to_string();
                let file_and_key = format!("{}: {}", path.display(), key_of(expected));
                assert!(line.starts_with(&file_and_key), "{line}");
                assert_eq!(line.lines().count(), 1, "{line}");
                assert!(!line.contains("secret"), "{line}");
                for word in RUST_WORDS {
                    assert!(!line.contains(word), "{line}");
                }
            }
            other => wrong.push(format!("{}: {other:?}", path.display())),
        }
        fixtures += 1;
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(fixtures > 100, "{fixtures}");
}

/// What serde says by default.
const RUST_WORDS: [&str; 7] = [
    "struct",
    "enum",
    "variant",
    "f64",
    "u16",
    "usize",
    "invalid type",
];

fn key_of(outline: &str) -> &str {
    outline.rsplit_once(": ").map_or("", |(key, _)| key)
}

/// One line for each way in which a line is made; the other tests compare keys and values.
#[test]
fn the_lines_are_words_for_operators() {
    for (text, expected) in [
        (
            "server: {prot: 1}",
            "server.prot: unknown key; known keys here are host, port, tls, max_connections, max_body_bytes, \
             max_in_flight, request_deadline_sec, readiness_delay_sec, shutdown_grace_sec, trusted_proxies, cors_allowed_origins, example_request",
        ),
        (
            "server: {port: 1",
            "is not valid YAML: did not find expected ',' or '}' at line 2 column 1, while parsing a flow mapping at line 1 column 9",
        ),
        (
            "server: {port: 1, port: 2}",
            "is not valid YAML: server: duplicate entry with key \"port\" at line 1 column 9",
        ),
        (
            "security: {jwt: {cache_ttl: 1, cache_ttl_sec: 2}}",
            "security.jwt: the key cache_ttl_sec is there under two names",
        ),
        (
            "credentials: [{bearer_env: A}]",
            "credentials[0]: the key match is missing",
        ),
        (
            "server: {port: http}",
            "server.port: must be an integer from 0 to 65535, is \"http\"",
        ),
        (
            "limits: {tes_uris: -1}",
            "limits.tes_uris: must be an integer of 0 or more, is -1",
        ),
        (
            "limits: {tes_uris: 0}",
            "limits.tes_uris: must be at least 1 and at most 1000000, is 0",
        ),
        (
            "timeout: -1",
            "timeout: must be more than 0 and at most 3600, is -1",
        ),
        (
            "timeout: .nan",
            "timeout: must be more than 0 and at most 3600, is NaN",
        ),
        ("timeout: ", "timeout: must be a number, is empty"),
        (
            "timeout: !seconds 2",
            "timeout: the tag !seconds is not supported",
        ),
        ("server: [1]", "server: must be a mapping, is a list"),
        (
            "drs: {plain_http_hosts: a}",
            "drs.plain_http_hosts: must be a list, is \"a\"",
        ),
        ("log: {format: 1}", "log.format: must be text or json, is 1"),
        (
            "tes: {task_info: x}",
            "tes.task_info: must be one of auto, always, never, is \"x\"",
        ),
        (
            "security: {authorization_required: 1}",
            "security.authorization_required: must be true or false, is 1",
        ),
        ("server: {host: 1}", "server.host: must be a string, is 1"),
        (
            "server: {tls: {key: 1}}",
            "server.tls.key: must be the path of a file, is 1",
        ),
        (
            "locations: {database: 1}",
            "locations.database: must be embedded, none, or the path of a file",
        ),
        (
            "security: {jwt: {issuers: 'https://me:pw@a.example/'}}",
            "security.jwt.issuers: must be a list, is a string with @ (not shown)",
        ),
        (
            "drs: {plain_http_hosts: ['me:pw@a.example']}",
            "drs.plain_http_hosts[0]: must be a host name or address, with a port if need be, is a string with @ (not shown)",
        ),
        (
            "exchange_rates: {ecb_url: 'ftp://a:pw@b'}",
            "exchange_rates.ecb_url: must be an absolute http or https URL",
        ),
    ] {
        let error = load_text("config-lines", "x.yaml", text.as_bytes()).unwrap_err();
        let line = error.to_string();
        let (_, line) = line.split_once("x.yaml: ").unwrap();
        assert_eq!(line, expected);
    }
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let text = format!("server: {{port: {}}}", "\u{e9}".repeat(1000));
    let error = load_text("config-long", "x.yaml", text.as_bytes()).unwrap_err();
    assert!(error.to_string().ends_with("\u{e9}\"..."), "{error}");
    assert!(error.to_string().chars().count() < 400, "{error}");
}

#[test]
fn a_file_that_cannot_be_read_as_text_is_refused() {
    for file in ["no/such.yaml", FIXTURES] {
        let error = load(Some(file), &[]).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
        assert!(error.to_string().starts_with(file), "{error}");
    }
    let refused = |name: &str, content: &[u8]| match load_text("config-unreadable", name, content)
        .unwrap_err()
    {
        ConfigError::Key { origin, fault } => {
            let line = ConfigError::Key {
                origin,
                fault: fault.clone(),
            }
            .to_string();
            assert_eq!(line.lines().count(), 1, "{line}");
            outline(&fault)
        }
        error @ ConfigError::Unreadable { .. } => panic!("{error}"),
    };
    assert_eq!(refused("latin-1.yaml", b"timeout: 2 # caf\xe9"), "not YAML");
    assert_eq!(refused("line\nbreak.yaml", b"a\nb: 1"), "not YAML");
}

#[test]
fn keys_are_read_as_they_are_written() {
    for key in ["20240101", "0x1f", "1.10", "10.1234", "true", "1e3", "007"] {
        let text = format!("locations: {{buckets: {{{key}: {{region: eu-central-1}}}}}}");
        let config = load_text("config-keys", "x.yaml", text.as_bytes()).unwrap();
        assert!(config.locations.buckets.contains_key(key), "{key}");
    }
}

#[test]
fn an_empty_file_or_section_is_the_default() {
    for text in [
        "",
        "\n",
        "# nothing\n",
        "---\n",
        "{}",
        "\u{feff}server:\n",
        "server:\nsecurity:\n  jwt:\n    issuers:\nexchange_rates:\n  rates:\n",
    ] {
        let config = load_text("config-empty", "empty.yaml", text.as_bytes());
        assert_eq!(config.unwrap(), Config::default(), "{text:?}");
    }
    assert_eq!(load(None, &[]).unwrap(), Config::default());
}

#[test]
fn the_documented_file_has_every_key_with_its_default() {
    let text = fs::read_to_string(DOCUMENTED).unwrap();
    assert_eq!(load(Some(DOCUMENTED), &[]).unwrap(), Config::default());
    let documented: Value = yaml_serde::from_str(&text).unwrap();
    let default = serde_json::to_value(Config::default()).unwrap();
    assert_eq!(keys(&documented, ""), keys(&default, ""));
}

#[test]
fn the_examples_in_the_documented_file_are_valid() {
    let text = fs::read_to_string(DOCUMENTED).unwrap();
    let with_examples = text
        .replace("    overrides: []\n", "")
        .replace("  overrides: []\n", "")
        .replace("  rates: {}\n", "")
        .replace("  price_book: []\n", "")
        .replace("credentials: []\n", "")
        .replace("# credentials:", "credentials:")
        .replace("\n#   - {match", "\n  - {match")
        .replace("  # price_book:", "  price_book:")
        .replace("  #   - match", "    - match")
        .replace("\n  #     ", "\n      ")
        .replace("  # overrides:", "  overrides:")
        .replace("  #   - {match", "    - {match")
        .replace("  #   - {from", "    - {from")
        .replace("  # rates:", "  rates:");
    let config: Config = yaml_serde::from_str(&with_examples).unwrap();
    config.check().unwrap();
    assert_eq!(config.locations.overrides.len(), 4);
    assert_eq!(config.estimation.network.overrides.len(), 2);
    assert_eq!(config.exchange_rates.rates.len(), 5);
    assert_eq!(config.credentials.len(), 3);
    let [entry, _] = config.tes.price_book.as_slice() else {
        panic!("{:?}", config.tes.price_book);
    };
    assert_eq!(entry.capacity.zones, ["eu-1"]);
    assert_eq!(entry.queue, config::Queue::default());
}

#[test]
fn a_variable_sets_a_key_of_any_type() {
    let config = load(
        Some(DOCUMENTED),
        &[
            ("TESTRIBUTE__SERVER__HOST", "::1"),
            ("TESTRIBUTE__SERVER__PORT", "9000"),
            ("TESTRIBUTE__timeout", "0.5"),
            ("testribute__Target_Currency", "CHF"),
            ("TESTRIBUTE__LOG__LEVEL", "info,testribute=debug"),
            ("TESTRIBUTE__LOG__FORMAT", "json"),
            ("TESTRIBUTE__SECURITY__JWT__AUDIENCE", "12345"),
            ("TESTRIBUTE__SECURITY__JWT__CLAIM_IDENTITY", "1e3"),
            ("TESTRIBUTE__ESTIMATION__TRANSFER_RATE_MBPS", "null"),
            ("TESTRIBUTE__EXCHANGE_RATES__AS_OF", "2025-10-09"),
            ("TESTRIBUTE__EXCHANGE_RATES__RATES__USD", "1.1611"),
            ("TESTRIBUTE__OUTBOUND__FORWARD_TOKEN_OVER_HTTP", "true"),
            (
                "TESTRIBUTE__LOCATIONS__OVERRIDES",
                "[{match: a.example, latitude: 1, longitude: 2}]",
            ),
        ],
    )
    .unwrap();
    assert_eq!(config.server.host, "::1");
    assert_eq!(config.server.port, 9000);
    assert!((config.timeout - 0.5).abs() < f64::EPSILON);
    assert_eq!(config.target_currency, Currency::CHF);
    assert_eq!(config.log.level, "info,testribute=debug");
    assert_eq!(config.log.format, LogFormat::Json);
    let jwt = &config.security.jwt;
    assert_eq!(jwt.audience, Some(Audience::One("12345".to_owned())));
    assert_eq!(jwt.claim_identity, "1e3");
    assert_eq!(config.exchange_rates.as_of.as_deref(), Some("2025-10-09"));
    assert_eq!(config.exchange_rates.rates.get("USD"), Some(&1.1611));
    assert!(config.outbound.forward_token_over_http);
    assert_eq!(config.locations.overrides.len(), 1);
}

#[test]
fn a_list_is_given_as_yaml_or_with_commas() {
    for (text, count) in [
        ("[127.0.0.0/8]", 1),
        ("127.0.0.0/8", 1),
        ("10.0.0.0/8, ::1/128,192.168.0.1", 3),
        ("[::1/128, 10.0.0.0/8]", 2),
        ("[]", 0),
        ("", 0),
    ] {
        let config = load(None, &[("TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS", text)]);
        let networks = config.unwrap().outbound.allowed_networks;
        assert_eq!(networks.len(), count, "{text:?}");
    }
    let methods = "TESTRIBUTE__SECURITY__JWT__VALIDATION_METHODS";
    let config = load(None, &[(methods, "public_key,userinfo")]).unwrap();
    assert_eq!(
        config.security.jwt.validation_methods,
        [Method::PublicKey, Method::Userinfo]
    );
}

#[test]
fn a_section_given_as_a_whole_is_merged_and_its_keys_win() {
    let config = load(
        Some(DOCUMENTED),
        &[
            ("TESTRIBUTE__SERVER__PORT", "9001"),
            ("TESTRIBUTE__SERVER", "{port: 9000, max_in_flight: 7}"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.port, 9001);
    assert_eq!(config.server.max_in_flight, 7);
    assert_eq!(config.server.max_body_bytes, 1 << 20);
}

#[test]
fn the_other_name_of_a_key_is_the_same_key() {
    let variable = "TESTRIBUTE__SECURITY__JWT__CACHE_TTL";
    let config = load(Some(DOCUMENTED), &[(variable, "7")]).unwrap();
    assert_eq!(config.security.jwt.cache_ttl_sec, 7);
    let config: Config = yaml_serde::from_str("security: {jwt: {cache_ttl: 8}}").unwrap();
    assert_eq!(config.security.jwt.cache_ttl_sec, 8);
}

#[test]
fn a_variable_that_is_at_fault_is_named_instead_of_the_file() {
    for (name, text, expected) in [
        ("SERVER__PORT", "http", "server.port: value \"http\""),
        ("TIMEOUT", "-1", "timeout: value -1"),
        ("TIMEOUT", "", "timeout: value empty"),
        ("TIMEOUT__SECONDS", "1", "timeout: value a mapping"),
        ("ESTIMATION__SPEED", "1", "estimation.speed: unknown key"),
        ("ESTIMATION__", "{", "estimation.: unknown key"),
        ("ESTIMATION", "{speed: 1}", "estimation.speed: unknown key"),
        (
            "OUTBOUND__ALLOWED_NETWORKS",
            "10.0.0.0/8, here",
            "outbound.allowed_networks[1]: value \"here\"",
        ),
        ("LIMITS", "{tes_uris: 0}", "limits.tes_uris: value 0"),
        (
            "SECURITY__AUTHORIZATION_REQUIRED",
            "true",
            "security.authorization_required: malformed",
        ),
        (
            "LOCATIONS__OVERRIDES",
            "[{match: a",
            "locations.overrides: not YAML",
        ),
        (
            "EXCHANGE_RATES__RATES__USD",
            "0",
            "exchange_rates.rates.USD: value 0",
        ),
        (
            "DRS",
            "{prefixes: {dg.4503: a/b}}",
            "drs.prefixes.dg.4503: value \"a/b\"",
        ),
    ] {
        let name = format!("TESTRIBUTE__{name}");
        for file in [None, Some(DOCUMENTED)] {
            let error = load(file, &[(&name, text)]).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("{name}: ")),
                "{error}"
            );
            let ConfigError::Key { origin, fault } = error else {
                panic!("{error}");
            };
            assert_eq!(origin, Origin::Variable(name.clone()));
            assert_eq!(outline(&fault), expected);
        }
    }
}

#[test]
fn of_two_variables_for_one_key_the_one_whose_value_counts_is_named() {
    let section = ("TESTRIBUTE__LIMITS", "{tes_uris: 0, drs_uris: 0}");
    let key = ("TESTRIBUTE__LIMITS__TES_URIS", "0");
    for (environment, blamed) in [
        ([section, key], key.0),
        ([section, (key.0, "1")], section.0),
    ] {
        let error = load(None, &environment).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("{blamed}: ")),
            "{error}"
        );
    }
}

#[test]
fn a_fault_of_the_file_is_not_blamed_on_a_variable_beside_it() {
    let path = format!("{FIXTURES}/no_body.yaml");
    let error = load(Some(&path), &[("TESTRIBUTE__SERVER", "{port: 9000}")]).unwrap_err();
    assert!(error.to_string().starts_with(&path), "{error}");
    let mended = load(Some(&path), &[("TESTRIBUTE__SERVER__MAX_BODY_BYTES", "1")]);
    assert_eq!(mended.unwrap().server.max_body_bytes, 1);
}

#[test]
fn other_variables_are_not_configuration() {
    let config = load(
        None,
        &[
            ("TESTRIBUTE_CONFIG", "x.yaml"),
            ("TESTRIBUTE_JWT", "secret"),
            ("TESTRIBUTE_SERVER__PORT", "1"),
            ("MY_TESTRIBUTE__PORT", "1"),
            ("TESTRIBUTE", "1"),
            ("\u{e9}TESTRIBUTE", "1"),
        ],
    );
    assert_eq!(config.unwrap(), Config::default());
}

/// The dotted keys of everything that is no mapping with keys of its own.
fn keys(value: &Value, prefix: &str) -> BTreeSet<String> {
    match value {
        Value::Object(map) if !map.is_empty() => map
            .iter()
            .flat_map(|(key, value)| keys(value, &format!("{prefix}.{key}")))
            .collect(),
        _ => BTreeSet::from([prefix.to_owned()]),
    }
}

#[test]
fn no_ranker_is_made_of_values_out_of_range() {
    let mut config = Config::default();
    config.outbound.max_concurrency = 0;
    let fault = config.check().unwrap_err();
    assert_eq!(outline(&fault), "outbound.max_concurrency: value 0");
    let error = testribute::Ranker::new(&config).unwrap_err();
    assert_eq!(error.to_string(), fault.to_string());
}
