//! Queue time of a task at a TES, estimated from the tasks that it lists.

use super::{exact::Seconds, kaplan_meier, resources::ResourceNeeds};

/// The number of started tasks that an estimate is made from: the newest ones.
pub const COHORT: usize = 50;

/// With fewer similar started tasks, all tasks count.
const MIN_SIMILAR: usize = 3;

/// A task is similar if it requested at least this share of each need.
const SIMILAR_SHARE: f64 = 0.5;

/// A task as a TES lists it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ListedTask {
    /// The time since its creation, in seconds.
    pub age_seconds: f64,
    /// The resources that it requested.
    pub requested: Requested,
    /// Whether it has started.
    pub progress: Progress,
}

/// Whether a task has started.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// It waits.
    Waiting,
    /// It has started, and may have ended, in whatever state.
    Started {
        /// From its creation to its start, in seconds.
        waited_seconds: f64,
    },
}

/// The resources that a listed task requested.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Requested {
    /// CPU cores.
    pub cpu_cores: Option<f64>,
    /// Memory, in gigabytes.
    pub ram_gb: Option<f64>,
    /// Disk, in gigabytes.
    pub disk_gb: Option<f64>,
}

/// How long a finished task ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The container image of its first executor.
    pub image: String,
    /// From its start to its end, in seconds.
    pub seconds: f64,
}

/// How long finished tasks with the same image ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunTime {
    /// The median, in seconds.
    pub median_seconds: f64,
    /// The number of tasks.
    pub tasks: usize,
}

/// The recent tasks of a TES.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The newest-created tasks that started: at most [`COHORT`], none older than the maximum age.
    started: Vec<ListedTask>,
    /// The tasks that wait, none older than the maximum age.
    waiting: Vec<ListedTask>,
    /// The time since the latest start of a listed task, in seconds.
    since_start_seconds: Option<f64>,
    /// The run times of finished tasks.
    runs: Vec<Run>,
}

/// An estimated queue time, and what it is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueEstimate {
    /// The queue time.
    pub seconds: Seconds,
    /// What it is made from.
    pub evidence: QueueEvidence,
}

/// What an estimated queue time is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueEvidence {
    /// The number of started tasks.
    pub started: usize,
    /// The number of waiting tasks.
    pub waiting: usize,
    /// The Kaplan-Meier median of the waits.
    pub median: Seconds,
    /// The age of the oldest waiting task.
    pub oldest_waiting: Option<Seconds>,
}

/// What a queue time rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueBasis {
    /// The task info of the TES.
    TaskInfo,
    /// The tasks that the TES lists.
    History(QueueEvidence),
    /// The price book: its entry sets a fixed time.
    Fixed,
    /// Nothing: the time is unknown, and a default is used.
    Assumed,
}

/// Why a list of tasks was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListCut {
    /// It is long.
    #[error("the list has more than {0} pages")]
    Pages(usize),
    /// The time for it was over.
    #[error("there was no time for more")]
    Time,
    /// The call for its next page failed, with this text.
    #[error("for the next page, it {0}")]
    Failure(String),
}

/// The part of the tasks of a TES that a queue time is estimated from, where it has more than were read.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryPart {
    /// The newest tasks. Older ones that wait may be missing.
    Newest {
        /// The number of tasks that were read.
        tasks: usize,
        /// How far back they go, in days.
        days: f64,
        /// Why not more were read.
        cause: ListCut,
    },
    /// Those that wait or run, by their state. How long those waited that ended lately is not known.
    Unfinished {
        /// The number of tasks that were read of the list of all.
        tasks: usize,
        /// Why not more were read.
        cause: ListCut,
    },
}

/// Why the queue time of a TES is unknown. The text follows the name of the TES.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoQueueTime {
    /// None of the tasks that it lists is recent enough.
    #[error(
        "lists no task that waits or has started of the last {max_age_days} days (tes.history_max_age_days)"
    )]
    NoRecentTask {
        /// The maximum age of a task, in days.
        max_age_days: f64,
    },
    /// None of the tasks that it lists is recent, and some of the older ones still wait.
    #[error(
        "lists no task of the last {max_age_days} days, and older ones that still wait: {waiting} \
         (tes.history_max_age_days)"
    )]
    OnlyOldWaiting {
        /// The number of those that wait.
        waiting: usize,
        /// The maximum age of a task, in days.
        max_age_days: f64,
    },
    /// It lists old tasks first, and too many of them to get to the recent ones.
    #[error(
        "lists old tasks first, and the newest of those that could be read is {newest_days:.0} days old \
         (tes.history_max_age_days: {max_age_days})"
    )]
    TooOld {
        /// The age of the newest task that was read, in days.
        newest_days: f64,
        /// The maximum age of a task, in days.
        max_age_days: f64,
    },
    /// Its list was not read to its end, and its newest tasks may be among those that are missing.
    #[error(
        "does not list its newest tasks first, and only {tasks} of its tasks could be read: {cause}"
    )]
    NotReadToEnd {
        /// The number of tasks that were read.
        tasks: usize,
        /// Why not more.
        cause: ListCut,
    },
    /// None of the recent tasks that it lists has readable times.
    #[error("lists {tasks} tasks, {unreadable} without readable times")]
    Unreadable {
        /// The number of tasks.
        tasks: usize,
        /// The number of tasks without readable times.
        unreadable: usize,
    },
    /// The call for its tasks failed, with this text.
    #[error("does not list its tasks: it {0}")]
    NoTaskList(String),
    /// Its task info has no queue time that can be read.
    #[error("has task info without a readable estimated_queue_time_sec")]
    NotInTaskInfo,
}

