//! How currencies are converted: a table from the configuration, or what the European Central Bank and a BTC ticker say.

mod ecb;
mod feed;
mod table;
mod ticker;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use url::Url;

use self::{
    feed::{Feed, Served},
    table::{Prices, Table},
};
use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
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

/// What the sources of [`Live`] said, as far as they were asked.
#[derive(Debug, Default)]
struct Said {
    ecb: Served<Table>,
    btc: Served<Prices>,
}

/// The URL of a source of exchange rates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("exchange_rates.{key} is not a URL: {source}")]
pub struct BadRatesUrl {
    key: &'static str,
    source: url::ParseError,
}

/// How the sources are called in warnings. Their URLs are the operator's business.
const ECB: &str = "the European Central Bank";
const BTC_TICKER: &str = "the BTC ticker";

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
        let fetch = async || ecb::parse(&self.fetcher.get_bytes(&self.ecb_url, Pass::None).await?);
        self.ecb.serve(now, fetch).await
    }

    async fn btc(&self, now: Instant) -> Served<Prices> {
        let fetch = async || ticker::prices(&self.fetcher.get(&self.btc_url, Pass::None).await?);
        self.btc.serve(now, fetch).await
    }
}

impl Said {
    /// The rates of the sources, completed by the `configured` ones, and what of `currencies` is not as it should be.
    fn rates(&self, currencies: &BTreeSet<Currency>, configured: &Table) -> (Rates, Vec<Warning>) {
        let published = match &self.ecb.latest {
            Some((table, _)) => Table::clone(table),
            None => Table::bare(self.base_without_ecb(configured)),
        };
        let completed = published.completed_by(configured);
        let priced = match &self.btc.latest {
            Some((prices, _)) => completed.with_btc_at(prices),
            None => None,
        };
        let (btc, others): (Vec<_>, Vec<_>) = currencies
            .iter()
            .filter(|&&currency| completed.has(currency) && !published.has(currency))
            .partition(|&&currency| currency == Currency::BTC);
        let btc = if priced.is_some() { Vec::new() } else { btc };

        let stand_in = |currencies| StandIn {
            currencies,
            as_of: configured.as_of.clone(),
        };
        let ecb_date = self
            .ecb
            .latest
            .as_ref()
            .and_then(|(table, _)| table.as_of.clone());
        let btc_date = self.btc.latest.as_ref().map(|(_, age)| ago(*age));
        let mut warnings = stand_in(others).warnings(ECB, self.ecb.failure.as_ref(), ecb_date);
        warnings.extend(stand_in(btc).warnings(BTC_TICKER, self.btc.failure.as_ref(), btc_date));
        (priced.unwrap_or(completed).rates, warnings)
    }

    /// EUR, which BTC has a price in, unless that would keep the configured table from standing in for the ECB's.
    fn base_without_ecb(&self, configured: &Table) -> Currency {
        if self.ecb.failure.is_none() || configured.has(Currency::EUR) || configured.is_bare() {
            Currency::EUR
        } else {
            configured.base()
        }
    }
}

/// What of the answer of one source the configured table stands in for.
struct StandIn<'a> {
    currencies: Vec<&'a Currency>,
    as_of: Option<String>,
}

impl StandIn<'_> {
    /// What there is to tell of `source`: its `failure`, and what stood in. `date` is that of what it said itself, now
    /// or before.
    fn warnings(
        self,
        source: &'static str,
        failure: Option<&FetchError>,
        date: Option<String>,
    ) -> Vec<Warning> {
        let older = |cause, as_of| Warning::RatesFellBack {
            source,
            cause,
            as_of,
        };
        let failure = failure.map(ToString::to_string);
        match (failure, date, self.currencies.as_slice()) {
            (None, _, []) => Vec::new(),
            (Some(cause), Some(date), []) => vec![older(cause, Some(date))],
            (Some(cause), None, []) => vec![Warning::RatesUnavailable { source, cause }],
            (Some(cause), None, _) => vec![older(cause, self.as_of)],
            (failure, date, missing) => {
                let codes: Vec<_> = missing.iter().map(|currency| currency.code()).collect();
                let lack = older(
                    format!("has no rate for {}", codes.join(" and ")),
                    self.as_of,
                );
                failure
                    .map(|cause| older(cause, date))
                    .into_iter()
                    .chain([lack])
                    .collect()
            }
        }
    }
}

/// An age in words, which stands where a date may stand.
fn ago(age: Duration) -> String {
    match age.as_secs() / 60 {
        minutes @ 0..120 => format!("{minutes} min ago"),
        minutes @ 120..2880 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 1440),
    }
}
