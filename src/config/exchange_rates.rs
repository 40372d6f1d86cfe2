//! `exchange_rates`: how currencies are converted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    fault::{ConfigFault, ConfigFaultReason},
    section::{Rule, Section, range, section, text},
};
use crate::domain::money::Currency;

section! {
    /// How currencies are converted. Rates are fetched only if an offer is in another currency than `target_currency`.
    pub struct ExchangeRates {
        /// `ecb`: the European Central Bank, and a ticker for BTC. `static`: only `rates`, without calls.
        pub source: RateSource = RateSource::Ecb;
        /// Currency that `rates` are per one unit of.
        pub base: Currency = Currency::EUR;
        /// Units of each currency per one unit of `base`, above 0: with `static` the table, with `ecb` the fallback
        /// while the source cannot be reached. CNY stands in for CNH.
        ///
        /// ```yaml
        /// exchange_rates:
        ///   rates: {USD: 1.1611, JPY: 177.40, GBP: 0.86830, CHF: 0.9309, CNY: 8.2698}
        /// ```
        pub rates: BTreeMap<String, f64> = BTreeMap::new();
        /// Date of `rates`. It is in the warning if they are the fallback.
        pub as_of: Option<String> = None, text("a date such as 2025-10-09", is_date).or_null();
        /// Seconds that fetched rates are kept.
        pub cache_ttl_sec: u64 = 43_200, range(1, 31 * 86_400);
        /// URL of the ECB's daily reference rates.
        pub ecb_url: String = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml".to_owned(), url();
        /// URL of a ticker with the price of one BTC.
        pub btc_url: String = "https://blockchain.info/ticker".to_owned(), url();
    }
}

/// Where exchange rates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RateSource {
    /// The European Central Bank, and a ticker for BTC.
    Ecb,
    /// The table in the configuration, without calls.
    Static,
}

impl ExchangeRates {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        for (code, &rate) in &self.rates {
            let reason = self.refusal(code, rate);
            let key = format!("rates.{code}");
            reason.map_or(Ok(()), |reason| Err(ConfigFault { key, reason }))?;
        }
        self.check_keys()
    }

    fn refusal(&self, code: &str, rate: f64) -> Option<ConfigFaultReason> {
        if let Err(unknown) = code.parse::<Currency>() {
            return Some(ConfigFaultReason::Malformed(unknown.to_string()));
        }
        let must_be = if !(rate.is_finite() && rate > 0.0) {
            "a number above 0"
        } else if code.eq_ignore_ascii_case(self.base.code()) && (rate - 1.0).abs() > f64::EPSILON {
            "1, as exchange_rates.base is the same"
        } else {
            return None;
        };
        Some(ConfigFaultReason::Value {
            must_be: must_be.into(),
            is: Some(rate.to_string()),
        })
    }
}

fn url() -> Rule<String> {
    let is_url = |text: &str| {
        Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    text("an absolute http or https URL", is_url).hidden()
}

/// Whether `text` has the form of an ISO 8601 date. It is only displayed, so it need not exist.
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
