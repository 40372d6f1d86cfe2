//! The configuration: every key with its type and default. `config/config.yaml` lists them all for the user.
//!
//! [`Config::load`] goes `tree` (YAML, unfolded) -> `environment` (laid over) -> `read` (types) -> `check` (ranges); what
//! can go wrong on the way is in `fault`.

mod check;
mod check_drs;
mod check_security;
mod check_server;
mod check_tes;
mod credentials;
mod drs;
mod environment;
mod fault;
mod load;
mod locations;
mod outbound;
mod read;
mod security;
mod server;
mod tes;
mod tree;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

pub use self::{
    credentials::{BadCredential, CredentialEntry, SecretName},
    drs::{Drs, Prefixes},
    environment::environment,
    fault::{ConfigError, ConfigFault, ConfigFaultReason, Origin},
    locations::{BucketPlace, Database, HostMatch, Locations, Override},
    outbound::Outbound,
    security::{Audience, Check, Jwt, Method, Security},
    server::{CorsOrigin, Server, Tls},
    tes::{PriceEntry, Queue, Signal, Tes, UseOfTaskInfo},
};
use crate::domain::money::Currency;

/// Everything that can be configured; `Config::default()` is what an empty file gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How the HTTP service listens.
    pub server: Server,
    /// Seconds for one outbound call, from connect to the last byte.
    pub timeout: f64,
    /// The currency of every amount in an answer.
    pub target_currency: Currency,
    /// What is logged, and how.
    pub log: Log,
    /// Who may ask.
    pub security: Security,
    /// Where calls may go, and how many at once.
    pub outbound: Outbound,
    /// What the service shows to some hosts instead of its callers' tokens.
    pub credentials: Vec<CredentialEntry>,
    /// How much one request may ask for.
    pub limits: Limits,
    /// What the estimates assume.
    pub estimation: Estimation,
    /// What is known about TES instances that they do not say themselves.
    pub tes: Tes,
    /// How DRS instances are asked, and what is made of their answers.
    pub drs: Drs,
    /// How hosts are placed on the map.
    pub locations: Locations,
    /// How currencies are converted.
    pub exchange_rates: ExchangeRates,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server::default(),
            timeout: 2.0,
            target_currency: Currency::EUR,
            log: Log::default(),
            security: Security::default(),
            outbound: Outbound::default(),
            credentials: Vec::new(),
            limits: Limits::default(),
            estimation: Estimation::default(),
            tes: Tes::default(),
            drs: Drs::default(),
            locations: Locations::default(),
            exchange_rates: ExchangeRates::default(),
        }
    }
}

impl Config {
    /// How long one outbound call may take.
    pub fn call_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }
}

/// What is logged to STDERR, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,testribute=debug`.
    pub level: String,
    /// Lines for people or for machines.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much one request may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// TES instances in a request.
    pub tes_uris: usize,
    /// DRS instances in a request.
    pub drs_uris: usize,
    /// Objects in a request.
    pub object_ids: usize,
    /// Combinations in an answer: the default and the maximum of `limit`.
    pub combinations: usize,
    /// About how many bytes the combinations of an answer may have.
    pub answer_bytes: usize,
    /// About how many bytes what the DRS say may take, with the estimates of it for each TES.
    pub findings_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tes_uris: 100,
            drs_uris: 100,
            object_ids: 1000,
            combinations: 1000,
            answer_bytes: 32 << 20,
            findings_bytes: 64 << 20,
        }
    }
}

/// What the estimates assume.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Estimation {
    /// Megabits per second between two hosts; without it, moving data takes no time.
    pub transfer_rate_mbps: Option<f64>,
    /// How far hosts at unknown places are taken to be from everything, in kilometres; without it, they are left out.
    pub unknown_distance_km: Option<f64>,
}

/// How currencies are converted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeRates {
    /// Where the rates come from.
    pub source: RateSource,
    /// The currency that the configured `rates` are per one unit of.
    pub base: Currency,
    /// Units per one unit of `base`: the table of `static`, the fallback of `ecb`.
    pub rates: BTreeMap<String, f64>,
    /// The date of `rates`, told in the warning when they stand in for the source.
    pub as_of: Option<String>,
    /// Seconds that fetched rates are kept.
    pub cache_ttl_sec: u64,
    /// The European Central Bank's daily document.
    pub ecb_url: String,
    /// The ticker that gives the price of one BTC.
    pub btc_url: String,
}

impl Default for ExchangeRates {
    fn default() -> Self {
        Self {
            source: RateSource::Ecb,
            base: Currency::EUR,
            rates: BTreeMap::new(),
            as_of: None,
            cache_ttl_sec: 43_200,
            ecb_url: "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml".to_owned(),
            btc_url: "https://blockchain.info/ticker".to_owned(),
        }
    }
}

/// Where exchange rates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RateSource {
    /// The European Central Bank, and a ticker for BTC.
    Ecb,
    /// The table in the configuration, no calls.
    Static,
}
