//! The configuration: one file a section, in which each key has its type, default, range and description.
//!
//! [`Config::load`]: `read` (YAML to types) for the file, `environment` merged over it, then [`Config::check`] (ranges
//! and rules). Errors are in `fault`. `config/config.yaml` and `docs/configuration.md` are generated from the sections
//! by a test in this file.

mod credentials;
mod drs;
mod environment;
mod estimation;
mod exchange_rates;
mod fault;
mod limits;
mod load;
mod locations;
mod log;
mod measured;
mod outbound;
mod price_entry;
mod read;
mod section;
mod security;
mod server;
mod site;
mod tables;
mod telemetry;
mod tes;

use std::time::Duration;

use self::section::{Section, positive, section};
pub use self::{
    credentials::{CredentialEntry, SecretName},
    drs::{Drs, Prefixes, ResolveAccessIds},
    environment::environment,
    estimation::{
        Estimation, NetworkEstimation, RouteEntry, TablesSource, TransferModelName, UnknownNetwork,
    },
    exchange_rates::{ExchangeRates, RateSource},
    fault::{ConfigError, ConfigFault, ConfigFaultReason, Origin},
    limits::Limits,
    locations::{BucketPlace, Database, HostMatch, Locations, Override},
    log::{Log, LogFormat},
    outbound::Outbound,
    security::{Audience, Check, Jwt, Method, Security},
    server::{CorsOrigin, Server, Tls},
    site::{Failures, Link, ListPrices, PlaceEntry},
    tables::NOTICE as TABLES_NOTICE,
    telemetry::Telemetry,
    tes::{DefaultNeeds, PriceEntry, Queue, Signal, Tes, UnitCostsEntry, UseOfTaskInfo},
};
use crate::domain::money::Currency;

section! {
    /// Everything that can be configured; `Config::default()` is what an empty file gives.
    pub struct Config {
        /// How the HTTP service listens.
        pub server: Server = Server::default();
        /// Seconds for one outbound call, from connect to the last byte. Keep it well below
        /// `server.request_deadline_sec`, so that a dead service costs a warning and not the answer.
        pub timeout: f64 = 2.0, positive(3600.0);
        /// Currency of every amount in an answer.
        pub target_currency: Currency = Currency::EUR;
        /// What is logged to STDERR, and how.
        pub log: Log = Log::default();
        /// What operators see of the service, besides the log.
        pub telemetry: Telemetry = Telemetry::default();
        /// Authorization of callers.
        pub security: Security = Security::default();
        /// Which addresses calls may reach, and limits for them.
        pub outbound: Outbound = Outbound::default();
        /// The service's own credentials for some hosts, sent instead of callers' tokens and by the same rules: over
        /// https, and over plain http to `outbound.allowed_networks` or with `outbound.forward_token_over_http`. Anyone
        /// who may send a request uses these. Secrets are in environment variables; one that is named here and not set
        /// stops the start. The first match wins.
        ///
        /// ```yaml
        /// credentials:
        ///   - {match: funnel.example.org, basic_user: testribute, basic_password_env: FUNNEL_PASSWORD}
        ///   - {match: tesk.example.org, bearer_env: TESK_TOKEN}
        ///   - {match: "https://gateway.example.org/ga4gh/tes/v1", header: X-API-Key, value_env: GATEWAY_KEY}
        /// ```
        pub credentials: Vec<CredentialEntry> = Vec::new();
        /// Limits for one request and for one caller.
        pub limits: Limits = Limits::default();
        /// Assumptions of the estimates.
        pub estimation: Estimation = Estimation::default();
        /// Prices, queue times and capacities of TES instances. Few servers answer `tasks/task-info`; for the others
        /// the price book has them.
        pub tes: Tes = Tes::default();
        /// How DRS instances are called and their answers read.
        pub drs: Drs = Drs::default();
        /// Where hosts and buckets are.
        pub locations: Locations = Locations::default();
        /// How currencies are converted. Rates are fetched only if an offer is in another currency than
        /// `target_currency`.
        pub exchange_rates: ExchangeRates = ExchangeRates::default();
    }
}

