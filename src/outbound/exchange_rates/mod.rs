//! How currencies are converted: a table from the configuration, or what the European Central Bank and a BTC ticker say.

mod ecb;
mod feed;
#[cfg(fuzzing)]
pub mod fuzzing;
mod said;
mod table;
mod ticker;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use url::Url;

use self::{
    feed::{Feed, Served},
    said::{BTC_TICKER, ECB, Said},
    table::{Prices, Table},
};
use super::{
    fetch::{Fetcher, Pass},
    shared::with_turn,
    turns::Turn,
};
use crate::{
    config::{self, RateSource},
    domain::{
        money::{Currency, Rates},
        warning::Warning,
    },
};

/// Knows exchange rates. Share one, so that what was fetched is fetched once.
#[derive(Debug)]
pub struct ExchangeRates {
    source: Source,
    /// The table of the configuration.
    configured: Table,
}

#[derive(Debug)]
enum Source {
    /// Nothing but the configured table.
    Static,
    /// The ECB's table and, for BTC, a ticker.
    Live(Box<Live>),
}

#[derive(Debug)]
struct Live {
    fetcher: Fetcher,
    ecb_url: Url,
    btc_url: Url,
    ecb: Feed<Table>,
    btc: Feed<Prices>,
}

/// The URL of a source of exchange rates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("exchange_rates.{key} is not a URL: {source}")]
pub struct BadRatesUrl {
    key: &'static str,
    source: url::ParseError,
}

impl ExchangeRates {
    /// Rates as `config` says, with calls made by `fetcher` when they are needed.
    ///
    /// # Errors
    /// [`BadRatesUrl`] if there is a source to call, and its URL is none.
    pub fn new(config: &config::ExchangeRates, fetcher: Fetcher) -> Result<Self, BadRatesUrl> {
        let quotes = config
            .rates
            .iter()
            .map(|(code, &rate)| (code.as_str(), rate));
        let configured = Table::new(config.base, quotes, config.as_of.clone());
        let source = match config.source {
            RateSource::Static => Source::Static,
            RateSource::Ecb => {
                let ttl = Duration::from_secs(config.cache_ttl_sec);
                Source::Live(Box::new(Live {
                    fetcher,
                    ecb_url: url("ecb_url", &config.ecb_url)?,
                    btc_url: url("btc_url", &config.btc_url)?,
                    ecb: Feed::new(ECB, ttl),
                    btc: Feed::new(BTC_TICKER, ttl),
                }))
            }
        };
        Ok(Self { source, configured })
    }

    /// The rates among `currencies`: those that offers are in, and the one that they are wanted in. A currency that no
    /// one has a rate for is not in the table.
    ///
    /// Only what is needed is fetched: nothing for a single currency, the ticker for BTC, the ECB's table for anything
    /// but EUR and BTC. What was fetched is kept for `cache_ttl_sec`; a source that failed is left alone for half a
    /// minute. While it fails, what it said before serves, however old, and then the configured table. That table also
    /// has what the sources have not, such as RUB. Each of these is a warning, with the date of the rates.
    pub async fn rates(&self, currencies: &BTreeSet<Currency>) -> (Rates, Vec<Warning>) {
        self.rates_at(Instant::now(), currencies).await
    }

    /// [`rates`](Self::rates) with the time as an argument.
    pub async fn rates_at(
        &self,
        now: Instant,
        currencies: &BTreeSet<Currency>,
    ) -> (Rates, Vec<Warning>) {
        match &self.source {
            Source::Live(live) if currencies.len() > 1 => live
                .ask(now, currencies)
                .await
                .rates(currencies, &self.configured),
            Source::Live(_) | Source::Static => (self.configured.rates.clone(), Vec::new()),
        }
    }
}

fn url(key: &'static str, text: &str) -> Result<Url, BadRatesUrl> {
    Url::parse(text).map_err(|source| BadRatesUrl { key, source })
}

impl Live {
    /// Asks whoever is needed for `currencies`.
    async fn ask(&self, now: Instant, currencies: &BTreeSet<Currency>) -> Said {
        let needs_btc = currencies.contains(&Currency::BTC);
        let needs_ecb = currencies
            .iter()
            .any(|currency| !matches!(currency, Currency::BTC | Currency::EUR));
        let (ecb, btc) = tokio::join!(
            async {
                if needs_ecb {
                    self.ecb(now).await
                } else {
                    Served::default()
                }
            },
            async {
                if needs_btc {
                    self.btc(now).await
                } else {
                    Served::default()
                }
            },
        );
        // A price in other currencies than EUR is worth nothing without their rates.
        let is_adrift =
            matches!(&btc.latest, Some((prices, _)) if !prices.contains_key(&Currency::EUR));
        let ecb = if is_adrift && !needs_ecb {
            self.ecb(now).await
        } else {
            ecb
        };
        Said { ecb, btc }
    }

    async fn ecb(&self, now: Instant) -> Served<Table> {
        let fetch = async |turn: Result<Turn, _>| {
            let document = self.fetcher.get_bytes(&self.ecb_url, Pass::None);
            ecb::parse(&with_turn(turn?, document).await?)
        };
        let turn = self.fetcher.turn(&self.ecb_url);
        self.ecb.serve(now, turn, fetch).await
    }

    async fn btc(&self, now: Instant) -> Served<Prices> {
        let fetch = async |turn: Result<Turn, _>| {
            let told = self.fetcher.get(&self.btc_url, Pass::None);
            ticker::prices(&with_turn(turn?, told).await?)
        };
        let turn = self.fetcher.turn(&self.btc_url);
        self.btc.serve(now, turn, fetch).await
    }
}
