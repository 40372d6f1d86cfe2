//! The price of BTC, as Blockchain.com's ticker gives it, in JSON: `{"USD": {"last": 1.0, "buy": 1.0, ...}, ...}`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::table::{Prices, plausible};
use crate::client::FetchError;

/// The properties of a quote that may hold the price of one BTC, the best first.
const PRICES: [&str; 4] = ["last", "15m", "buy", "sell"];

/// What the ticker answers with: quotes by currency, whatever else they hold.
pub(super) type Ticker = BTreeMap<String, Value>;

/// The prices in `ticker`.
///
/// # Errors
/// [`FetchError::Malformed`] if there is no price in a currency that we know.
pub(super) fn prices(ticker: &Ticker) -> Result<Prices, FetchError> {
    let quotes = ticker.iter().filter_map(|(code, quote)| {
        let price = PRICES.iter().find_map(|&name| quote.get(name)?.as_f64())?;
        Some((code.as_str(), price))
    });
    let prices = plausible(quotes);
    if prices.is_empty() {
        let reason = "it has no price of BTC in a known currency".to_owned();
        return Err(FetchError::Malformed(reason));
    }
    Ok(prices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency::{CHF, EUR, USD};

    fn read(json: &str) -> Result<Prices, FetchError> {
        prices(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_last_price_is_preferred() {
        let json = r#"{"USD": {"15m": 1, "last": 2, "buy": 3, "symbol": "$"}, "EUR": {"buy": 4.5, "sell": 5}}"#;
        assert_eq!(read(json), Ok([(USD, 2.0), (EUR, 4.5)].into()));
    }

    #[test]
    fn prices_that_cannot_be_and_unknown_entries_are_left_out() {
        let json = r#"{"USD": {"last": -1}, "EUR": {"last": 0}, "QQQ": {"last": 3}, "BTC": {"last": 1}, "updated": "now",
                       "GBP": {"last": "4"}, "CHF": {"last": 7}}"#;
        assert_eq!(read(json), Ok([(CHF, 7.0)].into()));
    }

    #[test]
    fn a_ticker_without_prices_is_refused() {
        for json in [
            "{}",
            r#"{"error": "too many requests"}"#,
            r#"{"USD": null}"#,
        ] {
            let fault = read(json).unwrap_err().to_string();
            assert!(fault.contains("it has no price of BTC"), "{fault}");
        }
    }
}
