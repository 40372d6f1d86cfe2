//! Offers in the currency of the answer.

use std::collections::BTreeSet;

use super::{ExchangeRates, Now, embedded};
use crate::{
    client::CallScope,
    domain::{
        findings::{Offer, TaskInfo},
        money::{Currency, Rates},
        service::ServiceUri,
        transfer::warning::TransferWarning,
        warning::Warning,
    },
};

impl ExchangeRates {
    /// The prices of each of `tes` in `target`; `None` for one without prices, or without a rate for them. Rates are
    /// fetched only if there is something to convert.
    pub async fn convert(
        &self,
        scope: &CallScope,
        tes: &[ServiceUri],
        infos: Vec<Option<TaskInfo>>,
        target: Currency,
        warnings: &mut Vec<Warning>,
    ) -> Vec<Option<Offer>> {
        let currencies = infos.iter().flatten().flat_map(TaskInfo::currencies);
        let currencies = currencies.collect();
        let rates = self.of_prices(scope, currencies, target, warnings).await;
        infos
            .into_iter()
            .zip(tes)
            .map(|(info, tes)| match info?.convert(target, &rates) {
                Ok(offer) => Some(offer),
                Err(reason) => {
                    let service = tes.to_string();
                    warnings.push(Warning::TesExcluded { service, reason });
                    None
                }
            })
            .collect()
    }

    /// Rates from `currencies` to `target`. Where there is none, the embedded one, with a warning.
    pub async fn of_prices(
        &self,
        scope: &CallScope,
        mut currencies: BTreeSet<Currency>,
        target: Currency,
        warnings: &mut Vec<Warning>,
    ) -> Rates {
        currencies.remove(&target);
        if currencies.is_empty() {
            return Rates::new(target, []);
        }
        let wanted = currencies.clone();
        currencies.insert(target);
        let end = scope.time().rates();
        let (rates, more) = self.rates(Now::by_clock(), end, &currencies).await;
        // Offers may have told the same.
        let more: Vec<_> = more
            .into_iter()
            .filter(|warning| !warnings.contains(warning))
            .collect();
        warnings.extend(more);
        let missing = wanted
            .iter()
            .filter(|currency| rates.factor(**currency, target).is_none());
        let missing: Vec<_> = missing.copied().collect();
        if missing.is_empty() {
            return rates;
        }
        let embedded = embedded::rates();
        let known = missing.iter().filter_map(|&currency| {
            let per_target = embedded.factor(target, currency)?;
            Some((currency, per_target))
        });
        let known: Vec<_> = known.collect();
        for (currency, _) in &known {
            let warning = Warning::Transfer(TransferWarning::EmbeddedRates {
                currency: currency.code(),
                as_of: embedded::AS_OF,
            });
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        let known_rates = rates.clone();
        let others = wanted
            .iter()
            .filter_map(|&currency| Some((currency, known_rates.factor(target, currency)?)));
        Rates::new(target, known.into_iter().chain(others))
    }
}