impl Config {
    /// How long one outbound call may take.
    pub fn call_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }

    /// Checks ranges, and rules between keys. [`Config::load`] has done so already; a configuration that is built in
    /// Rust should be checked before it is used.
    ///
    /// # Errors
    /// The first [`ConfigFault`].
    pub fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        for (section, checked) in [
            ("server", self.server.check()),
            ("log", self.log.check_keys()),
            ("telemetry", self.telemetry.check_keys()),
            ("security", self.security.check()),
            ("outbound", self.outbound.check_keys()),
            ("limits", self.limits.check_keys()),
            ("estimation", self.estimation.check()),
            ("tes", self.tes.check()),
            ("drs", self.drs.check()),
            ("locations", self.locations.check()),
            ("exchange_rates", self.exchange_rates.check()),
        ] {
            checked.map_err(|fault| fault.within(section))?;
        }
        if self.estimation.transfer_model == TransferModelName::Distance {
            let checked = self.tes.check_transfer_prices();
            checked.map_err(|fault| fault.within("tes"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use yaml_serde::Value;

    use super::{
        credentials::FlatEntry,
        fault::ConfigFaultReason,
        locations::OverrideEntry,
        read::{parse, read},
        section::Key,
        *,
    };
    use crate::domain::price_book::Capacity;

    const YAML_HEAD: &str = "\
# The configuration of testribute: every key, with its default. All keys are optional.
#
#   testribute --config config.yaml serve        or TESTRIBUTE_CONFIG=config.yaml
#
# An environment variable TESTRIBUTE__SECTION__KEY overrides the key of that name (two underscores, in any case), for
# instance TESTRIBUTE__SERVER__PORT=9000 or TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS=10.0.0.0/8,::1/128. An unknown key, a
# wrong type or a value out of range stops the start with one line that names file or variable, key and reason.
#
# Generated from src/config/. docs/configuration.md has the same in tables, with the keys of all entries of lists.
";

    const MARKDOWN_HEAD: &str = "\
# Configuration

Generated from `src/config/`. [`config/config.yaml`](../config/config.yaml) has the same as a file to start from.

The configuration is a YAML file, given by `--config FILE` or `TESTRIBUTE_CONFIG`. All keys are optional. Environment
variables override it: `TESTRIBUTE__SECTION__KEY`, with two underscores, in any case, such as
`TESTRIBUTE__SERVER__PORT=9000`. Their value is YAML, bare text for a string, or a list with commas
(`TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS=10.0.0.0/8,::1/128`). If one variable sets a section and another a key in it,
the key wins. An unknown key, a wrong type or a value out of range stops the start with exit code 2 and one line that
names file or variable, key and reason.
";

    /// The least that an entry of each list and mapping has.
    const ENTRIES: &[u8] = b"
credentials: [{match: a.example, bearer_env: A}]
tes:
  price_book:
    - match: '*'
      currency: EUR
      unit_costs: {cpu_usage: 0, memory_consumption: 0, data_storage: 0, data_transfer: 0}
estimation: {network: {overrides: [{price_per_gb: 0}]}}
locations:
  buckets: {NAME: {region: eu-central-1}}
  overrides: [{match: a.example, latitude: 0, longitude: 0}]
";

    /// All sections by their path, in which `[]` stands for an entry of a list.
    fn sections() -> Vec<(&'static str, Vec<Key>)> {
        vec![
            ("", Config::keys()),
            ("server", Server::keys()),
            ("server.tls", Tls::keys()),
            ("log", Log::keys()),
            ("telemetry", Telemetry::keys()),
            ("security", Security::keys()),
            ("security.jwt", Jwt::keys()),
            ("outbound", Outbound::keys()),
            ("credentials[]", FlatEntry::keys()),
            ("limits", Limits::keys()),
            ("estimation", Estimation::keys()),
            ("estimation.network", NetworkEstimation::keys()),
            ("estimation.network.unknown", UnknownNetwork::keys()),
            ("estimation.network.overrides[]", RouteEntry::keys()),
            ("tes", Tes::keys()),
            ("tes.price_book[]", PriceEntry::keys()),
            ("tes.price_book[].unit_costs", UnitCostsEntry::keys()),
            ("tes.price_book[].list_prices", ListPrices::keys()),
            ("tes.price_book[].place", PlaceEntry::keys()),
            ("tes.price_book[].link", Link::keys()),
            ("tes.price_book[].queue", Queue::keys()),
            ("tes.price_book[].capacity", Capacity::keys()),
            ("drs", Drs::keys()),
            ("locations", Locations::keys()),
            ("locations.buckets.NAME", BucketPlace::keys()),
            ("locations.overrides[]", OverrideEntry::keys()),
            ("exchange_rates", ExchangeRates::keys()),
        ]
    }

    fn keys_in(section: &str) -> Option<Vec<Key>> {
        let mut sections = sections().into_iter();
        sections.find_map(|(path, keys)| (path == section).then_some(keys))
    }

    fn join(section: &str, name: &str) -> String {
        format!("{section}.{name}")
            .trim_start_matches('.')
            .to_owned()
    }

    /// The mapping or list above `path` in a document with one entry in each list, and the last step of `path`.
    fn parent<'a, 'b>(document: &'a mut Value, path: &'b str) -> (&'a mut Value, &'b str) {
        match path.rsplit_once('.') {
            None => (document, path),
            Some((above, name)) => (value(document, above), name),
        }
    }

    fn value<'a>(document: &'a mut Value, path: &str) -> &'a mut Value {
        if let Some(list) = path.strip_suffix("[]") {
            return value(document, list).get_mut(0).unwrap();
        }
        let (parent, name) = parent(document, path);
        if parent.is_null() {
            *parent = yaml_serde::Mapping::new().into();
        }
        let entries = parent.as_mapping_mut().unwrap();
        entries.entry(name.into()).or_insert(Value::Null)
    }

    /// What a configuration has at `path`, if that is anything.
    fn configured(config: &Config, path: &str) -> Option<serde_json::Value> {
        let json = serde_json::to_value(config).unwrap();
        let pointer = path.replace("[]", ".0").replace('.', "/");
        json.pointer(&format!("/{pointer}")).cloned()
    }

    /// The type at `path` in the words of the error for a wrong one.
    fn type_of(path: &str) -> String {
        let with = |probe: Value| {
            let mut document = parse(ENTRIES).unwrap();
            *value(&mut document, path) = probe;
            read(&document)
        };
        let wrong = with(yaml_serde::Mapping::new().into()).and_then(|_| with(true.into()));
        let name = match wrong.map_err(|fault| fault.reason) {
            Ok(_) => return "any value".to_owned(),
            Err(ConfigFaultReason::Value { must_be, .. }) => must_be.into_owned(),
            Err(other) => other.to_string().trim_start_matches("must be ").to_owned(),
        };
        let takes_null = with(Value::Null)
            .is_ok_and(|config| configured(&config, path) == Some(serde_json::Value::Null));
        if takes_null && !name.ends_with("null") {
            return format!("{name}, or null");
        }
        name
    }

    /// The default at `path`, or why there is none.
    fn default_of(path: &str) -> Result<serde_json::Value, &'static str> {
        let mut document = parse(ENTRIES).unwrap();
        let (parent, name) = parent(&mut document, path);
        if let Some(entries) = parent.as_mapping_mut() {
            entries.remove(name);
        }
        match read(&document) {
            Ok(config) => configured(&config, path).ok_or("not set"),
            Err(fault) if matches!(fault.reason, ConfigFaultReason::MissingKey(_)) => {
                Err("required")
            }
            Err(_) => Err("not set"),
        }
    }

    /// JSON as YAML on one line.
    fn flow(json: &serde_json::Value) -> String {
        let all = |items: Vec<String>| items.join(", ");
        match json {
            serde_json::Value::Array(list) => format!("[{}]", all(list.iter().map(flow).collect())),
            serde_json::Value::Object(map) => {
                let entry = |(key, value)| format!("{key}: {}", flow(value));
                format!("{{{}}}", all(map.iter().map(entry).collect()))
            }
            serde_json::Value::Number(number) => number.as_f64().unwrap().to_string(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// A description as one line, and the lines of its example.
    fn prose_and_example(description: &str) -> (String, Vec<&str>) {
        let lines = description
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        let mut lines = lines.peekable();
        let mut prose = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("```")) {
            prose.extend(line.split_whitespace());
        }
        (
            prose.join(" "),
            lines.filter(|line| !line.starts_with("```")).collect(),
        )
    }

    /// A comment of lines of at most 120 characters.
    fn comment(text: &str, indent: &str) -> String {
        let mut lines = vec![format!("{indent}#")];
        for word in text.split(' ') {
            if lines.last().unwrap().chars().count() + word.chars().count() >= 120 {
                lines.push(format!("{indent}#"));
            }
            lines.last_mut().unwrap().extend([" ", word]);
        }
        lines.join("\n")
    }

    /// The lines of a section: each key under its description, and its example under it.
    fn yaml(section: &str) -> Vec<String> {
        let depth = section.split('.').filter(|name| !name.is_empty()).count();
        let indent = "  ".repeat(depth);
        let mut lines = Vec::new();
        for (name, description, rule) in keys_in(section).unwrap() {
            let path = join(section, name);
            let inner = keys_in(&path);
            let (prose, example) = prose_and_example(description);
            // Descriptions that begin with a value list all values.
            let values = (inner.is_none() && !prose.starts_with('`')).then(|| type_of(&path));
            let must_be = match values {
                Some(values) if values.starts_with("one of") => format!(" Must be {values}."),
                _ if rule.is_empty() => String::new(),
                _ => format!(" Must be {rule}."),
            };
            if section.is_empty() {
                lines.push(String::new());
            }
            lines.push(comment(&format!("{prose}{must_be}"), &indent));
            if inner.is_some() {
                lines.push(format!("{indent}{name}:"));
                lines.extend(yaml(&path));
                continue;
            }
            match default_of(&path).unwrap() {
                serde_json::Value::Object(map) if !map.is_empty() => {
                    lines.push(format!("{indent}{name}:"));
                    let entry = |(key, value)| format!("{indent}  {key}: {}", flow(value));
                    lines.extend(map.iter().map(entry));
                }
                json => lines.push(format!("{indent}{name}: {}", flow(&json))),
            }
            // The sections around an example are there already.
            for line in example.iter().skip(depth) {
                lines.push(format!("{indent}# {}", line.get(indent.len()..).unwrap()));
            }
        }
        lines
    }

    /// The lines of all tables.
    fn markdown() -> Vec<String> {
        let mut lines = Vec::new();
        for (section, keys) in sections() {
            let title = match section {
                "" => "## Top level".to_owned(),
                section if section.contains(['.', '[']) => format!("### `{section}`"),
                section => format!("## `{section}`"),
            };
            lines.extend([String::new(), title, String::new()]);
            lines.push("| Key | Type | Default | Must be | Description |".to_owned());
            lines.push("|---|---|---|---|---|".to_owned());
            let mut examples = Vec::new();
            for (name, description, rule) in keys {
                let path = join(section, name);
                let (prose, example) = prose_and_example(description);
                let (kind, default) = if keys_in(&path).is_some() {
                    ("a mapping, see below".to_owned(), String::new())
                } else {
                    let default = default_of(&path).map(|json| format!("`{}`", flow(&json)));
                    (type_of(&path), default.unwrap_or_else(str::to_owned))
                };
                let row = [format!("`{name}`"), kind, default, rule, prose];
                let row = row.map(|cell| cell.replace('|', "\\|")).join(" | ");
                lines.push(format!("| {row} |"));
                if !example.is_empty() {
                    let example = example.join("\n");
                    examples.push(format!("\nExample of `{name}`:\n\n```yaml\n{example}\n```"));
                }
            }
            lines.extend(examples);
        }
        lines
    }

    #[test]
    fn the_documentation_is_generated_from_the_sections() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (file, generated) in [
            (
                "config/config.yaml",
                [YAML_HEAD, &yaml("").join("\n"), "\n"],
            ),
            (
                "deploy/kubernetes/base/config.yaml",
                [YAML_HEAD, &yaml("").join("\n"), "\n"],
            ),
            (
                "docs/configuration.md",
                [MARKDOWN_HEAD, &markdown().join("\n"), "\n"],
            ),
        ] {
            let path = root.join(file);
            let generated = generated.concat();
            if env::var_os("UPDATE_DOCS").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &generated).unwrap();
            }
            assert!(
                fs::read_to_string(&path).is_ok_and(|text| text == generated),
                "{file} is not what src/config/ says; write it with UPDATE_DOCS=1 cargo test --lib config"
            );
        }
    }

    #[test]
    fn faults_are_told_in_the_words_of_yaml() {
        const WORDS_OF_RUST: [&str; 19] = [
            "u8", "u16", "u32", "u64", "usize", "i64", "f32", "f64", "bool", "str", "enum",
            "struct", "tuple", "variant", "sequence", "newtype", "unit", "untagged", "map",
        ];
        let probes = [
            "{a: 1}",
            "[{}]",
            "[[]]",
            "true",
            "-1",
            "1.5",
            "99999999999999999999",
            "'-'",
            "''",
            "a@b",
        ];
        let mut faults = 0;
        for (section, keys) in sections() {
            for (name, _, _) in keys {
                for probe in probes {
                    let mut document = parse(ENTRIES).unwrap();
                    *value(&mut document, &join(section, name)) = parse(probe.as_bytes()).unwrap();
                    let checked = read(&document).and_then(|config| config.check().map(drop));
                    let Err(fault) = checked else { continue };
                    faults += 1;
                    let text = fault.to_string();
                    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    assert!(!words.any(|word| WORDS_OF_RUST.contains(&word)), "{text}");
                    assert!(text.matches("must be").count() < 2, "{text}");
                }
            }
        }
        assert!(faults > 1000, "{faults}");
    }

    #[test]
    fn the_examples_are_valid() {
        let mut examples = 0;
        for (_, keys) in sections() {
            for (name, description, _) in keys {
                let (_, example) = prose_and_example(description);
                let document = parse(example.join("\n").as_bytes()).unwrap();
                let config = read(&document).unwrap();
                config.check().unwrap();
                if !example.is_empty() {
                    assert_ne!(config, Config::default(), "{name}");
                    examples += 1;
                }
            }
        }
        assert_eq!(examples, 7);
    }
}
