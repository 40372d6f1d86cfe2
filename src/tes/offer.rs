//! What each TES would charge for the task: by its own word, or by the operator's price book.

use futures_util::{StreamExt, stream::FuturesOrdered};

use super::{TaskInfoRequest, TesClient};
use crate::{
    client::{Authorization, CallScope, FetchError},
    config::{PriceEntry, Signal, UseOfTaskInfo},
    domain::{
        exact::Seconds, findings::TaskInfo, query::Query, service::ServiceUri, warning::Warning,
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
            return (None, vec![left_out(tes, unfit.to_string())]);
        }
        let authorization = self.client.authorization(tes.root(), scope.token()).await;
        let mut warnings = Vec::new();
        if matches!(authorization, Authorization::Withheld) {
            warnings.push(Warning::TokenHeldBack {
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
    /// The warning that says why the TES is left out.
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
        let cause = match (mode, entry) {
            (UseOfTaskInfo::Auto | UseOfTaskInfo::Never, Some(entry)) => {
                return self.quote(entry).await;
            }
            (UseOfTaskInfo::Auto, None) => {
                "has no task-info, and no entry in tes.price_book gives its prices"
            }
            (UseOfTaskInfo::Never, None) => {
                "has no entry in tes.price_book, and is not asked for prices, as tes.task_info is never"
            }
            (UseOfTaskInfo::Always, _) => {
                "has no task-info, and nothing stands in for it, as tes.task_info is always"
            }
        };
        Err(left_out(self.tes, cause.to_owned()))
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
            Err(error) => {
                let cause = format!("would cost too much by tes.price_book: {error}");
                Err(left_out(self.tes, cause))
            }
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
                None => "shows no finished task with its times".to_owned(),
            },
            Err(error) if error.is_about_the_service() => {
                return Err(unavailable(self.tes, &error));
            }
            Err(error) => format!("does not show its tasks: it {error}"),
        };
        let warning = Warning::QueueAssumed {
            service: self.tes.to_string(),
            cause,
            seconds: default,
        };
        Ok((default, Some(warning)))
    }
}

fn left_out(tes: &ServiceUri, cause: String) -> Warning {
    Warning::TesLeftOut {
        service: tes.to_string(),
        cause,
    }
}

fn unavailable(tes: &ServiceUri, error: &FetchError) -> Warning {
    Warning::TesUnavailable {
        service: tes.to_string(),
        cause: error.to_string(),
    }
}
