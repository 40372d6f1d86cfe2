//! Problems of the estimates of transfers that do not prevent a ranking.

use std::fmt;

/// An assumption that estimates of transfers rest on.
#[derive(Debug, Clone, PartialEq)]
pub enum TransferWarning {
    /// Nothing is known about the network of this host, and its price is assumed.
    UnknownNetwork {
        /// The host.
        host: String,
        /// The assumed price of 10^9 bytes.
        price_per_gb: f64,
        /// The currency of the price.
        currency: &'static str,
    },
    /// The place of this TES is unknown, and prices to the internet are used.
    UnknownTesPlace {
        /// The TES.
        service: String,
    },
    /// The provider of this TES is unknown, and the price of what its outputs cost to move is assumed.
    UnknownTesNetwork {
        /// The TES.
        service: String,
        /// The assumed price of 10^9 bytes.
        price_per_gb: f64,
        /// The currency of the price.
        currency: &'static str,
    },
    /// The place of this host is unknown, to which outputs go, and prices to the internet are used.
    UnknownDestination {
        /// The host.
        host: String,
    },
    /// The distance of this host is unknown, to which outputs go, and they are not counted.
    UnknownDistanceOfOutputs {
        /// The host.
        host: String,
    },
    /// The tables of prices are older than 18 months.
    OldTables {
        /// Their date.
        as_of: String,
    },
    /// No current rate is known for the currency of prices, and the embedded one is used.
    EmbeddedRates {
        /// The currency.
        currency: &'static str,
        /// The date of the rates.
        as_of: &'static str,
    },
}

impl fmt::Display for TransferWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownNetwork {
                host,
                price_per_gb,
                currency,
            } => write!(
                f,
                "Network unknown: '{host}' is at no known provider; {price_per_gb} {currency} per GB are assumed. Set {}.",
                Hint(host)
            ),
            Self::UnknownTesPlace { service } => write!(
                f,
                "Place unknown: '{service}' is at no known place; prices to the internet are used. Set place: {{provider: \
                 .., region: ..}} or place: {{network: academic}} in its entry of tes.price_book."
            ),
            Self::UnknownTesNetwork {
                service,
                price_per_gb,
                currency,
            } => write!(
                f,
                "Network unknown: outputs leave '{service}', which is at no known provider; {price_per_gb} {currency} per GB \
                 are assumed. Set place: {{provider: .., region: ..}} or place: {{network: academic}} in its entry of \
                 tes.price_book."
            ),
            Self::UnknownDestination { host } => write!(
                f,
                "Place unknown: outputs go to '{host}', which is at no known place; prices to the internet are used. Set {}.",
                Hint(host)
            ),
            Self::UnknownDistanceOfOutputs { host } => write!(
                f,
                "Outputs not counted: the distance of '{host}' from a TES is unknown. Set {}.",
                PlaceHint(host)
            ),
            Self::OldTables { as_of } => write!(
                f,
                "Prices outdated: the table of egress prices is of {as_of}; update the program, or set \
                 estimation.network.tables."
            ),
            Self::EmbeddedRates { currency, as_of } => write!(
                f,
                "Exchange rates outdated: no current rate for {currency}; the rate of {as_of}, which comes with the \
                 program, is used. exchange_rates.rates can set it."
            ),
        }
    }
}

/// The line of the configuration that tells the place of a host.
struct PlaceHint<'a>(&'a str);

impl fmt::Display for PlaceHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0;
        if host.contains("://") {
            return Hint(host).fmt(f);
        }
        write!(
            f,
            "locations.overrides: [{{match: \"{host}\", latitude: .., longitude: ..}}]"
        )
    }
}

/// The line of the configuration that tells where a host is.
struct Hint<'a>(&'a str);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0;
        if host.contains("://") {
            return write!(f, "locations.buckets: {{\"{host}\": {{region: ..}}}}");
        }
        write!(
            f,
            "estimation.network.networks: {{academic: [\"{host}\"]}}, or a provider in place of academic"
        )
    }
}
