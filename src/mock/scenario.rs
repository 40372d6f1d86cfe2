//! What a mock knows: read from YAML.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A TES with its prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TesScenario {
    /// What it calls itself.
    pub name: String,
    /// The currency of all prices: an ISO 4217 code.
    pub currency: String,
    /// Its prices.
    pub unit_costs: UnitCosts,
    /// How long a task waits.
    pub queue: Queue,
    /// Decides the queue times that are drawn from a range.
    pub seed: u64,
}

impl Default for TesScenario {
    fn default() -> Self {
        Self {
            name: "mock-tes".to_owned(),
            currency: "EUR".to_owned(),
            unit_costs: UnitCosts::default(),
            queue: Queue::Fixed(0.0),
            seed: 0,
        }
    }
}

/// Prices in the currency of the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnitCosts {
    /// A core for a second.
    pub cpu_usage: f64,
    /// A gigabyte of memory for a second.
    pub memory_consumption: f64,
    /// A gigabyte of disk.
    pub data_storage: f64,
    /// Moving a gigabyte over 1000 km.
    pub data_transfer: f64,
}

impl Default for UnitCosts {
    fn default() -> Self {
        Self {
            cpu_usage: 0.000_02,
            memory_consumption: 0.000_002,
            data_storage: 0.005,
            data_transfer: 0.01,
        }
    }
}

/// How long a task waits, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Queue {
    /// Always as long.
    Fixed(f64),
    /// Drawn anew for each question.
    Range {
        /// The shortest.
        min: f64,
        /// The longest.
        max: f64,
    },
}

impl TesScenario {
    /// # Errors
    /// If `yaml` is not a scenario, or a number in it is negative.
    pub fn parse(yaml: &str) -> Result<Self, yaml_serde::Error> {
        let scenario: Self = yaml_serde::from_str(yaml)?;
        scenario
            .check()
            .map_err(<yaml_serde::Error as serde::de::Error>::custom)?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), &'static str> {
        let queue_is_good = match self.queue {
            Queue::Fixed(seconds) => is_amount(seconds),
            Queue::Range { min, max } => is_amount(min) && is_amount(max) && min <= max,
        };
        if !queue_is_good {
            return Err("queue: must be a number of at least 0, or {min, max} with min <= max");
        }
        self.unit_costs.check()
    }
}

impl UnitCosts {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let all = [
            self.cpu_usage,
            self.memory_consumption,
            self.data_storage,
            self.data_transfer,
        ];
        if all.into_iter().all(is_amount) {
            Ok(())
        } else {
            Err("unit_costs: all must be numbers of at least 0")
        }
    }
}

pub(super) fn is_amount(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

/// A DRS with its objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrsScenario {
    /// What it calls itself.
    pub name: String,
    /// What it has.
    pub objects: Vec<DataObject>,
}

impl Default for DrsScenario {
    fn default() -> Self {
        Self {
            name: "mock-drs".to_owned(),
            objects: Vec::new(),
        }
    }
}

impl DrsScenario {
    /// # Errors
    /// If `yaml` is not a scenario, an id is there twice, or an access method leads nowhere.
    pub fn parse(yaml: &str) -> Result<Self, yaml_serde::Error> {
        let scenario: Self = yaml_serde::from_str(yaml)?;
        scenario
            .check()
            .map_err(<yaml_serde::Error as serde::de::Error>::custom)?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for object in &self.objects {
            object.check()?;
            if !object.id.is_empty() && !ids.insert(&object.id) {
                return Err(format!("objects: '{}' is there twice", object.id));
            }
        }
        Ok(())
    }
}

/// A DRS object, as in the specification; `self_uri` is made when it is served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataObject {
    /// Its id; made up if it is not given.
    #[serde(default)]
    pub id: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Bytes.
    pub size: u64,
    /// When it was made, as in RFC 3339.
    #[serde(default = "long_ago")]
    pub created_time: String,
    /// At least one.
    pub checksums: Vec<Checksum>,
    /// How it may be had.
    #[serde(default)]
    pub access_methods: Vec<AccessMethod>,
    /// All that a caller sent beyond this.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}

impl DataObject {
    pub(super) fn check(&self) -> Result<(), String> {
        let mut methods = self.access_methods.iter();
        if methods.any(|method| method.access_id.is_none() && method.access_url.is_none()) {
            return Err(format!(
                "object '{}': an access method needs access_id or access_url",
                self.id
            ));
        }
        Ok(())
    }
}

fn long_ago() -> String {
    "2020-01-01T00:00:00Z".to_owned()
}

/// A checksum of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// The value.
    pub checksum: String,
    /// How it was computed, such as `md5`.
    pub r#type: String,
}

/// A way to get an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessMethod {
    /// The protocol, such as `ftp`.
    pub r#type: String,
    /// The id to ask for an URL by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_id: Option<String>,
    /// The URL itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_url: Option<AccessUrl>,
    /// The region of the cloud that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// A URL to get an object from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessUrl {
    /// The URL.
    pub url: String,
    /// Headers to send along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_that_make_no_sense_are_refused() {
        for bad in [
            "queue: -1",
            "queue: {min: 2, max: 1}",
            "queue: .nan",
            "queue: {min: 1, max: 2, mean: 1}",
            "unit_costs: {cpu_usage: -1}",
            "unit_costs: {gpu_usage: 1}",
            "prices: {}",
        ] {
            assert!(TesScenario::parse(bad).is_err(), "{bad}");
        }
        assert!(TesScenario::parse("queue: {min: 1, max: 2}").is_ok());
        let twice = "{id: a, size: 1, checksums: []}";
        for bad in [
            "objects: [{id: a}]",
            "objects: [{id: a, size: 1, checksums: [], access_methods: [{type: s3}]}]",
            &format!("objects: [{twice}, {twice}]"),
            "things: []",
        ] {
            assert!(DrsScenario::parse(bad).is_err(), "{bad}");
        }
        assert!(DrsScenario::parse(&format!("objects: [{twice}]")).is_ok());
    }
}
