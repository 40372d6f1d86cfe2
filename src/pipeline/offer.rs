//! What one TES would take for the task: by its own word, or by the operator's book.

use super::Pipeline;
use crate::{
    config::{PriceEntry, UseOfTaskInfo},
    domain::{
        exact::Seconds, findings::TaskInfo, query::Query, service::ServiceUri, warning::Warning,
    },
    outbound::{fetch::Pass, tes::TaskInfoRequest},
};

/// The question to one TES.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) query: &'a Query,
    pub(super) task: &'a TaskInfoRequest,
    pub(super) tes: &'a ServiceUri,
    pub(super) pass: Pass<'a>,
}

impl Asking<'_> {
    /// What the task costs there.
    ///
    /// # Errors
    /// Why it cannot be had there.
    pub(super) async fn task_info(self) -> Result<TaskInfo, Warning> {
        let known = &self.pipeline.about_tes;
        let told = match known.task_info {
            UseOfTaskInfo::Never => None,
            UseOfTaskInfo::Auto | UseOfTaskInfo::Always => self.told().await?,
        };
        if let Some(info) = told {
            return Ok(info);
        }
        let cause = match (known.task_info, known.entry_for(self.tes)) {
            (UseOfTaskInfo::Auto | UseOfTaskInfo::Never, Some(entry)) => return self.quote(entry),
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
        self.pipeline
            .tes
            .fetch_task_info(self.tes, self.task, self.pass)
            .await
            .map_err(|error| Warning::TesUnavailable {
                service: self.tes.to_string(),
                cause: error.to_string(),
            })
    }

    /// What the book says.
    fn quote(self, entry: &PriceEntry) -> Result<TaskInfo, Warning> {
        let queue = Seconds::from_f64(entry.queue.default_sec);
        entry
            .prices()
            .quote(self.query.needs(), queue)
            .map_err(|error| Warning::TesLeftOut {
                service: self.tes.to_string(),
                cause: format!("would cost too much by tes.price_book: {error}"),
            })
    }
}
