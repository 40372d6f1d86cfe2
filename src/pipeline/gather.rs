//! Asks every TES and every DRS at once; `objects` has the half about DRS.

use std::collections::BTreeSet;

use futures_util::{StreamExt, future::join, stream::FuturesOrdered};

use super::{Pipeline, budget::Budget, offer::Asking, patience::Patience};
use crate::{
    domain::{
        findings::{Findings, Offer, TaskInfo, Unconvertible},
        money::Rates,
        query::Query,
        service::ServiceUri,
        token::Token,
        unrankable::UnrankableReason,
        warning::Warning,
    },
    outbound::{fetch::Pass, tes::TaskInfoRequest},
};

impl Pipeline {
    /// Asks every TES for an offer and every DRS for every object. A service that fails is a warning. The order of the
    /// query is kept, whatever the order of the answers.
    pub(super) async fn gather(
        &self,
        query: &Query,
        token: Option<&Token>,
        patience: Patience,
    ) -> (Result<Findings, Vec<UnrankableReason>>, Vec<Warning>) {
        let budget = Budget::new(self.findings_bytes, query.tes().len());
        let round = Round {
            pipeline: self,
            query,
            token,
            patience,
            budget: &budget,
        };
        let ((offers, mut warnings), (records, more)) = join(round.offers(), round.records()).await;
        warnings.extend(more);
        if budget.is_exceeded() {
            return (
                Err(vec![UnrankableReason::TooMuch(self.findings_bytes)]),
                warnings,
            );
        }
        let findings = Findings::new(offers, records, self.missing_size, &mut warnings);
        (findings, warnings)
    }
}

/// What all calls of one request share.
#[derive(Clone, Copy)]
pub(super) struct Round<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) query: &'a Query,
    pub(super) token: Option<&'a Token>,
    pub(super) patience: Patience,
    pub(super) budget: &'a Budget,
}

impl<'a> Round<'a> {
    /// The offer of each TES, `None` where there is no usable one.
    async fn offers(self) -> (Vec<Option<Offer>>, Vec<Warning>) {
        let task = TaskInfoRequest::new(self.query.needs());
        let tes = self.query.tes().iter();
        let answers = all(tes.map(|tes| self.task_info(tes, &task))).await;
        let mut warnings = Vec::new();
        let infos: Vec<_> = answers
            .into_iter()
            .map(|(info, warning)| {
                warnings.extend(warning);
                info
            })
            .collect();
        let (offers, from_rates) = self.convert(infos).await;
        warnings.extend(from_rates);
        (offers, warnings)
    }

    async fn task_info(
        self,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
    ) -> (Option<TaskInfo>, Vec<Warning>) {
        let entry = self.pipeline.about_tes.entry_for(tes);
        if let Some(unfit) = entry.and_then(|entry| entry.capacity.unfit(self.query.needs())) {
            let warning = Warning::TesLeftOut {
                service: tes.to_string(),
                cause: unfit.to_string(),
            };
            return (None, vec![warning]);
        }
        let (pass, mut warnings) = self.pass(tes).await;
        let asking = Asking {
            pipeline: self.pipeline,
            query: self.query,
            task,
            tes,
            entry,
            pass,
            patience: self.patience,
        };
        match asking.task_info().await {
            Ok((info, assumed)) => {
                warnings.extend(assumed);
                (Some(info), warnings)
            }
            Err(warning) => {
                warnings.push(warning);
                (None, warnings)
            }
        }
    }

    /// The offers in the currency of the answer. Rates are fetched only if there is something to convert.
    async fn convert(self, infos: Vec<Option<TaskInfo>>) -> (Vec<Option<Offer>>, Vec<Warning>) {
        let target = self.pipeline.target_currency;
        let mut currencies: BTreeSet<_> = infos
            .iter()
            .flatten()
            .flat_map(TaskInfo::currencies)
            .collect();
        currencies.remove(&target);
        let (rates, mut warnings) = if currencies.is_empty() {
            (Rates::new(target, []), Vec::new())
        } else {
            currencies.insert(target);
            self.pipeline.exchange_rates.rates(&currencies).await
        };
        let offers = infos
            .into_iter()
            .zip(self.query.tes())
            .map(|(info, tes)| match info?.convert(target, &rates) {
                Ok(offer) => Some(offer),
                Err(unconvertible) => {
                    let service = tes.to_string();
                    warnings.push(match unconvertible {
                        Unconvertible::NoRate(currencies) => Warning::NoRate {
                            service,
                            currencies,
                            target,
                        },
                        Unconvertible::TooMuch => Warning::TooDear { service, target },
                    });
                    None
                }
            })
            .collect();
        (offers, warnings)
    }

    /// Whether calls to `service` carry the token, with a warning if they might have but must not.
    pub(super) async fn pass(self, service: &ServiceUri) -> (Pass<'a>, Vec<Warning>) {
        let pass = self.pipeline.fetcher.pass(service.root(), self.token).await;
        let warnings = match pass {
            Pass::HeldBack => vec![Warning::TokenHeldBack {
                service: service.to_string(),
            }],
            Pass::None | Pass::Token(_) | Pass::ListedOnly(_) => Vec::new(),
        };
        (pass, warnings)
    }
}

/// What each of `questions` gives, in their order. Unlike `join_all`, which looks after up to thirty whenever one has news,
/// this looks after that one.
pub(super) async fn all<Q: Future>(questions: impl Iterator<Item = Q>) -> Vec<Q::Output> {
    questions.collect::<FuturesOrdered<_>>().collect().await
}
