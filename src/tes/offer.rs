//! What each TES would charge for the task: by its own word, or by the operator's price book.

use std::sync::Arc;

use futures_util::{StreamExt, stream::FuturesOrdered};
use url::Url;

use super::{
    Found, NoTaskInfo, TaskInfoRequest, TesClient,
    duplicates::{KnownTes, Unusable},
    error::{Access, TesError},
};
use crate::{
    client::{Authorization, CallScope, FetchError},
    config::{self, PriceEntry, Signal, UseOfTaskInfo},
    domain::{
        exact::Seconds,
        exclusion::Exclusion,
        findings::TaskInfo,
        query::Query,
        queue::{NoQueueTime, QueueBasis},
        resources::ResourceNeeds,
        service::ServiceUri,
        site::Outcomes,
        task::TaskWarning,
        warning::Warning,
    },
};

/// One TES in one request.
#[derive(Clone, Copy)]
struct Inquiry<'a> {
    client: &'a TesClient,
    scope: &'a CallScope,
    needs: &'a ResourceNeeds,
    /// Measured at this TES.
    run_time: Option<Seconds>,
    tes: &'a ServiceUri,
    authorization: Authorization<'a>,
}

/// What is found out about one TES.
#[derive(Default)]
struct Outcome {
    /// Where its API begins, if it has an offer.
    base: Option<Arc<Url>>,
    offer: Option<TaskInfo>,
    /// Why there is no offer.
    unusable: Option<Unusable>,
    warnings: Vec<Warning>,
}

impl Outcome {
    /// Where the TES is and its offer, or why there is none.
    fn found(&self) -> Option<Result<(&Arc<Url>, &TaskInfo), &Unusable>> {
        match (&self.base, &self.offer) {
            (Some(base), Some(offer)) => Some(Ok((base, offer))),
            _ => self.unusable.as_ref().map(Err),
        }
    }
}

impl TesClient {
    /// The prices of each TES of `query` in its own currencies, by task info or by the entries of `book`, `None` where there are none that can be used, and
    /// warnings. Keeps the order of the query. A TES that is named by several URIs has its offer at the first.
    pub async fn offers(
        &self,
        scope: &CallScope,
        query: &Query,
        book: &config::Tes,
    ) -> (Vec<Option<TaskInfo>>, Vec<Warning>) {
        let mut outcomes: FuturesOrdered<_> = query
            .tes()
            .iter()
            .enumerate()
            .map(|(position, tes)| self.outcome(scope, query, position, tes, book.entry_for(tes)))
            .collect();
        let mut known = KnownTes::default();
        let mut offers = Vec::with_capacity(query.tes().len());
        let mut warnings = Vec::new();
        let mut tes = query.tes().iter();
        while let (Some(outcome), Some(tes)) = (outcomes.next().await, tes.next()) {
            if known.is_duplicate(tes, outcome.found()) {
                offers.push(None);
                warnings.push(Warning::Duplicate {
                    field: "tes_uris",
                    value: tes.to_string(),
                });
                continue;
            }
            offers.push(outcome.offer);
            warnings.extend(outcome.warnings);
            warnings.extend(outcome.unusable.map(|reason| reason.warning(tes)));
        }
        (offers, warnings)
    }

