//! `tes`: what is known about TES instances that they do not say themselves.

use serde::{Deserialize, Serialize};

use crate::domain::{
    money::Currency,
    price_book::{Capacity, Prices, TesMatch, UnitCosts},
    service::ServiceUri,
};

/// How TES instances are asked for prices, and what stands in for those that do not know them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tes {
    /// Whether TES instances are asked for task info.
    pub task_info: UseOfTaskInfo,
    /// Prices of those that give none; the first match wins.
    pub price_book: Vec<PriceEntry>,
}

impl Tes {
    /// What the book says about `tes`.
    pub fn entry_for(&self, tes: &ServiceUri) -> Option<&PriceEntry> {
        self.price_book
            .iter()
            .find(|entry| entry.r#match.matches(tes))
    }
}

/// Whether TES instances are asked for task info.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UseOfTaskInfo {
    /// They are, and the book stands in for those that have none.
    #[default]
    Auto,
    /// They are, and those that have none are left out.
    Always,
    /// They are not: the book says it all.
    Never,
}

/// What the operator knows about some TES instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceEntry {
    /// Which instances it is about.
    pub r#match: TesMatch,
    /// The currency of the prices.
    pub currency: Currency,
    /// The prices.
    pub unit_costs: UnitCosts,
    /// The share that is taken off the price of computing when the task may run on machines that can be taken away.
    #[serde(default)]
    pub preemptible_discount: f64,
    /// How long a task waits.
    #[serde(default)]
    pub queue: Queue,
    /// What they can hold.
    #[serde(default)]
    pub capacity: Capacity,
}

impl PriceEntry {
    /// The prices, at a discount only where there are machines that it is for.
    pub const fn prices(&self) -> Prices {
        Prices {
            currency: self.currency,
            unit_costs: self.unit_costs,
            preemptible_discount: if self.capacity.preemptible {
                self.preemptible_discount
            } else {
                0.0
            },
        }
    }
}

/// How it is known how long a task waits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Where the time is taken from.
    pub signal: Signal,
    /// Seconds, for `fixed` and where the history says nothing.
    pub default_sec: f64,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            signal: Signal::History,
            default_sec: 60.0,
        }
    }
}

/// Where a queue time is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// From how long the latest tasks waited.
    History,
    /// From the configuration.
    Fixed,
}
