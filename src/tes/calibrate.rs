//! All recent tasks that a TES lists, for measuring it.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, timeout};
use url::Url;

use super::{
    DAY_SECONDS, TesClient,
    history::Lists,
    listing::{Coverage, Listing},
    task_history::TaskHistory,
    task_list::TaskSource,
    tasks::{Reading, Task, outcomes},
};
use crate::{
    client::{CallScope, FetchError},
    domain::{
        calibrate::{Calibration, FailureRule, SiteTasks, calibrate, warning::CalibrationWarning},
        queue::{ListedTask, NoQueueTime, Progress},
        service::ServiceUri,
    },
};

/// How long lists are read: nobody waits for a ranking.
const READ_TIME: Duration = Duration::from_secs(60);

/// The recent tasks of one TES.
#[derive(Debug)]
struct ReadTasks {
    /// Where its API begins.
    base: Arc<Url>,
    tasks: SiteTasks,
    /// How many were read, old ones included.
    count: usize,
    /// Whether the list has more.
    is_cut: bool,
    /// Why they tell nothing of the queue.
    no_queue: Option<NoQueueTime>,
}

impl TesClient {
    /// Measures each of `tes` by the tasks of the last `max_age_days` that it lists. Those that cannot be measured are
    /// warnings; the others have their positions.
    pub(crate) async fn calibrate(
        &self,
        scope: &CallScope,
        tes: &[ServiceUri],
        max_age_days: f64,
    ) -> (Vec<(usize, Calibration)>, Vec<CalibrationWarning>) {
        let read = join_all(
            tes.iter()
                .map(|tes| self.fetch_tasks(scope, tes, max_age_days)),
        )
        .await;
        let mut warnings = Vec::new();
        let mut sites: Vec<(usize, String, ReadTasks)> = Vec::new();
        for ((position, tes), read) in tes.iter().enumerate().zip(read) {
            let service = tes.to_string();
            match read {
                Ok(read) if sites.iter().any(|(.., known)| known.base == read.base) => {
                    warnings.push(CalibrationWarning::Duplicate { service });
                }
                Ok(read) => sites.push((position, service, read)),
                Err(warning) => warnings.push(warning),
            }
        }
        let tasks: Vec<_> = sites
            .iter()
            .filter_map(|(position, _, read)| {
                Some((read.tasks.clone(), self.failure_rule(tes.get(*position)?)))
            })
            .collect();
        let is_alone = sites.len() == 1;
        let mut measured = Vec::with_capacity(sites.len());
        for ((position, service, read), found) in sites.into_iter().zip(calibrate(&tasks)) {
            warnings.extend(read.warnings(&service, &found, max_age_days, is_alone));
            measured.push((position, found));
        }
        if is_alone {
            warnings.push(CalibrationWarning::OneTes);
        }
        (measured, warnings)
    }

    /// The tasks that `tes` lists, created at most `max_age_days` ago.
    ///
    /// # Errors
    /// [`CalibrationWarning::Unavailable`] if there is no TES or it does not list its tasks.
    async fn fetch_tasks(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        max_age_days: f64,
    ) -> Result<ReadTasks, CalibrationWarning> {
        let unavailable = |cause: String| CalibrationWarning::Unavailable {
            service: tes.to_string(),
            cause,
        };
        let reached = self.reach(scope, tes).await;
        let (base, authorization) = reached.map_err(|error| unavailable(error.to_string()))?;
        let lists = Lists {
            source: TaskSource {
                client: &self.client,
                scope,
                base: &base,
                authorization,
                // What is read by then is used.
                pages_until: Instant::now() + READ_TIME,
            },
            max_age_days,
            deadline: Instant::now() + READ_TIME,
            enough: usize::MAX,
        };
        let now = Timestamp::now();
        let read = timeout(READ_TIME * 2, lists.tasks(now)).await;
        let read = read.unwrap_or(Err(FetchError::Timeout(READ_TIME * 2)));
        let no_list = |failure: FetchError| NoQueueTime::NoTaskList(failure.to_string());
        let listing = read.map_err(|failure| unavailable(no_list(failure).to_string()))?;
        Ok(read_tasks(base, &listing, now, max_age_days))
    }

    /// How failures of `tes` are counted: as its entry of the price book says.
    fn failure_rule(&self, tes: &ServiceUri) -> FailureRule {
        let entry = self.config.entry_for(tes);
        entry.map_or_else(FailureRule::default, |entry| FailureRule {
            failures: entry.failures.0,
            preemptions_per_hour: entry.preemptions_per_hour,
        })
    }
}

impl ReadTasks {
    /// What could not be measured as `found`.
    fn warnings(
        self,
        service: &str,
        found: &Calibration,
        max_age_days: f64,
        is_alone: bool,
    ) -> Vec<CalibrationWarning> {
        let service = || service.to_owned();
        let cut = self.is_cut.then(|| CalibrationWarning::Incomplete {
            service: service(),
            tasks: self.count,
        });
        let no_queue = self.no_queue.map(|cause| CalibrationWarning::NoQueue {
            service: service(),
            cause,
        });
        let no_failures = found
            .failures
            .is_none()
            .then(|| CalibrationWarning::NoFailures {
                service: service(),
                max_age_days,
            });
        let no_speed = found.speed.is_none() && !is_alone;
        let no_speed = no_speed.then(|| CalibrationWarning::NoSpeed {
            service: service(),
            has_runs: !self.tasks.runs.is_empty(),
        });
        [cut, no_queue, no_failures, no_speed]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn read_tasks(base: Arc<Url>, listing: &Listing, now: Timestamp, max_age_days: f64) -> ReadTasks {
    let is_recent = |task: &&Task| {
        let age = task.created.map(|created| now.duration_since(created));
        age.is_none_or(|age| age.as_secs_f64() <= max_age_days * DAY_SECONDS)
    };
    let recent = || listing.tasks.iter().filter(is_recent);
    let mut tasks = SiteTasks {
        outcomes: outcomes(recent().map(|task| task.state)).unwrap_or_default(),
        runs: recent().filter_map(Task::completed_run).collect(),
        ..SiteTasks::default()
    };
    for task in recent() {
        match task.reading(now) {
            Reading::Readable(ListedTask {
                progress: Progress::Started { waited_seconds },
                ..
            }) => tasks.started.push(waited_seconds),
            Reading::Readable(task) => tasks.waiting.push(task.age_seconds),
            Reading::Unreadable | Reading::NeverStarted => {}
        }
    }
    let has_queue = !tasks.started.is_empty() || !tasks.waiting.is_empty();
    let history = TaskHistory::new(listing, now, max_age_days);
    ReadTasks {
        base,
        tasks,
        count: listing.tasks.len(),
        is_cut: !matches!(listing.coverage, Coverage::Whole),
        no_queue: (!has_queue).then(|| history.no_queue_time(max_age_days)),
    }
}