    async fn outcome(
        &self,
        scope: &CallScope,
        query: &Query,
        position: usize,
        tes: &ServiceUri,
        entry: Option<&PriceEntry>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(unfit) = entry.and_then(|entry| entry.unfit(query.needs())) {
            outcome.unusable = Some(Unusable::Excluded(unfit.into()));
            return outcome;
        }
        let token = scope.token().filter(|_| query.trusts(position));
        let authorization = self.client.authorization(tes.root(), token).await;
        if matches!(authorization, Authorization::Withheld) {
            outcome.warnings.push(Warning::TokenNotSentOverHttp {
                service: tes.to_string(),
            });
        }
        let inquiry = Inquiry {
            client: self,
            scope,
            needs: query.needs(),
            run_time: None,
            tes,
            authorization,
        };
        // Boxed: seldom asked for, and large.
        let run_time = match &query.task().image {
            Some(image) => Box::pin(inquiry.run_time(image, &mut outcome.warnings)).await,
            None => None,
        };
        let needs = ResourceNeeds {
            execution_seconds: run_time.unwrap_or(query.needs().execution_seconds),
            ..query.needs().clone()
        };
        let inquiry = Inquiry {
            needs: &needs,
            run_time: run_time.map(Seconds::from_f64),
            ..inquiry
        };
        match inquiry.offer(entry, &mut outcome.warnings).await {
            Ok((base, offer)) => {
                let outcomes = match (offer.outcomes, entry) {
                    // Boxed: seldom asked for, and large.
                    (None, Some(entry)) if entry.counts_failures_of(&offer) => {
                        Box::pin(inquiry.outcomes(&base, &mut outcome.warnings)).await
                    }
                    (known, _) => known,
                };
                outcome.base = Some(base);
                outcome.offer = Some(TaskInfo {
                    run_time: inquiry.run_time,
                    outcomes,
                    ..offer
                });
            }
            Err(reason) => outcome.unusable = Some(reason),
        }
        outcome
    }
}

