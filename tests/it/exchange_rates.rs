//! Exchange rates: what is fetched, how often, and what stands in while a source fails.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use jiff::civil::{Date, date};
use testribute::{
    client::{DeadlineOwner, FetchError, TimeBudget, time_budget::StepEnd},
    config::{self, RateSource},
    domain::{
        money::{
            Currency::{self, BTC, CAD, CHF, CNH, EUR, GBP, RUB, USD},
            Rates,
        },
        warning::Warning,
    },
    rates::{ExchangeRates, Now},
};
use tokio::{net::TcpSocket, time::Instant};

use crate::support::{
    client,
    faulty::{Manner, RawServer},
    network::{Service, request, tes, tes_root, warnings},
    source::Source,
    texts::{
        ANY, BTC_TICKER, ECB, assert_like, fallback_rates, malformed, off_limits,
        rates_unavailable, status,
    },
};

const DAILY: &str = include_str!("fixtures/ecb/daily.xml");
const DOUBLE_QUOTES: &str = include_str!("fixtures/ecb/double_quotes.xml");
const TICKER: &str = r#"{"USD": {"15m": 1.0, "last": 121000.0, "buy": 1.0, "sell": 1.0, "symbol": "$"},
                         "EUR": {"15m": 1.0, "last": 104000.0, "buy": 1.0, "sell": 1.0, "symbol": "E"}}"#;
/// The day after that of the rates.
const TODAY: Date = date(2025, 10, 10);
const HOUR: Duration = Duration::from_secs(3600);

/// Both sources, and the rates that come from them.
struct Bench {
    ecb: Source,
    btc: Source,
    rates: ExchangeRates,
}

impl Bench {
    async fn new(adjust: impl FnOnce(&mut config::ExchangeRates)) -> Self {
        let (ecb, btc) = (Source::start(DAILY).await, Source::start(TICKER).await);
        let mut config = config::ExchangeRates {
            ecb_url: ecb.url.clone(),
            btc_url: btc.url.clone(),
            cache_ttl_sec: HOUR.as_secs(),
            ..config::ExchangeRates::default()
        };
        adjust(&mut config);
        let rates = ExchangeRates::new(&config, client()).unwrap();
        Self { ecb, btc, rates }
    }

    /// How often the ECB and the ticker were asked.
    fn calls(&self) -> (usize, usize) {
        (self.ecb.calls(), self.btc.calls())
    }

    async fn ask<const N: usize>(&self, currencies: [Currency; N]) -> (Rates, Vec<String>) {
        self.ask_at(Instant::now(), currencies).await
    }

    async fn ask_at<const N: usize>(
        &self,
        now: Instant,
        currencies: [Currency; N],
    ) -> (Rates, Vec<String>) {
        self.ask_on(TODAY, now, currencies).await
    }

    async fn ask_on<const N: usize>(
        &self,
        today: Date,
        instant: Instant,
        currencies: [Currency; N],
    ) -> (Rates, Vec<String>) {
        let now = Now { instant, today };
        let (rates, warnings) = self.rates.rates(now, end(), &currencies.into()).await;
        (rates, warnings.iter().map(ToString::to_string).collect())
    }
}

/// Nothing here waits so long.
fn end() -> StepEnd {
    TimeBudget::new(HOUR, None).rates()
}

/// A table of the operator's own, with what the ECB has not.
fn fallback(config: &mut config::ExchangeRates) {
    let table = [("CHF", 0.5), ("USD", 2.0), ("RUB", 80.0), ("BTC", 0.00002)];
    config.rates = table.map(|(code, rate)| (code.to_owned(), rate)).into();
    config.as_of = Some("2022-02-28".to_owned());
}

#[track_caller]
fn assert_amount(rates: &Rates, (amount, from): (f64, Currency), (expected, to): (f64, Currency)) {
    let converted = amount * rates.factor(from, to).unwrap();
    let off = (converted / expected - 1.0).abs();
    assert!(
        off < 1e-9,
        "{amount} {from} are {converted} {to}, not {expected}"
    );
}

