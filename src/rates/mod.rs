//! Exchange rates: a table from the configuration, or those of the European Central Bank and a BTC ticker.

mod answers;
mod convert;
mod ecb;
mod embedded;
#[cfg(fuzzing)]
pub mod fuzzing;
mod table;
mod ticker;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::{Timestamp, civil::Date, tz::Offset};
use tokio::time::Instant;
use url::Url;

use self::{
    answers::{Answers, BTC_TICKER, ECB, Source as Answer},
    table::{Prices, Table},
};
use crate::{
    client::{
        Authorization, Client, FetchError,
        refreshing::{RefreshPolicy, Refreshing, Snapshot},
        time_budget::StepEnd,
    },
    config::{self, RateSource},
    domain::{
        money::{Currency, Rates},
        warning::Warning,
    },
};

/// How long a source that failed is left alone.
const RETRY_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Knows exchange rates. Share one, so that rates are fetched once.
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
    client: Client,
    ecb_url: Url,
    btc_url: Url,
    ecb: Arc<Refreshing<Table, FetchError>>,
    btc: Arc<Refreshing<Prices, FetchError>>,
}

/// The moment at which rates are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For what is kept.
    pub instant: Instant,
    /// For the dates of rates.
    pub today: Date,
}

impl Now {
    /// By the clock of the system.
    pub fn by_clock() -> Self {
        Self {
            instant: Instant::now(),
            today: Offset::UTC.to_datetime(Timestamp::now()).date(),
        }
    }
}

/// The URL of a source of exchange rates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("exchange_rates.{key}: must be a URL: {source}")]
pub struct BadRatesUrl {
    key: &'static str,
    source: url::ParseError,
}

impl ExchangeRates {
    /// Rates as `config` says, fetched through `client` when they are needed.
    ///
    /// # Errors
    /// [`BadRatesUrl`] if there is a source to call, and its URL cannot be parsed.
    pub fn new(config: &config::ExchangeRates, client: Client) -> Result<Self, BadRatesUrl> {
        let quotes = config
            .rates
            .iter()
            .map(|(code, &rate)| (code.as_str(), rate));
        let configured = Table::new(config.base, quotes, config.as_of.clone());
        let source = match config.source {
            RateSource::Static => Source::Static,
            RateSource::Ecb => {
                let policy = RefreshPolicy {
                    ttl: Duration::from_secs(config.cache_ttl_sec),
                    retry_with_value: RETRY_AFTER_FAILURE,
                    retry_without_value: RETRY_AFTER_FAILURE,
                };
                Source::Live(Box::new(Live {
                    client,
                    ecb_url: url("ecb_url", &config.ecb_url)?,
                    btc_url: url("btc_url", &config.btc_url)?,
                    ecb: Arc::new(Refreshing::new(ECB, policy)),
                    btc: Arc::new(Refreshing::new(BTC_TICKER, policy)),
                }))
            }
        };
        Ok(Self { source, configured })
    }

    /// How long ago each source was fetched that was.
    pub fn ages(&self, now: Instant) -> Vec<(&'static str, Duration)> {
        let Source::Live(live) = &self.source else {
            return Vec::new();
        };
        let ages = [("ecb", live.ecb.age(now)), ("btc", live.btc.age(now))];
        let known = ages.into_iter();
        known
            .filter_map(|(source, age)| Some((source, age?)))
            .collect()
    }

    /// The rates among `currencies`: those of the offers, and the target. A currency without a rate is not in the table.
    ///
    /// Only what is needed is fetched: nothing for a single currency, the ticker for BTC, the ECB's table for anything
    /// but EUR and BTC. What was fetched is kept for `cache_ttl_sec`; a source that failed is left alone for half a
    /// minute. While it fails, or has not answered by `end`, its last rates are used, however old, and then the configured
    /// table. That table also has what the sources lack, such as RUB. Each of these is a warning, with the date of the
    /// rates; and so is that rates which are used are more than a week old.
    pub async fn rates(
        &self,
        now: Now,
        end: StepEnd,
        currencies: &BTreeSet<Currency>,
    ) -> (Rates, Vec<Warning>) {
        match &self.source {
            Source::Live(live) if currencies.len() > 1 => live
                .answers(now.instant, end, currencies)
                .await
                .rates(currencies, &self.configured, now.today),
            Source::Live(_) => (self.configured.rates.clone(), Vec::new()),
            Source::Static => {
                let warning = self.configured.age_warning(currencies, now.today);
                (self.configured.rates.clone(), warning.into_iter().collect())
            }
        }
    }
}

fn url(key: &'static str, text: &str) -> Result<Url, BadRatesUrl> {
    Url::parse(text).map_err(|source| BadRatesUrl { key, source })
}

impl Live {
    /// The answers of the sources that are needed for `currencies`.
    async fn answers(
        &self,
        now: Instant,
        end: StepEnd,
        currencies: &BTreeSet<Currency>,
    ) -> Answers {
        let needs_btc = currencies.contains(&Currency::BTC);
        let needs_ecb = currencies
            .iter()
            .any(|currency| !matches!(currency, Currency::BTC | Currency::EUR));
        let (ecb, btc) = tokio::join!(
            async {
                if needs_ecb {
                    self.ecb(now, end).await
                } else {
                    Answer::default()
                }
            },
            async {
                if needs_btc {
                    self.btc(now, end).await
                } else {
                    Answer::default()
                }
            },
        );
        // A price in other currencies than EUR is worth nothing without their rates.
        let lacks_eur =
            matches!(&btc.latest, Some((prices, _)) if !prices.contains_key(&Currency::EUR));
        let ecb = if lacks_eur && !needs_ecb {
            self.ecb(now, end).await
        } else {
            ecb
        };
        Answers { ecb, btc }
    }

    async fn ecb(&self, now: Instant, end: StepEnd) -> Answer<Table> {
        let fetch = || {
            let (client, url) = (self.client.clone(), self.ecb_url.clone());
            async move {
                let scope = client.detached_scope();
                let document = client.get_bytes(&scope, &url, Authorization::None).await?;
                ecb::parse(&document)
            }
        };
        let snapshot = self.ecb.get(now, Some(end.at), |_| true, fetch).await;
        answer(snapshot, end)
    }

    async fn btc(&self, now: Instant, end: StepEnd) -> Answer<Prices> {
        let fetch = || {
            let (client, url) = (self.client.clone(), self.btc_url.clone());
            async move {
                let scope = client.detached_scope();
                let ticker = client.get(&scope, &url, Authorization::None).await?;
                ticker::prices(&ticker)
            }
        };
        let snapshot = self.btc.get(now, Some(end.at), |_| true, fetch).await;
        answer(snapshot, end)
    }
}

fn answer<T>(snapshot: Snapshot<T, FetchError>, end: StepEnd) -> Answer<T> {
    let failure = if snapshot.is_pending {
        Some(end.into())
    } else {
        snapshot.failure
    };
    Answer {
        latest: snapshot.value,
        failure,
    }
}
