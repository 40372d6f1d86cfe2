//! Offers in the currency of the answer.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::ExchangeRates;
use crate::{
    client::CallScope,
    domain::{
        findings::{Offer, TaskInfo, Unconvertible},
        money::{Currency, Rates},
        service::ServiceUri,
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
        let mut currencies: BTreeSet<_> = infos
            .iter()
            .flatten()
            .flat_map(TaskInfo::currencies)
            .collect();
        currencies.remove(&target);
        let rates = if currencies.is_empty() {
            Rates::new(target, [])
        } else {
            currencies.insert(target);
            let end = scope.time().rates();
            let (rates, more) = self.rates(Instant::now(), end, &currencies).await;
            warnings.extend(more);
            rates
        };
        infos
            .into_iter()
            .zip(tes)
            .map(|(info, tes)| {
                let service = || tes.to_string();
                match info?.convert(target, &rates) {
                    Ok(offer) => return Some(offer),
                    Err(Unconvertible::NoRate(currencies)) => warnings.push(Warning::NoRate {
                        service: service(),
                        currencies,
                        target,
                    }),
                    Err(Unconvertible::TooMuch) => warnings.push(Warning::TooDear {
                        service: service(),
                        target,
                    }),
                }
                None
            })
            .collect()
    }
}
