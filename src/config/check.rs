//! Which values are in range. Types alone would let a timeout of -1 second pass.

use std::{
    fmt::Display,
    ops::{Bound, RangeBounds},
    str::FromStr,
};

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use url::Url;

use super::{
    Config, Database, ExchangeRates, HostMatch, Limits, Locations, Log, Outbound,
    fault::{ConfigFault, ConfigFaultReason},
};
use crate::domain::{geo::Host, money::Currency, price_book::is_host_name};

const DAY_SECONDS: u64 = 86_400;
pub(super) const GIBIBYTE: usize = 1 << 30;

impl Config {
    /// Looks at every value for itself, and at those that have to agree. [`Config::load`] has done so already; a
    /// configuration that is written in Rust should be checked before it is used.
    ///
    /// # Errors
    /// The first [`ConfigFault`], in the order of the fields.
    pub fn check(&self) -> Result<(), ConfigFault> {
        self.server.check()?;
        in_range("timeout", self.timeout, above(0.0, 3600.0))?;
        self.log.check()?;
        self.security.check()?;
        self.outbound.check()?;
        self.limits.check()?;
        if let Some(rate) = self.estimation.transfer_rate_mbps {
            in_range("estimation.transfer_rate_mbps", rate, above(0.0, 1e9))?;
        }
        if let Some(km) = self.estimation.unknown_distance_km {
            in_range("estimation.unknown_distance_km", km, 0.0..=20_100.0)?;
        }
        self.tes.check()?;
        self.drs.check()?;
        self.locations.check()?;
        self.exchange_rates.check()
    }
}

impl Log {
    fn check(&self) -> Result<(), ConfigFault> {
        // A word that is no level would pass as the name of a module, and a typo would silence the program.
        let is_level = |word: &str| {
            word.contains('=') || !word.is_empty() && LevelFilter::from_str(word).is_ok()
        };
        let words_are_levels =
            self.level.contains('[') || self.level.split(',').all(|word| is_level(word.trim()));
        if words_are_levels && EnvFilter::builder().parse(&self.level).is_ok() {
            return Ok(());
        }
        let must_be = "error, warn, info, debug, trace, or a filter such as info,testribute=debug";
        Err(not("log.level", must_be, &self.level))
    }
}

impl Outbound {
    fn check(&self) -> Result<(), ConfigFault> {
        in_range(
            "outbound.max_concurrency",
            self.max_concurrency,
            1..=100_000,
        )?;
        let bytes = self.max_response_bytes;
        in_range("outbound.max_response_bytes", bytes, 1..=GIBIBYTE)
    }
}

impl Limits {
    fn check(self) -> Result<(), ConfigFault> {
        in_range("limits.tes_uris", self.tes_uris, 1..=1_000_000)?;
        in_range("limits.drs_uris", self.drs_uris, 1..=1_000_000)?;
        in_range("limits.object_ids", self.object_ids, 1..=1_000_000)?;
        in_range("limits.combinations", self.combinations, 1..=1_000_000)?;
        in_range("limits.answer_bytes", self.answer_bytes, 1..=GIBIBYTE)?;
        in_range("limits.findings_bytes", self.findings_bytes, 1..=GIBIBYTE)
    }
}

impl Locations {
    /// Whether the database can be read shows when it is opened.
    fn check(&self) -> Result<(), ConfigFault> {
        if matches!(&self.database, Database::File(path) if path.as_os_str().is_empty()) {
            return Err(not(
                "locations.database",
                "embedded, none, or the path of a file",
                "",
            ));
        }
        for (position, known) in self.overrides.iter().enumerate() {
            // Anything else, such as a network with a wrong length, would be a host that is never met.
            let can_match = match &known.pattern {
                HostMatch::Network(_) | HostMatch::Host(Host::Address(_)) => true,
                HostMatch::Host(Host::Region { .. }) => false,
                HostMatch::Host(Host::Bucket(bucket)) => !bucket.ends_with(['/', ':']),
                HostMatch::Host(Host::Name(name)) => is_host_name(name),
            };
            if !can_match {
                let key = format!("locations.overrides[{position}].match");
                let must_be =
                    "a host name, an address, a network such as 10.0.0.0/8, or s3://bucket";
                return Err(not(&key, must_be, &known.pattern.to_string()));
            }
        }
        Ok(())
    }
}

