//! Configuration: what is refused and with which words, and what a variable may change.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use testribute::{
    config::{self, Audience, Config, ConfigError, LogFormat, Method},
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

/// What the operator reads when `environment` is laid over no file.
fn refusal(environment: &[(&str, &str)]) -> String {
    load(None, environment).map_or_else(|error| error.to_string(), |config| format!("{config:?}"))
}

#[test]
fn every_wrong_file_is_refused_with_one_line_that_names_file_key_and_reason() {
    let mut fixtures = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(FIXTURES).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().trim_start_matches("# ");
        let line = match load(path.to_str(), &[]) {
            Ok(config) => format!("was taken: {config:?}"),
            Err(error) => error.to_string(),
        };
        if line != format!("{}: {expected}", path.display()) {
            wrong.push(line);
        }
        fixtures += 1;
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(fixtures > 60, "{fixtures}");
}

#[test]
fn a_file_that_cannot_be_read_as_text_is_refused() {
    let missing = load(Some("no/such.yaml"), &[]).unwrap_err().to_string();
    assert!(
        missing.starts_with("no/such.yaml: cannot be read: No such file"),
        "{missing}"
    );
    let directory = load(Some(FIXTURES), &[]).unwrap_err();
    assert!(matches!(directory, ConfigError::Unreadable { .. }));

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config-unreadable");
    fs::create_dir_all(&folder).unwrap();
    let refused = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        let line = load(path.to_str(), &[]).unwrap_err().to_string();
        line.replace(path.to_str().unwrap(), name)
    };
    assert_eq!(
        refused("latin-1.yaml", b"timeout: 2 # caf\xe9"),
        "latin-1.yaml: is not UTF-8 text: incomplete utf-8 byte sequence from index 16"
    );
    assert_eq!(
        refused("huge.yaml", &vec![b'#'; (256 << 10) + 1]),
        "huge.yaml: is larger than 262144 bytes"
    );
    assert_eq!(refused("line\nbreak.yaml", b"a\nb: 1").lines().count(), 1);
}

#[test]
fn an_empty_file_or_section_is_the_default() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config-empty");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("empty.yaml");
    for text in [
        "",
        "\n",
        "# nothing\n",
        "---\n",
        "{}",
        "\u{feff}server:\n",
        "server:\nsecurity:\n  jwt:\n    issuers:\nexchange_rates:\n  rates:\n",
    ] {
        fs::write(&path, text).unwrap();
        let config = load(path.to_str(), &[]);
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
        .replace("  # rates:", "  rates:");
    let config: Config = yaml_serde::from_str(&with_examples).unwrap();
    config.check().unwrap();
    assert_eq!(config.locations.overrides.len(), 3);
    assert_eq!(config.exchange_rates.rates.len(), 5);
    assert_eq!(config.credentials.len(), 2);
    let [entry] = config.tes.price_book.as_slice() else {
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
    for (name, text, reason) in [
        (
            "TESTRIBUTE__SERVER__PORT",
            "http",
            "server.port: must be an integer from 0 to 65535, is \"http\"",
        ),
        (
            "TESTRIBUTE__TIMEOUT",
            "-1",
            "timeout: must be more than 0 and at most 3600, is -1",
        ),
        (
            "TESTRIBUTE__TIMEOUT",
            "",
            "timeout: must be a number, is empty",
        ),
        (
            "TESTRIBUTE__TIMEOUT__SECONDS",
            "1",
            "timeout: must be a number, is a mapping",
        ),
        (
            "TESTRIBUTE__ESTIMATION__SPEED",
            "1",
            "estimation.speed: unknown key; known keys here are transfer_rate_mbps, unknown_distance_km",
        ),
        (
            "TESTRIBUTE__ESTIMATION__",
            "{",
            "estimation.: unknown key; known keys here are transfer_rate_mbps, unknown_distance_km",
        ),
        (
            "TESTRIBUTE__ESTIMATION",
            "{speed: 1}",
            "estimation.speed: unknown key; known keys here are transfer_rate_mbps, unknown_distance_km",
        ),
        (
            "TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS",
            "10.0.0.0/8, here",
            "outbound.allowed_networks[1]: must be a network such as 10.0.0.0/8 or ::1/128, or an address, is \"here\"",
        ),
        (
            "TESTRIBUTE__LIMITS",
            "{tes_uris: 0}",
            "limits.tes_uris: must be at least 1 and at most 1000000, is 0",
        ),
        (
            "TESTRIBUTE__SECURITY__AUTHORIZATION_REQUIRED",
            "true",
            "security.authorization_required: is true, but security.jwt.issuers names no one whose tokens are trusted",
        ),
        (
            "TESTRIBUTE__LOCATIONS__OVERRIDES",
            "[{match: a",
            "locations.overrides: is not valid YAML: did not find expected ',' or '}' at line 2 column 1, while parsing a flow mapping at line 1 column 2",
        ),
    ] {
        let expected = format!("{name}: {reason}");
        assert_eq!(refusal(&[(name, text)]), expected);
        let over_a_file = load(Some(DOCUMENTED), &[(name, text)]);
        assert_eq!(over_a_file.unwrap_err().to_string(), expected);
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
    let error = testribute::Ranker::new(&config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "outbound.max_concurrency: must be at least 1 and at most 100000, is 0"
    );
}

#[test]
fn zz_dump() {
    for entry in fs::read_dir(FIXTURES).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let old = text.lines().next().unwrap().trim_start_matches("# ").to_owned();
        let result = load(path.to_str(), &[]);
        let new = match &result { Ok(c) => format!("TAKEN {c:?}"), Err(e) => e.to_string().replace(&format!("{}: ", path.display()), "") };
        let outline = match &result { Err(ConfigError::Key{fault, ..}) => format!("{:?}", fault), other => format!("{other:?}") };
        println!("@@{}\t{}\t{}\t{}", path.display(), old, new, outline);
    }
}