#[tokio::test]
async fn amounts_convert_as_by_hand() {
    for document in [DAILY, DOUBLE_QUOTES] {
        let bench = Bench::new(|_| ()).await;
        bench.ecb.publish(document);
        let (rates, warnings) = bench.ask([CHF, CNH, USD, BTC, EUR]).await;
        assert_eq!(warnings, [""; 0]);
        assert_amount(&rates, (100.0, CHF), (107.422_924_052_03, EUR));
        assert_amount(&rates, (100.0, EUR), (93.09, CHF));
        assert_amount(&rates, (100.0, USD), (80.173_973_0, CHF));
        // CNY stands in for CNH.
        assert_amount(&rates, (826.98, CNH), (100.0, EUR));
        assert_amount(&rates, (2.0, BTC), (208_000.0, EUR));
        assert_amount(&rates, (1.0, BTC), (120_754.4, USD));
    }
}

#[tokio::test]
async fn only_what_is_needed_is_fetched() {
    let bench = Bench::new(|_| ()).await;
    bench.ask([]).await;
    bench.ask([CHF]).await;
    assert_eq!(bench.calls(), (0, 0));
    let (rates, _) = bench.ask([BTC, EUR]).await;
    assert_amount(&rates, (1.0, BTC), (104_000.0, EUR));
    assert_eq!(bench.calls(), (0, 1));
    bench.ask([CHF, EUR]).await;
    assert_eq!(bench.calls(), (1, 1));
    bench.ask([CHF, BTC, USD]).await;
    assert_eq!(bench.calls(), (1, 1), "both are kept");
}

