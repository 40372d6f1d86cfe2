//! The answers of the sources of exchange rates, completed by the configured table, with warnings.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::civil::Date;

use super::table::{OUTDATED_DAYS, Prices, Table};
use crate::{
    client::FetchError,
    domain::{
        money::{Currency, Rates},
        warning::Warning,
    },
};

/// The names of the sources in warnings. Their URLs are the operator's business.
pub(super) const ECB: &str = "the European Central Bank";
pub(super) const BTC_TICKER: &str = "the BTC ticker";

/// The age at which prices without a date are outdated.
const OUTDATED: Duration = Duration::from_secs(OUTDATED_DAYS.unsigned_abs() * 86_400);

/// What one source has.
#[derive(Debug)]
pub(super) struct Source<T> {
    /// The latest answer, even if it is stale, and its age.
    pub(super) latest: Option<(Arc<T>, Duration)>,
    /// Why it is stale, or why there is none.
    pub(super) failure: Option<FetchError>,
}

impl<T> Default for Source<T> {
    /// Nothing, as nothing was needed.
    fn default() -> Self {
        Self {
            latest: None,
            failure: None,
        }
    }
}

/// What the sources have, as far as it was needed.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) ecb: Source<Table>,
    pub(super) btc: Source<Prices>,
}

impl Answers {
    /// The rates of the sources, completed by the `configured` ones, with warnings about those of `currencies`.
    pub(super) fn rates(
        &self,
        currencies: &BTreeSet<Currency>,
        configured: &Table,
        today: Date,
    ) -> (Rates, Vec<Warning>) {
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
        warnings.extend(self.outdated(today));
        (priced.unwrap_or(completed).rates, warnings)
    }

    /// That what a source has is more than a week old. Where the source failed too, the warning of that tells its date.
    fn outdated(&self, today: Date) -> Vec<Warning> {
        let ecb = match &self.ecb {
            Source {
                latest: Some((table, _)),
                failure: None,
            } => table.outdated(today).map(|as_of| (ECB, as_of)),
            _ => None,
        };
        let btc = match &self.btc {
            Source {
                latest: Some((_, age)),
                failure: None,
            } if *age > OUTDATED => Some((BTC_TICKER, ago(*age))),
            _ => None,
        };
        let old = ecb.into_iter().chain(btc);
        old.map(|(source, as_of)| Warning::OldRates {
            source,
            as_of,
            is_configured: false,
        })
        .collect()
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

/// The currencies that the configured table has in the place of one source.
struct StandIn<'a> {
    currencies: Vec<&'a Currency>,
    as_of: Option<String>,
}

impl StandIn<'_> {
    /// Warnings about `source`: its `failure`, and what the configured table stood in for. `date` is that of its own
    /// latest answer.
    fn warnings(
        self,
        source: &'static str,
        failure: Option<&FetchError>,
        date: Option<String>,
    ) -> Vec<Warning> {
        let older = |cause, as_of| Warning::FallbackRates {
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
                let lack = Warning::IncompleteRates {
                    source,
                    currencies: missing.iter().copied().copied().collect(),
                    as_of: self.as_of,
                };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_unit_that_fits() {
        for (minutes, told) in [
            (0, "0 min ago"),
            (119, "119 min ago"),
            (120, "2 h ago"),
            (2879, "47 h ago"),
            (2880, "2 days ago"),
        ] {
            assert_eq!(ago(Duration::from_secs(minutes * 60 + 59)), told);
        }
    }
}