impl ExchangeRates {
    fn check(&self) -> Result<(), ConfigFault> {
        for (code, &rate) in &self.rates {
            let key = format!("exchange_rates.rates.{code}");
            // The ECB knows the yuan as CNY only; it stands in for CNH.
            if code != "CNY" && code.parse::<Currency>().is_err() {
                let known = Currency::ALL.iter().map(|currency| currency.code());
                return Err(ConfigFault {
                    key,
                    reason: ConfigFaultReason::UnknownKey {
                        known: known.chain(["CNY"]).collect(),
                    },
                });
            }
            if !(rate.is_finite() && rate > 0.0) {
                return Err(not_number(&key, "a number above 0", rate));
            }
            if code == self.base.code() && (rate - 1.0).abs() > f64::EPSILON {
                return Err(not_number(
                    &key,
                    "1, as exchange_rates.base is the same",
                    rate,
                ));
            }
        }
        if let Some(date) = &self.as_of
            && !is_date(date)
        {
            return Err(not(
                "exchange_rates.as_of",
                "a date such as 2025-10-09",
                date,
            ));
        }
        let kept = self.cache_ttl_sec;
        in_range("exchange_rates.cache_ttl_sec", kept, 1..=31 * DAY_SECONDS)?;
        for (key, url) in [
            ("exchange_rates.ecb_url", &self.ecb_url),
            ("exchange_rates.btc_url", &self.btc_url),
        ] {
            let is_url = Url::parse(url)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !is_url {
                return Err(not_shown(key, "an absolute http or https URL"));
            }
        }
        Ok(())
    }
}

/// Whether `text` has the shape of an ISO 8601 date; what is only shown need not be on the calendar.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(position, byte)| match position {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
}

/// More than `low`, and at most `high`.
pub(super) const fn above(low: f64, high: f64) -> (Bound<f64>, Bound<f64>) {
    (Bound::Excluded(low), Bound::Included(high))
}

/// Not a number is in no range.
pub(super) fn in_range<T: PartialOrd + Display>(
    key: &str,
    value: T,
    range: impl RangeBounds<T>,
) -> Result<(), ConfigFault> {
    if range.contains(&value) {
        return Ok(());
    }
    let low = match range.start_bound() {
        Bound::Included(low) => format!("at least {low}"),
        Bound::Excluded(low) => format!("more than {low}"),
        Bound::Unbounded => "anything".to_owned(),
    };
    let must_be = match range.end_bound() {
        Bound::Included(high) => format!("{low} and at most {high}"),
        Bound::Excluded(high) => format!("{low} and less than {high}"),
        Bound::Unbounded => low,
    };
    Err(not_number(key, &must_be, value))
}

fn not_number(key: &str, must_be: &str, is: impl Display) -> ConfigFault {
    fault(key, must_be, Some(is.to_string()))
}

/// The fault of a text that may be shown.
pub(super) fn not(key: &str, must_be: &str, is: &str) -> ConfigFault {
    fault(key, must_be, Some(format!("{is:?}")))
}

/// The fault of a text that might hold a password, as a URL can.
pub(super) fn not_shown(key: &str, must_be: &str) -> ConfigFault {
    fault(key, must_be, None)
}

fn fault(key: &str, must_be: &str, is: Option<String>) -> ConfigFault {
    ConfigFault {
        key: key.to_owned(),
        reason: ConfigFaultReason::Value {
            must_be: must_be.to_owned().into(),
            is,
        },
    }
}
