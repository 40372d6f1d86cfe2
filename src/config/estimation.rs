//! `estimation`: how cost and time of transfers are estimated.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    fault::{ConfigFault, ConfigFaultReason},
    section::{Section, must_be, positive, range, section},
};
use crate::domain::{
    money::Currency,
    transfer::{
        BilledTo, EndMatch, RouteOverride, UnknownSource,
        domains::{Affiliation, Domains},
    },
};

/// Half the circumference of the Earth, rounded up.
const MAX_DISTANCE_KM: f64 = 20_100.0;
/// The highest plausible price of a gigabyte.
const MAX_PRICE: f64 = 1e9;
/// The highest plausible rate, in megabits per second.
pub(super) const MAX_RATE: f64 = 1e9;

section! {
    /// Assumptions of the estimates. `docs/estimates.md` has the formulas.
    pub struct Estimation {
        /// `network`: what providers charge for data that leave them, and measured rates. `distance`: the predecessor's
        /// formula, a price by the kilometre, which each TES must state.
        pub transfer_model: TransferModelName = TransferModelName::default();
        /// Megabits per second. With `distance`: between any two hosts; null: transfers take no time. With `network`: in
        /// place of `network.unknown.rate_mbps`.
        pub transfer_rate_mbps: Option<f64> = None, positive(MAX_RATE).or_null();
        /// `all`: every charge counts. `caller`: only those that the caller is billed.
        pub billed_to: BilledTo = BilledTo::default();
        /// Distance in kilometres that is assumed between a host at an unknown place and any other. null: with
        /// `distance`, access URIs at unknown places are left out.
        pub unknown_distance_km: Option<f64> = None, range(0.0, MAX_DISTANCE_KM).or_null();
        /// The model `network`.
        pub network: NetworkEstimation = NetworkEstimation::default();
    }
}

section! {
    /// The model `network`.
    pub struct NetworkEstimation {
        /// `embedded`: the tables of prices and rates of this version. Otherwise the path of a YAML file with the same
        /// schema (`src/config/data/network_tables.yaml`).
        pub tables: TablesSource = TablesSource::default(),
            must_be("embedded, or the path of a file", |tables: &TablesSource| {
                *tables != TablesSource::File(PathBuf::new())
            });
        /// What the account moves in a month, in gigabytes as the provider counts them: the price tier.
        pub monthly_egress_gb: f64 = 0.0, range(0.0, 1e12);
        /// Parallel connections of a TES's downloads, where its entry does not say.
        pub streams: f64 = 8.0, range(1.0, 1000.0);
        /// Sources at no known provider or network.
        pub unknown: UnknownNetwork = UnknownNetwork::default();
        /// Hosts of networks and providers, besides those that are known: domains, addresses or networks under
        /// `academic`, a provider, or a provider and region. Of several that have an address, the smallest decides.
        ///
        /// ```yaml
        /// estimation:
        ///   network:
        ///     networks:
        ///       academic: ["*.unibas.ch", 131.152.0.0/16]
        ///       "aws/eu-central-1": [10.20.0.0/16]
        /// ```
        pub networks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        /// Prices and rates of some routes; the first match wins, for price and rate each.
        ///
        /// ```yaml
        /// estimation:
        ///   network:
        ///     overrides:
        ///       - {from: "s3://1000genomes", price_per_gb: 0, currency: USD}
        ///       - {from: academic, to: "https://tes.example.org/", rate_mbps: 8000}
        /// ```
        pub overrides: Vec<RouteEntry> = Vec::new();
    }
}

section! {
    /// Sources at no known provider or network.
    #[derive(Copy)]
    pub struct UnknownNetwork {
        /// Price of a gigabyte (10^9 bytes).
        pub price_per_gb: f64 = 0.09, range(0.0, MAX_PRICE);
        /// Currency of the price.
        pub currency: Currency = Currency::USD;
        /// Megabits per second.
        pub rate_mbps: f64 = 1000.0, positive(MAX_RATE);
    }
}

