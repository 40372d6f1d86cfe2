//! The keys of an entry of `tes.price_book` about the site: list prices, place, link, failures.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    estimation::MAX_RATE,
    fault::{ConfigFault, ConfigFaultReason},
    section::{positive, range, section},
};
use crate::domain::{
    cloud::{Network, Provider},
    geo::Coordinates,
    site::{self, MOST_FAILURES},
    sites::{Place, PlaceSource},
};

section! {
    /// The embedded list prices of the place, in place of `currency` and `unit_costs`.
    #[derive(Copy, Eq)]
    pub struct ListPrices {
        /// Whether preemptible tasks run on spot machines, at the spot price. Excludes `preemptible_discount`.
        pub spot: bool = false;
    }
}

section! {
    /// Place of a TES or host: `{provider, region}`, `{network}`, coordinates, or several of these.
    pub struct PlaceEntry {
        /// Provider, such as `aws`.
        pub provider: Option<Provider> = None;
        /// Region of the provider, such as `eu-central-1`.
        pub region: Option<String> = None;
        /// Network without charges.
        pub network: Option<Network> = None;
        /// Degrees north of the equator (WGS84), -90 to 90.
        pub latitude: Option<f64> = None;
        /// Degrees east of Greenwich (WGS84), -180 to 180.
        pub longitude: Option<f64> = None;
    }
}

section! {
    /// Connection of a site.
    #[derive(Copy)]
    pub struct Link {
        /// Megabits per second into the site. null: no limit.
        pub in_mbps: Option<f64> = None, positive(MAX_RATE).or_null();
        /// Megabits per second out of the site. null: no limit.
        pub out_mbps: Option<f64> = None, positive(MAX_RATE).or_null();
        /// Parallel connections of a download. null: `estimation.network.streams`.
        pub streams: Option<f64> = None, range(1.0, 1000.0).or_null();
    }
}

/// The share of tasks that fail: a number, or where it is taken from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failures(pub site::Failures);

impl Default for Failures {
    fn default() -> Self {
        Self(site::Failures::Share(0.0))
    }
}

impl<'de> Deserialize<'de> for Failures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "must be a number from 0 to 0.9, history, or history_with_executor_errors"
        )]
        enum Written {
            Share(f64),
            Rule(Rule),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Rule {
            History,
            HistoryWithExecutorErrors,
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Share(share) if (0.0..=MOST_FAILURES).contains(&share) => {
                site::Failures::Share(share)
            }
            Written::Share(share) => {
                return Err(de::Error::custom(format_args!(
                    "must be from 0 to {MOST_FAILURES}, is {share}"
                )));
            }
            Written::Rule(Rule::History) => site::Failures::History,
            Written::Rule(Rule::HistoryWithExecutorErrors) => {
                site::Failures::HistoryWithExecutorErrors
            }
        }))
    }
}

impl Serialize for Failures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            site::Failures::Share(share) => serializer.serialize_f64(share),
            site::Failures::History => serializer.serialize_str("history"),
            site::Failures::HistoryWithExecutorErrors => {
                serializer.serialize_str("history_with_executor_errors")
            }
        }
    }
}

impl PlaceEntry {
    /// The place.
    ///
    /// # Errors
    /// If it says nothing, half of the coordinates are missing, or a region has no provider.
    pub fn place(&self) -> Result<Place, ConfigFault> {
        let fault = |must_be: &'static str| ConfigFault {
            key: String::new(),
            reason: ConfigFaultReason::Value {
                must_be: must_be.into(),
                is: None,
            },
        };
        let coordinates = match (self.latitude, self.longitude) {
            (None, None) => None,
            (Some(latitude), Some(longitude)) => Some(
                Coordinates::new(latitude, longitude)
                    .map_err(|_| fault("on Earth: latitude -90 to 90, longitude -180 to 180"))?,
            ),
            _ => return Err(fault("a place with both latitude and longitude")),
        };
        if self.region.is_some() && self.provider.is_none() {
            return Err(fault("a place with the provider of its region"));
        }
        if coordinates.is_none() && self.provider.is_none() && self.network.is_none() {
            return Err(fault("a place with a provider, a network or coordinates"));
        }
        let region = self.region.as_deref().map(str::trim);
        let region = region.filter(|region| !region.is_empty());
        Ok(Place {
            coordinates,
            provider: self.provider,
            region: region.map(|region| region.to_ascii_lowercase().into()),
            network: self.network,
            ..Place::unknown(PlaceSource::Override)
        })
    }
}
