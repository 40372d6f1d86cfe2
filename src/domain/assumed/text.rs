//! The sentences.

use std::fmt;

use super::Assumed;
use crate::domain::{first_ten::FirstTen, transfer::route::Assumption};

impl fmt::Display for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Price(assumption) => f.write_str(price(*assumption)),
            Self::UnverifiedPrices => {
                f.write_str("Unverified prices are used: no source that was read has them.")
            }
            Self::FirstTier => f.write_str(
                "Data that leave a region are charged by the first price tier (estimation.network.monthly_egress_gb: 0).",
            ),
            Self::UnknownRate(rate) => write!(
                f,
                "Where the network of a source or TES is unknown, data move at {rate} Mbit/s at most \
                 (estimation.network.unknown.rate_mbps)."
            ),
            Self::NoRoundTrip => {
                f.write_str("Where a distance is unknown, no round trip limits the rate.")
            }
            Self::Streams(tes, streams) => write!(
                f,
                "Downloads use {streams} connections (estimation.network.streams) at {}.",
                FirstTen(tes)
            ),
            Self::NoLink(tes) => {
                write!(f, "The link (link.in_mbps) limits no transfer to {}.", FirstTen(tes))
            }
            Self::NoTransferTime => {
                f.write_str("Transfers take no time (estimation.transfer_rate_mbps is not set).")
            }
            Self::Speed(tes) => write!(f, "The speed is 1 at {}.", FirstTen(tes)),
            Self::NoFailures(tes) => {
                write!(f, "No task fails (failures: 0) at {}.", FirstTen(tes))
            }
            Self::PriorFailures(tes, share) => write!(
                f,
                "A share of {share} of tasks fails, as no task that ended is listed, at {}.",
                FirstTen(tes)
            ),
            Self::NoPreemptions(tes) => write!(
                f,
                "No task is preempted (preemptions_per_hour: 0) at {}.",
                FirstTen(tes)
            ),
            Self::Tries(service, tries) => write!(
                f,
                "At '{service:.100}', a task is expected to be paid for {tries:.3} times (failures and preemptions)."
            ),
            Self::ListPrices {
                service,
                as_of,
                is_of_any_region,
            } => write!(
                f,
                "Machines at '{service:.100}' have the list price of {as_of}{}.",
                if *is_of_any_region {
                    ", which is one for all regions of the provider"
                } else {
                    ""
                }
            ),
            Self::FreeStorage(tes) => write!(
                f,
                "Disk costs nothing (list_prices without unit_costs.data_storage) at {}.",
                FirstTen(tes)
            ),
            Self::Spot {
                service,
                ratio,
                is_measured,
            } => write!(
                f,
                "Spot machines at '{service:.100}' cost {ratio} of the list price{}.",
                if *is_measured {
                    ""
                } else {
                    ", a ratio that was not measured there"
                }
            ),
            Self::PreemptibleUnstated => f.write_str(
                "The request does not state preemptible: task info is asked for preemptible machines, while the price \
                 book gives the prices of machines that are not.",
            ),
        }
    }
}

const fn price(assumption: Assumption) -> &'static str {
    match assumption {
        Assumption::CommonRegion => {
            "Where the region of a source or TES is unknown, the price that most regions of its provider share is used."
        }
        Assumption::NoRow => {
            "Where the table does not list a region, its provider's price for other regions, or else the first to the internet, is used."
        }
        Assumption::TesUnknown => {
            "Where the place of a TES is unknown, the price of the source to the internet is used."
        }
        Assumption::SourceUnknown => {
            "Where the provider of a source is unknown, the price of estimation.network.unknown is used."
        }
        Assumption::DestinationUnknown => {
            "Where the place is unknown that an output goes to, the price of the TES's provider to the internet is used."
        }
        Assumption::TesProviderUnknown => {
            "Where the provider of a TES is unknown, the price of estimation.network.unknown is used for outputs."
        }
    }
}
