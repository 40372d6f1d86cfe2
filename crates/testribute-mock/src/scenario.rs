//! Scenarios: the prices, queue times and objects of a mock, read from YAML.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::Error as _};
use yaml_serde::Error;

/// The name, prices and queue times of a TES.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TesScenario {
    /// The name in service-info.
    pub name: String,
    /// The currency of all prices: an ISO 4217 code.
    pub currency: String,
    /// The prices, in `currency`.
    pub unit_costs: UnitCosts,
    /// The queue time that task info reports.
    pub queue: Queue,
    /// Seeds the random queue times.
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

/// Prices, in the currency of the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnitCosts {
    /// Of a core for a second.
    pub cpu_usage: f64,
    /// Of a gigabyte of memory for a second.
    pub memory_consumption: f64,
    /// Of a gigabyte of disk.
    pub data_storage: f64,
    /// Of the transfer of a gigabyte over 1000 km.
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

/// The time that a task is queued, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Queue {
    /// The same in every answer.
    Fixed(f64),
    /// Drawn for every answer, uniformly.
    Range {
        /// The shortest time.
        min: f64,
        /// The longest time.
        max: f64,
    },
}

impl TesScenario {
    /// Parses and checks a scenario.
    ///
    /// # Errors
    /// If `yaml` is not a scenario, or a price or queue time is negative or not finite.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        let scenario: Self = yaml_serde::from_str(yaml)?;
        scenario.check().map_err(Error::custom)?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), &'static str> {
        let is_valid = match self.queue {
            Queue::Fixed(seconds) => is_amount(seconds),
            Queue::Range { min, max } => is_amount(min) && is_amount(max) && min <= max,
        };
        if !is_valid {
            return Err("queue: must be a number of at least 0, or {min, max} with min <= max");
        }
        self.unit_costs.check()
    }
}

impl UnitCosts {
    pub(crate) fn check(&self) -> Result<(), &'static str> {
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

pub(crate) fn is_amount(number: f64) -> bool {
    number.is_finite() && number >= 0.0
}

/// The name and objects of a DRS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrsScenario {
    /// The name in service-info.
    pub name: String,
    /// The objects at the start.
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
    /// Parses and checks a scenario.
    ///
    /// # Errors
    /// If `yaml` is not a scenario, two objects have the same id, or an access method has neither id nor URL.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        let scenario: Self = yaml_serde::from_str(yaml)?;
        scenario.check().map_err(Error::custom)?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for object in &self.objects {
            object.check()?;
            if !object.id.is_empty() && !ids.insert(&object.id) {
                return Err(format!("objects: duplicate id '{}'", object.id));
            }
        }
        Ok(())
    }
}

/// A `DrsObject` of the specification; `self_uri` is added when it is served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataObject {
    /// The id; random if it is empty.
    #[serde(default)]
    pub id: String,
    /// The display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In bytes.
    pub size: u64,
    /// An RFC 3339 timestamp.
    #[serde(default = "default_created_time")]
    pub created_time: String,
    /// Checksums of the bytes.
    pub checksums: Vec<Checksum>,
    /// Access methods.
    #[serde(default)]
    pub access_methods: Vec<AccessMethod>,
    /// All other members, served unchanged.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}

impl DataObject {
    pub(crate) fn check(&self) -> Result<(), String> {
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

fn default_created_time() -> String {
    "2020-01-01T00:00:00Z".to_owned()
}

/// A `Checksum` of the specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// The digest.
    pub checksum: String,
    /// The algorithm, such as `md5`.
    pub r#type: String,
}

/// An `AccessMethod` of the specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessMethod {
    /// The protocol, such as `ftp`.
    pub r#type: String,
    /// The id of the access URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_id: Option<String>,
    /// The access URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_url: Option<AccessUrl>,
    /// The cloud region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// An `AccessURL` of the specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessUrl {
    /// The URL.
    pub url: String,
    /// Headers for requests to the URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_scenarios_are_rejected() {
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
        let object = "{id: a, size: 1, checksums: []}";
        for bad in [
            "objects: [{id: a}]",
            "objects: [{id: a, size: 1, checksums: [], access_methods: [{type: s3}]}]",
            &format!("objects: [{object}, {object}]"),
            "things: []",
        ] {
            assert!(DrsScenario::parse(bad).is_err(), "{bad}");
        }
        assert!(DrsScenario::parse(&format!("objects: [{object}]")).is_ok());
    }
}
