//! `tes`: prices, queue times and capacities of TES instances that do not publish them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    fault::ConfigFault,
    section::{Rule, Section, must_be, positive, range, section},
    site::{Failures, Link, ListPrices, PlaceEntry},
};
use crate::domain::{
    exclusion::Unfit,
    findings::{OfferSource, TaskInfo},
    money::Currency,
    price_book::{Capacity, Prices, TesMatch, unfit_labels},
    resources::ResourceNeeds,
    scheme::Scheme,
    service::ServiceUri,
};

/// The most that a task may be assumed to need: cores, gigabytes or seconds.
const MAX_NEED: f64 = 1e9;

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
        /// What a whole TES task needs where it does not say so.
        pub default_needs: DefaultNeeds = DefaultNeeds::default();
        /// Root URIs of GA4GH service registries. Their TES are used where a request names neither TES nor registries, and
        /// get the caller's token.
        pub registries: Vec<ServiceUri> = Vec::new();
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
        ///       reads: [https, s3]
        ///       capacity: {max_cpu_cores: 64, max_ram_gb: 512, max_disk_gb: 2000, zones: [eu-1], preemptible: true}
        ///     - match: https://tes.cloud.example/
        ///       place: {provider: aws, region: eu-central-1}
        ///       list_prices: {spot: true}
        ///       preemptions_per_hour: 0.05
        ///       link: {in_mbps: 10000, streams: 16}
        ///       speed: 1.2
        ///       failures: 0.02
        /// ```
        pub price_book: Vec<PriceEntry> = Vec::new();
    }
}

section! {
    /// What a whole TES task needs where it does not say so. Each default that is used is named in a warning.
    #[derive(Copy)]
    pub struct DefaultNeeds {
        /// CPU cores.
        pub cpu_cores: f64 = 1.0, range(0.0, MAX_NEED);
        /// Gigabytes of memory.
        pub ram_gb: f64 = 2.0, range(0.0, MAX_NEED);
        /// Gigabytes of disk.
        pub disk_gb: f64 = 10.0, range(0.0, MAX_NEED);
        /// Seconds of run time, where a TES has finished no task with the same image.
        pub execution_time_sec: f64 = 3600.0, range(0.0, MAX_NEED);
    }
}

