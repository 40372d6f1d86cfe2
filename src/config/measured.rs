//! Entries of `tes.price_book` with measured values.

use serde_json::{Map, Value};

use super::tes::{PriceEntry, Tes, UnitCostsEntry};
use crate::domain::{
    calibrate::Calibration,
    money::Currency,
    price_book::{BadTesMatch, TesMatch},
    service::ServiceUri,
    site,
};

/// The slowest and the fastest site, as the rule of `speed` has it.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.001..=1000.0;

/// The longest queue time, as the rule of `default_sec` has it.
const MOST_QUEUE_SECONDS: f64 = 31_536_000.0;

impl Tes {
    /// The entry for `tes` alone, with what was `found` in place of queue time, failures and speed; `None` if the price
    /// book has no entry for it.
    ///
    /// # Errors
    /// [`BadTesMatch`], which no URI of a TES gives.
    pub fn measured_entry(
        &self,
        tes: &ServiceUri,
        found: &Calibration,
    ) -> Result<Option<PriceEntry>, BadTesMatch> {
        let entry = self.entry_for(tes);
        entry.map(|entry| entry.measured(tes, found)).transpose()
    }
}

impl PriceEntry {
    /// The entry of a TES without prices in the book: all prices are 0.
    ///
    /// # Errors
    /// [`BadTesMatch`], which no URI of a TES gives.
    pub fn measured_without_prices(
        tes: &ServiceUri,
        found: &Calibration,
    ) -> Result<Self, BadTesMatch> {
        let entry = Self {
            currency: Some(Currency::USD),
            unit_costs: UnitCostsEntry {
                cpu_usage: Some(0.0),
                memory_consumption: Some(0.0),
                data_storage: Some(0.0),
                data_transfer: None,
            },
            ..Self::for_any()
        };
        entry.measured(tes, found)
    }

    fn measured(&self, tes: &ServiceUri, found: &Calibration) -> Result<Self, BadTesMatch> {
        let mut entry = self.clone();
        // Without user name and password.
        entry.r#match = TesMatch::try_from(tes.to_string())?;
        if let Some(queue) = found.queue {
            entry.queue.default_sec = queue.seconds.round().clamp(0.0, MOST_QUEUE_SECONDS);
        }
        if let Some(share) = found.failures {
            entry.failures.0 = site::Failures::Share(rounded(share).min(site::MOST_FAILURES));
        }
        if let Some(speed) = found.speed {
            entry.speed = rounded(speed.ratio).clamp(*SPEEDS.start(), *SPEEDS.end());
        }
        Ok(entry)
    }

    /// The keys that are not set to their defaults.
    ///
    /// # Errors
    /// If a value cannot be written, which none does.
    pub fn set_keys(&self) -> Result<Value, serde_json::Error> {
        let Value::Object(mut entry) = serde_json::to_value(self)? else {
            return Ok(Value::Null);
        };
        let pattern = entry.shift_remove("match");
        if let Value::Object(defaults) = serde_json::to_value(Self::for_any())? {
            remove_defaults(&mut entry, &defaults);
        }
        let mut keys: Map<_, _> = pattern
            .map(|of| ("match".to_owned(), of))
            .into_iter()
            .collect();
        keys.extend(entry);
        Ok(Value::Object(keys))
    }
}

/// Removes what is null or as in `defaults`.
fn remove_defaults(object: &mut Map<String, Value>, defaults: &Map<String, Value>) {
    let none = Map::new();
    object.retain(|key, value| {
        let default = defaults.get(key);
        if let Value::Object(inner) = value {
            let of_default = default.and_then(Value::as_object);
            let is_section = of_default.is_some();
            remove_defaults(inner, of_default.unwrap_or(&none));
            return !(is_section && inner.is_empty());
        }
        !value.is_null() && default != Some(value)
    });
}

/// To three digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}
