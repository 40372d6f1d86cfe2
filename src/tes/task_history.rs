//! What the tasks that a TES lists tell of its queue.

use std::sync::Arc;

use jiff::Timestamp;

use super::tasks::{Reading, Task, outcomes};
use crate::{
    client::FetchError,
    domain::{
        queue::{History, ListedTask, NoQueueTime, Progress, QueueEstimate},
        resources::ResourceNeeds,
        site::Outcomes,
    },
};

pub(super) const DAY_SECONDS: f64 = 86_400.0;

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
    /// The age of the newest task in days, if all are too old and the list could not be read to its end.
    pub newest_days: Option<f64>,
}

impl TaskHistory {
    /// The history in `tasks` at the time `now`; `is_whole` unless a list was too long.
    pub(super) fn new(tasks: &[Task], is_whole: bool, now: Timestamp, max_age_days: f64) -> Self {
        let max_age_seconds = max_age_days * DAY_SECONDS;
        let age = |task: &Task| {
            task.created
                .map(|created| now.duration_since(created).as_secs_f64())
        };
        let is_recent = |task: &&Task| age(task).is_none_or(|age| age <= max_age_seconds);
        let mut listed = Vec::with_capacity(tasks.len());
        for task in tasks {
            if let Reading::Readable(task) = task.reading(now) {
                listed.push(task);
            }
        }
        let recent = || tasks.iter().filter(is_recent);
        let unreadable = recent().filter(|task| task.reading(now) == Reading::Unreadable);
        let is_old_waiting = |task: &&ListedTask| {
            task.progress == Progress::Waiting && task.age_seconds > max_age_seconds
        };
        let newest = tasks.iter().filter_map(age).min_by(f64::total_cmp);
        Self {
            outcomes: outcomes(recent().map(|task| task.state)),
            tasks: recent().count(),
            unreadable: unreadable.count(),
            old_waiting: listed.iter().filter(is_old_waiting).count(),
            newest_days: newest
                .filter(|&newest| !is_whole && newest > max_age_seconds)
                .map(|newest| newest / DAY_SECONDS),
            history: History::new(
                listed,
                tasks.iter().filter_map(Task::run).collect(),
                max_age_seconds,
            ),
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
        let estimate = match self.newest_days {
            None => self.history.estimate(needs),
            Some(_) => None,
        };
        estimate.ok_or_else(|| self.no_queue_time(max_age_days))
    }

    /// Why the tasks tell nothing of the queue, if they do not.
    pub(super) fn no_queue_time(&self, max_age_days: f64) -> NoQueueTime {
        if let Some(newest_days) = self.newest_days {
            NoQueueTime::TooOld {
                newest_days,
                max_age_days,
            }
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