section! {
    /// What the operator knows about some TES instances.
    pub struct PriceEntry {
        /// Which instances: the beginning of a TES's URI, a host name or address, or `"*"`.
        pub r#match: TesMatch;
        /// Currency of the prices of this entry. Required without `list_prices`.
        #[serde(default)]
        pub currency: Option<Currency>;
        /// The prices. Those of cores, memory and disk are required without `list_prices`.
        #[serde(default)]
        pub unit_costs: UnitCostsEntry;
        /// The embedded list prices of the place, in USD per virtual CPU and GiB, in place of `currency` and
        /// `unit_costs`; `unit_costs.data_storage` may stand beside them, else disk costs nothing.
        #[serde(default)]
        pub list_prices: Option<ListPrices>;
        /// Where the TES is; absent: by the address of its host.
        #[serde(default)]
        pub place: Option<PlaceEntry>;
        /// Its connection.
        #[serde(default)]
        pub link: Link;
        /// Speed of its machines, relative to those that `execution_time_sec` is stated for: 2 halves it.
        #[serde(default = "one")]
        pub speed: f64, positive(1000.0);
        /// Share of attempts that fail and are repeated, 0 to 0.9; or `history`: (failed + 1) / (ended + 20) of the
        /// listed tasks, with `SYSTEM_ERROR` (and `PREEMPTED` without `preemptions_per_hour`) as failed;
        /// `history_with_executor_errors` counts `EXECUTOR_ERROR` too.
        #[serde(default)]
        pub failures: Failures;
        /// Preemptions of a preemptible machine in an hour; they count if the request says `preemptible: true`.
        #[serde(default)]
        pub preemptions_per_hour: f64, range(0.0, 3600.0);
        /// Share taken off the price of computing if the request states `preemptible: true`.
        #[serde(default)]
        pub preemptible_discount: f64, range(0.0, 1.0);
        /// How long a task waits.
        #[serde(default)]
        pub queue: Queue;
        /// What fits. A key that is not set is no limit.
        #[serde(default)]
        pub capacity: Capacity;
        /// Schemes of the access URIs that these instances can read, such as `[https, s3]`; `drs` where they resolve ids
        /// themselves. A copy with another scheme is no choice there. Absent: all. What a TES says in its service-info
        /// (`storage`) does not count.
        #[serde(default)]
        pub reads: Option<Vec<Scheme>>, not_empty().or_null();
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
    /// The prices of an entry.
    #[derive(Copy)]
    pub struct UnitCostsEntry {
        /// Price of a core for a second.
        pub cpu_usage: Option<f64> = None, range(0.0, MAX_PRICE).or_null();
        /// Price of a gigabyte of memory for a second.
        pub memory_consumption: Option<f64> = None, range(0.0, MAX_PRICE).or_null();
        /// Price of a gigabyte of disk.
        pub data_storage: Option<f64> = None, range(0.0, MAX_PRICE).or_null();
        /// Price of moving a gigabyte (10^9 bytes) over 1000 km. null: what the source charges (`estimation.network`);
        /// required with `estimation.transfer_model: distance`.
        pub data_transfer: Option<f64> = None, range(0.0, MAX_PRICE).or_null();
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
        /// Whether there are preemptible machines. Without them, `preemptible_discount` and `preemptions_per_hour` do not
        /// apply.
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

    /// The position of the entry that [`entry_for`](Self::entry_for) finds.
    pub fn position_for(&self, tes: &ServiceUri) -> Option<usize> {
        self.price_book
            .iter()
            .position(|entry| entry.r#match.matches(tes))
    }

    /// Whether some entry has list prices.
    pub fn has_list_prices(&self) -> bool {
        self.price_book
            .iter()
            .any(|entry| entry.list_prices.is_some())
    }

    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        self.default_needs
            .check_keys()
            .map_err(|fault| fault.within("default_needs"))?;
        for (position, entry) in self.price_book.iter().enumerate() {
            let within = |fault: ConfigFault| fault.within(&format!("price_book[{position}]"));
            entry.check().map_err(within)?;
        }
        Ok(())
    }
}

/// A TES that reads nothing needs no entry to be left out.
fn not_empty() -> Rule<Vec<Scheme>> {
    must_be(
        "a list with at least one scheme, or null",
        |schemes: &Vec<Scheme>| !schemes.is_empty(),
    )
}

/// The default of `speed`.
const fn one() -> f64 {
    1.0
}

impl PriceEntry {
    /// An entry for all TES, in which nothing is set.
    pub(super) fn for_any() -> Self {
        Self {
            r#match: TesMatch::Any,
            currency: None,
            unit_costs: UnitCostsEntry::default(),
            list_prices: None,
            place: None,
            link: Link::default(),
            speed: one(),
            failures: Failures::default(),
            preemptions_per_hour: 0.0,
            preemptible_discount: 0.0,
            queue: Queue::default(),
            capacity: Capacity::default(),
            task_info: None,
            labels: BTreeMap::new(),
            reads: None,
        }
    }

    /// The prices. The discount applies only where there are preemptible machines.
    pub fn prices(&self) -> Prices {
        Prices {
            currency: self.currency.unwrap_or(Currency::USD),
            unit_costs: self.costs(),
            speed: self.speed,
            preemptible_discount: if self.capacity.preemptible {
                self.preemptible_discount
            } else {
                0.0
            },
        }
    }

    /// Whether failures are counted in the list of tasks, which was not read for the queue time of `offer`.
    pub fn counts_failures_of(&self, offer: &TaskInfo) -> bool {
        let is_read =
            offer.source == OfferSource::PriceBook && self.queue.signal == Signal::History;
        !is_read && !matches!(self.failures.0, crate::domain::site::Failures::Share(_))
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
            ("link", self.link.check_keys()),
        ] {
            checked.map_err(|fault| fault.within(key))?;
        }
        self.check_prices()?;
        self.site().map(drop)
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
