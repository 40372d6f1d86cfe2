//! Asks every TES and every DRS at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use futures_util::{
    StreamExt,
    future::{join, join_all},
    stream,
};
use tokio::sync::Semaphore;

use super::{Pipeline, offer::Asking};
use crate::{
    domain::{
        findings::{DrsRecord, Findings, Offer, TaskInfo},
        money::Rates,
        query::Query,
        service::ServiceUri,
        token::Token,
        unrankable::Reason,
        warning::Warning,
    },
    outbound::{failure::FetchError, fetch::Pass, tes::TaskInfoRequest},
};

/// How many objects one DRS is asked for at a time.
const CALLS_PER_DRS: usize = 8;

impl Pipeline {
    /// Asks every TES for an offer and every DRS for every object. A service that fails is a warning. The order of the
    /// query is kept, whatever the order of the answers.
    pub(super) async fn gather(
        &self,
        query: &Query,
        token: Option<&Token>,
    ) -> (Result<Findings, Vec<Reason>>, Vec<Warning>) {
        let turns = Semaphore::new(self.calls_per_request);
        let round = Round {
            pipeline: self,
            query,
            token,
            turns: &turns,
        };
        let ((offers, mut warnings), (records, more)) = join(round.offers(), round.records()).await;
        warnings.extend(more);
        (Findings::new(query, offers, records), warnings)
    }
}

/// What all calls of one request share.
#[derive(Clone, Copy)]
struct Round<'a> {
    pipeline: &'a Pipeline,
    query: &'a Query,
    token: Option<&'a Token>,
    /// Permits for the calls that this request may have in flight.
    turns: &'a Semaphore,
}

impl<'a> Round<'a> {
    /// The offer of each TES, `None` where there is no usable one.
    async fn offers(self) -> (Vec<Option<Offer>>, Vec<Warning>) {
        let task = TaskInfoRequest::new(self.query.needs());
        let answers = join_all(
            self.query
                .tes()
                .iter()
                .map(|tes| self.task_info(tes, &task)),
        )
        .await;
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
        let _turn = self.turns.acquire().await;
        let asking = Asking {
            pipeline: self.pipeline,
            query: self.query,
            task,
            tes,
            entry,
            pass,
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
                Err(currencies) => {
                    warnings.push(Warning::NoRate {
                        service: tes.to_string(),
                        currencies,
                        target,
                    });
                    None
                }
            })
            .collect();
        (offers, warnings)
    }

    /// For each object what each DRS says of it, `None` where it is not there or the DRS failed.
    async fn records(self) -> (Vec<Vec<Option<DrsRecord>>>, Vec<Warning>) {
        let drs = self.query.drs();
        let columns = join_all(drs.iter().map(|drs| self.records_of(drs))).await;
        let mut warnings = Vec::new();
        let mut columns: Vec<_> = columns
            .into_iter()
            .map(|(column, from_drs)| {
                warnings.extend(from_drs);
                column.into_iter()
            })
            .collect();
        let rows = self
            .query
            .objects()
            .iter()
            .map(|_| {
                columns
                    .iter_mut()
                    .map(|column| column.next().flatten())
                    .collect()
            })
            .collect();
        (rows, warnings)
    }

    /// What one DRS says of each object. Once it proves to be out of reach, it is not asked for the rest.
    async fn records_of(self, drs: &ServiceUri) -> (Vec<Option<DrsRecord>>, Vec<Warning>) {
        let objects = self.query.objects();
        if objects.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let (pass, mut warnings) = self.pass(drs).await;
        let given_up = OnceLock::new();
        let questions: Vec<_> = objects
            .iter()
            .map(|id| self.record_of(drs, id, pass, &given_up))
            .collect();
        let answers: Vec<_> = stream::iter(questions)
            .buffered(CALLS_PER_DRS)
            .collect()
            .await;

        let mut failures = BTreeMap::<String, Vec<Arc<str>>>::new();
        let column = objects
            .iter()
            .zip(answers)
            .map(|(id, answer)| match answer {
                Ok(record) => record,
                Err(error) => {
                    let objects = failures.entry(error.to_string()).or_default();
                    objects.push(Arc::clone(id));
                    None
                }
            })
            .collect();
        warnings.extend(
            failures
                .into_iter()
                .map(|(cause, objects)| Warning::DrsUnavailable {
                    service: drs.to_string(),
                    cause,
                    objects,
                }),
        );
        (column, warnings)
    }

    /// What a DRS says of one object. Fails at once with what is in `given_up`, and puts in there what concerns all.
    async fn record_of(
        self,
        drs: &ServiceUri,
        id: &str,
        pass: Pass<'_>,
        given_up: &OnceLock<FetchError>,
    ) -> Result<Option<DrsRecord>, FetchError> {
        let _turn = self.turns.acquire().await;
        if let Some(error) = given_up.get() {
            return Err(error.clone());
        }
        let answer = self.pipeline.drs.fetch_object(drs, id, pass).await;
        if let Err(error) = &answer
            && error.is_about_the_service()
        {
            given_up.get_or_init(|| error.clone());
        }
        answer
    }

    /// Whether calls to `service` carry the token, with a warning if they might have but must not.
    async fn pass(self, service: &ServiceUri) -> (Pass<'a>, Vec<Warning>) {
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