impl Requested {
    /// Whether it is about as much as `needs`, or more. A missing value counts as 0.
    fn is_similar(&self, needs: &ResourceNeeds) -> bool {
        [
            (self.cpu_cores, needs.cpu_cores),
            (self.ram_gb, needs.ram_gb),
            (self.disk_gb, needs.disk_gb),
        ]
        .into_iter()
        .all(|(requested, needed)| requested.unwrap_or_default() >= SIMILAR_SHARE * needed)
    }
}

impl ListedTask {
    /// How long it waited, or has waited so far.
    const fn waited_seconds(&self) -> f64 {
        match self.progress {
            Progress::Waiting => self.age_seconds,
            Progress::Started { waited_seconds } => waited_seconds,
        }
    }
}

impl History {
    /// The history in `tasks`, which may be in any order. Tasks that were created more than `max_age_seconds` ago do not
    /// count.
    pub fn new(mut tasks: Vec<ListedTask>, runs: Vec<Run>, max_age_seconds: f64) -> Self {
        let since_start_seconds = tasks
            .iter()
            .filter_map(|task| match task.progress {
                Progress::Started { waited_seconds } => {
                    Some((task.age_seconds - waited_seconds).max(0.0))
                }
                Progress::Waiting => None,
            })
            .min_by(f64::total_cmp);
        tasks.retain(|task| task.age_seconds <= max_age_seconds);
        tasks.sort_by(|one, other| one.age_seconds.total_cmp(&other.age_seconds));
        let (waiting, mut started): (Vec<_>, Vec<_>) = tasks
            .into_iter()
            .partition(|task| task.progress == Progress::Waiting);
        started.truncate(COHORT);
        Self {
            started,
            waiting,
            since_start_seconds,
            runs,
        }
    }

    /// The expected queue time of a task with these `needs`; `None` without any recent task.
    ///
    /// It is the Kaplan-Meier median of the waits of started tasks, which are known, and of waiting tasks, which are known
    /// to exceed their ages. If at least three started tasks requested at least half of each need, only such tasks count.
    ///
    /// It is never less than the time since the latest start or the age of the oldest waiting task, whichever is shorter:
    /// where nothing starts while others wait, earlier waits say nothing.
    pub fn estimate(&self, needs: &ResourceNeeds) -> Option<QueueEstimate> {
        let similar = |task: &&ListedTask| task.requested.is_similar(needs);
        let only_similar = self.started.iter().filter(similar).count() >= MIN_SIMILAR;
        let waits = |tasks: &[ListedTask]| -> Vec<f64> {
            tasks
                .iter()
                .filter(|task| !only_similar || similar(task))
                .map(ListedTask::waited_seconds)
                .collect()
        };
        let (started, waiting) = (waits(&self.started), waits(&self.waiting));
        let oldest_waiting = waiting.iter().copied().max_by(f64::total_cmp);
        let counts = (started.len(), waiting.len());
        let median = kaplan_meier::median(started, waiting)?;
        let standstill = oldest_waiting.map_or(0.0, |oldest| {
            self.since_start_seconds.unwrap_or(oldest).min(oldest)
        });
        Some(QueueEstimate {
            seconds: Seconds::from_f64(median.max(standstill)),
            evidence: QueueEvidence {
                started: counts.0,
                waiting: counts.1,
                median: Seconds::from_f64(median),
                oldest_waiting: oldest_waiting.map(Seconds::from_f64),
            },
        })
    }