impl Inquiry<'_> {
    /// Where the TES is, and what the task costs there. What is assumed is added to `warnings`.
    ///
    /// # Errors
    /// Why the TES is unavailable or excluded.
    async fn offer(
        self,
        entry: Option<&PriceEntry>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Arc<Url>, TaskInfo), Unusable> {
        let mode = self.client.config.use_of_task_info(entry);
        let mut cause = None;
        if mode != UseOfTaskInfo::Never {
            let task = TaskInfoRequest::new(self.needs);
            let found =
                self.client
                    .fetch_task_info(self.scope, self.tes, &task, self.authorization);
            let Found { base, info } = found.await.map_err(Unusable::Unavailable)?;
            cause = match info {
                Ok(info) => return Ok((base, self.with_queue(info, entry, warnings))),
                Err(none) => Some((base, none)),
            };
        }
        let entry = match (mode, entry, cause) {
            (UseOfTaskInfo::Auto | UseOfTaskInfo::Never, Some(entry), cause) => {
                let base = self
                    .client
                    .fetch_presence(self.scope, self.tes, self.authorization);
                let base = base.await.map_err(Unusable::Unavailable)?;
                let info = self.quote(entry, &base, warnings).await?;
                // Also where the server does not have the operation: the answer rests on the operator's prices, and the
                // operator can spare the call.
                warnings.extend(cause.map(|(base, none)| Warning::TaskInfoUnavailable {
                    service: self.tes.to_string(),
                    cause: self.error(&base, none.into_failure()).to_string(),
                }));
                return Ok((base, info));
            }
            (_, _, Some((base, NoTaskInfo::Failed(failure)))) => {
                return Err(Unusable::Unavailable(self.error(&base, failure)));
            }
            (UseOfTaskInfo::Never, None, _) => Exclusion::NotInPriceBook,
            (UseOfTaskInfo::Auto, None, _) => Exclusion::NoPrices,
            (UseOfTaskInfo::Always, _, _) => Exclusion::NoTaskInfo,
        };
        Err(Unusable::Excluded(entry))
    }

    /// The median run time of earlier tasks with `image`, in seconds; with a warning that the default is used if there is
    /// none. A failure is told when the offer is asked for.
    async fn run_time(self, image: &Arc<str>, warnings: &mut Vec<Warning>) -> Option<f64> {
        let presence = self
            .client
            .fetch_presence(self.scope, self.tes, self.authorization);
        let base = presence.await.ok()?;
        let history = self
            .client
            .fetch_history(self.scope, self.tes, &base, self.authorization);
        let run_time = match history.await {
            Ok(history) => history.history.run_time(image),
            Err(_) => None,
        };
        if run_time.is_none() {
            warnings.push(Warning::Task(TaskWarning::RunTimeAssumed {
                service: self.tes.to_string(),
                image: Arc::clone(image),
                seconds: self.needs.execution_seconds,
            }));
        }
        run_time.map(|run_time| run_time.median_seconds)
    }

    /// How the tasks that the TES lists ended; with a warning if it does not list them.
    async fn outcomes(self, base: &Url, warnings: &mut Vec<Warning>) -> Option<Outcomes> {
        let history = self
            .client
            .fetch_history(self.scope, self.tes, base, self.authorization);
        match history.await {
            Ok(history) => history.outcomes,
            Err(failure) => {
                warnings.push(Warning::FailuresAssumed {
                    service: self.tes.to_string(),
                    cause: NoQueueTime::NoTaskList(self.error(base, failure).to_string()),
                });
                None
            }
        }
    }

    /// `info` with a queue time, which is assumed if the TES does not tell it.
    fn with_queue(
        self,
        info: TaskInfo,
        entry: Option<&PriceEntry>,
        warnings: &mut Vec<Warning>,
    ) -> TaskInfo {
        if info.queue_basis != QueueBasis::Assumed {
            return info;
        }
        let queue = entry.map_or(Seconds::ZERO, |entry| {
            Seconds::from_f64(entry.queue.default_sec)
        });
        warnings.push(Warning::QueueTimeAssumed {
            service: self.tes.to_string(),
            cause: NoQueueTime::NotInTaskInfo,
            seconds: queue,
            is_default_sec: entry.is_some(),
        });
        TaskInfo { queue, ..info }
    }

    /// What the price book says of the TES at `base`.
    async fn quote(
        self,
        entry: &PriceEntry,
        base: &Url,
        warnings: &mut Vec<Warning>,
    ) -> Result<TaskInfo, Unusable> {
        let default = Seconds::from_f64(entry.queue.default_sec);
        let (queue, outcomes) = match entry.queue.signal {
            Signal::Fixed => ((default, QueueBasis::Fixed), None),
            // Boxed: large, and not always needed.
            Signal::History => Box::pin(self.queue_time(base, default, warnings)).await?,
        };
        entry
            .prices()
            .quote(self.needs, self.run_time, queue)
            .map(|info| TaskInfo { outcomes, ..info })
            .map_err(|error| Unusable::Excluded(Exclusion::PriceOutOfRange(error)))
    }

    /// How long the task would wait, estimated from the tasks of the TES, and how these ended; `default` with a warning if
    /// they do not tell.
    ///
    /// # Errors
    /// That the TES does not let the caller in.
    async fn queue_time(
        self,
        base: &Url,
        default: Seconds,
        warnings: &mut Vec<Warning>,
    ) -> Result<((Seconds, QueueBasis), Option<Outcomes>), Unusable> {
        let service = self.tes.to_string();
        let history = self
            .client
            .fetch_history(self.scope, self.tes, base, self.authorization);
        let mut outcomes = None;
        let cause = match history.await {
            Ok(history) => {
                outcomes = history.outcomes;
                let max_age_days = self.client.config.history_max_age_days;
                match history.queue_time(self.needs, max_age_days) {
                    Ok(estimate) => {
                        if history.unreadable > 0 {
                            warnings.push(Warning::UnreadableTasks {
                                service: service.clone(),
                                tasks: history.tasks,
                                unreadable: history.unreadable,
                            });
                        }
                        let part = history.part.clone();
                        warnings.extend(part.map(|part| Warning::TasksNotRead { service, part }));
                        let basis = QueueBasis::History(estimate.evidence);
                        return Ok(((estimate.seconds, basis), outcomes));
                    }
                    Err(cause) => cause,
                }
            }
            Err(failure) if failure.is_refusal() => {
                return Err(Unusable::Unavailable(self.error(base, failure)));
            }
            Err(failure) => NoQueueTime::NoTaskList(failure.to_string()),
        };
        warnings.push(Warning::QueueTimeAssumed {
            service,
            cause,
            seconds: default,
            is_default_sec: true,
        });
        Ok(((default, QueueBasis::Assumed), outcomes))
    }

    /// With a hint, if the call was refused.
    fn error(self, base: &Url, failure: FetchError) -> TesError {
        TesError::Call {
            access: Access::of(&failure, self.authorization.at(base)),
            path: None,
            failure,
        }
    }
}
