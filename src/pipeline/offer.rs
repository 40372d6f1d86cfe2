//! What one TES would take for the task: by its own word, or by the operator's book.

use super::{Pipeline, patience::Patience};
use crate::{
    config::{PriceEntry, Signal, UseOfTaskInfo},
    domain::{
        exact::Seconds, findings::TaskInfo, query::Query, service::ServiceUri, warning::Warning,
    },
    outbound::{failure::FetchError, fetch::Pass, tes::TaskInfoRequest},
};

/// The question to one TES.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) query: &'a Query,
    pub(super) task: &'a TaskInfoRequest,
    pub(super) tes: &'a ServiceUri,
    /// What the book says about it.
    pub(super) entry: Option<&'a PriceEntry>,
    pub(super) pass: Pass<'a>,
    pub(super) patience: Patience,
}

impl Asking<'_> {
    /// What the task costs there, with a warning if a part of it is assumed.
    ///
    /// # Errors
    /// Why it cannot be had there.
    pub(super) async fn task_info(self) -> Result<(TaskInfo, Option<Warning>), Warning> {
        let used = self.pipeline.about_tes.task_info;
        let told = match used {
            UseOfTaskInfo::Never => None,
            UseOfTaskInfo::Auto | UseOfTaskInfo::Always => self.told().await?,
        };
        if let Some(info) = told {
            return Ok((info, None));
        }
        let cause = match (used, self.entry) {
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
        Err(Warning::TesLeftOut {
            service: self.tes.to_string(),
            cause: cause.to_owned(),
        })
    }

    /// What the TES itself says; `None` if it knows nothing of prices.
    async fn told(self) -> Result<Option<TaskInfo>, Warning> {
        let client = &self.pipeline.tes;
        self.patience
            .wait(client.fetch_task_info(self.tes, self.task, self.pass))
            .await
            .map_err(|error| self.unavailable(&error))
    }

    /// What the book says.
    async fn quote(self, entry: &PriceEntry) -> Result<(TaskInfo, Option<Warning>), Warning> {
        let (queue, warning) = match entry.queue.signal {
            Signal::Fixed => (None, None),
            Signal::History => self.expected_wait(entry.queue.default_sec).await?,
        };
        let queue = queue.unwrap_or(Seconds::from_f64(entry.queue.default_sec));
        match entry.prices().quote(self.query.needs(), queue) {
            Ok(info) => Ok((info, warning)),
            Err(error) => Err(Warning::TesLeftOut {
                service: self.tes.to_string(),
                cause: format!("would cost too much by tes.price_book: {error}"),
            }),
        }
    }

    /// How long the task would wait, going by the TES's tasks; if they do not tell, a warning that `seconds` are assumed.
    async fn expected_wait(
        self,
        seconds: f64,
    ) -> Result<(Option<Seconds>, Option<Warning>), Warning> {
        let client = &self.pipeline.tes;
        // Seldom asked for, and large: not to be carried along by every offer.
        let history = Box::pin(client.fetch_history(self.tes, self.pass));
        let cause = match self.patience.wait(history).await {
            Ok(history) => match history.expected_wait(self.query.needs()) {
                Some(wait) => return Ok((Some(wait), None)),
                None => "shows no finished task with its times".to_owned(),
            },
            Err(error) if error.is_about_the_service() => return Err(self.unavailable(&error)),
            Err(error) => format!("does not show its tasks: it {error}"),
        };
        let warning = Warning::QueueAssumed {
            service: self.tes.to_string(),
            cause,
            seconds: Seconds::from_f64(seconds),
        };
        Ok((None, Some(warning)))
    }

    fn unavailable(self, error: &FetchError) -> Warning {
        Warning::TesUnavailable {
            service: self.tes.to_string(),
            cause: error.to_string(),
        }
    }
}
