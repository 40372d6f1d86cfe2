//! `tes`: prices, queue times and capacities of TES instances that do not publish them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    fault::ConfigFault,
    section::{Section, positive, range, section},
};
use crate::domain::{
    exclusion::Unfit,
    money::Currency,
    price_book::{Capacity, Prices, TesMatch, UnitCosts, unfit_labels},
    resources::ResourceNeeds,
    service::ServiceUri,
};

const YEAR_SECONDS: f64 = 31_536_000.0;
/// The highest plausible price of a unit.
const MAX_PRICE: f64 = 1e9;
/// The largest plausible machine, in gigabytes.
const MAX_GIGABYTES: f64 = 1e9;

section! {
    /// Prices, queue times and capacities of TES instances. Few servers answer `tasks/task-info`; for the others the
    /// price book has them.
    pub struct Tes {
        /// `auto`: task info is requested, and the price book is used for servers without it. `always`: servers without
        /// it are left out. `never`: only the price book is used.
        pub task_info: UseOfTaskInfo = UseOfTaskInfo::default();
        /// Days after which a task tells nothing of the queue any more. Queue times are estimated from tasks that were
        /// created since.
        pub history_max_age_days: f64 = 7.0, positive(3650.0);
        /// One entry for each site, or one for many; the first match wins. A server that gives no prices and has no
        /// entry is left out, with a warning. Capacity applies to each TES that an entry matches, also to those with
        /// task info.
        ///
        /// ```yaml
        /// tes:
        ///   price_book:
        ///     - match: https://funnel.example.org/
        ///       currency: EUR
        ///       unit_costs: {cpu_usage: 1e-5, memory_consumption: 2e-6, data_storage: 0.01, data_transfer: 0.02}
        ///       preemptible_discount: 0.6
        ///       queue: {signal: history, default_sec: 60}
        ///       task_info: auto
        ///       labels: {gpu: "1"}
        ///       capacity: {max_cpu_cores: 64, max_ram_gb: 512, max_disk_gb: 2000, zones: [eu-1], preemptible: true}
        /// ```
        pub price_book: Vec<PriceEntry> = Vec::new();
    }
}

section! {
    /// What the operator knows about some TES instances.
    pub struct PriceEntry {
        /// Which instances: the beginning of a TES's URI, a host name or address, or `"*"`.
        pub r#match: TesMatch;
        /// Currency of the prices of this entry.
        pub currency: Currency;
        /// The prices.
        pub unit_costs: UnitCosts;
        /// Share taken off the price of computing if the request states `preemptible: true`.
        #[serde(default)]
        pub preemptible_discount: f64, range(0.0, 1.0);
        /// How long a task waits.
        #[serde(default)]
        pub queue: Queue;
        /// What fits. A key that is not set is no limit.
        #[serde(default)]
        pub capacity: Capacity;
        /// `tes.task_info` for these instances: `auto`, `always` or `never`.
        #[serde(default)]
        pub task_info: Option<UseOfTaskInfo>;
        /// What these instances offer of `backend_parameters`, such as `{gpu: "1"}`. A task that needs another one strictly
        /// is not ranked on them.
        #[serde(default)]
        pub labels: BTreeMap<String, String>;
    }
}

section! {
    /// How long a task waits.
    #[derive(Copy)]
    pub struct Queue {
        /// `history`: the Kaplan-Meier median of the waits of recent tasks that the caller may see: the 50 newest that
        /// started, and those that wait (of those that requested at least half of each need, if three or more of them
        /// started). Where nothing has started since the oldest waiting task came, or for long, it is that time. Kept for
        /// 30 seconds. `fixed`: `default_sec`.
        pub signal: Signal = Signal::History;
        /// Seconds, with `fixed` and where there is no history.
        pub default_sec: f64 = 60.0, range(0.0, YEAR_SECONDS);
    }
}

section! {
    impl UnitCosts {
        /// Price of a core for a second.
        cpu_usage: range(0.0, MAX_PRICE);
        /// Price of a gigabyte of memory for a second.
        memory_consumption: range(0.0, MAX_PRICE);
        /// Price of a gigabyte of disk.
        data_storage: range(0.0, MAX_PRICE);
        /// Price of moving a gigabyte (10^9 bytes) over 1000 km.
        data_transfer: range(0.0, MAX_PRICE);
    }
}

section! {
    impl Capacity {
        /// CPU cores of the largest machine.
        max_cpu_cores: range(1, 1_000_000_000).or_null();
        /// Gigabytes of memory of the largest machine.
        max_ram_gb: positive(MAX_GIGABYTES).or_null();
        /// Gigabytes of the largest disk of a task.
        max_disk_gb: positive(MAX_GIGABYTES).or_null();
        /// Where the machines are; empty: not known.
        zones;
        /// Whether there are preemptible machines. Without them, `preemptible_discount` does not apply.
        preemptible;
    }
}

impl Tes {
    /// The first entry of the price book that matches `tes`.
    pub fn entry_for(&self, tes: &ServiceUri) -> Option<&PriceEntry> {
        self.price_book
            .iter()
            .find(|entry| entry.r#match.matches(tes))
    }

    /// Whether the TES of `entry` are asked for task info.
    pub fn use_of_task_info(&self, entry: Option<&PriceEntry>) -> UseOfTaskInfo {
        entry
            .and_then(|entry| entry.task_info)
            .unwrap_or(self.task_info)
    }

    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        for (position, entry) in self.price_book.iter().enumerate() {
            let within = |fault: ConfigFault| fault.within(&format!("price_book[{position}]"));
            entry.check().map_err(within)?;
        }
        Ok(())
    }
}

impl PriceEntry {
    /// The prices. The discount applies only where there are preemptible machines.
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

    /// Why a task with these `needs` cannot run, if it cannot.
    pub fn unfit(&self, needs: &ResourceNeeds) -> Option<Unfit> {
        self.capacity
            .unfit(needs)
            .or_else(|| unfit_labels(&self.labels, needs))
    }

    fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        for (key, checked) in [
            ("unit_costs", self.unit_costs.check_keys()),
            ("queue", self.queue.check_keys()),
            ("capacity", self.capacity.check_keys()),
        ] {
            checked.map_err(|fault| fault.within(key))?;
        }
        Ok(())
    }
}

/// Whether TES instances are asked for task info.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UseOfTaskInfo {
    /// They are; the price book is used for those without it.
    #[default]
    Auto,
    /// They are; those without it are left out.
    Always,
    /// They are not: only the price book is used.
    Never,
}

/// Source of a queue time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// How long the latest tasks waited.
    History,
    /// The configuration.
    Fixed,
}