#[tokio::test]
async fn a_btc_price_in_usd_alone_needs_the_rate_of_usd() {
    let bench = Bench::new(|_| ()).await;
    bench.btc.publish(r#"{"USD": {"last": 116110}}"#);
    let (rates, warnings) = bench.ask([BTC, EUR]).await;
    assert_amount(&rates, (1.0, BTC), (100_000.0, EUR));
    assert_eq!((warnings.len(), bench.calls()), (0, (1, 1)));
}

#[tokio::test]
async fn many_callers_at_once_make_one_call() {
    let bench = Bench::new(|_| ()).await;
    let answers = join_all((0..50).map(|_| bench.ask([CHF, BTC, EUR]))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(bench.calls(), (1, 1));
}

#[tokio::test]
async fn many_callers_at_once_make_one_call_that_fails() {
    let bench = Bench::new(fallback).await;
    bench.ecb.fail();
    let answers = join_all((0..50).map(|_| bench.ask([CHF, EUR]))).await;
    assert!(answers.iter().all(|(_, warnings)| warnings.len() == 1));
    assert_eq!(bench.calls(), (1, 0));
}

#[tokio::test]
async fn rates_are_fetched_again_when_they_are_old() {
    let (bench, start) = (Bench::new(|_| ()).await, Instant::now());
    bench.ask_at(start, [CHF, EUR]).await;
    bench.ecb.publish(&DAILY.replace("0.9309", "0.5"));
    let (kept, _) = bench.ask_at(start + HOUR / 2, [CHF, EUR]).await;
    assert_amount(&kept, (93.09, CHF), (100.0, EUR));
    let (renewed, _) = bench.ask_at(start + HOUR, [CHF, EUR]).await;
    assert_amount(&renewed, (50.0, CHF), (100.0, EUR));
    assert_eq!(bench.calls(), (2, 0));
}

#[tokio::test]
async fn older_rates_serve_while_the_sources_fail_and_their_date_is_told() {
    let (bench, start) = (Bench::new(fallback).await, Instant::now());
    bench.ask_at(start, [CHF, BTC, EUR]).await;
    bench.ecb.fail();
    bench.btc.fail();
    let (rates, warnings) = bench.ask_at(start + HOUR * 3, [CHF, BTC, EUR]).await;
    assert_amount(&rates, (93.09, CHF), (100.0, EUR));
    assert_amount(&rates, (1.0, BTC), (104_000.0, EUR));
    assert_eq!(
        warnings,
        [
            fallback_rates(ECB, &status(500), Some("2025-10-09")),
            fallback_rates(BTC_TICKER, &status(500), Some("3 h ago")),
        ]
    );
}

#[tokio::test]
async fn the_configured_table_serves_while_the_source_fails_and_its_date_is_told() {
    let bench = Bench::new(fallback).await;
    bench.ecb.fail();
    for _ in 0..2 {
        let (rates, warnings) = bench.ask([CHF, USD, EUR]).await;
        assert_amount(&rates, (50.0, CHF), (200.0, USD));
        assert_eq!(
            warnings,
            [fallback_rates(ECB, &status(500), Some("2022-02-28"))]
        );
    }
    assert_eq!(
        bench.calls(),
        (1, 0),
        "a source that failed is left alone for a while"
    );
}

#[tokio::test]
async fn a_configured_table_of_another_base_serves_too() {
    let adjust = |config: &mut config::ExchangeRates| {
        config.base = USD;
        config.rates = [("CHF".to_owned(), 0.8), ("CNY".to_owned(), 7.0)].into();
    };
    let bench = Bench::new(adjust).await;
    bench.ecb.fail();
    let (rates, warnings) = bench.ask([CHF, USD, CNH]).await;
    assert_amount(&rates, (0.8, CHF), (7.0, CNH));
    assert_eq!(warnings, [fallback_rates(ECB, &status(500), None)]);
    assert_eq!(rates.factor(CHF, EUR), None);
    let healthy = Bench::new(adjust).await;
    let (rates, warnings) = healthy.ask([CHF, USD, EUR]).await;
    assert_amount(&rates, (93.09, CHF), (116.11, USD));
    assert_eq!(warnings, [""; 0]);
}

#[tokio::test]
async fn without_any_table_nothing_converts_and_that_is_told() {
    let bench = Bench::new(|_| ()).await;
    bench.ecb.fail();
    let (rates, warnings) = bench.ask([CHF, EUR]).await;
    assert_eq!(rates.factor(CHF, EUR), None);
    assert_eq!(rates.factor(EUR, EUR), Some(1.0));
    assert_eq!(warnings, [rates_unavailable(ECB, &status(500))]);
}

#[tokio::test]
async fn a_source_that_is_not_there_or_talks_nonsense_is_told_apart() {
    let huge = format!("{DAILY}<!--{}-->", " ".repeat(100_000));
    for (document, cause) in [
        ("<html>Sorry</html>", malformed(format!("{ANY}no day{ANY}"))),
        ("rates", malformed(format!("{ANY}not XML{ANY}"))),
        (huge.as_str(), FetchError::TooLarge(65_536)),
    ] {
        let bench = Bench::new(|_| ()).await;
        bench.ecb.publish(document);
        let (rates, warnings) = bench.ask([CHF, EUR]).await;
        assert_eq!(rates.factor(CHF, EUR), None);
        assert_like(&warnings[0], rates_unavailable(ECB, &cause));
    }
    // Bound, but not listened on: no one else can take the port meanwhile.
    let dead = TcpSocket::new_v4().unwrap();
    dead.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nowhere = format!("http://{}/", dead.local_addr().unwrap());
    let refused = Bench::new(|config| config.ecb_url = nowhere).await;
    let (_, warnings) = refused.ask([CHF, EUR]).await;
    let cause = FetchError::Unreachable(ANY.to_owned());
    assert_like(&warnings[0], rates_unavailable(ECB, &cause));
    let private = Bench::new(|config| config.ecb_url = "http://10.0.0.1/".to_owned()).await;
    let (_, warnings) = private.ask([CHF, EUR]).await;
    assert_eq!(warnings, [rates_unavailable(ECB, &off_limits("10.0.0.1"))]);
}

#[tokio::test]
async fn a_dead_ticker_leaves_the_other_currencies_alone() {
    let bench = Bench::new(|_| ()).await;
    bench.btc.fail();
    let (rates, warnings) = bench.ask([CHF, BTC, EUR]).await;
    assert_amount(&rates, (93.09, CHF), (100.0, EUR));
    assert_eq!(rates.factor(BTC, EUR), None);
    assert_eq!(warnings, [rates_unavailable(BTC_TICKER, &status(500))]);

    let bench = Bench::new(fallback).await;
    bench.btc.publish("{}");
    let (rates, warnings) = bench.ask([CHF, BTC, EUR]).await;
    assert_amount(&rates, (93.09, CHF), (100.0, EUR));
    assert_amount(&rates, (1.0, BTC), (50_000.0, EUR));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let cause = malformed(format!("{ANY}no price of BTC{ANY}"));
    assert_like(
        &warnings[0],
        fallback_rates(BTC_TICKER, &cause, Some("2022-02-28")),
    );
}

#[tokio::test]
async fn a_live_ticker_serves_while_the_ecb_is_down() {
    for adjust in [|_: &mut config::ExchangeRates| (), fallback] {
        let bench = Bench::new(adjust).await;
        bench.ecb.fail();
        let (rates, warnings) = bench.ask([GBP, BTC, EUR]).await;
        assert_amount(&rates, (1.0, BTC), (104_000.0, EUR));
        assert_eq!(rates.factor(GBP, EUR), None);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
}

#[tokio::test]
async fn what_the_sources_lack_comes_from_the_configured_table_with_a_warning() {
    let bench = Bench::new(fallback).await;
    let (rates, warnings) = bench.ask([RUB, CHF, EUR]).await;
    assert_amount(&rates, (8000.0, RUB), (93.09, CHF));
    let incomplete = Warning::IncompleteRates {
        source: ECB,
        currencies: [RUB].into(),
        as_of: Some("2022-02-28".to_owned()),
    };
    assert_eq!(warnings, [incomplete.to_string()]);
    let (_, warnings) = bench.ask([CHF, EUR]).await;
    assert_eq!(warnings, [""; 0], "RUB was not asked for");
    let (rates, warnings) = Bench::new(|_| ()).await.ask([RUB, EUR]).await;
    assert_eq!(
        (rates.factor(RUB, EUR), warnings.len()),
        (None, 0),
        "the exclusion of the TES names what is missing"
    );
}

#[tokio::test]
async fn a_static_table_needs_no_calls() {
    let bench = Bench::new(|config| {
        fallback(config);
        config.source = RateSource::Static;
        config.rates.insert("CNY".to_owned(), 8.0);
        config.rates.insert("GBP".to_owned(), f64::NAN);
        config.ecb_url = "nowhere".to_owned();
    })
    .await;
    let (rates, warnings) = bench.ask([CHF, CNH, BTC, EUR]).await;
    assert_amount(&rates, (0.5, CHF), (8.0, CNH));
    assert_amount(&rates, (1.0, BTC), (50_000.0, EUR));
    assert_eq!(
        [GBP, CAD].map(|currency| rates.factor(currency, EUR)),
        [None, None]
    );
    assert_eq!(warnings, [old_rates("the configuration", "2022-02-28")]);
    assert_eq!(bench.calls(), (0, 0));
}

#[test]
fn a_source_without_a_url_is_refused_by_its_key() {
    let config = config::ExchangeRates {
        btc_url: "ticker".to_owned(),
        ..config::ExchangeRates::default()
    };
    let refusal = ExchangeRates::new(&config, client())
        .unwrap_err()
        .to_string();
    assert!(refusal.starts_with("exchange_rates.btc_url: "), "{refusal}");
}

#[tokio::test]
async fn the_clock_is_read_when_no_time_is_given() {
    let bench = Bench::new(|_| ()).await;
    let (rates, warnings) = bench
        .rates
        .rates(Now::by_clock(), end(), &BTreeSet::from([CHF, EUR]))
        .await;
    assert_amount(&rates, (93.09, CHF), (100.0, EUR));
    let old = Warning::OldRates {
        source: ECB,
        as_of: "2025-10-09".to_owned(),
        is_configured: false,
    };
    assert_eq!(warnings, [old], "the fixture is older than a week");
}

fn old_rates(source: &'static str, as_of: &str) -> String {
    Warning::OldRates {
        source,
        as_of: as_of.to_owned(),
        is_configured: source == "the configuration",
    }
    .to_string()
}

#[tokio::test]
async fn rates_of_more_than_a_week_ago_are_used_with_a_warning_that_gives_their_date() {
    let bench = Bench::new(|_| ()).await;
    for (today, is_old) in [
        (date(2025, 10, 8), false),
        (date(2025, 10, 16), false),
        (date(2025, 10, 17), true),
        (date(2099, 1, 1), true),
    ] {
        let (rates, warnings) = bench.ask_on(today, Instant::now(), [CHF, EUR]).await;
        assert_amount(&rates, (93.09, CHF), (100.0, EUR));
        let expected = is_old.then(|| old_rates(ECB, "2025-10-09"));
        assert_eq!(warnings, Vec::from_iter(expected), "{today}");
    }
    // The warning that the source failed gives the date already.
    bench.ecb.fail();
    let later = Instant::now() + HOUR * 2;
    let (_, warnings) = bench.ask_on(date(2025, 10, 20), later, [CHF, EUR]).await;
    assert_eq!(
        warnings,
        [fallback_rates(ECB, &status(500), Some("2025-10-09"))]
    );
}

#[tokio::test]
async fn a_configured_table_is_as_old_as_its_date() {
    let table = |as_of: Option<&str>| {
        let as_of = as_of.map(str::to_owned);
        Bench::new(move |config| {
            fallback(config);
            config.source = RateSource::Static;
            config.as_of = as_of;
        })
    };
    for (as_of, is_old) in [
        (Some("2025-10-02"), true),
        (Some("2025-10-03"), false),
        (Some("2026-01-01"), false),
        // Has the form of a date, and does not exist.
        (Some("2025-02-31"), false),
        (None, false),
    ] {
        let bench = table(as_of).await;
        let (_, warnings) = bench.ask([CHF, EUR]).await;
        let expected = is_old.then(|| old_rates("the configuration", as_of.unwrap()));
        assert_eq!(warnings, Vec::from_iter(expected), "{as_of:?}");
    }
    // Nothing is converted by it.
    let bench = table(Some("2020-01-01")).await;
    for currencies in [[EUR, EUR], [EUR, CAD]] {
        let (_, warnings) = bench.ask(currencies).await;
        assert_eq!(warnings, [""; 0], "{currencies:?}");
    }
}

#[tokio::test]
async fn a_price_of_btc_that_is_kept_for_weeks_is_outdated_too() {
    let bench = Bench::new(|config| config.cache_ttl_sec = 30 * 86_400).await;
    let start = Instant::now();
    bench.ask_at(start, [BTC, EUR]).await;
    let later = start + HOUR * 24 * 9;
    let (_, warnings) = bench.ask_at(later, [BTC, EUR]).await;
    assert_eq!(warnings, [old_rates(BTC_TICKER, "9 days ago")]);
}

#[tokio::test]
async fn an_answer_tells_that_its_rates_are_outdated_once() {
    let service =
        Service::start_with("exchange_rates: {as_of: 2020-02-29, rates: {CHF: 0.5}}").await;
    let one = tes("127.0.0.1", "CHF", 1.0, 1.0, 0.0).await;
    let other = tes("127.0.0.1", "USD", 1.0, 1.0, 0.0).await;
    let answer = service
        .rank(&request(&[tes_root(&one), tes_root(&other)], &[], &[]))
        .await;
    assert_eq!(
        warnings(&answer),
        [old_rates("the configuration", "2020-02-29")]
    );
}

#[tokio::test]
async fn a_request_does_not_wait_for_rates_until_its_deadline() {
    let silent = RawServer::start(Manner::Hangs).await;
    // One call alone could take longer than the whole request.
    let service = Service::start_with(&format!(
        "{{timeout: 20, server: {{request_deadline_sec: 1.5}}, \
         exchange_rates: {{source: ecb, ecb_url: '{}', rates: {{CHF: 0.5}}, as_of: 2025-10-09}}}}",
        silent.root
    ))
    .await;
    let tes = tes("127.0.0.1", "CHF", 1.0, 1.0, 0.0).await;
    let answer = service.rank(&request(&[tes_root(&tes)], &[], &[])).await;
    let cost = &answer["service_combinations"][0]["cost_estimate"];
    assert_eq!(
        *cost,
        serde_json::json!({"amount": 22.0, "currency": "EUR"})
    );
    let cause = FetchError::BudgetExceeded {
        length: Duration::from_secs(1),
        set_by: DeadlineOwner::Service,
    };
    assert_eq!(
        warnings(&answer),
        [fallback_rates(ECB, &cause, Some("2025-10-09"))]
    );
}
