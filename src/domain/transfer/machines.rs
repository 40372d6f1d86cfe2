//! What machines of cloud providers cost.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fault::{BadTables, is_amount};
use crate::domain::cloud::Provider;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MachineEntry {
    as_of: String,
    regions: BTreeMap<String, (f64, f64, f64, bool)>,
}

/// The prices of one provider, by region.
#[derive(Debug)]
pub(super) struct MachineTable {
    as_of: String,
    regions: BTreeMap<String, MachinePrice>,
}

/// What a machine costs in a region, in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MachinePrice {
    /// Per virtual CPU and hour.
    pub vcpu_hour: f64,
    /// Per 2^30 bytes of memory and hour.
    pub gib_hour: f64,
    /// The price of preemptible machines, as a part of the usual one.
    pub spot_ratio: f64,
    /// Whether that ratio was measured.
    pub is_spot_known: bool,
    /// Whether the price is that of all regions of the provider.
    pub is_of_any_region: bool,
}

impl MachineTable {
    pub(super) fn new(entry: MachineEntry, provider: Provider) -> Result<Self, BadTables> {
        let mut regions = BTreeMap::new();
        for (region, (vcpu_hour, gib_hour, spot_ratio, is_spot_known)) in entry.regions {
            if ![vcpu_hour, gib_hour, spot_ratio].into_iter().all(is_amount) || spot_ratio > 1.0 {
                return Err(BadTables::Number(format!("machines.{provider}.{region}")));
            }
            let price = MachinePrice {
                vcpu_hour,
                gib_hour,
                spot_ratio,
                is_spot_known,
                is_of_any_region: region == "*",
            };
            regions.insert(region, price);
        }
        Ok(Self {
            as_of: entry.as_of,
            regions,
        })
    }

    /// The price in `region`, and its date.
    pub(super) fn price(&self, region: &str) -> Option<(MachinePrice, &str)> {
        let price = self.regions.get(region).or_else(|| self.regions.get("*"));
        Some((*price?, &self.as_of))
    }
}
