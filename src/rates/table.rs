//! Tables of rates from several sources, and how they are put together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::domain::{
    money::{Currency, Rates},
    warning::Warning,
};

/// Rates that are older than this are outdated, in days: those of the European Central Bank are of the last working day.
pub(super) const OUTDATED_DAYS: i64 = 7;

/// The name of the configured table in warnings.
const CONFIGURED: &str = "the configuration";

/// Rates beyond these are a mistake of their source. What is converted at such rates stays far from overflow.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1e-12..=1e12;

/// Units of each currency per one unit of `base`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    base: Currency,
    pub(super) rates: Rates,
    /// The date of the rates, as their source writes it.
    pub(super) as_of: Option<String>,
}

/// The price of one BTC in other currencies.
pub(super) type Prices = BTreeMap<Currency, f64>;

impl Table {
    /// The `quotes` of currencies that we know, by their codes. CNY stands in for CNH, which trades within about 1 % of
    /// it, where CNH itself is not quoted.
    pub(super) fn new<'a>(
        base: Currency,
        quotes: impl IntoIterator<Item = (&'a str, f64)>,
        as_of: Option<String>,
    ) -> Self {
        let mut known = BTreeMap::new();
        let mut yuan = None;
        for (code, rate) in quotes {
            if !PLAUSIBLE.contains(&rate) {
                continue;
            }
            if let Ok(currency) = code.parse() {
                if currency == Currency::CNY {
                    yuan = Some(rate);
                }
                known.insert(currency, rate);
            }
        }
        if let Some(rate) = yuan {
            known.entry(Currency::CNH).or_insert(rate);
        }
        Self {
            base,
            rates: Rates::new(base, known),
            as_of,
        }
    }

    /// A table of `base` alone.
    pub(super) fn bare(base: Currency) -> Self {
        Self::new(base, [], None)
    }

    /// The currency that the rates are per one unit of.
    pub(super) const fn base(&self) -> Currency {
        self.base
    }

    /// Whether `currency` has a rate.
    pub(super) fn has(&self, currency: Currency) -> bool {
        self.rates.per_base(currency).is_some()
    }

    /// Whether no currency but the base has a rate.
    pub(super) fn is_bare(&self) -> bool {
        Currency::EVERY
            .iter()
            .all(|&currency| currency == self.base || !self.has(currency))
    }

    /// Its date, if that is more than a week before `today`. A date that does not exist says nothing.
    pub(super) fn outdated(&self, today: Date) -> Option<String> {
        let as_of = self.as_of.as_ref()?;
        let age = today.duration_since(as_of.parse::<Date>().ok()?);
        (age.as_hours() > 24 * OUTDATED_DAYS).then(|| as_of.clone())
    }

    /// That the configured table is outdated, if one of `currencies` is converted by it.
    pub(super) fn age_warning(
        &self,
        currencies: &BTreeSet<Currency>,
        today: Date,
    ) -> Option<Warning> {
        let is_used = currencies
            .iter()
            .filter(|&&currency| self.has(currency))
            .count()
            > 1;
        Some(Warning::OldRates {
            source: CONFIGURED,
            as_of: self.outdated(today).filter(|_| is_used)?,
            is_configured: true,
        })
    }

    /// This table, with the rates of `other` for what is missing here; they are joined over a currency that both have,
    /// the base of either if possible. Without one there is nothing to join.
    pub(super) fn completed_by(&self, other: &Self) -> Self {
        let link = [other.base, self.base]
            .into_iter()
            .chain(Currency::EVERY.iter().copied())
            .find_map(|link| Some((link, self.rates.per_base(link).filter(|_| other.has(link))?)));
        let Some((link, link_per_base)) = link else {
            return self.clone();
        };
        let here = Currency::EVERY.iter().filter_map(|&currency| {
            let per_link = other.rates.factor(link, currency)?;
            Some((currency, per_link * link_per_base))
        });
        Self {
            rates: self.rates.clone().or(&Rates::new(self.base, here)),
            ..self.clone()
        }
    }

    /// This table with BTC at `prices`: at the one in the base, or else in USD, or else in any currency that is known
    /// here. `None` if none is.
    pub(super) fn with_btc_at(&self, prices: &Prices) -> Option<Self> {
        let per_base = [self.base, Currency::USD]
            .iter()
            .chain(prices.keys())
            .find_map(|&currency| Some(self.rates.per_base(currency)? / prices.get(&currency)?))?;
        Some(Self {
            rates: Rates::new(self.base, [(Currency::BTC, per_base)]).or(&self.rates),
            ..self.clone()
        })
    }
}

/// The prices among `quotes` that are plausible and in a known currency.
pub(super) fn plausible<'a>(quotes: impl IntoIterator<Item = (&'a str, f64)>) -> Prices {
    quotes
        .into_iter()
        .filter(|(_, price)| PLAUSIBLE.contains(price))
        .filter_map(|(code, price)| Some((code.parse().ok()?, price)))
        .filter(|&(currency, _)| currency != Currency::BTC)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Currency::{BTC, CHF, CNH, EUR, RUB, USD};

    fn euro(quotes: &[(&'static str, f64)]) -> Table {
        Table::new(EUR, quotes.iter().copied(), None)
    }

    #[test]
    fn cny_stands_in_for_cnh_only_where_cnh_is_not_quoted() {
        assert_eq!(euro(&[("CNY", 8.25)]).rates.per_base(CNH), Some(8.25));
        let both = euro(&[("CNH", 8.5), ("CNY", 8.25)]);
        assert_eq!(both.rates.per_base(CNH), Some(8.5));
    }

    #[test]
    fn rates_that_cannot_be_are_left_out() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
            assert!(!euro(&[("USD", bad)]).has(USD), "{bad}");
        }
    }

    #[test]
    fn tables_of_different_bases_are_joined_over_the_base_of_the_other() {
        let published = euro(&[("USD", 2.0), ("CHF", 0.5)]);
        let configured = Table::new(USD, [("RUB", 80.0), ("CHF", 9.0)], None);
        let whole = published.completed_by(&configured);
        assert_eq!(whole.rates.per_base(RUB), Some(160.0));
        assert_eq!(whole.rates.per_base(CHF), Some(0.5), "what is there stays");
    }

    #[test]
    fn tables_without_a_common_currency_are_not_joined() {
        let other = Table::new(USD, [("RUB", 80.0)], None);
        assert_eq!(euro(&[]).completed_by(&other), euro(&[]));
    }

    #[test]
    fn btc_is_converted_at_its_price_in_the_base_or_else_in_usd() {
        let table = euro(&[("USD", 2.0), ("CHF", 0.5), ("BTC", 7.0)]);
        let per_euro = |prices: &[(Currency, f64)]| {
            let prices = prices.iter().copied().collect();
            table.with_btc_at(&prices)?.rates.per_base(BTC)
        };
        assert_eq!(per_euro(&[(EUR, 4.0), (USD, 999.0)]), Some(0.25));
        assert_eq!(per_euro(&[(USD, 16.0), (CHF, 999.0)]), Some(0.125));
        assert_eq!(per_euro(&[(CHF, 1.0)]), Some(0.5));
        assert_eq!(per_euro(&[(RUB, 1.0)]), None);
    }
}
