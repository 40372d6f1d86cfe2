//! Which tasks of a TES were read, and what that says of those that were not.

use jiff::Timestamp;

use super::{DAY_SECONDS, task_list::TaskList, tasks::Task};
use crate::domain::queue::{HistoryPart, ListCut, NoQueueTime};

/// What was read of the tasks of a TES.
pub(super) struct Listing {
    pub(super) tasks: Vec<Task>,
    pub(super) coverage: Coverage,
}

/// Which of the tasks that count were read.
pub(super) enum Coverage {
    /// All.
    Whole,
    /// The newest. Of those that wait, older ones may be missing.
    Newest(Cut),
    /// Those that wait or run, by their state. Of those that ended, the newest are missing.
    Unfinished(Cut),
    /// Not the newest.
    Older(Cut),
}

/// A list that was not read to its end.
pub(super) struct Cut {
    /// How many of its tasks were read.
    pub(super) tasks: usize,
    /// When the oldest task of the last page was created.
    pub(super) reached: Option<Timestamp>,
    pub(super) cause: ListCut,
}

impl Coverage {
    /// The part of the tasks that it is, if it tells of the present.
    pub(super) fn part(&self, now: Timestamp) -> Option<HistoryPart> {
        match self {
            Self::Newest(cut) => Some(HistoryPart::Newest {
                tasks: cut.tasks,
                days: cut.reached.map_or(0.0, |reached| {
                    now.duration_since(reached).as_secs_f64().max(0.0) / DAY_SECONDS
                }),
                cause: cut.cause.clone(),
            }),
            Self::Unfinished(cut) => Some(HistoryPart::Unfinished {
                tasks: cut.tasks,
                cause: cut.cause.clone(),
            }),
            Self::Whole | Self::Older(_) => None,
        }
    }

    /// Why it does not tell of the present, if it does not, or only of tasks that are not there.
    pub(super) fn not_read(
        &self,
        newest_days: Option<f64>,
        max_age_days: f64,
    ) -> Option<NoQueueTime> {
        let (Self::Unfinished(cut) | Self::Older(cut)) = self else {
            return None;
        };
        Some(match newest_days {
            Some(newest_days) if newest_days > max_age_days => NoQueueTime::TooOld {
                newest_days,
                max_age_days,
            },
            _ => NoQueueTime::NotReadToEnd {
                tasks: cut.tasks,
                cause: cut.cause.clone(),
            },
        })
    }
}

impl Cut {
    pub(super) fn of(list: &TaskList<'_>, cause: ListCut) -> Self {
        let created = list.last_page().iter().filter_map(|task| task.created);
        Self {
            tasks: list.tasks.len(),
            reached: created.min(),
            cause,
        }
    }
}