section! {
    /// Price or rate of some routes.
    pub struct RouteEntry {
        /// Where the data are: `academic`, a provider, `provider/region`, a host, `*.domain` or a bucket; absent:
        /// anywhere.
        #[serde(default)]
        pub from: Option<EndMatch>;
        /// Where the task runs: the same, or the beginning of a TES's URI; absent: anywhere.
        #[serde(default)]
        pub to: Option<EndMatch>;
        /// Price of a gigabyte (10^9 bytes).
        #[serde(default)]
        pub price_per_gb: Option<f64>, range(0.0, MAX_PRICE).or_null();
        /// Currency of the price; USD if absent.
        #[serde(default)]
        pub currency: Option<Currency>;
        /// Megabits per second. Without `to`, the limit of the source.
        #[serde(default)]
        pub rate_mbps: Option<f64>, positive(MAX_RATE).or_null();
    }
}

/// The name of a transfer model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransferModelName {
    /// By provider, region and network.
    #[default]
    Network,
    /// By the kilometre.
    Distance,
}

/// Where the tables of prices and rates are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(
    rename_all = "lowercase",
    expecting = "must be embedded, or the path of a file"
)]
pub enum TablesSource {
    /// In the program.
    #[default]
    Embedded,
    /// In a YAML file.
    #[serde(untagged)]
    File(PathBuf),
}

impl Estimation {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        let network = &self.network;
        let within = |fault: ConfigFault| fault.within("network");
        network.check_keys().map_err(within)?;
        let of_unknown = network.unknown.check_keys();
        of_unknown.map_err(|fault| within(fault.within("unknown")))?;
        for (position, entry) in network.overrides.iter().enumerate() {
            let within =
                |fault: ConfigFault| fault.within(&format!("network.overrides[{position}]"));
            entry.check_keys().map_err(within)?;
            if entry.price_per_gb.is_none() && entry.rate_mbps.is_none() {
                return Err(within(ConfigFault {
                    key: String::new(),
                    reason: ConfigFaultReason::MissingKey("price_per_gb"),
                }));
            }
        }
        network
            .add_networks(&mut Domains::default())
            .map_err(within)
    }
}

impl NetworkEstimation {
    /// Adds the configured networks to `domains`.
    ///
    /// # Errors
    /// If a key or a pattern is not valid. The key of the fault is relative to `estimation.network`.
    pub fn add_networks(&self, domains: &mut Domains) -> Result<(), ConfigFault> {
        for (owner, patterns) in &self.networks {
            let fault = |reason: String| ConfigFault {
                key: format!("networks.{owner}"),
                reason: ConfigFaultReason::Malformed(reason),
            };
            let affiliation = Affiliation::parse(owner).map_err(|bad| fault(bad.to_string()))?;
            for pattern in patterns {
                let added = domains.add(pattern, &affiliation);
                added.map_err(|bad| fault(format!("'{pattern}' {bad}")))?;
            }
        }
        Ok(())
    }

    /// What is assumed about sources without a known network, at `rate_mbps` if that is set.
    pub fn unknown_source(&self, rate_mbps: Option<f64>) -> UnknownSource {
        UnknownSource {
            price_per_gb: self.unknown.price_per_gb,
            currency: self.unknown.currency,
            rate_mbps: rate_mbps.unwrap_or(self.unknown.rate_mbps),
        }
    }

    /// The prices and rates of some routes.
    pub fn route_overrides(&self) -> Vec<RouteOverride> {
        let entries = self.overrides.iter();
        entries
            .map(|entry| RouteOverride {
                from: entry.from.clone(),
                to: entry.to.clone(),
                price_per_gb: entry.price_per_gb,
                currency: entry.currency.unwrap_or(Currency::USD),
                rate_mbps: entry.rate_mbps,
            })
            .collect()
    }
}
