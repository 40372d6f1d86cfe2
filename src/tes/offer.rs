//! What each TES would charge for the task: by its own word, or by the operator's price book.

use futures_util::{StreamExt, stream::FuturesOrdered};

use super::{TaskInfoRequest, TesClient};
use crate::{
    client::{Authorization, CallScope, FetchError},
    config::{PriceEntry, Signal, UseOfTaskInfo},
    domain::{
        exact::Seconds, exclusion::Exclusion, findings::TaskInfo, query::Query, queue::NoQueueTime,
        service::ServiceUri, warning::Warning,
    },
};

/// One TES in one request.
#[derive(Clone, Copy)]
struct Inquiry<'a> {
    client: &'a TesClient,
    scope: &'a CallScope,
    query: &'a Query,
    task: &'a TaskInfoRequest,
    tes: &'a ServiceUri,
    authorization: Authorization<'a>,
}

impl TesClient {
    /// The prices of each TES of `query` in its own currencies, `None` where there are none that can be used, and
    /// warnings. Keeps the order of the query.
    pub async fn offers(
        &self,
        scope: &CallScope,
        query: &Query,
    ) -> (Vec<Option<TaskInfo>>, Vec<Warning>) {
        let task = TaskInfoRequest::new(query.needs());
        let mut answers: FuturesOrdered<_> = query
            .tes()
            .iter()
            .map(|tes| self.offer(scope, query, &task, tes))
            .collect();
        let mut offers = Vec::with_capacity(query.tes().len());
        let mut warnings = Vec::new();
        while let Some((offer, more)) = answers.next().await {
            offers.push(offer);
            warnings.extend(more);
        }
        (offers, warnings)
    }

    async fn offer(
        &self,
        scope: &CallScope,
        query: &Query,
        task: &TaskInfoRequest,
        tes: &ServiceUri,
    ) -> (Option<TaskInfo>, Vec<Warning>) {
        let entry = self.config.entry_for(tes);
        if let Some(unfit) = entry.and_then(|entry| entry.capacity.unfit(query.needs())) {
            return (None, vec![excluded(tes, unfit.into())]);
        }
        let authorization = self.client.authorization(tes.root(), scope.token()).await;
        let mut warnings = Vec::new();
        if matches!(authorization, Authorization::Withheld) {
            warnings.push(Warning::TokenNotSentOverHttp {
                service: tes.to_string(),
            });
        }
        let inquiry = Inquiry {
            client: self,
            scope,
            query,
            task,
            tes,
            authorization,
        };
        match inquiry.offer(entry).await {
            Ok((offer, assumption)) => {
                warnings.extend(assumption);
                (Some(offer), warnings)
            }
            Err(warning) => {
                warnings.push(warning);
                (None, warnings)
            }
        }
    }
}

impl Inquiry<'_> {
    /// What the task costs, with a warning if a part of it is assumed.
    ///
    /// # Errors
    /// The warning that the TES is unavailable or excluded.
    async fn offer(
        self,
        entry: Option<&PriceEntry>,
    ) -> Result<(TaskInfo, Option<Warning>), Warning> {
        let mode = self.client.config.task_info;
        if mode != UseOfTaskInfo::Never
            && let Some(info) = self.task_info().await?
        {
            return Ok((info, None));
        }
        let reason = match (mode, entry) {
            (UseOfTaskInfo::Auto | UseOfTaskInfo::Never, Some(entry)) => {
                return self.quote(entry).await;
            }
            (UseOfTaskInfo::Auto, None) => Exclusion::NoPrices,
            (UseOfTaskInfo::Never, None) => Exclusion::NotInPriceBook,
            (UseOfTaskInfo::Always, _) => Exclusion::NoTaskInfo,
        };
        Err(excluded(self.tes, reason))
    }

    /// What the TES itself says; `None` if it has no task info.
    async fn task_info(self) -> Result<Option<TaskInfo>, Warning> {
        self.client
            .fetch_task_info(self.scope, self.tes, self.task, self.authorization)
            .await
            .map_err(|error| unavailable(self.tes, &error))
    }

    /// What the price book says.
    async fn quote(self, entry: &PriceEntry) -> Result<(TaskInfo, Option<Warning>), Warning> {
        let default = Seconds::from_f64(entry.queue.default_sec);
        let (queue, warning) = match entry.queue.signal {
            Signal::Fixed => (default, None),
            Signal::History => self.queue_time(default).await?,
        };
        match entry.prices().quote(self.query.needs(), queue) {
            Ok(info) => Ok((info, warning)),
            Err(error) => Err(excluded(self.tes, Exclusion::PriceOutOfRange(error))),
        }
    }

    /// How long the task would wait, estimated from the TES's tasks; `default` with a warning if they do not tell.
    async fn queue_time(self, default: Seconds) -> Result<(Seconds, Option<Warning>), Warning> {
        let history = self
            .client
            .fetch_history(self.scope, self.tes, self.authorization);
        // Boxed: seldom asked for, and large.
        let cause = match Box::pin(history).await {
            Ok(history) => match history.expected_wait(self.query.needs()) {
                Some(wait) => return Ok((wait, None)),
                None => NoQueueTime::NoFinishedTask,
            },
            Err(error) if error.is_about_the_service() => {
                return Err(unavailable(self.tes, &error));
            }
            Err(error) => NoQueueTime::NoTaskList(error.to_string()),
        };
        let warning = Warning::QueueTimeAssumed {
            service: self.tes.to_string(),
            cause,
            seconds: default,
        };
        Ok((default, Some(warning)))
    }
}

fn excluded(tes: &ServiceUri, reason: Exclusion) -> Warning {
    Warning::TesExcluded {
        service: tes.to_string(),
        reason,
    }
}

fn unavailable(tes: &ServiceUri, error: &FetchError) -> Warning {
    Warning::TesUnavailable {
        service: tes.to_string(),
        cause: error.to_string(),
    }
}
