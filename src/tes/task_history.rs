//! What the tasks that a TES lists tell of its queue.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    DAY_SECONDS,
    listing::{Coverage, Listing},
    tasks::{Reading, Task, outcomes},
};
use crate::{
    client::FetchError,
    domain::{
        queue::{History, HistoryPart, ListedTask, NoQueueTime, Progress, QueueEstimate},
        resources::ResourceNeeds,
        site::Outcomes,
    },
};

/// What was found, or why nothing was: both are kept.
pub(super) type KeptHistory = Result<Arc<TaskHistory>, FetchError>;

/// What the tasks of a TES tell of its queue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskHistory {
    /// The recent tasks.
    pub history: History,
    /// How the recent tasks ended, if some did.
    pub outcomes: Option<Outcomes>,
    /// How many recent tasks there are, and tasks of unknown age.
    pub tasks: usize,
    /// How many of them have no readable times.
    pub unreadable: usize,
    /// How many tasks wait that are too old.
    pub old_waiting: usize,
    /// The part of the tasks that the history is, if there are more.
    pub part: Option<HistoryPart>,
    /// Why the history says nothing of the present, if there are newer tasks than were read.
    pub not_read: Option<NoQueueTime>,
}

impl TaskHistory {
    /// The history in `listing` at the time `now`.
    pub(super) fn new(listing: &Listing, now: Timestamp, max_age_days: f64) -> Self {
        let tasks = &listing.tasks;
        let max_age_seconds = max_age_days * DAY_SECONDS;
        let age = |created: Timestamp| now.duration_since(created).as_secs_f64();
        let is_recent = |task: &&Task| task.created.is_none_or(|time| age(time) <= max_age_seconds);
        // Of those that ended, only old ones are known.
        let counts = |task: &&Task| {
            !matches!(listing.coverage, Coverage::Unfinished(_)) || !task.state.is_last()
        };
        let listed: Vec<_> = tasks
            .iter()
            .filter(counts)
            .filter_map(|task| match task.reading(now) {
                Reading::Readable(task) => Some(task),
                Reading::Unreadable | Reading::NeverStarted => None,
            })
            .collect();
        let recent = || tasks.iter().filter(is_recent);
        let unreadable = recent().filter(|task| task.reading(now) == Reading::Unreadable);
        let is_old_waiting = |task: &&ListedTask| {
            task.progress == Progress::Waiting && task.age_seconds > max_age_seconds
        };
        let newest_days = tasks
            .iter()
            .filter_map(|task| task.created)
            .max()
            .map(|newest| age(newest) / DAY_SECONDS);
        let runs = tasks.iter().filter_map(Task::run).collect();
        Self {
            outcomes: outcomes(recent().map(|task| task.state)),
            tasks: recent().count(),
            unreadable: unreadable.count(),
            old_waiting: listed.iter().filter(is_old_waiting).count(),
            part: listing.coverage.part(now),
            not_read: listing.coverage.not_read(newest_days, max_age_days),
            history: History::new(listed, runs, max_age_seconds),
        }
    }

    /// How long a task with these `needs` would wait.
    ///
    /// # Errors
    /// [`NoQueueTime`], but for [`NoQueueTime::NoTaskList`].
    pub fn queue_time(
        &self,
        needs: &ResourceNeeds,
        max_age_days: f64,
    ) -> Result<QueueEstimate, NoQueueTime> {
        let is_of_now = self.not_read.is_none() || self.part.is_some();
        let estimate = is_of_now.then(|| self.history.estimate(needs)).flatten();
        estimate.ok_or_else(|| self.no_queue_time(max_age_days))
    }

    /// Why the tasks tell nothing of the queue, if they do not.
    pub(super) fn no_queue_time(&self, max_age_days: f64) -> NoQueueTime {
        if self.unreadable > 0 && self.unreadable == self.tasks {
            NoQueueTime::Unreadable {
                tasks: self.tasks,
                unreadable: self.unreadable,
            }
        } else if let Some(not_read) = &self.not_read {
            not_read.clone()
        } else if self.unreadable > 0 {
            NoQueueTime::Unreadable {
                tasks: self.tasks,
                unreadable: self.unreadable,
            }
        } else if self.old_waiting > 0 {
            NoQueueTime::OnlyOldWaiting {
                waiting: self.old_waiting,
                max_age_days,
            }
        } else {
            NoQueueTime::NoRecentTask { max_age_days }
        }
    }
}