    /// How long finished tasks whose first executor has this `image` ran, if there are any.
    pub fn run_time(&self, image: &str) -> Option<RunTime> {
        let runs = self.runs.iter().filter(|run| run.image == image);
        let seconds: Vec<_> = runs.map(|run| run.seconds).collect();
        let tasks = seconds.len();
        let median_seconds = kaplan_meier::median(seconds, Vec::new())?;
        Some(RunTime {
            median_seconds,
            tasks,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: f64 = 3600.0;
    const WEEK: f64 = 7.0 * 24.0 * HOUR;

    fn started(age_seconds: f64, waited_seconds: f64) -> ListedTask {
        ListedTask {
            age_seconds,
            requested: Requested {
                cpu_cores: Some(4.0),
                ram_gb: Some(16.0),
                disk_gb: None,
            },
            progress: Progress::Started { waited_seconds },
        }
    }

    fn waiting(age_seconds: f64) -> ListedTask {
        ListedTask {
            progress: Progress::Waiting,
            ..started(age_seconds, 0.0)
        }
    }

    fn of_cores(cpu_cores: f64, task: ListedTask) -> ListedTask {
        ListedTask {
            requested: Requested {
                cpu_cores: Some(cpu_cores),
                ..task.requested
            },
            ..task
        }
    }

    fn needs() -> ResourceNeeds {
        ResourceNeeds {
            cpu_cores: 4.0,
            ram_gb: 16.0,
            disk_gb: 0.0,
            execution_seconds: 60.0,
            ..ResourceNeeds::default()
        }
    }

    fn estimate(tasks: &[&[ListedTask]]) -> Option<QueueEstimate> {
        History::new(tasks.concat(), Vec::new(), WEEK).estimate(&needs())
    }

    #[track_caller]
    fn assert_seconds(tasks: &[&[ListedTask]], expected: f64) {
        let found = estimate(tasks).unwrap().seconds.to_f64();
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    #[test]
    fn with_nothing_waiting_the_queue_time_is_the_median_of_the_waits() {
        assert_eq!(estimate(&[]), None);
        assert_seconds(&[&[started(100.0, 7.0)]], 7.0);
        assert_seconds(&[&[started(100.0, 9.0), started(100.0, 1.0)]], 5.0);
        let one_outlier = [10.0, 1e5, 20.0].map(|wait| started(2e5, wait));
        assert_seconds(&[&one_outlier], 20.0);
    }

    #[test]
    fn a_jammed_site_is_as_slow_as_its_oldest_waiting_task() {
        for count in [1, 12, 40, 1000] {
            let jam = vec![waiting(6.0 * HOUR); count];
            let before = vec![started(6.0 * HOUR + 20.0, 10.0); 50];
            assert_seconds(&[&jam, &before], 6.0 * HOUR);
            assert_seconds(&[&jam, &before[..5]], 6.0 * HOUR);
            assert_seconds(&[&jam], 6.0 * HOUR);
        }
    }

    #[test]
    fn where_something_started_since_the_jam_is_over() {
        // One that waits for something special says little about the others.
        let stuck = [waiting(6.0 * HOUR)];
        let flowing: Vec<_> = (0..50)
            .map(|n| started(60.0 * f64::from(n), 10.0))
            .collect();
        assert_seconds(&[&stuck, &flowing], 10.0);
    }

    #[test]
    fn a_start_of_a_task_that_is_too_old_to_count_ends_a_jam_too() {
        let jam = [waiting(6.0 * HOUR), waiting(5.0 * HOUR)];
        let lately = [started(WEEK + HOUR, WEEK)];
        // Nobody knows better than the oldest: nothing else in the cohort has started.
        assert_seconds(&[&jam, &lately], 6.0 * HOUR);
        let evidence = estimate(&[&jam, &lately]).unwrap().evidence;
        assert_eq!((evidence.started, evidence.waiting), (0, 2));
    }

    #[test]
    fn the_newest_fifty_count_wherever_they_are_in_the_list() {
        let old = vec![started(48.0 * HOUR, 9000.0); 60];
        let new = vec![started(HOUR, 30.0); 50];
        assert_seconds(&[&old, &new], 30.0);
        assert_seconds(&[&new, &old], 30.0);
        let ancient = vec![started(3.0 * 365.0 * 24.0 * HOUR, 10.0); 50];
        assert_eq!(estimate(&[&ancient]), None);
        assert_seconds(&[&ancient, &[started(HOUR, 77.0)]], 77.0);
    }

    #[test]
    fn similar_and_larger_tasks_take_precedence_over_small_ones() {
        let small = vec![of_cores(1.0, started(HOUR, 1.0)); 9];
        let similar = [
            of_cores(2.0, started(HOUR, 100.0)),
            started(HOUR, 200.0),
            of_cores(64.0, started(HOUR, 300.0)),
        ];
        assert_seconds(&[&small, &similar], 200.0);
        assert_seconds(&[&small, &similar[..2]], 1.0);
        let waiting_small = vec![of_cores(1.0, waiting(6.0 * HOUR)); 9];
        assert_seconds(&[&small, &similar, &waiting_small], 200.0);
        let mut unknown = similar;
        unknown[0].requested.cpu_cores = None;
        assert_seconds(&[&small, &unknown], 1.0);
    }

    #[test]
    fn the_evidence_is_what_was_counted() {
        let tasks = [
            &[waiting(50.0), waiting(20.0)][..],
            &[started(100.0, 30.0); 4],
        ];
        let evidence = estimate(&tasks).unwrap().evidence;
        let expected = QueueEvidence {
            started: 4,
            waiting: 2,
            median: Seconds::from_f64(30.0),
            oldest_waiting: Some(Seconds::from_f64(50.0)),
        };
        assert_eq!(evidence, expected);
    }

    #[test]
    fn run_times_are_medians_by_image() {
        let run = |image: &str, seconds| Run {
            image: image.to_owned(),
            seconds,
        };
        let runs = vec![run("a", 1.0), run("b", 50.0), run("a", 2.0), run("a", 9.0)];
        let history = History::new(Vec::new(), runs, WEEK);
        let expected = RunTime {
            median_seconds: 2.0,
            tasks: 3,
        };
        assert_eq!(history.run_time("a"), Some(expected));
        assert_eq!(history.run_time("c"), None);
    }
}
