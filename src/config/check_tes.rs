//! Which values of `tes` are in range.

use super::{
    PriceEntry, Tes,
    check::{above, in_range},
    fault::ConfigFault,
};

/// The longest wait that is believed: a year.
const YEAR_SECONDS: f64 = 31_536_000.0;

/// The dearest unit that is believed.
const DEAREST: f64 = 1e9;

/// The largest machine that is believed.
const LARGEST: f64 = 1e9;

impl Tes {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        for (position, entry) in self.price_book.iter().enumerate() {
            entry.check(&format!("tes.price_book[{position}]"))?;
        }
        Ok(())
    }
}

impl PriceEntry {
    fn check(&self, here: &str) -> Result<(), ConfigFault> {
        let costs = self.unit_costs;
        for (key, cost) in [
            ("cpu_usage", costs.cpu_usage),
            ("memory_consumption", costs.memory_consumption),
            ("data_storage", costs.data_storage),
            ("data_transfer", costs.data_transfer),
        ] {
            in_range(&format!("{here}.unit_costs.{key}"), cost, 0.0..=DEAREST)?;
        }
        let discount = self.preemptible_discount;
        in_range(&format!("{here}.preemptible_discount"), discount, 0.0..=1.0)?;
        let seconds = self.queue.default_sec;
        in_range(
            &format!("{here}.queue.default_sec"),
            seconds,
            0.0..=YEAR_SECONDS,
        )?;
        if let Some(cores) = self.capacity.max_cpu_cores {
            in_range(
                &format!("{here}.capacity.max_cpu_cores"),
                cores,
                1..=1_000_000_000,
            )?;
        }
        for (key, gigabytes) in [
            ("max_ram_gb", self.capacity.max_ram_gb),
            ("max_disk_gb", self.capacity.max_disk_gb),
        ] {
            if let Some(gigabytes) = gigabytes {
                in_range(
                    &format!("{here}.capacity.{key}"),
                    gigabytes,
                    above(0.0, LARGEST),
                )?;
            }
        }
        Ok(())
    }
}
