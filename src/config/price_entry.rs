//! What an entry of `tes.price_book` comes to: unit costs, also by list prices, and the model of the site.

use super::{
    fault::{ConfigFault, ConfigFaultReason},
    site::PlaceEntry,
    tes::{PriceEntry, Tes},
};
use crate::domain::{
    money::Currency,
    price_book::UnitCosts,
    site::{self, SiteModel},
    transfer::{machines::MachinePrice, tables::Tables},
};

/// Gigabytes (10^9 bytes) in 2^30 bytes.
const GB_PER_GIB: f64 = 1.073_741_824;

const SECONDS_PER_HOUR: f64 = 3600.0;

impl Tes {
    /// The model `distance` needs a price of data transfer of every entry.
    pub(super) fn check_transfer_prices(&self) -> Result<(), ConfigFault> {
        let mut entries = self.price_book.iter();
        let missing = entries.position(|entry| entry.unit_costs.data_transfer.is_none());
        missing.map_or(Ok(()), |position| {
            Err(ConfigFault {
                key: format!("price_book[{position}].unit_costs"),
                reason: ConfigFaultReason::MissingKey("data_transfer"),
            })
        })
    }
}

impl PriceEntry {
    /// What is known about the site besides its prices.
    ///
    /// # Errors
    /// If its place is not valid.
    pub fn site(&self) -> Result<SiteModel, ConfigFault> {
        let place = self.place.as_ref().map(PlaceEntry::place).transpose();
        Ok(SiteModel {
            place: place.map_err(|fault| fault.within("place"))?,
            link: site::Link {
                in_mbps: self.link.in_mbps,
                out_mbps: self.link.out_mbps,
                streams: self.link.streams,
            },
            speed: self.speed,
            failures: self.failures.0,
            // What is not preemptible is not preempted.
            preemptions_per_hour: if self.capacity.preemptible {
                self.preemptions_per_hour
            } else {
                0.0
            },
            list_prices: None,
            reads: self.reads.clone(),
        })
    }

    /// The list price of its place and its date, if it has list prices.
    fn list_price<'a>(&self, tables: &'a Tables) -> Option<(MachinePrice, &'a str)> {
        let place = self.place.as_ref()?;
        let region = place.region.as_deref().unwrap_or("*").to_ascii_lowercase();
        tables.machine(place.provider?, &region)
    }

    /// What its list prices rest on, if it has list prices.
    pub fn list_price_basis(&self, tables: &Tables) -> Option<site::ListPriceBasis> {
        let list = self.list_prices?;
        let (price, as_of) = self.list_price(tables)?;
        Some(site::ListPriceBasis {
            as_of: as_of.to_owned(),
            is_of_any_region: price.is_of_any_region,
            has_free_storage: self.unit_costs.data_storage.is_none(),
            spot: (list.spot && self.capacity.preemptible).then_some(site::SpotRatio {
                ratio: price.spot_ratio,
                is_measured: price.is_spot_known,
            }),
        })
    }

    /// The same entry with the list prices of its place written out.
    ///
    /// # Errors
    /// If there are none.
    pub fn with_list_prices(&self, tables: &Tables) -> Result<Self, ConfigFault> {
        let Some(list) = self.list_prices else {
            return Ok(self.clone());
        };
        let Some((price, _)) = self.list_price(tables) else {
            return Err(ConfigFault {
                key: "list_prices".to_owned(),
                reason: ConfigFaultReason::Malformed(
                    "there are no list prices for the place of this entry; set place: {provider: .., region: ..} to a \
                     region of AWS, Azure, Google Cloud or OCI, or set currency and unit_costs"
                        .to_owned(),
                ),
            });
        };
        let mut entry = self.clone();
        entry.currency = Some(Currency::USD);
        entry.unit_costs.cpu_usage = Some(price.vcpu_hour / SECONDS_PER_HOUR);
        entry.unit_costs.memory_consumption = Some(price.gib_hour / GB_PER_GIB / SECONDS_PER_HOUR);
        if list.spot {
            entry.preemptible_discount = 1.0 - price.spot_ratio;
        }
        Ok(entry)
    }

    pub(super) fn check_prices(&self) -> Result<(), ConfigFault> {
        let fault = |key: &str, reason| ConfigFault {
            key: key.to_owned(),
            reason,
        };
        let costs = &self.unit_costs;
        if let Some(list) = self.list_prices {
            let excluded = self.currency.is_some()
                || costs.cpu_usage.is_some()
                || costs.memory_consumption.is_some()
                || (list.spot && self.preemptible_discount > 0.0);
            return if excluded {
                let reason = "excludes currency, the unit_costs of cores and memory and, with spot, preemptible_discount";
                Err(fault(
                    "list_prices",
                    ConfigFaultReason::Malformed(reason.to_owned()),
                ))
            } else {
                Ok(())
            };
        }
        if self.currency.is_none() {
            return Err(fault("", ConfigFaultReason::MissingKey("currency")));
        }
        for (key, value) in [
            ("cpu_usage", costs.cpu_usage),
            ("memory_consumption", costs.memory_consumption),
            ("data_storage", costs.data_storage),
        ] {
            if value.is_none() {
                return Err(fault("unit_costs", ConfigFaultReason::MissingKey(key)));
            }
        }
        Ok(())
    }

    /// The unit costs; those that are not set are 0.
    pub(super) fn costs(&self) -> UnitCosts {
        let costs = &self.unit_costs;
        UnitCosts {
            cpu_usage: costs.cpu_usage.unwrap_or_default(),
            memory_consumption: costs.memory_consumption.unwrap_or_default(),
            data_storage: costs.data_storage.unwrap_or_default(),
            data_transfer: costs.data_transfer,
        }
    }
}
